"""The axes along which rows differ most."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cospace.topk import blocks

__all__ = ["principal"]

Floats = NDArray[np.float32]

_BLOCK = 4_096  # rows that are brought to float64 together


def principal(rows: Floats, count: int) -> tuple[Floats, Floats]:
    """The mean of rows [dim], and the `count` axes on which they differ most [dim, count].

    Source: Pearson, On lines and planes of closest fit to systems of points in space, 1901.

    >>> rows = np.float32([[1, 5], [1, 7], [1, 9]])
    >>> middle, axes = principal(rows, 1)
    >>> middle.tolist(), np.abs(axes[:, 0]).tolist()
    ([1.0, 7.0], [0.0, 1.0])
    """
    middle = rows.mean(0, dtype=np.float64)
    spread = np.zeros((rows.shape[1], rows.shape[1]))
    for part in blocks(len(rows), _BLOCK):
        about = rows[part] - middle
        spread += about.T @ about
    axes = np.linalg.eigh(spread)[1][:, ::-1][:, :count]
    return middle.astype(np.float32), np.ascontiguousarray(axes, np.float32)
