"""t-SNE in numpy: places on a plane, moved until neighbours are near and all others are apart.

A point is drawn to its nearest neighbours, and pushed away by every other point. All pushes at
once are one convolution of the density of points with the push of a single one, on a grid, by
FFT: a step takes time in proportion to the points.

Sources: van der Maaten and Hinton, Visualizing data using t-SNE, 2008; Linderman et al., Fast
interpolation-based t-SNE, 2019 (the grid; here the force itself is interpolated, linearly);
Belkina et al., Automated optimized parameters for t-SNE, 2019 (the learning rate); Boehm, Berens
and Kobak, Attraction-repulsion spectrum in neighbor embeddings, 2022 (15 neighbours drawn alike
give what a perplexity of 30 does).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from cospace.topk import blocks

__all__ = ["STEPS", "Pushes", "pulls", "spread"]

# Steps in which neighbours are drawn together so many times as strongly, and steps after them.
_EARLY, _LATE, _PULL = 250, 500, 12
STEPS = _EARLY + _LATE
_MOMENTUM = 0.8
_LONGEST = 5.0  # of one step
# So few points push each other one by one.
_EXACT = 100
# A grid's cell: the push of a point changes over a length of about 1. And the most cells a side.
_CELL, _MOST = 0.5, 1_024
_BLOCK = 8_192  # points whose neighbours are looked at together

Floats = NDArray[np.float32]


def spread(
    near: NDArray[np.integer], start: NDArray[np.floating], done: Callable[[int], object]
) -> Floats:
    """The places float32 [2, n] of points, by the numbers of each one's neighbours [n, k].

    `start` [2, n] is where they begin; `done` is told the number of each step that is done. The
    same input gives the same places.
    """
    n = len(near)
    places = start.astype(np.float32)
    moved, gains = np.zeros_like(places), np.ones_like(places)
    pushes = Pushes()
    for step in range(STEPS):
        pull = _PULL if step < _EARLY else 1
        slope = 4 * (pull * pulls(places, near) - pushes(places))
        gains = np.where((moved > 0) != (slope > 0), gains + 0.2, gains * 0.8)
        np.maximum(gains, 0.01, out=gains)
        moved = _MOMENTUM * moved - (n / pull) * gains * slope
        length = np.hypot(*moved)
        moved *= _LONGEST / np.maximum(length, _LONGEST)
        places += moved
        places -= places.mean(1, keepdims=True)
        done(step + 1)
    return places


def pulls(places: Floats, near: NDArray[np.integer]) -> Floats:
    """How each point is drawn, by its neighbours and by those whose neighbour it is: [2, n].

    The sum over j of p_ij q_ij (y_i - y_j), with q = 1 / (1 + distance squared) and p the share
    of the pair among all pairs of neighbours.
    """
    n, k = near.shape
    found = np.zeros((2, n))
    for part in blocks(n, _BLOCK):
        others = near[part]
        away = places[:, part, None] - places[:, others]
        away /= 1 + np.square(away[0]) + np.square(away[1])
        flat = others.reshape(-1)
        for axis in (0, 1):
            found[axis, part] += away[axis].sum(1)
            found[axis] -= np.bincount(flat, away[axis].reshape(-1), n)
    drawn: Floats = (found / (2 * n * k)).astype(np.float32)
    return drawn


class Pushes:
    """How each point is pushed by all others: the sum over j of q_ij^2 (y_i - y_j) / Z, [2, n].

    Z is the sum of q over all pairs.
    """

    def __init__(self) -> None:
        self._known: tuple[int, float] = (0, 0.0)

    def __call__(self, places: Floats) -> Floats:
        """The pushes float32 [2, n] at places [2, n]."""
        if places.shape[1] <= _EXACT:
            return _one_by_one(places)
        low = places.min(1)
        side = float((places.max(1) - low).max())
        # The cells grow where a map is larger than the grid may be, in steps, as the grid does.
        cell = _CELL * 2.0 ** max(0.0, np.ceil(np.log2(max(side, 1e-9) / (_CELL * (_MOST - 2)))))
        cells = -(-int(side / cell + 2) // 32) * 32
        if self._known != (cells, cell):
            self._known = (cells, cell)
            self._prepare(cells, cell)
        at = (places - low[:, None]) / np.float32(cell)
        corner = at.astype(np.int32)
        part = at - corner
        nodes, weights = [], []
        for right in (0, 1):
            for up in (0, 1):
                nodes.append((corner[0] + right) * cells + corner[1] + up)
                weights.append(abs(1 - right - part[0]) * abs(1 - up - part[1]))
        node, weight = np.concatenate(nodes), np.concatenate(weights)
        density = np.bincount(node, weight, cells * cells).reshape(cells, cells)
        waves = np.fft.rfft2(density, (2 * cells, 2 * cells))
        fields = [
            np.fft.irfft2(waves * kernel, (2 * cells, 2 * cells))[:cells, :cells].reshape(-1)
            for kernel in self._kernels
        ]
        n = places.shape[1]
        right, up, whole = [(field[node] * weight).reshape(4, n).sum(0) for field in fields]
        pairs = max(float((whole - self._own(part, cell)).sum()), 1e-9)
        pushed: Floats = (np.stack([right, up]) / pairs).astype(np.float32)
        return pushed

    @staticmethod
    def _own(part: Floats, cell: float) -> NDArray[np.float64]:
        """What each point gets of its own q by way of the four nodes that it is spread over."""
        cross = 2.0 * part * (1 - part)
        same = 1 - cross
        one, two = 1 / (1 + cell**2), 1 / (1 + 2 * cell**2)
        beside = same[0] * cross[1] + cross[0] * same[1]
        own: NDArray[np.float64] = same[0] * same[1] + beside * one + cross[0] * cross[1] * two
        return own

    def _prepare(self, cells: int, cell: float) -> None:
        """What a point does to each cell about it, as waves."""
        lag = np.fft.fftfreq(2 * cells, 1 / (2 * cells)) * cell
        x, y = lag[:, None], lag[None]
        q = 1 / (1 + x * x + y * y)
        self._kernels = [np.fft.rfft2(one) for one in (q * q * x, q * q * y, q)]


def _one_by_one(places: Floats) -> Floats:
    """The pushes without a grid."""
    away = places[:, :, None] - places[:, None]
    q = 1 / (1 + np.square(away[0]) + np.square(away[1]))
    pairs = max(float(q.sum(dtype=np.float64)) - len(q), 1e-9)
    pushed: Floats = (np.square(q) * away).sum(2) / np.float32(pairs)
    return pushed
