"""What a text encoder is worth on examples: Spearman, or nDCG@10, with a value for each query."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from cospace.measures import Difference, Interval
from cospace.measures.bootstrap import (
    difference,
    interval,
    mean_difference,
    mean_interval,
    resample,
)
from cospace.measures.metrics import ndcg, spearman
from cospace.topk import cosines, top_k
from cospace.train.heldout import few_groups

if TYPE_CHECKING:
    from cospace.train.contrastive.examples import Examples

__all__ = ["Measure", "apart", "measure"]

_DEPTH = 10


@dataclass(frozen=True, slots=True)
class Measure:
    """One model on some examples. `values` are cosines by pair, or nDCG@10 by query.

    `scores` are people's, where there are some; without them the figure is the mean of `values`.
    Those of one of `groups` share a text, and stand or fall together.
    """

    name: str
    values: NDArray[np.float64]
    groups: NDArray[np.intp]
    scores: NDArray[np.float64] | None = None

    @property
    def figure(self) -> float:
        """The figure alone."""
        if self.scores is None:
            return float(self.values.mean())
        return spearman(self.values, self.scores)

    @property
    def drawn(self) -> NDArray[np.intp]:
        """The groups that are drawn; each value its own, where there are few."""
        return np.arange(len(self.values)) if few_groups(self.groups) else self.groups

    def interval(self, seed: int) -> Interval:
        """The figure with its interval, from draws of groups of pairs or queries."""
        if self.scores is None:
            return mean_interval(self.values, groups=self.drawn, seed=seed)
        draws, count = _drawn([self], seed)
        return interval(self.figure, draws[:, 0], items=count)


def apart(after: Measure, before: Measure, *, seed: int) -> Difference:
    """By how much the first is better, on the same draws of the same pairs or queries."""
    if after.scores is None:
        return mean_difference(after.values, before.values, groups=after.drawn, seed=seed)
    draws, count = _drawn([after, before], seed)
    return difference(after.figure - before.figure, draws[:, 0] - draws[:, 1], items=count)


def _drawn(some: Sequence[Measure], seed: int) -> tuple[NDArray[np.float64], int]:
    """Spearman of each measure in draws of whole groups [draws, m], and how many groups."""
    first, scores = some[0], some[0].scores
    assert scores is not None
    own = np.unique(first.drawn, return_inverse=True)[1].reshape(-1)
    members = np.split(np.argsort(own, kind="stable"), np.cumsum(np.bincount(own))[:-1])

    def figures(drawn: NDArray[np.intp]) -> list[float]:
        at = np.concatenate([members[group] for group in drawn])
        return [spearman(one.values[at], scores[at]) for one in some]

    return resample(figures, len(members), seed=seed), len(members)


def measure(
    examples: Examples,
    rows: NDArray[np.float32],
    documents: NDArray[np.float32],
    *,
    shuffled: np.random.Generator | None = None,
) -> Measure:
    """The measure of some examples. `rows` and `documents` [texts, d] are those of all texts.

    Scored pairs: Spearman of cosines and scores. Others: nDCG@10 of a text's positives among all
    positives, negatives too; with labels, of the texts of its label among all others. `shuffled`
    mixes up what belongs to what: the figure must fall to chance.
    """
    if examples.form == "scored":
        cosine = np.einsum("ij,ij->i", documents[examples.first], documents[examples.second])
        scores = examples.values if shuffled is None else shuffled.permutation(examples.values)
        return Measure("Spearman", cosine.astype(np.float64), examples.groups, scores)
    if examples.form == "labels":
        return _labels(examples, documents, shuffled)
    return _retrieval(examples, rows, documents, shuffled)


def _retrieval(
    examples: Examples,
    rows: NDArray[np.float32],
    documents: NDArray[np.float32],
    shuffled: np.random.Generator | None,
) -> Measure:
    second = examples.second if shuffled is None else shuffled.permutation(examples.second)
    wanted: dict[int, set[int]] = {}
    group: dict[int, int] = {}
    sides = (examples.first.tolist(), second.tolist(), examples.groups.tolist())
    for query, positive, own in zip(*sides, strict=True):
        wanted.setdefault(query, set()).add(positive)
        group[query] = own
    gallery = np.unique(np.concatenate([examples.second, examples.third]))
    queries = list(wanted)
    found, _ = top_k(
        cosines(rows[queries], documents[gallery]), len(queries), len(gallery), _DEPTH + 1
    )
    values = []
    for query, places in zip(queries, gallery[found].tolist(), strict=True):
        right = wanted[query] - {query}
        grades = [int(text in right) for text in places if text != query][:_DEPTH]
        values.append(ndcg(grades, [1] * len(right), k=_DEPTH))
    return Measure("nDCG@10", np.array(values), np.array([group[query] for query in queries]))


def _labels(
    examples: Examples, documents: NDArray[np.float32], shuffled: np.random.Generator | None
) -> Measure:
    labels = examples.values if shuffled is None else shuffled.permutation(examples.values)
    rows = documents[examples.first]
    n = len(rows)
    found, _ = top_k(cosines(rows, rows), n, n, min(n, _DEPTH + 1))
    values, groups = [], []
    for i, places in enumerate(found):
        others = [j for j in places if j != i][:_DEPTH]
        alike = int(np.count_nonzero(labels == labels[i])) - 1
        if alike:
            grades = [int(labels[j] == labels[i]) for j in others]
            values.append(ndcg(grades, [1] * alike, k=_DEPTH))
            groups.append(int(examples.groups[i]))
    return Measure("nDCG@10", np.array(values or [0.0]), np.array(groups or [0]))
