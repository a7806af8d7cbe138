"""Whether a reranker makes a collection's answers better, on judged queries that are held out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cospace.collection.composed import Searched
from cospace.collection.query import queries_of
from cospace.collection.rerank import setting_of
from cospace.collection.tune import Judged, best_setting, gain_of, grades_of, held_out
from cospace.encode.reranker import Reranker
from cospace.limits import limit
from cospace.measures.bootstrap import Difference, Interval, mean_difference, mean_interval
from cospace.measures.metrics import ndcg
from cospace.search.ask import answers_of
from cospace.search.rerank import Reranking, judged_of, mixed

__all__ = ["SHARES", "RerankTuning", "tune_rerank"]

# What is tried for the reranker's share; 0 is the ranking without it.
SHARES = (0.0, 0.25, 0.5, 0.75, 1.0)
_K = 10


@dataclass(frozen=True, slots=True)
class RerankTuning:
    """What `Collection.tune_rerank` found: a share, and what it gave on queries not seen.

    `before` and `held_out` are nDCG@10 over all judged queries: without the reranker, and with
    the share that was chosen without the query's own fifth. `difference` is of the two, query by
    query. `share` is chosen on all of the queries; 0 where none was better than no reranker.
    `setting` is what `collection.reranking` takes, where it is `better`.
    """

    reranker: Reranker
    share: float
    queries: int
    before: Interval
    held_out: Interval
    difference: Difference
    notes: tuple[str, ...] = ()

    @property
    def better(self) -> bool:
        """Whether the held-out queries show a gain that is more than luck."""
        return self.share > 0 and self.difference.verdict == "better"

    @property
    def setting(self) -> dict[str, Any] | None:
        """What `collection.reranking` takes; None where it is not better."""
        return setting_of(Reranking(self.reranker, self.share)) if self.better else None

    @property
    def advice(self) -> str:
        """Whether to use the reranker, and why."""
        if not self.share:
            return "search without it: no share of it was better on these queries"
        gain = gain_of(self.difference)
        if self.better:
            return f"use it with a share of {self.share:g}: {gain}"
        return f"search without it: {gain} is no clear gain; more judged queries may tell"

    def to_json(self) -> dict[str, Any]:
        """A record of plain types."""
        return {
            "reranker": self.reranker.name,
            "share": self.share,
            "queries": self.queries,
            "before": self.before.to_json(),
            "held_out": self.held_out.to_json(),
            "difference": self.difference.to_json(),
            "better": self.better,
            "advice": self.advice,
            "notes": list(self.notes),
        }

    def __str__(self) -> str:
        figures = f"nDCG@10 {self.before.value:.3f} before, {self.held_out.value:.3f} held out"
        name = self.reranker.name
        return f"{name}, share {self.share:g} ({self.queries} queries: {figures})\n{self.advice}"


def tune_rerank(
    collection: Searched, judged: Judged, reranker: Reranker, *, seed: int = 0
) -> RerankTuning:
    """See `Collection.tune_rerank`."""
    grades, notes = grades_of(collection, judged)
    found, cut = _scores(collection, grades, reranker)
    held, before = held_out(found, 0, seed), found[0]
    if cut:
        notes.append(f"texts of which the reranker read a beginning only: {cut:,}")
    return RerankTuning(
        reranker,
        SHARES[best_setting(found, 0)],
        found.shape[1],
        mean_interval(before, seed=seed),
        mean_interval(held, seed=seed),
        mean_difference(held, before, seed=seed),
        tuple(notes),
    )


def _scores(
    collection: Searched, grades: Mapping[str, Mapping[str, float]], reranker: Reranker
) -> tuple[NDArray[np.float64], int]:
    """nDCG@10 of each share for each query, float64 [shares, queries]; how many texts were cut."""
    queries = queries_of(list(grades), collection, None, None)
    answers, rows = answers_of(collection.store, queries, 0, limit("rerank_candidates"))
    table = np.zeros((len(SHARES), len(queries)))
    cut = 0
    for place, (answer, (text, judged)) in enumerate(zip(answers, grades.items(), strict=True)):
        kept = [i for i, key in enumerate(answer.keys) if key in rows]
        found = [rows[answer.keys[i]] for i in kept]
        scored, logits, _ = judged_of(reranker, text, found)
        cut += len(scored.truncated)
        first, named = (np.array([each[i] for i in kept]) for each in (answer.scores, answer.named))
        for at, share in enumerate(SHARES):
            scores, _ = mixed(first, named, logits, share)
            best = np.argsort(-scores, kind="stable")[:_K]
            gains = [judged.get(found[i].id, 0.0) for i in best]
            table[at, place] = ndcg(gains, list(judged.values()), k=_K)
    return table, cut
