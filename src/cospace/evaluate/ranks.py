"""Ranks: where what is right stands among all, for queries with one or several right answers.

A tie counts as lost: a wrong answer with the same score stands before the right one. So a model
that gives everything one vector has the worst rank, not a lucky one.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from cospace.topk import blocks, cosines

__all__ = ["chance_median", "chance_recall", "ranks_of", "within"]

_QUERIES = 256


def ranks_of(
    queries: NDArray[np.float32], gallery: NDArray[np.float32], right: Sequence[Sequence[int]]
) -> NDArray[np.int64]:
    """The rank, from 1, of the best right row of `gallery` [g, dim] for each query: int64 [q].

    It is 1 + how many wrong rows have a cosine as high or higher; other right rows do not stand in
    the way. All rows have length one.

    >>> rows = np.eye(3, dtype=np.float32)
    >>> ranks_of(rows[:2], rows[[0, 0, 1]], [[1], [2]]).tolist()
    [2, 1]
    """
    found = np.empty(len(queries), np.int64)
    score = cosines(queries, gallery)
    for part in blocks(len(queries), _QUERIES):
        scores = score(part, slice(0, len(gallery)))
        for row, place in zip(scores, range(part.start, part.stop), strict=True):
            mine = list(right[place])
            best = row[mine].max()
            row[mine] = -np.inf
            found[place] = 1 + np.count_nonzero(row >= best)
    return found


def within(ranks: NDArray[np.int64], k: int) -> NDArray[np.float64]:
    """1 where the rank is `k` or better, else 0: float64 [q]. Its mean is recall@k."""
    return (ranks <= k).astype(np.float64)


def chance_recall(gallery: int, right: NDArray[np.int64], k: int) -> float:
    """Recall@k of a random order, the mean over queries that have `right` [q] right answers.

    1 - C(g - r, k) / C(g, k): one less the chance that the first k are all wrong.

    >>> chance_recall(10, np.array([1]), 1), round(chance_recall(4, np.array([2]), 1), 2)
    (0.1, 0.5)
    """
    return float(np.mean([1 - _all_wrong(gallery, int(r), k) for r in right]))


def chance_median(gallery: int, right: NDArray[np.int64]) -> float:
    """The median rank of a random order, over the same queries.

    >>> chance_median(9, np.array([1, 1]))
    5.0
    """
    low, high = 1, gallery
    counts, many = np.unique(right, return_counts=True)

    def share(k: int) -> float:
        each = [1 - _all_wrong(gallery, int(r), k) for r in counts]
        return float(np.average(each, weights=many))

    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if share(middle) >= 0.5 - 1e-12 else (middle + 1, high)
    return float(low)


def _all_wrong(gallery: int, right: int, k: int) -> float:
    """The chance that the first k of a random order hold none of the right ones."""
    if k > gallery - right:
        return 0.0
    places = gallery - np.arange(right, dtype=np.float64)
    return float(np.prod((places - k) / places))
