"""Bridges while a migration runs: what of the new model's answers can be had before it is done.

Both are measured on the lists of text vectors alone, against the new model's own list. Neither is
ever used by itself: `usable` says whether it may be.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from cospace.arguments import is_one_of
from cospace.errors import BadArgument
from cospace.evaluate.migration.gate import asked_of, grade
from cospace.evaluate.migration.questionmap import learn_question_map
from cospace.evaluate.migration.questions import Asked
from cospace.evaluate.migration.rescoring import FIELD, rescored
from cospace.measures.bootstrap import Interval, interval, mean_interval, resample

if TYPE_CHECKING:
    from cospace.collection import Collection
    from cospace.collection.tune import Judged

__all__ = ["ENOUGH", "Bridge", "map_bridge", "rescoring_bridge"]

ENOUGH = 0.97  # of the new model's figures
_SAMPLED = 300  # questions, where nobody judged


@dataclass(frozen=True, slots=True)
class Bridge:
    """What a bridge gives of the new model's answers, on the same questions.

    `recall` is the share of the new model's first k hits that the bridge has among its own.
    `ndcg` is its nDCG@k as a share of the new model's `full`, and `alone` that of the old model
    without a bridge: a bridge that is no better is worth nothing. All have 95% intervals.
    """

    name: str
    how: str
    questions: int
    k: int
    recall: Interval
    ndcg: Interval
    alone: Interval
    full: Interval
    facts: tuple[tuple[str, float], ...] = field(default=())

    @property
    def share(self) -> Interval:
        """What counts: `ndcg` where people judged; else the lesser of `ndcg` and `recall`."""
        if self.how == "judged":
            return self.ndcg
        return min(self.ndcg, self.recall, key=lambda one: one.low)

    @property
    def usable(self) -> bool:
        """Whether the whole interval of `share` is at 97% or above."""
        return self.share.low >= ENOUGH

    def to_json(self) -> dict[str, Any]:
        """A record for JSON."""
        figures = ("share", "recall", "ndcg", "alone", "full")
        return {
            **{name: getattr(self, name) for name in ("name", "how", "questions", "k", "usable")},
            **{name: getattr(self, name).to_json() for name in figures},
            "facts": dict(self.facts),
        }


def rescoring_bridge(
    old: Collection,
    new: Collection,
    *,
    judgments: Judged | str | os.PathLike[str] | None = None,
    k: int = 10,
    depth: int = 100,
    seed: int = 0,
) -> Bridge:
    """The `depth` best of the old index, in the new model's order: see `rescored`.

    The questions are those of `compare_models`: judged, or at most 300 sampled. The new
    model's full answer needs all its vectors, so the bridge is measured on a collection, or a part
    of one, that both hold.

    Raises as `compare_models` and `rescored` do.
    """
    asked = _asked(old, new, judgments, seed)
    texts = [one.text for one in asked.questions]
    found = rescored(old, new, texts, k=k, depth=depth)
    facts = (("depth", depth), ("encoded", found.encoded), ("failed", found.failed))
    return _bridge(
        "rescoring", old=old, new=new, asked=asked, ids=found.ids, k=k, seed=seed, facts=facts
    )


def map_bridge(
    old: Collection,
    new: Collection,
    *,
    into: str = "old",
    judgments: Judged | str | os.PathLike[str] | None = None,
    k: int = 10,
    pairs: int = 5_000,
    seed: int = 0,
) -> Bridge:
    """Questions that one model encoded, asked of the other's index: see `learn_question_map`.

    With into="old" the new model's questions ask the old index; with into="new" the old model's
    questions ask the new one, for clients that still send the old model's vectors. Both are held
    against the new model's own answers. The questions are those of `rescoring_bridge`.

    Raises as `compare_models` and `learn_question_map` do, and `BadArgument` for another `into`.
    """
    if not is_one_of(into, ("old", "new")):
        raise BadArgument(f'into is "old" or "new", not {into!r}')
    source, target = (new, old) if into == "old" else (old, new)
    asked = _asked(old, new, judgments, seed)
    texts = [one.text for one in asked.questions]
    learnt = learn_question_map(source, target, pairs=pairs, seed=seed)
    mapped = learnt(source.asker.encode_query(texts))
    ids = [one.ids for one in target.search_many(mapped, k, by=FIELD)]
    facts = (("pairs", learnt.pairs), ("penalty", learnt.penalty), ("cosine", learnt.cosine))
    return _bridge(
        f"map into {into}", old=old, new=new, asked=asked, ids=ids, k=k, seed=seed, facts=facts
    )


def _asked(
    old: Collection,
    new: Collection,
    judgments: Judged | str | os.PathLike[str] | None,
    seed: int,
) -> Asked:
    asked = asked_of(old, new, judgments, seed)
    if asked.how == "judged":
        return asked
    return Asked(asked.questions[:_SAMPLED], asked.how, asked.notes)


def _bridge(  # noqa: PLR0913 - it measures what its two callers have made
    name: str,
    *,
    old: Collection,
    new: Collection,
    asked: Asked,
    ids: Sequence[Sequence[str]],
    k: int,
    seed: int,
    facts: tuple[tuple[str, float], ...],
) -> Bridge:
    texts = [one.text for one in asked.questions]
    own, before = (
        [hits.ids for hits in one.search_many(texts, k, by=FIELD, spelling=False)]
        for one in (new, old)
    )
    full, bridged, alone = (grade(asked.questions, some, k) for some in (own, ids, before))
    recalls = [len(set(a) & set(b)) / len(a) for a, b in zip(own, ids, strict=True) if a]
    if not recalls:
        raise BadArgument(f"{new.name} finds nothing by its text vectors")
    return Bridge(
        name,
        asked.how,
        len(texts),
        k,
        mean_interval(recalls, seed=seed),
        _ratio(bridged, full, seed),
        _ratio(alone, full, seed),
        mean_interval(full, seed=seed),
        facts,
    )


def _ratio(some: NDArray[np.float64], whole: NDArray[np.float64], seed: int) -> Interval:
    """The mean of `some` as a share of that of `whole`, both [n], over the same questions."""

    def share(at: NDArray[np.intp] | slice) -> float:
        below = float(whole[at].mean())
        return float(some[at].mean()) / below if below > 0 else float("nan")

    draws = resample(lambda i: [share(i)], len(some), seed=seed)
    return interval(share(slice(None)), draws[:, 0], items=len(some))
