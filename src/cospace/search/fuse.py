"""Fusion: several lists of scores into one ranking.

Vector lists are standardised, z = (s - mean) / deviation, over the candidates that they brought
themselves, so that models with other ranges of cosine weigh the same. What only another list
brought is no nearer than their last: it stands a step below, however far away it is.

Words add two things. BM25, standardised over the candidates: it says something when many items
hold the words, and nothing when few do. And names: codes, article numbers and words that the
model cannot know. Who holds the name that was asked for comes first, whatever is like it.
docs/ranking.md has what was measured.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["NAME", "Fused", "Scored", "Scores", "fuse", "main_of", "of_names"]

Scores = NDArray[np.float64]


# A candidate that a vector list did not bring stands so far below the last one that it did.
_STEP = 0.5
# What BM25 in standard scores weighs beside a text vector of weight 1, when enough rows hold a
# word of the query; with fewer its weight falls by the fourth power.
_BM25, _ENOUGH, _FALL = 0.5, 80, 4
# What a name weighs: more than the best vector is above the last. It counts from `_NAME_FROM` of
# what the query asks, and in full from `_NAME_FULL`.
NAME = 8.0
_NAME_FROM, _NAME_FULL = 0.25, 0.4


class Scored(NamedTuple):
    """One list over all candidates: float64 [n].

    `meaning` lists hold cosines, NaN where an item has no such field; `own` says which candidates
    they brought. They measure the same thing through its text and its image: their weights
    share one unit, and an item that lacks one is judged by the other. A list of words holds BM25,
    with about how many rows hold a word (`spread`), which part of the query names each item, and
    what names weigh (`named`; as the words do without).

    `ground` is the mean and the deviation of the query's cosines to blindly picked items, where
    items are of different kinds: see `cospace.search.kinds`.
    """

    scores: Scores
    weight: float
    meaning: bool
    own: NDArray[np.bool_] | None = None
    spread: float = 0.0
    names: Scores | None = None
    named: float | None = None
    ground: tuple[float, float] | None = None


class Fused(NamedTuple):
    """The order of the candidates [n], the fused scores [n], and each list's share [n]."""

    order: list[int]
    scores: Scores
    shares: dict[str, Scores]


def fuse(lists: Mapping[str, Scored], keys: Sequence[int]) -> Fused:
    """The candidates by fused score, best first; equal scores by key.

    >>> import numpy as np
    >>> text = Scored(np.array([0.9, 0.5, 0.1]), 1.0, True)
    >>> few = Scored(np.array([0.0, 0.3, 0.0]), 1.0, False, spread=3)
    >>> fuse({"text": text, "words": few}, [1, 2, 3]).order
    [0, 1, 2]
    >>> code = Scored(np.array([0.0, 0.0, 5.0]), 1.0, False, names=np.array([0, 0, 1.0]))
    >>> fuse({"text": text, "words": code}, [1, 2, 3]).order
    [2, 0, 1]
    """
    n = len(keys)
    present = np.zeros(n)
    for one in lists.values():
        if one.meaning:
            present += one.weight * ~np.isnan(one.scores)
    shares = {}
    grounded = {name: one.weight for name, one in lists.items() if one.ground is not None}
    main = main_of(grounded)
    for name, one in lists.items():
        if one.meaning:
            part = np.divide(one.weight, present, out=np.zeros(n), where=present > 0)
            standard = _above_the_last(one)
            if main is not None and name != main and name in grounded:
                lacking = np.isnan(lists[main].scores)
                standard = np.where(lacking, _on_the_scale(one, lists[main], standard), standard)
            shares[name] = np.nan_to_num(standard) * part
        else:
            shares[name] = _of_words(one)
    total = sum(shares.values(), start=np.zeros(n))
    order = np.lexsort((np.asarray(keys), -total)).tolist()
    return Fused(order, total, shares)


def _above_the_last(one: Scored) -> Scores:
    """Standard scores over what the list brought; others a step below the last at most."""
    there = ~np.isnan(one.scores)
    own = there if one.own is None else there & one.own
    if not own.any():
        return np.where(there, 0.0, np.nan)
    brought = one.scores[own]
    standard = (one.scores - brought.mean()) / _deviation(brought)
    above: Scores = np.maximum(standard, standard[own].min() - _STEP)  # NaN stays
    return above


def main_of(weights: Mapping[str, float]) -> str | None:
    """The list of vectors whose scale the others are brought to: that of the most weight."""
    return max(weights, key=lambda name: weights[name], default=None)


def _on_the_scale(one: Scored, main: Scored, standard: Scores) -> Scores:
    """Standard scores of a list's cosines, as if they were the cosines of the main list.

    A cosine that lies so many deviations above those of its kind is worth one of the main kind
    that lies as many above its own. What the list did not bring stands a step below its last.
    """
    assert one.ground is not None
    assert main.ground is not None
    there = ~np.isnan(main.scores)
    brought = main.scores[there if main.own is None else there & main.own]
    if len(brought) < 2 or math.isinf(_deviation(brought)):
        return standard  # no scale: a single item, or all alike
    (mean, deviation), (its_mean, its_deviation) = main.ground, one.ground
    worth = mean + deviation * (one.scores - its_mean) / its_deviation
    found: Scores = (worth - brought.mean()) / _deviation(brought)
    own = ~np.isnan(found) if one.own is None else one.own
    if own.any():
        found = np.where(own, found, np.maximum(found, found[own].min() - _STEP))
    return found


def _of_words(one: Scored) -> Scores:
    """BM25 as far as it says something, and the names, each by its weight."""
    if not len(one.scores):
        return one.scores
    sure = min(1.0, one.spread / _ENOUGH) ** _FALL
    words: Scores = (
        one.weight * _BM25 * sure * (one.scores - one.scores.mean()) / _deviation(one.scores)
    )
    return words + of_names(one)


def of_names(one: Scored) -> Scores:
    """What names add to the share of a list of words: 0 to `NAME` by its weight."""
    if one.names is None:
        return np.zeros(len(one.scores))
    named = one.weight if one.named is None else one.named
    part: Scores = np.clip((one.names - _NAME_FROM) / (_NAME_FULL - _NAME_FROM), 0.0, 1.0)
    return named * NAME * part


def _deviation(scores: Scores) -> float:
    """The standard deviation; infinite where the scores are all alike, and say nothing."""
    deviation = float(scores.std())
    return deviation if deviation > 1e-9 else math.inf
