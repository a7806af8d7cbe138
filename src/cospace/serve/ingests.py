"""How far the writes of this server are, collection by collection."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from cospace.progress import Progress

__all__ = ["Ingests"]

_PAUSE = 10.0  # seconds without a write, after which the next one begins a count of its own


@dataclass(slots=True)
class _Ingest:
    began: float
    done: int = 0
    total: int = 0
    open: int = 0
    last: float = 0.0


class Ingests:
    """Rows that were written, from the first request of a row of them on. Threads share it."""

    def __init__(self) -> None:
        self._of: dict[str, _Ingest] = {}
        self._lock = threading.Lock()

    @contextmanager
    def writing(self, name: str, rows: int) -> Iterator[Callable[[Progress], object]]:
        """A block in which a request writes so many rows; call what it gives with how far it is."""
        now = time.monotonic()
        with self._lock:
            one = self._of.get(name)
            if one is None or (not one.open and now - one.last > _PAUSE):
                one = self._of[name] = _Ingest(now)
            one.open += 1
            one.total += rows
        told = 0

        def watch(progress: Progress) -> None:
            nonlocal told
            with self._lock:
                one.done += progress.done - told
                told = progress.done

        try:
            yield watch
        finally:
            with self._lock:
                one.open -= 1
                one.total += told - rows  # what was refused is not waited for
                one.last = time.monotonic()

    def told(self, name: str) -> dict[str, Any]:
        """Whether writes run, the rows done of those announced, and the rate, since they began."""
        with self._lock:
            one = self._of.get(name)
            if one is None:
                return {"running": False, "done": 0, "total": 0, "seconds": 0.0, "per_second": 0.0}
            seconds = (time.monotonic() if one.open else one.last) - one.began
            return {
                "running": one.open > 0,
                "done": one.done,
                "total": one.total,
                "seconds": round(seconds, 3),
                "per_second": round(one.done / max(seconds, 1e-3), 1),
            }
