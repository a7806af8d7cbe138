"""The best k of very many, exactly: block after block, in memory that does not grow with them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cospace.errors import BadArgument

__all__ = ["Nearest"]

# Scores that are held at a time.
_BLOCK = 1 << 23


class Nearest:
    """For each query the `k` documents of the highest cosine, of all that were added.

    Where two scores are equal, the document of the lower number comes first: the result does
    not depend on the order of adding, or on the blocks.

    >>> best = Nearest(np.eye(2, dtype=np.float32), k=1)
    >>> best.add(np.array([[0.6, 0.8], [1, 0]], np.float32), np.array([7, 9]))
    >>> best.found()[0].tolist()
    [[9], [7]]
    """

    def __init__(self, queries: NDArray[np.float32], *, k: int) -> None:
        if k < 1:
            raise BadArgument(f"k is a whole number, 1 or more, not {k}")
        self._queries = queries
        self._k = k
        # A score and a number in one integer, so that sorting these sorts by both. Documents
        # have numbers below 2**32, so a key of 0 stands for nothing.
        self._keys = np.zeros((len(queries), 0), np.uint64)

    def add(self, rows: NDArray[np.float32], numbers: NDArray[np.intp]) -> None:
        """Unit rows [m, dim], and the number of each document."""
        size = max(1, _BLOCK // max(1, len(self._queries)))
        for start in range(0, len(rows), size):
            part = slice(start, start + size)
            scores = np.clip(self._queries @ rows[part].T, -1, 1, dtype=np.float32)
            keys = np.concatenate([self._keys, _packed(scores, numbers[part])], axis=1)
            most = min(self._k, keys.shape[1])
            self._keys = np.partition(keys, keys.shape[1] - most, axis=1)[:, -most:]

    def found(self) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
        """(numbers, scores), each [queries, at most k], the best first."""
        keys = np.sort(self._keys, axis=1)[:, ::-1]
        numbers = (0xFFFFFFFF - (keys & np.uint64(0xFFFFFFFF))).astype(np.intp)
        bits = (keys >> np.uint64(32)).astype(np.uint32)
        negative = bits < 0x80000000
        return numbers, np.where(negative, ~bits, bits & np.uint32(0x7FFFFFFF)).view(np.float32)


def _packed(scores: NDArray[np.float32], numbers: NDArray[np.intp]) -> NDArray[np.uint64]:
    """Keys whose order is that of the scores, and among equal scores the reverse of numbers'.

    The bits of a float, read as an integer, keep its order once the sign bit is turned over,
    and for negative ones all bits (IEEE 754).
    """
    bits = (scores + np.float32(0)).view(np.uint32)  # + 0 makes one zero of the two
    ordered = np.where(bits >> 31, ~bits, bits | np.uint32(0x80000000)).astype(np.uint64)
    return (ordered << np.uint64(32)) | (0xFFFFFFFF - numbers.astype(np.uint64))[None, :]
