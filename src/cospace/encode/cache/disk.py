"""The cache: vectors on disk by space, role and content, shared by all processes of a user.

One SQLite file. A vector is durable once `put` returns, carries a checksum, and goes when the
cache is full and others were used later. The inputs themselves are not kept, only their hash.
"""

from __future__ import annotations

import hashlib
import os
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import apsw
import numpy as np

from cospace.errors import DataDamaged, DiskFull, FormatTooNew, StorageError
from cospace.files import check_room, make_folder, remove, storage_errors
from cospace.limits import limit
from cospace.space import Space

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["CacheInfo", "Found", "VectorCache", "cache_home", "cache_key"]

FORMAT = 1

# A row of the cache: the vector float32 [dim], and whether its input was cut short.
Found: TypeAlias = "tuple[NDArray[np.float32], bool]"

_SCHEMA = f"""
CREATE TABLE spaces (id INTEGER PRIMARY KEY, fingerprint TEXT UNIQUE, name TEXT, dim INTEGER);
CREATE TABLE vectors (
  id INTEGER PRIMARY KEY, key BLOB UNIQUE, space INTEGER, cut INTEGER, used INTEGER,
  checksum BLOB, vector BLOB);
CREATE INDEX by_use ON vectors (used);
CREATE TABLE total (bytes INTEGER);
INSERT INTO total VALUES (0);
PRAGMA user_version={FORMAT};
"""

# A commit is on the disk when it returns; readers and a writer do not wait for each other.
_SETTINGS = ("journal_mode=WAL", "synchronous=FULL", "fullfsync=1", "checkpoint_fullfsync=1")

# What a row takes beside its vector: key, checksum, numbers, two indexes.
_ROW = 200

# Keys that are asked for together, and rows that are dropped together.
_MANY = 500

# A use is noted when the last one is so long ago (milliseconds): a hit costs no write.
_STALE = 3_600_000


@dataclass(frozen=True)
class CacheInfo:
    """What the cache holds: `spaces` are (name, dim, fingerprint, vectors, bytes) each."""

    path: Path
    vectors: int
    bytes: int
    spaces: tuple[tuple[str, int, str, int, int], ...]


def cache_home() -> Path:
    """The folder of the cache: `$COSPACE_HOME/cache`, or the platform's place for caches."""
    chosen = os.environ.get("COSPACE_HOME")
    if chosen:
        return Path(chosen) / "cache"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "cospace"
    if sys.platform == "win32":
        local = os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local"
        return Path(local) / "cospace" / "cache"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "cospace"


def cache_key(space: Space, role: str, content: bytes) -> bytes:
    """The key of an input whose content hash is `content`, in a role, in a space.

    >>> cache_key(Space.of("demo", 2), "query", b"...").hex()[:8]
    '45212db7'
    """
    return hashlib.sha256(f"{space.fingerprint} {role} ".encode() + content).digest()


class VectorCache:
    """The cache in the folder `home`. It is opened at its first use; threads may share it."""

    def __init__(self, home: str | os.PathLike[str] | None = None) -> None:
        self.path = (cache_home() if home is None else Path(home)) / "vectors.sqlite"
        self._lock = threading.RLock()
        self._db: apsw.Connection | None = None
        self._process = 0

    def get(self, keys: Sequence[bytes]) -> dict[bytes, Found]:
        """What is known of the keys. A row that fails its checksum is not known."""
        found: dict[bytes, Found] = {}
        if not self.path.exists():
            return found
        old: list[int] = []
        now = _now()
        with self._lock, self._open() as db:
            for start in range(0, len(keys), _MANY):
                some = keys[start : start + _MANY]
                marks = ",".join("?" * len(some))
                columns = "id, key, cut, used, checksum, vector"
                asked = f"SELECT {columns} FROM vectors WHERE key IN ({marks})"
                for number, key, cut, used, checksum, vector in db.execute(asked, tuple(some)):
                    if checksum != _checksum(key, cut, vector):
                        continue
                    found[key] = np.frombuffer(vector, "<f4").astype(np.float32), bool(cut)
                    if now - used > _STALE:
                        old.append(number)
            if old:
                with db:
                    noted = "UPDATE vectors SET used=? WHERE id=?"
                    db.executemany(noted, [(now, number) for number in old])
        return found

    def put(self, space: Space, rows: Sequence[tuple[bytes, NDArray[np.float32], bool]]) -> None:
        """Keeps (key, vector float32 [dim], whether it was cut short) for good, or until full.

        Raises `DiskFull` or `StorageError` when they cannot be kept.
        """
        now = _now()
        with self._lock, self._open() as db, db:
            number = self._number(db, space)
            added = 0
            for key, row, cut in rows:
                vector = np.ascontiguousarray(row, "<f4").tobytes()
                before = db.execute("SELECT length(vector) FROM vectors WHERE key=?", (key,)).get
                db.execute(
                    "INSERT OR REPLACE INTO vectors (key, space, cut, used, checksum, vector)"
                    " VALUES (?, ?, ?, ?, ?, ?)",
                    (key, number, int(cut), now, _checksum(key, int(cut), vector), vector),
                )
                added += len(vector) + _ROW if before is None else len(vector) - before
            db.execute("UPDATE total SET bytes = bytes + ?", (added,))
            self._evict(db)

    def info(self) -> CacheInfo:
        """How much is kept, in all and by space."""
        if not self.path.exists():
            return CacheInfo(self.path, 0, 0, ())
        with self._lock, self._open() as db:
            asked = (
                "SELECT s.name, s.dim, s.fingerprint, count(*), sum(length(v.vector))"
                " FROM vectors v JOIN spaces s ON s.id = v.space GROUP BY s.id ORDER BY 1, 2"
            )
            spaces = tuple(db.execute(asked))
            total = db.execute("SELECT bytes FROM total").get
        return CacheInfo(self.path, sum(row[3] for row in spaces), total, spaces)

    def clear(self, name: str | None = None) -> int:
        """How many vectors were dropped: of the spaces called `name`, or all of them.

        Without a name a damaged file goes too.
        """
        if not self.path.exists():
            return 0
        mine = "space IN (SELECT id FROM spaces WHERE name=?1 OR ?1 IS NULL)"
        asked = f"SELECT count(*), coalesce(sum(length(vector) + {_ROW}), 0) FROM vectors"
        try:
            with self._lock, self._open() as db:
                with db:
                    count, size = next(db.execute(f"{asked} WHERE {mine}", (name,)))
                    db.execute(f"DELETE FROM vectors WHERE {mine}", (name,))
                    db.execute("UPDATE total SET bytes = bytes - ?", (size,))
                db.execute("VACUUM")
        except (DataDamaged, FormatTooNew):
            if name is not None:
                raise
            self._remove()
            return 0
        return int(count)

    def close(self) -> None:
        """Lets go of the file; the next use opens it again."""
        with self._lock:
            if self._db is not None and self._process == os.getpid():
                self._db.close()
            self._db = None

    def _remove(self) -> None:
        self.close()
        with storage_errors(self.path):
            for suffix in ("", "-wal", "-shm"):
                remove(Path(f"{self.path}{suffix}"))

    def _evict(self, db: apsw.Connection) -> None:
        """Drops what was used longest ago, down to nine tenths of the bound."""
        most = limit("cache_bytes")
        total = db.execute("SELECT bytes FROM total").get
        if total <= most:
            return
        while total > most * 9 // 10:
            oldest = "SELECT id, length(vector) FROM vectors ORDER BY used, id LIMIT ?"
            rows = list(db.execute(oldest, (_MANY,)))
            if not rows:
                break
            for number, size in rows:
                if total <= most * 9 // 10:
                    break
                db.execute("DELETE FROM vectors WHERE id=?", (number,))
                total -= size + _ROW
        db.execute("UPDATE total SET bytes = ?", (max(total, 0),))

    def _number(self, db: apsw.Connection, space: Space) -> int:
        db.execute(
            "INSERT OR IGNORE INTO spaces (fingerprint, name, dim) VALUES (?, ?, ?)",
            (space.fingerprint, space.name, space.dim),
        )
        asked = db.execute("SELECT id FROM spaces WHERE fingerprint=?", (space.fingerprint,))
        return int(asked.get)

    @contextmanager
    def _open(self) -> Iterator[apsw.Connection]:
        """The connection of this process; failures in our words.

        Within the lock, which is not entered here: Ctrl-C between two lines of Python would leave
        it locked for other threads.
        """
        with _cache_errors(self.path):
            if self._db is None or self._process != os.getpid():
                # A connection of the parent of a fork is let go of, and never closed here.
                self._db, self._process = _connect(self.path), os.getpid()
            yield self._db


def _connect(path: Path) -> apsw.Connection:
    make_folder(path.parent)
    check_room(path)
    db = apsw.Connection(str(path))
    db.set_busy_timeout(30_000)
    # One statement a call: apsw stops at the first that answers with a row.
    for setting in _SETTINGS:
        db.execute(f"PRAGMA {setting}")
    db.transaction_mode = "IMMEDIATE"
    with db:
        version = db.execute("PRAGMA user_version").get
        if version == 0:
            db.execute(_SCHEMA)
    if version > FORMAT:
        db.close()
        raise FormatTooNew(f"{path}: a newer cospace made this cache; install a newer one")
    return db


@contextmanager
def _cache_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except apsw.FullError as error:
        raise DiskFull(f"{path}: the disk is full; what came last is not in the cache") from error
    except (apsw.CorruptError, apsw.NotADBError) as error:
        raise DataDamaged(f"{path}: {error}. Empty the cache: cospace cache clear") from error
    except apsw.Error as error:
        raise StorageError(f"{path}: the cache cannot be used ({error})") from error


def _checksum(key: bytes, cut: int, vector: bytes) -> bytes:
    """Of the whole row, so that one whose parts were exchanged is noticed too."""
    return hashlib.blake2b(key + bytes([cut]) + vector, digest_size=8).digest()


def _now() -> int:
    return time.time_ns() // 1_000_000
