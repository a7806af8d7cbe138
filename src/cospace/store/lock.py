"""One process owns a collection: an operating-system lock that names its owner."""

from __future__ import annotations

import json
import os
import socket
import sys
import time
from pathlib import Path

from cospace.errors import CollectionBusy
from cospace.files import storage_errors

__all__ = ["Lock"]


class Lock:
    """Held from construction to `release`; the system drops it when the process dies.

    Raises `CollectionBusy` at once, naming the owner, when another holder has it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        with storage_errors(path):
            self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | _AS_IT_IS)
        if not _try_lock(self._descriptor):
            owner = _owner(self._descriptor)
            os.close(self._descriptor)
            raise CollectionBusy(
                f"{path.parent}: {owner} has it open; one process owns a collection at a time."
                " Close it there. Meanwhile others may read it: commands that only read, such as"
                " cospace search, or cospace.open(..., read_only=True)"
            )
        record = {
            "pid": os.getpid(),
            "host": socket.gethostname(),
            "since": time.strftime("%Y-%m-%d %H:%M:%S"),
        }
        os.ftruncate(self._descriptor, 0)
        os.lseek(self._descriptor, _RECORD_AT, os.SEEK_SET)  # pwrite is not on Windows
        os.write(self._descriptor, json.dumps(record).encode())

        _held.add(self._descriptor)

    @property
    def held(self) -> bool:
        """Whether it is this process's still."""
        return self._descriptor in _held

    def release(self) -> None:
        """Give the lock back; calling it twice does no harm."""
        if self._descriptor in _held:
            _unlock(self._descriptor)  # in a child that was forked a moment ago, too
            _held.discard(self._descriptor)  # after that: Ctrl-C before it leaves it to be unlocked
            os.close(self._descriptor)
        self._descriptor = -1


_AS_IT_IS = getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
_held: set[int] = set()


def _forget() -> None:
    """In a forked child: the lock is the parent's alone, and ends when the parent does."""
    while _held:
        os.close(_held.pop())


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)


def _owner(descriptor: int) -> str:
    try:
        os.lseek(descriptor, _RECORD_AT, os.SEEK_SET)
        record = json.loads(os.read(descriptor, 1000))
        if record["pid"] == os.getpid() and record["host"] == socket.gethostname():
            return f"this process (pid {record['pid']}, since {record['since']})"
        return f"pid {record['pid']} on host {record['host']} (since {record['since']})"
    except (ValueError, KeyError, TypeError):
        return "another process"


if sys.platform == "win32":
    import msvcrt

    # Windows locks bytes against reading too, so the record stands behind the locked byte.
    _RECORD_AT = 1

    def _try_lock(descriptor: int) -> bool:
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

    def _unlock(descriptor: int) -> None:
        """Closing is enough."""

else:
    import fcntl

    _RECORD_AT = 0

    def _try_lock(descriptor: int) -> bool:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True

    def _unlock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_UN)
