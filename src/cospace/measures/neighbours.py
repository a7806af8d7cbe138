"""How much of a space's neighbourhoods is left in a map of it: trustworthiness and continuity."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cospace.errors import BadArgument
from cospace.topk import blocks

__all__ = ["Kept", "neighbours_kept"]

_BLOCK = 128  # points compared with all others at a time


class Kept(NamedTuple):
    """Both in [0, 1], 1 is best; by chance about 0.5.

    `trustworthiness`: those who are neighbours on the map are near in the space.
    `continuity`: those who are neighbours in the space are near on the map.
    """

    trustworthiness: float
    continuity: float


def neighbours_kept(
    vectors: NDArray[np.float32],
    places: NDArray[np.float32],
    *,
    k: int = 12,
    sample: int = 2_000,
    seed: int = 0,
) -> Kept:
    """What a map float32 [n, 2] keeps of the neighbourhoods of unit vectors [n, dim].

    A point's wrong neighbours, those among its `k` nearest in one of the two and not in the
    other, cost their rank in the other beyond k; the sum is divided by its maximum and taken
    from 1. Ranks are exact, by cosine in the space and by distance on the map. Of more than
    `sample` points, so many are asked about, drawn with `seed`, each among all.

    Raises `BadArgument` for fewer than 2 points, for a `k` below 1, and for as many vectors as
    there are no places.

    Source: Venna and Kaski, Neighborhood preservation in nonlinear projection methods, 2001.

    >>> angles = np.linspace(0, 1.5, 40)
    >>> circle = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)
    >>> line = np.stack([angles, 0 * angles], axis=1).astype(np.float32)
    >>> neighbours_kept(circle, line)
    Kept(trustworthiness=1.0, continuity=1.0)
    """
    n = len(vectors)
    if len(places) != n or n < 2 or k < 1:
        raise BadArgument(f"{n} vectors, {len(places)} places, k={k}: expected 2 or more of each")
    k = min(k, (n - 1) // 2)  # with more, the maximum is another
    if k == 0:
        return Kept(1.0, 1.0)
    asked = np.arange(n)
    if n > sample:
        asked = np.sort(np.random.default_rng(seed).choice(n, sample, replace=False))
    flat = places.astype(np.float64)
    lost = np.zeros(2)
    for part in blocks(len(asked), _BLOCK):
        own = asked[part]
        space = 1 - vectors[own] @ vectors.T
        plane = sum(np.square(np.subtract.outer(flat[own, axis], flat[:, axis])) for axis in (0, 1))
        rows = np.arange(len(own))
        space[rows, own] = plane[rows, own] = -np.inf  # a point is before all its neighbours
        lost += _beyond(space, plane, k), _beyond(plane, space, k)
    trust, keep = (1 - lost * 2 / (len(asked) * k * (2 * n - 3 * k - 1))).tolist()
    return Kept(trust, keep)


def _beyond(true: NDArray[np.floating], shown: NDArray[np.floating], k: int) -> float:
    """The ranks beyond k, by the distances `true`, of the k nearest by the distances `shown`."""
    nearest = np.argpartition(shown, k, axis=1)[:, : k + 1]
    ordered = np.sort(true, axis=1)
    far = np.take_along_axis(true, nearest, axis=1)
    ranks = np.stack([np.searchsorted(row, some) for row, some in zip(ordered, far, strict=True)])
    return float(np.maximum(ranks - k, 0).sum())
