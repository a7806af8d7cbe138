"""k nearest neighbours: how well the vectors sort themselves into classes, with nothing trained."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cospace.errors import BadArgument
from cospace.topk import Score, cosines, top_k

__all__ = ["neighbour_classes"]


def neighbour_classes(
    train: NDArray[np.float32],
    classes: NDArray[np.intp],
    test: NDArray[np.float32],
    *,
    k: int = 5,
    own: bool = False,
) -> NDArray[np.intp]:
    """The class of each row of `test` [m, dim] by a vote of the `k` closest rows of `train`.

    `classes` [n] are those of the unit rows of `train` [n, dim]. Each of the k has one vote, by
    cosine; where two classes have as many, the one with the larger sum of cosines wins. With `own`,
    row i of `test` is row i of `train`, and has no vote on itself.

    Source: Cover and Hart, Nearest neighbor pattern classification, 1967.

    >>> train = np.eye(2, dtype=np.float32)
    >>> neighbour_classes(train, np.array([4, 7]), np.array([[0.6, 0.8]], np.float32), k=1)
    array([7])
    """
    if len(train) != len(classes) or not len(train):
        raise BadArgument(f"{len(train)} rows have {len(classes)} classes; expected one each")
    score = cosines(test, train)
    if own:
        score, k = _others(score), min(k, max(1, len(train) - 1))
    numbers, close = top_k(score, len(test), len(train), k)
    votes = np.zeros((len(test), int(classes.max()) + 1))
    rows = np.repeat(np.arange(len(test)), numbers.shape[1])
    # Whole votes decide; the cosines, made too small to make a vote, break ties.
    np.add.at(votes, (rows, classes[numbers].reshape(-1)), 1 + close.reshape(-1) / (4 * k))
    winners: NDArray[np.intp] = votes.argmax(axis=1)
    return winners


def _others(score: Score) -> Score:
    """The same scores, but for those of a row with itself, which are the lowest."""

    def others(q: slice, r: slice) -> NDArray[np.float32]:
        found = score(q, r).copy()
        same = np.arange(max(q.start, r.start), min(q.stop, r.stop))
        found[same - q.start, same - r.start] = -2  # below every cosine
        return found

    return others
