"""What a text encoder is worth on examples: Spearman, or nDCG@10, with a value for each query."""

from __future__ import annotations

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

if TYPE_CHECKING:
    from cospace.train.contrastive.examples import Examples

__all__ = ["Measure", "apart", "measure"]

_DEPTH = 10


@dataclass(frozen=True, slots=True)
class Measure:
    """One model on some examples. `values` are cosines by pair, or nDCG@10 by query.

    `scores` are people's, where there are some; without them the figure is the mean of `values`.
    """

    name: str
    values: NDArray[np.float64]
    scores: NDArray[np.float64] | None = None

    @property
    def figure(self) -> float:
        """The figure alone."""
        if self.scores is None:
            return float(self.values.mean())
        return spearman(self.values, self.scores)

    def interval(self, seed: int) -> Interval:
        """The figure with its interval, from draws of the pairs or queries."""
        if self.scores is None:
            return mean_interval(self.values, seed=seed)
        scores = self.scores
        draws = resample(lambda i: [spearman(self.values[i], scores[i])], len(scores), seed=seed)
        return interval(self.figure, draws[:, 0])


def apart(after: Measure, before: Measure, *, seed: int) -> Difference:
    """By how much the first is better, on the same draws of the same pairs or queries."""
    if after.scores is None:
        return mean_difference(after.values, before.values, seed=seed)
    scores = after.scores
    draws = resample(
        lambda i: [spearman(one.values[i], scores[i]) for one in (after, before)],
        len(scores), seed=seed,
    )  # fmt: skip
    return difference(after.figure - before.figure, draws[:, 0] - draws[:, 1], len(scores))


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
        return Measure("Spearman", cosine.astype(np.float64), scores)
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
    for query, positive in zip(examples.first.tolist(), second.tolist(), strict=True):
        wanted.setdefault(query, set()).add(positive)
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
    return Measure("nDCG@10", np.array(values))


def _labels(
    examples: Examples, documents: NDArray[np.float32], shuffled: np.random.Generator | None
) -> Measure:
    labels = examples.values if shuffled is None else shuffled.permutation(examples.values)
    rows = documents[examples.first]
    n = len(rows)
    found, _ = top_k(cosines(rows, rows), n, n, min(n, _DEPTH + 1))
    values = []
    for i, places in enumerate(found):
        others = [j for j in places if j != i][:_DEPTH]
        alike = int(np.count_nonzero(labels == labels[i])) - 1
        if alike:
            grades = [int(labels[j] == labels[i]) for j in others]
            values.append(ndcg(grades, [1] * alike, k=_DEPTH))
    return Measure("nDCG@10", np.array(values or [0.0]))
