"""SQLite as cospace uses it: how a file is opened, and its failures in our own words."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import apsw

from cospace.errors import (
    CollectionBusy,
    CospaceError,
    DataDamaged,
    DiskFull,
    DurabilityError,
    StorageError,
)
from cospace.files import free_bytes, storage_errors

__all__ = ["LOG_BYTES", "bound_log", "connect", "peek", "sqlite_errors"]

_MAGIC = b"SQLite format 3\x00"
_BUSY_MS = 5000
# One statement a call: apsw stops at the first row of an answer, and would leave the rest undone.
_DURABLE = (
    "page_size=8192",
    "journal_mode=WAL",
    "synchronous=FULL",
    "fullfsync=1",
    "checkpoint_fullfsync=1",
    "cache_size=-65536",
)


class Peek(NamedTuple):
    """What a file's header says: whether it is SQLite's, whose, in which format, with tables."""

    sqlite: bool
    application: int
    version: int
    tables: bool


def peek(path: Path) -> Peek | None:
    """The file's own header, read without SQLite, which might change the file; None when empty."""
    with storage_errors(path), path.open("rb") as file:
        head = file.read(100)
    if not head:
        return None
    cookie, version, application = (int.from_bytes(head[at : at + 4]) for at in (40, 60, 68))
    return Peek(head.startswith(_MAGIC), application, version, cookie != 0)


def connect(path: Path | None, read_only: bool) -> apsw.Connection:
    """A connection whose commits are durable; in memory when `path` is None."""
    if path is None:
        return apsw.Connection(":memory:")
    if read_only:
        db = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
        db.set_busy_timeout(_BUSY_MS)
        return db
    db = apsw.Connection(str(path))
    db.set_busy_timeout(_BUSY_MS)
    for setting in _DURABLE:
        db.execute(f"PRAGMA {setting}").fetchall()
    return db


# A journal may stay so large. Commits of `batch_items` items leave less: SQLite folds it in at
# 8 MB. One commit that is larger would keep its journal until the close.
LOG_BYTES = 16_000_000


def bound_log(db: apsw.Connection, path: Path) -> None:
    """Fold a journal above `LOG_BYTES` into the file, and cut it to nothing.

    The commit that left it is on the disk already. So nothing is raised, and nobody waits: while
    another process reads, or the disk is full, the journal stays until a later commit.
    """
    log = Path(f"{path}-wal")
    if not log.exists() or log.stat().st_size <= LOG_BYTES:
        return
    db.set_busy_timeout(0)
    with suppress(apsw.Error):
        db.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)
    db.set_busy_timeout(_BUSY_MS)


# The shared memory of the journal takes so much at opening, and fails as another error.
_LITTLE = 64_000


def _full(where: object, free: int) -> DiskFull:
    return DiskFull(
        f"{where}: the disk is full ({free:,} bytes free); nothing of this was written", free=free
    )


class sqlite_errors:  # noqa: N801 - it reads as a verb, like the context managers of contextlib
    """A block in which SQLite's failures are told in our own words.

    A class, since a search enters it for every page of hits: a generator takes five times longer.
    """

    __slots__ = ("_path",)

    def __init__(self, path: Path | None) -> None:
        self._path = path

    def __enter__(self) -> None:
        pass

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: object
    ) -> None:
        if isinstance(error, apsw.Error | UnicodeDecodeError):
            raise _noted(self._path, error) from error


def _noted(path: Path | None, error: apsw.Error | UnicodeDecodeError) -> CospaceError:
    where = path or "the collection in memory"
    if isinstance(error, apsw.FullError):
        return _full(where, free_bytes(path) if path else 0)
    if isinstance(error, apsw.CorruptError | apsw.NotADBError):
        return DataDamaged(f"{where}: {error}; run: cospace verify")
    if isinstance(error, UnicodeDecodeError):
        return DataDamaged(f"{where}: a text is not UTF-8; run: cospace verify")
    if isinstance(error, apsw.BusyError | apsw.LockedError):
        return CollectionBusy(f"{where}: another process is writing")
    if isinstance(error, apsw.IOError):
        free = free_bytes(path) if path else 0
        if path and free < _LITTLE:
            return _full(where, free)
        return DurabilityError(f"{where}: the disk failed ({error}); reopen it")
    return StorageError(f"{where}: {error}")
