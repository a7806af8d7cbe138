"""Groups of unit vectors by spherical k-means, and how many groups there are."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cospace.tasks.material import Floats

__all__ = ["Grouped", "centred", "grouped", "silhouette", "spherical"]

_RESTARTS = 10
_ROUNDS = 50
_ASKED = 1_000  # rows that a silhouette is taken of

Labels = NDArray[np.intp]


class Grouped(NamedTuple):
    """The group of each row, from 0, the largest first; and each number of groups' silhouette."""

    labels: Labels
    silhouettes: dict[int, float]


def centred(rows: Floats) -> Floats:
    """Rows less their mean, at length one: what all of them say alike is no difference.

    >>> centred(np.float32([[0.6, 0.8], [-0.6, 0.8]])).tolist()
    [[1.0, 0.0], [-1.0, 0.0]]
    """
    about = rows - rows.mean(axis=0, dtype=np.float64).astype(np.float32)
    lengths = np.linalg.norm(about, axis=1, keepdims=True)
    # Rows that are all equal have no direction from their mean; they stay together.
    found: Floats = np.where(lengths > 1e-5, about / np.maximum(lengths, 1e-5), 0)
    return found


def grouped(rows: Floats, counts: range | tuple[int, ...], *, seed: int = 0) -> Grouped:
    """The groups of rows [n, dim] for the number among `counts` with the highest silhouette.

    Where there is no difference between rows, all are of one group.
    """
    if not np.any(np.abs(rows - rows[0]) > 1e-5):
        return Grouped(np.zeros(len(rows), np.intp), {})
    best: tuple[float, Labels] | None = None
    silhouettes: dict[int, float] = {}
    for count in counts:
        if count > len(rows):
            break
        labels = spherical(rows, count, seed=seed)
        silhouettes[count] = one = silhouette(rows, labels, seed=seed)
        if best is None or one > best[0]:
            best = one, labels
    assert best is not None
    sizes = np.bincount(best[1])
    order = np.argsort(-sizes, kind="stable")
    number = np.empty(len(order), np.intp)
    number[order] = np.arange(len(order))
    return Grouped(number[best[1]], silhouettes)


def spherical(rows: Floats, count: int, *, seed: int = 0) -> Labels:
    """Which of `count` groups each row is in: k-means by cosine, the best of 10 starts.

    Source: Dhillon and Modha, Concept decompositions for large sparse text data using clustering,
    2001; starts as in Arthur and Vassilvitskii, k-means++, 2007.

    >>> rows = np.float32([[1, 0], [0.8, 0.6], [-1, 0], [-0.8, -0.6]])
    >>> spherical(rows, 2).tolist() in ([0, 0, 1, 1], [1, 1, 0, 0])
    True
    """
    draw = np.random.default_rng(seed)
    best: tuple[float, Labels] | None = None
    for _ in range(_RESTARTS):
        middles = _starts(rows, count, draw)
        labels = (rows @ middles.T).argmax(axis=1)
        for _ in range(_ROUNDS):
            for one in range(count):
                own = rows[labels == one]
                if len(own):
                    middle = own.sum(axis=0)
                    middles[one] = middle / max(float(np.linalg.norm(middle)), 1e-9)
            now = (rows @ middles.T).argmax(axis=1)
            if (now == labels).all():
                break
            labels = now
        gain = float((rows * middles[labels]).sum())
        if best is None or gain > best[0] + 1e-6:
            best = gain, labels
    assert best is not None
    found: Labels = np.unique(best[1], return_inverse=True)[1].astype(np.intp)
    return found


def _starts(rows: Floats, count: int, draw: np.random.Generator) -> Floats:
    chosen = [int(draw.integers(len(rows)))]
    far = 1 - rows @ rows[chosen[0]]
    while len(chosen) < count:
        weight = np.maximum(far, 0).astype(np.float64)
        total = weight.sum()
        share = weight / total if total > 1e-9 else np.full(len(rows), 1 / len(rows))
        chosen.append(int(draw.choice(len(rows), p=share)))
        far = np.minimum(far, 1 - rows @ rows[chosen[-1]])
    found: Floats = rows[chosen].copy()
    return found


def silhouette(rows: Floats, labels: Labels, *, seed: int = 0) -> float:
    """The mean silhouette by cosine of at most 1,000 rows, -1 to 1; 0 for one group.

    Source: Rousseeuw, Silhouettes: a graphical aid to the interpretation of cluster analysis, 1987.
    """
    count = int(labels.max()) + 1
    if count < 2:
        return 0.0
    sizes = np.bincount(labels, minlength=count)
    sums = np.zeros((count, rows.shape[1]))
    np.add.at(sums, labels, rows.astype(np.float64))
    draw = np.random.default_rng(seed)
    asked = np.sort(draw.choice(len(rows), min(_ASKED, len(rows)), replace=False))
    # A mean of distances 1 - cosine is 1 less the cosine with the mean: no pairs are needed.
    # A row of length 0, one that is equal to the mean of all, is at distance 1 from everybody.
    close = rows[asked].astype(np.float64) @ sums.T
    own = labels[asked], np.arange(len(asked))
    within = close[own[1], own[0]] - np.square(rows[asked].astype(np.float64)).sum(1)
    inner = 1 - within / np.maximum(sizes[own[0]] - 1, 1)
    outer = 1 - close / np.maximum(sizes, 1)
    outer[own[1], own[0]] = np.inf
    outer[:, sizes == 0] = np.inf
    nearest = outer.min(axis=1)
    value = (nearest - inner) / np.maximum(np.maximum(nearest, inner), 1e-12)
    value[sizes[own[0]] == 1] = 0
    return float(value.mean())
