"""Who may use a store: one thread at a time, until it is closed, in the process that opened it."""

from __future__ import annotations

import os
from _thread import RLock
from collections.abc import Iterator
from contextlib import contextmanager

from cospace.errors import CollectionClosed

__all__ = ["Gate"]


class Gate(RLock):  # type: ignore[misc]  # final in the type stubs alone
    """A context manager around each use of a store. Raises `CollectionClosed`.

    With `forks` a forked process may use its copy. It is a lock, and not a class around one: Ctrl-C
    may fall between any two lines of Python, and must not leave it locked for the other threads.
    """

    def __init__(self, name: object, *, forks: bool = False) -> None:
        self.name = name
        self._pid = None if forks else os.getpid()
        self._closed = False

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
        """A block that lets nobody in from now on; False when it was shut before.

        False in a forked process too, which never gets a lock that another thread held then.
        """
        if self._is_copy():
            yield False
            return
        try:
            self.acquire()
            first, self._closed = not self._closed, True
            yield first
        finally:
            self._let_go()

    def _let_go(self) -> None:
        """Undo `acquire`, if it had come so far."""
        if self._is_owned():  # type: ignore[attr-defined]  # not in the type stubs
            self.release()

    def _is_copy(self) -> bool:
        return self._pid is not None and self._pid != os.getpid()
