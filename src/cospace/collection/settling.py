"""After a write: the search index is brought up to date, at once or in the background."""

from __future__ import annotations

import logging
import threading
import time
from contextlib import suppress

from cospace.errors import CollectionClosed, StorageError, StoreUnreachable
from cospace.store.protocol import Store

__all__ = ["Settling"]

log = logging.getLogger("cospace.collection")

_REST = 60.0  # seconds after a failure in which nothing is tried


class Settling:
    """Calls the store's `optimize` after writes. Threads may share it.

    What was written is stored by then, so nothing that fails here fails a write: it is logged,
    and tried again after a later write, in a minute or more.
    """

    def __init__(self, store: Store, name: str) -> None:
        self._store = store
        self._name = name
        self._mutex = threading.Lock()
        self._later = False
        self._wanted = False
        self._thread: threading.Thread | None = None
        self._rests_until = 0.0

    def in_background(self) -> None:
        """From now on a write does not wait for it."""
        self._later = True

    def settle(self) -> None:
        """After a write."""
        if time.monotonic() < self._rests_until:
            return
        if not self._later:
            self._try()
            return
        with self._mutex:
            self._wanted = True
            if self._thread is not None and self._thread.is_alive():
                return
            thread = threading.Thread(target=self._run, name="cospace-settle", daemon=True)
            try:
                thread.start()
            except RuntimeError:  # Python is ending, and starts no thread any more
                return
            self._thread = thread

    def _run(self) -> None:
        """Until nothing was written meanwhile."""
        while True:
            with self._mutex:
                if not self._wanted:
                    self._thread = None
                    return
                self._wanted = False
            with suppress(CollectionClosed):
                self._try()

    def _try(self) -> None:
        try:
            self._store.optimize()
        except StoreUnreachable as error:
            log.warning("all is stored, and can be searched when the server answers: %s", error)
        except StorageError as error:
            self._rests_until = time.monotonic() + _REST
            log.warning(
                "%s: all is stored, but the search index is not up to date; searches may be slow,"
                " or fail for the same reason: %s", self._name, error,
            )  # fmt: skip
