"""SQLite as cospace uses it: how a file is opened, and its failures in our own words."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import apsw

from cospace.errors import (
    CollectionBusy,
    DataDamaged,
    DiskFull,
    DurabilityError,
    StorageError,
)
from cospace.files import free_bytes, storage_errors

__all__ = ["connect", "peek", "sqlite_errors"]

_MAGIC = b"SQLite format 3\x00"


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
        db.set_busy_timeout(5000)
        return db
    db = apsw.Connection(str(path))
    db.set_busy_timeout(5000)
    db.execute("PRAGMA page_size=8192; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL")
    db.execute("PRAGMA fullfsync=1; PRAGMA checkpoint_fullfsync=1; PRAGMA cache_size=-65536")
    return db


# The shared memory of the journal takes so much at opening, and fails as another error.
_LITTLE = 64_000


def _full(where: object, free: int) -> DiskFull:
    return DiskFull(
        f"{where}: the disk is full ({free:,} bytes free); nothing of this was written", free=free
    )


@contextmanager
def sqlite_errors(path: Path | None) -> Iterator[None]:
    """A block in which SQLite's failures are raised in our own words."""
    where = path or "the collection in memory"
    try:
        yield
    except apsw.FullError as error:
        raise _full(where, free_bytes(path) if path else 0) from error
    except (apsw.CorruptError, apsw.NotADBError) as error:
        raise DataDamaged(f"{where}: {error}; run: cospace verify") from error
    except UnicodeDecodeError as error:
        raise DataDamaged(f"{where}: a text is not UTF-8; run: cospace verify") from error
    except (apsw.BusyError, apsw.LockedError) as error:
        raise CollectionBusy(f"{where}: another process is writing") from error
    except apsw.IOError as error:
        free = free_bytes(path) if path else 0
        if path and free < _LITTLE:
            raise _full(where, free) from error
        raise DurabilityError(f"{where}: the disk failed ({error}); reopen it") from error
    except apsw.Error as error:
        raise StorageError(f"{where}: {error}") from error
