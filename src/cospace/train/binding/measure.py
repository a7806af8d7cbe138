"""How well two sides of pairs find one another."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Ranks", "chance", "depth", "ranks"]

Array = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Ranks:
    """For each of n pairs the rank, from 1, of the best right answer, both ways.

    What is asked for are all left sides whose right side is equal to the pair's, and that right
    side among the different ones. Equal scores share the mean of their ranks.
    """

    to_left: NDArray[np.float64]
    to_right: NDArray[np.float64]
    lefts: int
    rights: int

    def hits(self, k: int) -> NDArray[np.float64]:
        """For each pair the share of the two ways in which a right answer is in the first k.

        Where fewer than 10 times k can be found, as many as a tenth of them count.
        """
        left, right = depth(k, self.lefts), depth(k, self.rights)
        return ((self.to_left <= left).astype(float) + (self.to_right <= right)) / 2

    @property
    def reciprocal(self) -> float:
        """The mean of 1 / rank over both ways: what a training is stopped by."""
        return float((1 / self.to_left).mean() + (1 / self.to_right).mean()) / 2


def depth(k: int, candidates: int) -> int:
    """How many count: `k`, or a tenth of the candidates where those are few."""
    return min(k, max(1, candidates // 10))


def ranks(left: Array, right: Array, meaning: NDArray[np.intp]) -> Ranks:
    """The ranks of pairs of unit rows [n, d]; `meaning` numbers the different right sides.

    >>> eye = np.eye(3, dtype=np.float32)
    >>> ranks(eye, eye[[0, 1, 1]], np.array([0, 1, 1])).to_left.tolist()
    [1.0, 1.0, 1.0]
    """
    numbers, first, own = np.unique(meaning, return_index=True, return_inverse=True)
    own = own.reshape(-1)
    scores = right[first] @ left.T  # one row a different right side
    to_left = np.empty(len(numbers))
    for row, line in enumerate(scores):
        best = line[own == row].max()
        ties = np.count_nonzero((line == best) & (own != row))
        to_left[row] = 1 + np.count_nonzero(line > best) + ties / 2
    mine = scores[own, np.arange(len(left))]
    above = (scores > mine).sum(0)
    ties = (scores == mine).sum(0) - 1
    return Ranks(to_left[own], 1 + above + ties / 2, len(left), len(numbers))


def chance(meaning: NDArray[np.intp], k: int) -> float:
    """What `Ranks.hits` is on average when all orders are equally likely."""
    _, own, sizes = np.unique(meaning, return_inverse=True, return_counts=True)
    total, kinds = len(meaning), len(sizes)
    deep = depth(k, total)
    missed = np.ones(len(sizes))
    for step in range(deep):  # none of the right ones at any of the first places
        missed *= np.maximum(total - sizes - step, 0) / (total - step)
    return float(((1 - missed)[own.reshape(-1)] + depth(k, kinds) / kinds).mean() / 2)
