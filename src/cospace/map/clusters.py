"""The clusters of a map: hills of its density, on a grid, as large as the eye sees them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cospace.map.map import NONE

__all__ = ["hills"]

_GRID = 256  # cells a side
_WIDTH = 0.15  # of the blur, for one point, as a share of half the map; less for more points
_MOST = 40  # clusters
# A hill is one when it rises above the valley by more than so many standard errors of its height.
_SURE = 1.5
# A valley that is so little below the lower of two hills is none.
_VALLEYS = (0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1, 0.0)

Numbers = NDArray[np.int64]


def hills(xy: NDArray[np.float32]) -> NDArray[np.uint16]:
    """The number of the cluster of each point uint16 [n], largest first; 65535 for none.

    The density of the points [n, 2] is blurred, and each climbs to the top of its hill. Hills
    with no valley between them are one; so are the closest, until there are at most 40, and at
    most 0.6 times the square root of n. Those that hold very few points are no cluster.
    """
    n = len(xy)
    cell, density, sigma = _density(xy)
    most = int(np.clip(round(0.6 * np.sqrt(n)), 1, _MOST))
    least = max(3, n // 400)
    top = _climbed(density)
    saddles = _saddles(top, density)
    owner = np.full(n, NONE)
    for valley in _VALLEYS:
        joined = _joined(top, density, saddles, valley, sigma)
        owner = joined[cell]
        names, sizes = np.unique(owner, return_counts=True)
        if np.count_nonzero(sizes >= least) <= most:
            break
    names, sizes = np.unique(owner, return_counts=True)
    order = np.lexsort((names, -sizes))
    labels = np.full(density.size, NONE, np.uint16)
    for number, one in enumerate(order[sizes[order] >= least][:most]):
        labels[names[one]] = number
    found: NDArray[np.uint16] = labels[owner]
    return found


def _density(xy: NDArray[np.float32]) -> tuple[Numbers, NDArray[np.float64], float]:
    """The cell of each point, the blurred count of points in each cell, and the blur in cells."""
    n = len(xy)
    wide = _WIDTH * n ** (-1 / 6)  # as the optimal width of a kernel shrinks on a plane
    edge = 1 + 3 * wide  # so that nothing is blurred over the edge
    at = np.clip((xy + edge) / (2 * edge) * _GRID, 0, _GRID - 1).astype(np.int64)
    cell: Numbers = at[:, 0] * _GRID + at[:, 1]
    counts = np.bincount(cell, minlength=_GRID * _GRID).reshape(_GRID, _GRID)
    sigma = wide * _GRID / (2 * edge)
    waves = np.exp(-2 * (np.pi * sigma * np.fft.fftfreq(_GRID)) ** 2)
    blurred = np.fft.ifft2(np.fft.fft2(counts) * waves[:, None] * waves[None]).real
    return cell, np.maximum(blurred, 0), float(sigma)


def _climbed(density: NDArray[np.float64]) -> Numbers:
    """The cell on top of the hill that each cell is on."""
    padded = np.pad(density, 1, constant_values=-1)
    steps = [(0, 0), *((a, b) for a in (-1, 0, 1) for b in (-1, 0, 1) if (a, b) != (0, 0))]
    around = np.stack(
        [padded[1 + a : 1 + a + _GRID, 1 + b : 1 + b + _GRID].reshape(-1) for a, b in steps]
    )
    way = np.array([a * _GRID + b for a, b in steps])
    top: Numbers = np.arange(density.size) + way[around.argmax(0)]
    while not np.array_equal(top, top[top]):
        top = top[top]
    return top


def _saddles(top: Numbers, density: NDArray[np.float64]) -> list[tuple[float, int, int]]:
    """The highest pass between each two hills that touch, highest first."""
    height, hill = density.reshape(-1), top.reshape(_GRID, _GRID)
    cells = np.arange(density.size).reshape(_GRID, _GRID)
    found: dict[tuple[int, int], float] = {}
    for one, other in (
        (cells[1:], cells[:-1]),
        (cells[:, 1:], cells[:, :-1]),
        (cells[1:, 1:], cells[:-1, :-1]),
        (cells[1:, :-1], cells[:-1, 1:]),
    ):
        a, b = one.reshape(-1), other.reshape(-1)
        apart = hill.reshape(-1)[a] != hill.reshape(-1)[b]
        a, b = a[apart], b[apart]
        low = np.minimum(height[a], height[b])
        pairs = np.sort(np.stack([top[a], top[b]]), axis=0).T.tolist()
        for (i, j), pass_ in zip(pairs, low.tolist(), strict=True):
            found[i, j] = max(found.get((i, j), 0.0), pass_)
    return sorted(((pass_, i, j) for (i, j), pass_ in found.items()), key=lambda s: (-s[0], *s[1:]))


def _joined(
    top: Numbers,
    density: NDArray[np.float64],
    saddles: list[tuple[float, int, int]],
    valley: float,
    sigma: float,
) -> Numbers:
    """The top of each cell's hill, where hills are one across valleys that are too shallow."""
    height = density.reshape(-1)
    into: dict[int, int] = {}

    def root(hill: int) -> int:
        while hill in into:
            hill = into[hill]
        return hill

    for pass_, i, j in saddles:
        a, b = root(i), root(j)
        if a == b:
            continue
        low, high = (a, b) if (height[a], -a) < (height[b], -b) else (b, a)
        # A blurred count h of a Poisson process has the variance h / (4 pi sigma^2).
        error = np.sqrt(height[low] / (4 * np.pi * sigma**2))
        if pass_ > 0 and pass_ >= min(valley * height[low], height[low] - _SURE * error):
            into[low] = high
    whole = np.arange(density.size)
    for hill in np.unique(top).tolist():
        whole[hill] = root(hill)
    return whole[top]
