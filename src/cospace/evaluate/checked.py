"""Check: a collection's own search held to judged queries, to a least figure, and to a baseline.

`evaluate retrieval` measures a model; this measures what users get: the default ranking of one
collection, with its fusion, spelling, weights and reranker.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cospace.collection.collection import check_collection
from cospace.counted import counted
from cospace.errors import BadArgument
from cospace.evaluate.baseline import Baseline
from cospace.limits import limit
from cospace.measures.bootstrap import (
    LEAST,
    Difference,
    Interval,
    check_seed,
    mean_difference,
    mean_interval,
)
from cospace.measures.metrics import average_precision, ndcg, recall, reciprocal_rank
from cospace.progress import Meter, Watch, metered

if TYPE_CHECKING:
    from cospace.collection import Collection
    from cospace.collection.tune import Judged

__all__ = ["FIGURES", "Asked", "Checked", "Moved", "check", "grades_of", "parse_figure"]

FIGURES = ("ndcg@10", "recall@100", "mrr@10")
_METRICS: Mapping[str, Callable[..., float]] = {
    "ndcg": ndcg,
    "recall": recall,
    "mrr": reciprocal_rank,
    "map": average_precision,
}
_SHOWN = 10  # hits of a question that are kept, so that a later check can say what moved
_AT_ONCE = 64  # questions


@dataclass(frozen=True, slots=True)
class Asked:
    """One question: its figures by name, and the ids of the first ten hits."""

    query: str
    figures: Mapping[str, float]
    first: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """A record for JSON."""
        return {"query": self.query, "figures": dict(self.figures), "first": list(self.first)}


@dataclass(frozen=True, slots=True)
class Moved:
    """A question whose figure is another than in the baseline, and its first hits then and now."""

    query: str
    before: float
    after: float
    first_before: tuple[str, ...]
    first: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """A record for JSON."""
        first = {"first_before": list(self.first_before), "first": list(self.first)}
        return {"query": self.query, "before": self.before, "after": self.after, **first}


@dataclass(frozen=True, slots=True)
class Checked:
    """What `check` found.

    `figures` are means over all questions, with 95% intervals; `judged` is the share of the first
    ten hits that somebody judged: of the others nobody knows, and they count as wrong; None where
    nothing was found. `short` are the figures below their `minimum`. Beside a baseline:
    `differences` of all figures that both have, on the questions that both have, and `moved`,
    those that changed in the first figure, the worst first. `search` is how it was searched.
    """

    name: str
    figures: Mapping[str, Interval]
    asked: tuple[Asked, ...]
    judged: float | None
    minimum: Mapping[str, float] = field(default_factory=dict)
    differences: Mapping[str, Difference] = field(default_factory=dict)
    moved: tuple[Moved, ...] = ()
    notes: tuple[str, ...] = ()
    search: Mapping[str, Any] = field(default_factory=dict)

    @property
    def short(self) -> tuple[str, ...]:
        """The figures that are below their minimum."""
        return tuple(n for n, least in self.minimum.items() if self.figures[n].value < least)

    @property
    def worse(self) -> tuple[str, ...]:
        """The figures that are worse than the baseline's.

        The interval lies below 0, and a one-sided randomization test tells it at 5%: what became
        better cannot fail, so five questions that lost, of which none won, are enough.
        """
        return tuple(n for n, one in self.differences.items() if one.high < 0 and one.p <= 0.1)

    @property
    def passed(self) -> bool:
        """Whether no figure is below its minimum, or worse than the baseline's."""
        return not self.short and not self.worse

    def to_json(self) -> dict[str, Any]:
        """A record for JSON; `Baseline.of` reads it back."""
        return {
            "name": self.name,
            "passed": self.passed,
            "figures": {name: one.to_json() for name, one in self.figures.items()},
            "minimum": dict(self.minimum),
            "short": list(self.short),
            "worse": list(self.worse),
            "judged_of_first_10": None if self.judged is None else round(self.judged, 4),
            "search": dict(self.search),
            "differences": {name: one.to_json() for name, one in self.differences.items()},
            "moved": [one.to_json() for one in self.moved],
            "notes": list(self.notes),
            "questions": [one.to_json() for one in self.asked],
        }


def check(
    collection: Collection,
    judged: Judged | None = None,
    *,
    minimum: Mapping[str, float] | None = None,
    baseline: Baseline | None = None,
    seed: int = 0,
    progress: Watch = None,
    **search: Any,
) -> Checked:
    """The figures of a collection's search on judged questions, and whether they are good enough.

    `judged` holds the grades of items by id, by question, or a list of the right ids; by default
    it is what `Collection.judge` has kept. `minimum` holds least means by figure: `ndcg@10`,
    `recall@100`, `mrr@10`, `map@100`, at any depth. `baseline` is an earlier check: differences
    are taken question by question. `search` goes to `Collection.search_many`: `by`, `rerank`,
    `where`.

    Worse than the baseline is a figure whose 95% interval of differences lies below 0, where a
    one-sided randomization test tells it at 5%.

    Raises `BadArgument` for no judged question, a figure that is not known, or a baseline that
    shares fewer than six questions with these: so few tell nothing from luck.

    >>> import cospace as cs
    >>> shop = cs.open(":memory:", model="starter")
    >>> _ = shop.add(ids=["1", "2"], documents=["Rocking chair", "Steel rake"])
    >>> found = check(shop, {"a place to sit": ["1"]}, minimum={"mrr@10": 0.9})
    >>> found.figures["mrr@10"].value, found.passed
    (1.0, True)
    """
    check_collection(collection)
    check_seed(seed)
    grades = grades_of(collection, judged)
    search = {name: value for name, value in search.items() if value is not None}
    minimum = {} if minimum is None else {name: float(least) for name, least in minimum.items()}
    names = list(dict.fromkeys([*minimum, *(baseline.names if baseline else ()), *FIGURES]))
    metrics = {name: parse_figure(name) for name in names}
    with metered(progress, len(grades), "questions") as meter:
        asked = _asked(collection, grades, metrics, search, meter)
    figures = {
        name: mean_interval([one.figures[name] for one in asked], seed=seed) for name in names
    }
    apart, moved, notes = _compared(asked, baseline, names, seed)
    if baseline is not None and baseline.search != _plain(search):
        notes.append(f"the baseline was searched otherwise: {baseline.search or 'by default'}")
    if len(asked) < LEAST:
        notes.append(
            f"{counted(len(asked), 'question is', 'questions are')} too few for an interval: at"
            f" least {LEAST}"
        )
    stored = collection.store.hashes(list({id for g in grades.values() for id in g}))
    gone = sum(id not in stored for known in grades.values() for id in known)
    if gone:
        notes.append(f"judgments of items that are not stored, counted as not found: {gone:,}")
    return Checked(
        collection.name, figures, tuple(asked), _judged(asked, grades), minimum, apart, moved,
        tuple(notes), _plain(search),
    )  # fmt: skip


def _plain(search: Mapping[str, Any]) -> dict[str, Any]:
    """How it was searched, as JSON gives it back."""
    plain: dict[str, Any] = json.loads(json.dumps(search, default=str))
    return plain


def parse_figure(name: str) -> tuple[Callable[..., float], int]:
    """The function and the depth of a figure's name. Raises `BadArgument`.

    >>> parse_figure("ndcg@5")[1]
    5
    """
    metric, _, depth = name.partition("@")
    most = limit("max_k")
    if metric in _METRICS and depth.isascii() and depth.isdigit() and 0 < int(depth[:9]) <= most:
        return _METRICS[metric], int(depth)
    raise BadArgument(
        f"{name!r} is no figure: expected one of {', '.join(_METRICS)} with a depth of 1 to"
        f" {most:,}, such as ndcg@10"
    )


def grades_of(collection: Collection, judged: Judged | None) -> dict[str, dict[str, float]]:
    """The grades by id, by question, that were given or that the collection has kept, checked."""
    from cospace.collection.tune import read_judgment

    given = collection.judgments if judged is None else judged
    if not given:
        raise BadArgument(
            f"there are no judged questions for {collection.name}: give some, or judge a few with"
            " cospace judge"
        )
    if not isinstance(given, Mapping):
        raise BadArgument(
            f"judged is a dict of grades by id, by question, not {given!r:.60}; of a file"
            " read_judgments gives one"
        )
    found = {query: read_judgment(f"judged[{query!r}]", items) for query, items in given.items()}
    for query in found:
        if not isinstance(query, str) or not query.strip():
            raise BadArgument(f"a judged question is a text, not {query!r}")
    return found


def _asked(
    collection: Collection,
    grades: Mapping[str, Mapping[str, float]],
    metrics: Mapping[str, tuple[Callable[..., float], int]],
    search: Mapping[str, Any],
    meter: Meter,
) -> list[Asked]:
    """Every question, asked, and measured."""
    deepest = max(_SHOWN, *(depth for _, depth in metrics.values()))
    found, queries = [], list(grades)
    for start in range(0, len(queries), _AT_ONCE):
        some = queries[start : start + _AT_ONCE]
        hits = [one.ids for one in collection.search_many(some, deepest, **search)]
        for query, ids in zip(some, hits, strict=True):
            figures = _figures(ids, grades[query], metrics)
            found.append(Asked(query, figures, tuple(ids[:_SHOWN])))
        meter.add(len(some))
    return found


def _judged(asked: Sequence[Asked], grades: Mapping[str, Mapping[str, float]]) -> float | None:
    """The share of the first hits that was judged, as a mean over questions that found some."""
    shares = [
        sum(id in grades[one.query] for id in one.first) / len(one.first)
        for one in asked
        if one.first
    ]
    return float(np.mean(shares)) if shares else None


def _figures(
    found: Sequence[str],
    known: Mapping[str, float],
    metrics: Mapping[str, tuple[Callable[..., float], int]],
) -> dict[str, float]:
    got: ArrayLike = [known.get(id, 0.0) for id in found]
    every = list(known.values())
    return {
        name: metric(got, k=depth) if metric is reciprocal_rank else metric(got, every, k=depth)
        for name, (metric, depth) in metrics.items()
    }


def _compared(
    asked: Sequence[Asked], baseline: Baseline | None, names: Sequence[str], seed: int
) -> tuple[dict[str, Difference], tuple[Moved, ...], list[str]]:
    """The differences, the questions that moved, and what is to be told of it."""
    if baseline is None:
        return {}, (), []
    shared = [one for one in asked if one.query in baseline.questions]
    if len(shared) < LEAST:
        raise BadArgument(
            f"the baseline has {len(shared)} of these questions: at least {LEAST} are needed to"
            " tell worse from luck. Make it anew of these questions, or judge more"
        )
    notes = [
        f"{what}: {number:,}"
        for number, what in (
            (len(asked) - len(shared), "questions that the baseline has not, not compared"),
            (len(baseline.questions) - len(shared), "questions of the baseline that are gone"),
        )
        if number
    ]
    known = [name for name in names if name in baseline.names]
    if len(known) < len(names):
        lacking = ", ".join(sorted(set(names) - set(known)))
        notes.append(f"figures that the baseline has not, not compared: {lacking}")
    apart: dict[str, Difference] = {}
    for name in known:
        now: NDArray[np.float64] = np.array([one.figures[name] for one in shared])
        then = np.array([baseline.questions[one.query].figures[name] for one in shared])
        apart[name] = mean_difference(now, then, seed=seed)
    first = (known or list(baseline.names))[0]
    moved = []
    for one in shared:
        old = baseline.questions[one.query]
        after, before = one.figures.get(first), old.figures[first]
        if after is not None and abs(after - before) > 1e-9:
            moved.append(Moved(one.query, before, after, tuple(old.first), one.first))
    moved.sort(key=lambda m: (m.after - m.before, m.query))
    return apart, tuple(moved), notes
