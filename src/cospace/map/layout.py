"""Vectors to places on a plane, near what they are near to in the full space."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from cospace.map.neighbours import nearest_of_all
from cospace.map.tsne import STEPS, spread
from cospace.measures.axes import principal

__all__ = ["METHOD", "layout"]

# Neighbours that draw a point to them.
_DRAWN = 15
# With fewer points, the two main axes say as much.
_FEW = 12

METHOD = {"name": "t-SNE", "neighbours": _DRAWN, "steps": STEPS}

Floats = NDArray[np.float32]


def layout(
    vectors: Floats, *, seed: int = 0, done: Callable[[str, float], object] = lambda *_: None
) -> tuple[Floats, float]:
    """The places float32 [n, 2] of unit vectors [n, dim], and what was 1 in the layout.

    The longer side of the map is 2.

    `done` is told what is under way and which share of it is done. The same vectors and seed
    give the same map.

    >>> layout(np.eye(3, dtype=np.float32))[0].shape
    (3, 2)
    """
    n = len(vectors)
    start = _axes(vectors)
    if n <= _FEW:
        return _scaled(start)
    found = 0

    def more(count: int) -> None:
        nonlocal found
        found += count
        done("neighbours", found / n)

    near = nearest_of_all(vectors, min(_DRAWN, n // 3), seed=seed, done=more)
    # Equal vectors would never come apart, and points at one place would be one to the eye.
    noise = np.random.default_rng(seed).normal(size=start.shape)
    start = 1e-4 * start / max(float(start[:, 0].std()), 1e-9) + 1e-6 * noise
    return _scaled(spread(near, start.T, lambda step: done("layout", step / STEPS)).T)


def _axes(vectors: Floats) -> NDArray[np.float64]:
    """The place of each vector on the two main axes of all."""
    middle, two = principal(vectors, 2)
    two = two * np.sign(two[np.abs(two).argmax(0), range(two.shape[1])])
    flat = ((vectors - middle) @ two).astype(np.float64)
    return np.pad(flat, ((0, 0), (0, 2 - flat.shape[1])))


def _scaled(places: NDArray[np.floating]) -> tuple[Floats, float]:
    """The places about 0, the longer side of their box 2; and what was 1 before."""
    low, high = places.min(0).astype(np.float64), places.max(0).astype(np.float64)
    width = float((high - low).max())
    unit = 2 / width if width > 1e-12 else 1.0
    return ((places - (low + high) / 2) * unit).astype(np.float32), unit
