"""Weights of a query's parts, fitted on labelled queries, and held to queries left out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from cospace.collection.composed import Searched
from cospace.collection.query import excluded, queries_of
from cospace.collection.tune import LEAST_QUERIES, Judgment, Tuning, read_judgment, tuned
from cospace.errors import BadArgument
from cospace.item import Parts, kind_of
from cospace.measures.metrics import ndcg
from cospace.search.ask import DEPTH
from cospace.search.candidates import Query, rank

__all__ = ["Composed", "PartTuning", "check_part_weights", "tune_parts"]

Composed: TypeAlias = "tuple[Parts, Judgment] | tuple[Parts, Judgment, str | Iterable[str]]"

_K = 10
# What a part is tried at, beside 1 for the first kind: fine for two kinds, coarse for more.
_FINE = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.1, 1.25, 1.5, 2.0, 3.0, 6.0, 12.0)
_COARSE = (0.0, 0.3, 0.6, 1.0, 1.6, 3.0)


@dataclass(frozen=True, slots=True)
class PartTuning(Tuning):
    """What `Collection.tune_weights` found: weights by kind, and what they gave held out.

    `before` and `held_out` are nDCG@10 over all queries, with equal weights and with weights
    chosen without the query's own fifth; `difference` is of the two, query by query.
    """

    @property
    def advice(self) -> str:
        """Whether to use the weights, and why."""
        if len(set(self.weights.values())) == 1:
            return "keep equal weights: no others were better on these queries"
        low, high = self.difference.low, self.difference.high
        gain = (
            f"{self.difference.value:+.3f} nDCG@10 on held-out queries ({low:+.3f} to {high:+.3f})"
        )
        if self.better:
            return f"use these weights: {gain}"
        return f"keep equal weights: {gain} is no clear gain; more labelled queries may tell"


def tune_parts(collection: Searched, labelled: Iterable[Composed], *, seed: int = 0) -> PartTuning:
    """See `Collection.tune_weights`."""
    read = [_read(number, one) for number, one in enumerate(_several(labelled))]
    kinds = _kinds(parts for parts, _, _ in read)
    known = collection.store.hashes(list({id for _, grades, _ in read for id in grades})).keys()
    kept = [one for one in read if any(g > 0 and id in known for id, g in one[1].items())]
    if len(kept) < LEAST_QUERIES:
        raise BadArgument(
            f"tuning takes at least {LEAST_QUERIES} queries with a right item that is stored;"
            f" {len(kept)} of {len(read)} are such. With fewer, keep equal weights"
        )
    settings = _settings(kinds)
    found = np.array([_scores(collection, kept, weights) for weights in settings])
    default = settings.index(dict.fromkeys(kinds, 1.0))
    lost = len(read) - len(kept)
    notes = [f"queries without a right item that is stored, left out: {lost:,}"] if lost else []
    return PartTuning(**tuned(settings, found, default, notes, seed))


def check_part_weights(weights: Mapping[str, float]) -> dict[str, float]:
    """The weights by kind, checked: of two kinds or more. Raises `BadArgument`."""
    if not isinstance(weights, Mapping) or len(weights) < 2:
        raise BadArgument(
            f'weights of parts are by two kinds or more, such as {{"image": 1, "text": 0.6}}, not'
            f" {weights!r}"
        )
    for kind, weight in weights.items():
        number = isinstance(weight, int | float) and not isinstance(weight, bool)
        if not isinstance(kind, str) or not number or not 0 <= weight < 1e6:
            raise BadArgument(f"the weight of {kind!r} is a number of 0 or more, not {weight!r}")
    if not any(weights.values()):
        raise BadArgument("all weights are 0: nothing is left to ask by")
    return {kind: float(weight) for kind, weight in weights.items()}


_Read: TypeAlias = "tuple[Parts, dict[str, float], frozenset[str]]"


def _several(labelled: Any) -> list[Any]:
    if isinstance(labelled, Mapping | str) or not isinstance(labelled, Iterable):
        raise BadArgument(
            "labelled is a list of (Parts(image=..., text=...), right ids), or with a third:"
            f" ids to exclude; not {type(labelled).__name__}"
        )
    return list(labelled)


def _read(number: int, one: Any) -> _Read:
    if not isinstance(one, tuple) or len(one) not in (2, 3) or not isinstance(one[0], Parts):
        raise BadArgument(
            f"labelled[{number}] is (Parts, right ids) or (Parts, right ids, exclude)"
        )
    parts, right, *more = one
    if parts.weights is not None or parts.combiner is not None:
        raise BadArgument(f"labelled[{number}] has weights or a combiner of its own")
    return (
        parts,
        read_judgment(f"labelled[{number}]", right),
        excluded(*more) if more else frozenset(),
    )


def _kinds(asked: Iterable[Parts]) -> list[str]:
    """The kinds of the parts, the same in all queries; the text comes last."""
    found = [list(dict.fromkeys(kind_of(name) for name in parts)) for parts in asked]
    sets = {frozenset(kinds) for kinds in found}
    if len(sets) > 1 or (found and len(found[0]) < 2):
        raise BadArgument(
            "labelled queries are all of the same two kinds of parts or more; here are: "
            + "; ".join(sorted(" + ".join(sorted(kinds)) for kinds in sets))
        )
    return sorted(found[0], key=lambda kind: (kind == "text", kind)) if found else []


def _settings(kinds: Sequence[str]) -> list[dict[str, float]]:
    tried = _FINE if len(kinds) == 2 else _COARSE
    rest = product(tried, repeat=max(0, len(kinds) - 1))
    return [dict(zip(kinds, (1.0, *weights), strict=True)) for weights in rest]


def _scores(
    collection: Searched, labelled: Sequence[_Read], weights: Mapping[str, float]
) -> NDArray[np.float64]:
    """nDCG@10 of each query with these weights: float64 [queries]."""
    asked: list[Query] = queries_of(
        [Parts(**parts, weights=weights) for parts, _, _ in labelled], collection, None, None
    )
    queries = [
        query._replace(exclude=query.exclude | out)
        for query, (_, _, out) in zip(asked, labelled, strict=True)
    ]
    best = [one.keys[:_K] for one in rank(collection.store, queries, [DEPTH] * len(queries))]
    rows = collection.store.rows(list({key for keys in best for key in keys}))
    return np.array(
        [
            ndcg(
                [grades.get(rows[k].id, 0.0) if k in rows else 0.0 for k in keys],
                list(grades.values()),
                k=_K,
            )
            for keys, (_, grades, _) in zip(best, labelled, strict=True)
        ]
    )
