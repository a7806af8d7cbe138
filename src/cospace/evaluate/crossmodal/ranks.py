"""Ranks of what is right among candidates, where equal scores are in no order.

Of candidates with one score any may come first. Nothing is decided by their number: a figure is
what it would be on average over all orders of them. So a model that gives everything one vector
has exactly the figures of chance.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cospace.topk import Score, blocks

__all__ = ["Ranks", "by_chance", "ranks_of"]

# Queries and candidates that are scored at a time.
_QUERIES, _ROWS = 64, 4_096


class Ranks(NamedTuple):
    """Where the best right candidate of each query stands: int64 [n] each.

    `before` counts those that score higher, `tied` those that score as it does, itself too, and
    `right` the right ones among these.
    """

    before: NDArray[np.int64]
    tied: NDArray[np.int64]
    right: NDArray[np.int64]

    def recall(self, k: int) -> NDArray[np.float64]:
        """The chance of each query to have a right one among the first `k`: float64 [n].

        With d = k - before places for the tied it is 1 - C(tied - right, d) / C(tied, d): 0 or 1
        where nothing is tied.

        >>> ranks = Ranks(*np.array([[0, 0, 2], [1, 4, 1], [1, 1, 1]]))
        >>> ranks.recall(1).tolist(), ranks.recall(2).tolist(), ranks.recall(3).tolist()
        ([1.0, 0.25, 0.0], [1.0, 0.5, 0.0], [1.0, 0.75, 1.0])
        """
        missed = np.ones(len(self.before))
        for place in range(k):
            wrong = np.maximum(self.tied - self.right - place, 0)
            share = wrong / np.maximum(self.tied - place, 1)
            missed = np.where(place < k - self.before, missed * share, missed)
        return 1 - missed

    def place(self) -> NDArray[np.float64]:
        """The mean rank of the best right candidate, from 1: before + (tied + 1) / (right + 1).

        >>> Ranks(*np.array([[0, 0], [1, 3], [1, 1]])).place().tolist()
        [1.0, 2.0]
        """
        return self.before + (self.tied + 1) / (self.right + 1)


def by_chance(candidates: int, right: Sequence[NDArray[np.intp]]) -> Ranks:
    """The ranks where all candidates are tied."""
    counts = np.array([len(one) for one in right], np.int64)
    return Ranks(np.zeros_like(counts), np.full_like(counts, candidates), counts)


def ranks_of(score: Score, candidates: int, right: Sequence[NDArray[np.intp]]) -> Ranks:
    """The ranks of queries, for each of which `right` holds positions of candidates, one at least.

    `score` is as for `cospace.topk.top_k`, and gives equal rows equal scores.
    """
    found = np.zeros((3, len(right)), np.int64)
    for queries in blocks(len(right), _QUERIES):
        scores = np.concatenate([score(queries, rows) for rows in blocks(candidates, _ROWS)], 1)
        good = np.zeros(scores.shape, bool)
        for row, positions in enumerate(right[queries]):
            good[row, positions] = True
        best = np.where(good, scores, -np.inf).max(axis=1, keepdims=True)
        tied = scores == best
        found[:, queries] = (scores > best).sum(1), tied.sum(1), (tied & good).sum(1)
    return Ranks(*found)
