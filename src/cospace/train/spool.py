"""Spool: a long list of int32 that moves from memory to a file when it grows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from cospace.files import scratch
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
        self._parts: list[NDArray[np.int32]] = []
        self._file: Any = None
        self._length = 0

    def append(self, part: NDArray[np.int32]) -> None:
        """Takes a copy of `part`. Raises `DiskFull`."""
        self._length += len(part)
        if self._file is None and 4 * self._length > limit("corpus_memory_bytes"):
            self._file = scratch()
            for one in self._parts:
                self._file.write(one.data)
            self._parts = []
        if self._file is None:
            self._parts.append(part.copy())
        else:
            self._file.write(np.ascontiguousarray(part).data)

    def finish(self) -> NDArray[np.int32]:
        """All of it; the spool is empty then."""
        if self._file is None:
            whole = np.empty(self._length, np.int32)
            at = 0
            self._parts.reverse()
            while self._parts:  # each part is let go of as soon as it was copied
                part = self._parts.pop()
                whole[at : at + len(part)] = part
                at += len(part)
            return whole
        self._file.flush()
        mapped: NDArray[np.int32] = np.memmap(self._file, np.int32, "r+", shape=(self._length,))
        self._file.close()  # the map holds the file by itself
        self._file = None
        return mapped
