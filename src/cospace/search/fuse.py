"""Fusion: several lists of scores into one ranking.

Vector lists are standardised over the candidates, z = (s - mean) / deviation, so that models
with other ranges of cosine weigh the same. The list of words is no matter of degree in that
way: a word that all candidates share says little, and one rare code says all. So it adds its
weight times f^4, where f is the part of the query's words, by BM25, that an item covers.
A few words in common change nothing; an article number outranks any likeness of meaning.
docs/ranking.md has the measured comparison with rank fusion and with standardised BM25.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["Fused", "Scored", "fuse"]

Scores = NDArray[np.float64]


POWER = 4


class Scored(NamedTuple):
    """One list over all candidates: float64 [n].

    `meaning` lists hold cosines, NaN where an item has no such field. They measure the same
    thing through its text and its image: their weights share one unit, and an item that
    lacks one is judged by the other. A list of words holds parts of the query, 0 to 1.
    """

    scores: Scores
    weight: float
    meaning: bool


class Fused(NamedTuple):
    """The order of the candidates [n], the fused scores [n], and each list's share [n]."""

    order: list[int]
    scores: Scores
    shares: dict[str, Scores]


def fuse(lists: Mapping[str, Scored], keys: Sequence[int]) -> Fused:
    """The candidates by fused score, best first; equal scores by key.

    >>> import numpy as np
    >>> text = Scored(np.array([0.9, 0.5, 0.1]), 1.0, True)
    >>> few = Scored(np.array([0.0, 0.3, 0.0]), 3.5, False)
    >>> fuse({"text": text, "words": few}, [1, 2, 3]).order
    [0, 1, 2]
    >>> code = Scored(np.array([0.0, 0.0, 1.0]), 3.5, False)
    >>> fuse({"text": text, "words": code}, [1, 2, 3]).order
    [2, 0, 1]
    """
    n = len(keys)
    present = np.zeros(n)
    for one in lists.values():
        if one.meaning:
            present += one.weight * ~np.isnan(one.scores)
    shares = {}
    for name, one in lists.items():
        if one.meaning:
            part = np.divide(one.weight, present, out=np.zeros(n), where=present > 0)
            shares[name] = np.nan_to_num(_standard(one.scores)) * part
        else:
            shares[name] = one.weight * np.clip(one.scores, 0.0, 1.0) ** POWER
    total = sum(shares.values(), start=np.zeros(n))
    order = np.lexsort((np.asarray(keys), -total)).tolist()
    return Fused(order, total, shares)


def _standard(scores: Scores) -> Scores:
    """Standard scores over the numbers in `scores`; zeros where they are all alike."""
    there = scores[~np.isnan(scores)]
    if not len(there):
        return scores
    deviation = there.std()
    if deviation < 1e-9:
        return np.where(np.isnan(scores), np.nan, 0.0)
    standard: Scores = (scores - there.mean()) / deviation
    return standard
