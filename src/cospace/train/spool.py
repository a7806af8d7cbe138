"""Spool: a long list of int32 that moves from memory to a file when it grows."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import gettempdir
from typing import TYPE_CHECKING, Any

import numpy as np

from cospace.files import scratch, storage_errors
from cospace.limits import limit

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Spool"]

_PIECE = 1 << 24  # numbers: 64 MB, which the system gives as they are written, and takes back


class Spool:
    """Append arrays of int32; `finish` gives them as one, memory-mapped past the limit.

    >>> spool = Spool()
    >>> spool.append(np.array([1, 2], np.int32))
    >>> spool.append(np.array([3], np.int32))
    >>> spool.finish()
    array([1, 2, 3], dtype=int32)
    """

    def __init__(self) -> None:
        self._pieces: list[NDArray[np.int32]] = []
        self._file: Any = None
        self._length = 0

    def append(self, part: NDArray[np.int32]) -> None:
        """Takes a copy of `part`. Raises `DiskFull`."""
        if self._file is None and 4 * (self._length + len(part)) > limit("corpus_memory_bytes"):
            self._file = scratch()
            for piece in self._emptied():
                self._write(piece)
        if self._file is not None:
            self._write(part)
            self._length += len(part)
            return
        while len(part):
            used = self._length % _PIECE
            if not used:
                self._pieces.append(np.empty(_PIECE, np.int32))
            some, part = part[: _PIECE - used], part[_PIECE - used :]
            self._pieces[-1][used : used + len(some)] = some
            self._length += len(some)

    def finish(self) -> NDArray[np.int32]:
        """All of it; the spool is empty then."""
        if self._file is None:
            if len(self._pieces) == 1:
                return next(self._emptied())
            whole = np.empty(self._length, np.int32)
            at = 0
            for piece in self._emptied():  # one after another goes, so that no second copy is held
                whole[at : at + len(piece)] = piece
                at += len(piece)
            return whole
        with storage_errors(Path(gettempdir())):
            self._file.flush()
        mapped: NDArray[np.int32] = np.memmap(self._file, np.int32, "r+", shape=(self._length,))
        self._file.close()  # the map holds the file by itself
        self._file = None
        return mapped

    def _emptied(self) -> Iterator[NDArray[np.int32]]:
        """What is held, piece by piece, which are held no longer."""
        left, pieces = self._length, self._pieces[::-1]
        self._pieces = []
        while pieces:
            piece = pieces.pop()[:left]
            left -= len(piece)
            yield piece

    def _write(self, part: NDArray[np.int32]) -> None:
        with storage_errors(Path(gettempdir())):
            self._file.write(np.ascontiguousarray(part).data)
