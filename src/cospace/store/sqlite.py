"""SQLite as cospace uses it: how a file is opened, and its failures in our own words."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import apsw

from cospace.errors import (
    CollectionBusy,
    DataDamaged,
    DiskFull,
    DurabilityError,
    StorageError,
)
from cospace.files import free_bytes

__all__ = ["connect", "sqlite_errors"]


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


@contextmanager
def sqlite_errors(path: Path | None) -> Iterator[None]:
    """A block in which SQLite's failures are told in our own words."""
    where = path or "the collection in memory"
    try:
        yield
    except apsw.FullError as error:
        free = free_bytes(path) if path else 0
        raise DiskFull(
            f"{where}: the disk is full ({free:,} bytes free); nothing of this batch was written",
            free=free,
        ) from error
    except (apsw.CorruptError, apsw.NotADBError) as error:
        raise DataDamaged(f"{where}: {error}; run: cospace verify") from error
    except (apsw.BusyError, apsw.LockedError) as error:
        raise CollectionBusy(f"{where}: another process is writing") from error
    except apsw.IOError as error:
        raise DurabilityError(f"{where}: the disk failed ({error}); reopen it") from error
    except apsw.Error as error:
        raise StorageError(f"{where}: {error}") from error
