"""CSLS: nearest neighbours between two languages, without the words that are near to everything.

In a space of many dimensions some words (hubs) are among the nearest of very many others. CSLS,
cross-domain similarity local scaling, takes from each cosine how near both words are to their own
neighbours: csls(x, y) = 2 cos(x, y) - r(x) - r(y), where r is the mean cosine to the 10 nearest
words of the other language.

Source: Conneau, Lample, Ranzato, Denoyer and Jegou, Word Translation Without Parallel Data (2018),
section 2.3, equation 2.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from cospace.topk import Top, top_k

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["CROWD", "best", "mutual", "neighbourhoods"]

NEAREST = 10
# Neighbours are sought among so many of the commonest words: the rarest cost most and tell least.
CROWD = 20_000
# Scores that are held at a time: 64 MB.
_BLOCK = 1 << 24


def neighbourhoods(
    rows: NDArray[np.float32], others: NDArray[np.float32], *, nearest: int = NEAREST
) -> NDArray[np.float32]:
    """The mean cosine of each row to its `nearest` of `others`: float32 [n]; both of unit rows.

    >>> neighbourhoods(np.eye(2, dtype=np.float32), np.eye(2, dtype=np.float32), nearest=2)
    array([0.5, 0.5], dtype=float32)
    """
    best = top_k(lambda q, r: rows[q] @ others[r].T, len(rows), len(others), nearest)
    found: NDArray[np.float32] = best.scores.mean(axis=1)
    return found


def best(
    rows: NDArray[np.float32],
    others: NDArray[np.float32],
    near: tuple[NDArray[np.float32], NDArray[np.float32]],
    *,
    k: int,
) -> Top:
    """The `k` others of the highest CSLS to each row, and the scores: [n, k] each, best first.

    `near` are the neighbourhoods of `rows` [n] and of `others` [m]; with zeros in their place the
    order is that of the cosine.
    """

    def score(q: slice, r: slice) -> NDArray[np.float32]:
        return _csls(rows[q], others[r], near[0][q], near[1][r])

    return top_k(score, len(rows), len(others), k)


def mutual(
    rows: NDArray[np.float32], others: NDArray[np.float32]
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Positions in `rows` and in `others` of those that are each other's nearest, by CSLS."""
    near = neighbourhoods(rows, others), neighbourhoods(others, rows)
    there = np.empty(len(rows), np.intp)
    back = np.zeros(len(others), np.intp)
    highest = np.full(len(others), -np.inf, np.float32)
    for part in _blocks(len(rows), len(others)):
        found = _csls(rows[part], others, near[0][part], near[1])
        there[part] = found.argmax(axis=1)
        column = found.argmax(axis=0)
        score = found[column, np.arange(len(others))]
        higher = score > highest
        back[higher], highest[higher] = column[higher] + part.start, score[higher]
    own = np.flatnonzero(back[there] == np.arange(len(rows)))
    return own, there[own]


def _csls(
    rows: NDArray[np.float32],
    others: NDArray[np.float32],
    near: NDArray[np.float32],
    near_others: NDArray[np.float32],
) -> NDArray[np.float32]:
    found: NDArray[np.float32] = rows @ others.T
    found *= 2
    found -= near[:, None]
    found -= near_others
    return found


def _blocks(rows: int, columns: int) -> Iterator[slice]:
    size = max(1, _BLOCK // max(1, columns))
    for start in range(0, rows, size):
        yield slice(start, min(rows, start + size))
