"""New points on a map that is there: each beside its neighbours, and nobody else moves."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cospace.topk import TopK, rounded

__all__ = ["place"]

_NEIGHBOURS = 15
_STEPS = 20

Floats = NDArray[np.float32]


def place(
    new: Floats, old: Floats, xy: Floats, labels: NDArray[np.uint16], unit: float
) -> tuple[Floats, NDArray[np.uint16]]:
    """The places float32 [m, 2] of unit vectors `new` [m, dim], and their labels uint16 [m].

    `xy` and `labels` are those of the vectors `old` [n, dim], n > 0. A point goes where its 15
    nearest neighbours are thickest: to the mean of their places, weighted by 1 / (1 + distance
    squared) as t-SNE draws a point, in its `unit` of length. Its label is that of most of them.
    Each is placed as if it were alone: the same place, to the bit, in any batch.
    """
    k = min(_NEIGHBOURS, len(old))
    best = TopK(len(new), k)
    # Sums that are exact do not depend on how many are asked together (`topk.products`).
    asked = rounded(new)
    best.add(len(old), lambda q, r: (asked[q] @ rounded(old[r]).T).astype(np.float32))
    rows = best.found().rows
    around = xy[rows].astype(np.float64) / unit
    placed = _thickest(around)
    for _ in range(_STEPS):
        placed = _drawn(placed, around)
    return (placed * unit).astype(np.float32), _most(labels[rows])


def _drawn(placed: NDArray[np.float64], around: NDArray[np.float64]) -> NDArray[np.float64]:
    """Each place [m, 2] moved to the weighted mean of its neighbours' [m, k, 2]."""
    whole, total = np.zeros((len(placed), 1)), np.zeros_like(placed)
    for j in range(around.shape[1]):  # one after the other: in the same order for any batch
        away = around[:, j] - placed
        weight = 1 / (1 + away[:, :1] ** 2 + away[:, 1:] ** 2)
        whole += weight
        total += weight * around[:, j]
    moved: NDArray[np.float64] = total / whole
    return moved


def _thickest(around: NDArray[np.float64]) -> NDArray[np.float64]:
    """The neighbour that most others are near to; of equal ones the nearest in the space."""
    best = np.full(len(around), -1.0)
    found = np.zeros((len(around), 2))
    for i in range(around.shape[1]):
        near = np.zeros(len(around))
        for j in range(around.shape[1]):
            away = around[:, j] - around[:, i]
            near += 1 / (1 + away[:, 0] ** 2 + away[:, 1] ** 2)
        better = near > best
        best[better], found[better] = near[better], around[better, i]
    return found


def _most(labels: NDArray[np.uint16]) -> NDArray[np.uint16]:
    """The label of most neighbours of each [m, k]; of equal ones that of the nearest."""
    votes = (labels[:, :, None] == labels[:, None, :]).sum(2)
    found: NDArray[np.uint16] = labels[np.arange(len(labels)), votes.argmax(1)]
    return found
