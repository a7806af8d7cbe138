"""Who may use a store: one thread at a time, until it is closed, in the process that opened it."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType

from cospace.errors import CollectionClosed

__all__ = ["Gate"]


class Gate:
    """A context manager around each use of a store. Raises `CollectionClosed`.

    With `forks` a forked process may use its copy.
    """

    def __init__(self, name: object, *, forks: bool = False) -> None:
        self.name = name
        self._pid = None if forks else os.getpid()
        self._closed = False
        self.mutex = threading.RLock()

    def __enter__(self) -> None:
        self.check()  # first: a forked process may never get the mutex
        self.mutex.acquire()
        try:
            self.check()  # again: it may have been closed while this thread waited
        except CollectionClosed:
            self.mutex.release()
            raise

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.mutex.release()

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

        False in a forked process too, which never gets a mutex that another thread held then.
        """
        if self._is_copy():
            yield False
            return
        with self.mutex:
            first, self._closed = not self._closed, True
            yield first

    def _is_copy(self) -> bool:
        return self._pid is not None and self._pid != os.getpid()
