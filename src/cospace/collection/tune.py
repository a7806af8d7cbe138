"""Weights of the lists, fitted on a user's judged queries, and held to queries left out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from cospace.collection.composed import Searched
from cospace.collection.query import DEFAULT, queries_of
from cospace.errors import BadArgument
from cospace.measures.bootstrap import Difference, Interval, mean_difference, mean_interval
from cospace.measures.metrics import ndcg
from cospace.search.ask import DEPTH, WORDS
from cospace.search.candidates import Query, gather, rank_lists

__all__ = [
    "LEAST_QUERIES", "Judged", "Judgment", "Tuning", "best_setting", "check_weights", "gain_of",
    "grades_of", "held_out", "read_judgment", "tune",
]  # fmt: skip

# Fewer queries cannot tell one setting from another: the held-out figures would be luck.
LEAST_QUERIES = 20
Judgment: TypeAlias = "Mapping[str, float] | Iterable[str]"
Judged: TypeAlias = "Mapping[str, Judgment]"

_K = 10
_FOLDS = 5
# What is tried, beside a weight of 1 for the text; names keep their weight.
_TRIED: Mapping[str, Sequence[float]] = {
    "image": (0.05, 0.15, 0.3, 0.6, 1.0),
    WORDS: (0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 5.0),
}


@dataclass(frozen=True, slots=True)
class Tuning:
    """What `Collection.tune` found: weights, and what they gave on queries that they had not seen.

    `before` and `held_out` are nDCG@10 over all judged queries, with the default weights and with
    weights chosen without the query's own fifth; `difference` is of the two, query by query.
    `weights` are chosen on all of the queries. Put them to use with `collection.weights = ...`,
    but only where they are `better`; `advice` says so in a sentence.
    """

    weights: Mapping[str, float]
    queries: int
    before: Interval
    held_out: Interval
    difference: Difference
    notes: tuple[str, ...] = ()

    @property
    def better(self) -> bool:
        """Whether the held-out queries show a gain that is more than luck."""
        return self.difference.verdict == "better"

    @property
    def advice(self) -> str:
        """Whether to use the weights, and why."""
        gain = gain_of(self.difference)
        if dict(self.weights) == dict(DEFAULT):
            return "keep the default weights: no others were better on these queries"
        if self.better:
            return f"use these weights: {gain}"
        return f"keep the default weights: {gain} is no clear gain; more judged queries may tell"

    def to_json(self) -> dict[str, Any]:
        """A record of plain types."""
        return {
            "weights": dict(self.weights),
            "queries": self.queries,
            "before": self.before.to_json(),
            "held_out": self.held_out.to_json(),
            "difference": self.difference.to_json(),
            "better": self.better,
            "advice": self.advice,
            "notes": list(self.notes),
        }

    def __str__(self) -> str:
        weights = ", ".join(f"{name} {weight:g}" for name, weight in self.weights.items())
        figures = f"nDCG@10 {self.before.value:.3f} before, {self.held_out.value:.3f} held out"
        return "\n".join([f"{weights} ({self.queries} queries: {figures})", self.advice])


def gain_of(difference: Difference) -> str:
    """A difference in words, with its interval."""
    low, high = difference.low, difference.high
    return f"{difference.value:+.3f} nDCG@10 on held-out queries ({low:+.3f} to {high:+.3f})"


def tuned(
    settings: list[dict[str, float]],
    found: NDArray[np.float64],
    default: int,
    notes: Iterable[str],
    seed: int,
) -> dict[str, Any]:
    """The fields of a `Tuning`, given the figure [setting, query] of each of the `settings`."""
    held, before = held_out(found, default, seed), found[default]
    return {
        "weights": settings[best_setting(found, default)],
        "queries": found.shape[1],
        "before": mean_interval(before, seed=seed),
        "held_out": mean_interval(held, seed=seed),
        "difference": mean_difference(held, before, seed=seed),
        "notes": tuple(notes),
    }


def tune(collection: Searched, judged: Judged, *, seed: int = 0) -> Tuning:
    """See `Collection.tune`."""
    grades, notes = grades_of(collection, judged)
    settings = _settings(collection)
    found = _scores(collection, grades, settings)
    default = settings.index(dict(DEFAULT))
    return Tuning(**tuned(settings, found, default, notes, seed))


def check_weights(weights: Mapping[str, float]) -> dict[str, float]:
    """The weights, checked: those of `Tuning.weights`. Raises `BadArgument`."""
    if not isinstance(weights, Mapping) or set(weights) != set(DEFAULT):
        raise BadArgument(f"weights are a dict of {', '.join(DEFAULT)}, not {weights!r}")
    for name, weight in weights.items():
        number = isinstance(weight, int | float) and not isinstance(weight, bool)
        least = 0 if name == WORDS else 1e-3
        if not number or not least <= weight <= 1_000:
            raise BadArgument(f"the weight of {name!r} is from {least:g} to 1000, not {weight!r}")
    return {name: float(weights[name]) for name in DEFAULT}


def read_judgment(name: str, items: Judgment) -> dict[str, float]:
    """The grades by id of one query, called `name` in errors. Raises `BadArgument`."""
    if isinstance(items, str) or not isinstance(items, Iterable):
        raise BadArgument(f"{name} is a dict of grades by id or a list of ids, not {items!r}")
    grades = dict(items) if isinstance(items, Mapping) else dict.fromkeys(items, 1.0)
    for id, grade in grades.items():
        number = isinstance(grade, int | float) and not isinstance(grade, bool)
        if not isinstance(id, str) or not number or not np.isfinite(grade):
            raise BadArgument(
                f"{name}[{id!r}] is a number, 0 or less for a wrong item, not {grade!r}"
            )
    return {id: float(grade) for id, grade in grades.items()}


def grades_of(
    collection: Searched, judged: Judged
) -> tuple[dict[str, dict[str, float]], list[str]]:
    """The grades of stored items by query, and what was left out, in words."""
    if not isinstance(judged, Mapping):
        raise BadArgument(
            'judged is a dict: {"somewhere to sit": {"MK-1": 1}} or {"somewhere to sit": ["MK-1"]}'
        )
    given: dict[str, dict[str, float]] = {}
    for query, items in judged.items():
        if not isinstance(query, str) or not query.strip():
            raise BadArgument(f"a judged query is a text, not {query!r}")
        given[query] = read_judgment(f"judged[{query!r}]", items)
    ids = list({id for grades in given.values() for id in grades})
    stored = collection.store.hashes(ids).keys()
    kept = {
        query: grades
        for query, grades in given.items()
        if any(grade > 0 and id in stored for id, grade in grades.items())
    }
    if len(kept) < LEAST_QUERIES:
        raise BadArgument(
            f"tuning takes at least {LEAST_QUERIES} queries with a right item that is stored;"
            f" {len(kept)} of {len(given)} are such. With fewer, keep the default weights"
        )
    counts = (
        (len(given) - len(kept), "queries without a right item that is stored, left out"),
        (len(ids) - len(stored), "judged items that are not stored, counted as not found"),
    )
    return kept, [f"{what}: {number:,}" for number, what in counts if number]


def _settings(collection: Searched) -> list[dict[str, float]]:
    """What is tried: only lists that this collection has, the others as by default."""
    fields = collection.store.info().fields.keys()
    images = _TRIED["image"] if {"text", "image"} <= fields else (DEFAULT["image"],)
    return [
        {"text": DEFAULT["text"], "image": image, WORDS: words}
        for image, words in product(images, _TRIED[WORDS])
    ]


def _scores(
    collection: Searched, grades: Mapping[str, Mapping[str, float]], settings: Sequence[Any]
) -> NDArray[np.float64]:
    """nDCG@10 of each setting for each query: float64 [settings, queries].

    The lists are asked for once; each setting only ranks what they brought.
    """
    queries: list[Query] = queries_of(list(grades), collection, None, None)
    gathered = gather(collection.store, queries, [DEPTH] * len(queries))
    best: list[list[list[int]]] = []
    for weights in settings:
        ranked = [
            rank_lists(query.weighed(weights), *lists, DEPTH)
            for query, lists in zip(queries, gathered, strict=True)
        ]
        best.append([one.keys[:_K] for one in ranked])
    rows = collection.store.rows(list({key for each in best for keys in each for key in keys}))
    table = np.zeros((len(settings), len(queries)))
    for at, each in enumerate(best):
        for place, (keys, judged) in enumerate(zip(each, grades.values(), strict=True)):
            found = [judged.get(rows[key].id, 0.0) if key in rows else 0.0 for key in keys]
            table[at, place] = ndcg(found, list(judged.values()), k=_K)
    return table


def best_setting(found: NDArray[np.float64], default: int) -> int:
    """The setting with the best mean; the default where no other is better."""
    means = found.mean(axis=1)
    best = int(means.argmax())
    return best if means[best] > means[default] + 1e-9 else default


def held_out(found: NDArray[np.float64], default: int, seed: int) -> NDArray[np.float64]:
    """Each query's figure with the setting that was best on the other folds: float64 [queries]."""
    queries = found.shape[1]
    fold = np.random.default_rng(seed).permutation(queries) % _FOLDS
    held = np.zeros(queries)
    for out in range(_FOLDS):
        mine = fold == out
        held[mine] = found[best_setting(found[:, ~mine], default), mine]
    return held
