"""Spool: a long list of int32 that moves from memory to a file when it grows."""

from __future__ import annotations

from pathlib import Path
from tempfile import gettempdir
from typing import TYPE_CHECKING, Any

import numpy as np

from cospace.files import scratch, storage_errors
from cospace.limits import limit

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Spool"]


class Spool:
    """Append arrays of int32; `finish` gives them as one, memory-mapped past the limit.

    >>> spool = Spool()
    >>> spool.append(np.array([1, 2], np.int32))
    >>> spool.append(np.array([3], np.int32))
    >>> spool.finish()
    array([1, 2, 3], dtype=int32)
    """

    def __init__(self) -> None:
        # Twice the room each time: a list of small pieces would leave holes in memory behind.
        self._held = np.empty(1 << 16, np.int32)
        self._file: Any = None
        self._length = 0

    def append(self, part: NDArray[np.int32]) -> None:
        """Takes a copy of `part`. Raises `DiskFull`."""
        start, self._length = self._length, self._length + len(part)
        if self._file is None and 4 * self._length > limit("corpus_memory_bytes"):
            self._file = scratch()
            self._write(self._held[:start])
            self._held = self._held[:0]
        if self._file is not None:
            self._write(part)
            return
        if self._length > len(self._held):
            room = np.empty(max(self._length, 2 * len(self._held)), np.int32)
            room[:start] = self._held[:start]
            self._held = room
        self._held[start : self._length] = part

    def finish(self) -> NDArray[np.int32]:
        """All of it; the spool is empty then."""
        if self._file is None:
            held, self._held = self._held, self._held[:0]
            return held[: self._length]
        with storage_errors(Path(gettempdir())):
            self._file.flush()
        mapped: NDArray[np.int32] = np.memmap(self._file, np.int32, "r+", shape=(self._length,))
        self._file.close()  # the map holds the file by itself
        self._file = None
        return mapped

    def _write(self, part: NDArray[np.int32]) -> None:
        with storage_errors(Path(gettempdir())):
            self._file.write(np.ascontiguousarray(part).data)
