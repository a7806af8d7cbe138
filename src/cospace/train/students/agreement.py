"""Agreement: does a student find what its teacher finds?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["agreement", "chance"]

_TEN = 10


def agreement(given: NDArray[np.float32], rows: NDArray[np.float32]) -> NDArray[np.float64]:
    """For each of n texts, the share of the teacher's ten nearest that the student finds too.

    The student's row of the text, `given` [n, dim], is the question; the teacher's `rows` of the
    other texts are what is searched. Of few texts fewer than ten are asked: a quarter.

    >>> rows = np.eye(8, dtype=np.float32) + 0.1
    >>> float(agreement(rows, rows).mean())
    1.0
    """
    k = _nearest(len(rows))
    shares = np.empty(len(rows))
    for i in range(len(rows)):
        first, second = rows @ given[i], rows @ rows[i]
        first[i] = second[i] = -np.inf  # itself
        mine, right = (np.argsort(-scores, kind="stable")[:k] for scores in (first, second))
        shares[i] = np.isin(mine, right).mean()
    return shares


def chance(count: int) -> float:
    """What a student that knows nothing reaches, of `count` texts.

    >>> chance(1001)
    0.01
    """
    return _nearest(count) / (count - 1)


def _nearest(count: int) -> int:
    return max(1, min(_TEN, (count - 1) // 4))
