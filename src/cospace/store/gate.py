"""Who may use a store: one thread at a time, until it is closed, in the process that opened it."""

from __future__ import annotations

import os
from _thread import RLock
from collections.abc import Iterator
from contextlib import contextmanager

from cospace.errors import CollectionBusy, CollectionClosed

__all__ = ["Gate", "Turn"]


class Gate(RLock):  # type: ignore[misc]  # final in the type stubs alone
    """A context manager around each use of a store. Raises `CollectionClosed`.

    With `forks` a forked process may use its copy. It is a lock, and not a class around one: Ctrl-C
    may fall between any two lines of Python, and must not leave it locked for the other threads.
    """

    def __init__(self, name: object, *, forks: bool = False) -> None:
        self.name = name
        self._pid = None if forks else os.getpid()
        self._closed = False
        self._ended = False

    def __enter__(self) -> bool:  # type: ignore[override]  # it takes no arguments here
        self.check()  # first: a forked process may never get the lock
        try:
            self.acquire()
            self.check()  # again: it may have been closed while this thread waited
        except BaseException:
            self._let_go()
            raise
        return True

    def check(self) -> None:
        """Raises `CollectionClosed` when the store cannot be used here any more."""
        if self._is_copy():
            raise CollectionClosed(
                f"{self.name}: opened by process {self._pid}; a forked process must open it again"
            )
        if self._closed:
            raise CollectionClosed(f"{self.name}: this collection was closed")

    @contextmanager
    def closing(self) -> Iterator[bool]:
        """A block that lets nobody in from now on; False once such a block has come to its end.

        One that Ctrl-C or an error ended is run again by the next `close`, so it must do no harm
        twice. False in a forked process too, which never gets a lock that another thread held.
        """
        if self._is_copy():
            yield False
            return
        try:
            self.acquire()
            self._closed = True
            yield not self._ended
            self._ended = True
        finally:
            self._let_go()

    def _let_go(self) -> None:
        """Undo `acquire`, if it had come so far."""
        if self._is_owned():  # type: ignore[attr-defined]  # not in the type stubs
            self.release()

    def _is_copy(self) -> bool:
        return self._pid is not None and self._pid != os.getpid()


class Turn(RLock):  # type: ignore[misc]  # final in the type stubs alone
    """A context manager that lets one in, and refuses all others at once by `CollectionBusy`.

    A lock for the same reason as `Gate`.
    """

    def __init__(self, refusal: str) -> None:
        self._refusal = refusal

    def __enter__(self) -> bool:  # type: ignore[override]  # it takes no arguments here
        if self._is_owned():  # type: ignore[attr-defined]  # by the caller's caller
            raise CollectionBusy(self._refusal)
        try:
            if not self.acquire(blocking=False):
                raise CollectionBusy(self._refusal)
        except BaseException:
            if self._is_owned():  # type: ignore[attr-defined]  # Ctrl-C came right after
                self.release()
            raise
        return True
