"""Kernels that deal pairs of words out into blocks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cospace.train.kernels.compiled import compiled

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["deal", "tally"]


@compiled
def block_of(one: int, other: int, classes: int) -> int:
    """The block of two words: that of their classes, in whichever order."""
    low = min(one % classes, other % classes)
    high = max(one % classes, other % classes)
    return high * (high + 1) // 2 + low


@compiled
def tally(
    words: NDArray[np.int64],
    ends: NDArray[np.int64],
    columns: NDArray[np.int32],
    classes: int,
    sizes: NDArray[np.int64],
) -> None:
    """Adds to `sizes` how many of the pairs each block gets."""
    at = 0
    for k in range(words.size):
        while at < ends[k]:
            sizes[block_of(words[k], columns[at], classes)] += 1
            at += 1


@compiled
def deal(
    words: NDArray[np.int64],
    ends: NDArray[np.int64],
    columns: NDArray[np.int32],
    values: NDArray[np.int32],
    free: NDArray[np.int64],
    out: NDArray[np.int32],
    classes: int,
) -> None:
    """Writes each pair, and the bits of its two values, to its block's next free row of `out`.

    `free` [blocks] are those rows, and move on. `out` is [m, 4]: one write of 16 bytes a pair.
    """
    at = 0
    for k in range(words.size):
        while at < ends[k]:
            block = block_of(words[k], columns[at], classes)
            to = free[block]
            free[block] += 1
            out[to, 0] = words[k]
            out[to, 1] = columns[at]
            out[to, 2] = values[at, 0]
            out[to, 3] = values[at, 1]
            at += 1
