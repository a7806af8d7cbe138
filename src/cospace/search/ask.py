"""`ask`: one query to a store. Candidates of fixed depths, so that k never changes the order.

The first tier takes a fixed number of candidates from every list and ranks them; hits past it
come from deeper tiers, each in its own order, without those already given. So the first k of a
longer list are the same k, and pages never repeat a hit.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cospace.errors import BadArgument
from cospace.limits import limit
from cospace.results import Hit, Results, Why
from cospace.search.fuse import Scored, fuse
from cospace.store.protocol import Found, Store
from cospace.store.where import Node

__all__ = ["DEPTH", "Query", "ask"]

DEPTH = 50
WORDS = "words"


@dataclass(frozen=True, slots=True)
class Query:
    """What is asked: a unit vector for each field to search, words, and the lists' weights."""

    vectors: Mapping[str, NDArray[np.float32]]
    words: str = ""
    weights: Mapping[str, float] = field(default_factory=dict)
    where: Node | None = None


class _Ranking(NamedTuple):
    """Keys in order with their scores, and how to tell why a key stands where it does."""

    keys: list[int]
    scores: list[float]
    why: Callable[[int], tuple[Why, ...]]
    score: str


def ask(store: Store, query: Query, *, k: int, offset: int = 0, explain: bool = False) -> Results:
    """The hits from `offset` to `offset + k`; with `explain`, each list's part in them.

    Raises `BadArgument` when k or offset are out of range.
    """
    if not isinstance(k, int) or isinstance(k, bool) or k < 0:
        raise BadArgument(f"k is a whole number of hits, 0 or more, not {k!r}")
    if not isinstance(offset, int) or isinstance(offset, bool) or offset < 0:
        raise BadArgument(f"offset is a whole number, 0 or more, not {offset!r}")
    end = k + offset
    if end > limit("max_k"):
        raise BadArgument(f"k + offset is at most {limit('max_k')}, not {end}")
    if k == 0:
        return Results([], score="no hits were asked for")
    hits: list[Hit] = []
    given: set[int] = set()
    score = ""
    for depth in _depths(query):
        tier = _tier(store, query, depth)
        score = score or tier.score
        exhausted = len(tier.keys) < depth
        tier = _without(tier, given) if given else tier
        span = range(max(0, offset - len(given)), min(len(tier.keys), end - len(given)))
        hits += _hits(store, tier, span, explain)
        if exhausted or len(given) + len(tier.keys) >= end:
            break
        given.update(tier.keys)
    return Results(hits, score=score)


def _depths(query: Query) -> tuple[int, ...]:
    """The tiers: one vector alone needs fewer candidates than lists that are to be fused."""
    alone = len(query.vectors) == 1 and not query.words
    return (*((20, 2 * DEPTH) if alone else (DEPTH,)), limit("max_k"))


def _tier(store: Store, query: Query, depth: int) -> _Ranking:
    """The best `depth` candidates, ranked."""
    lists = _lists(store, query, depth)
    if len(lists) > 1:
        return _fused(query, lists, depth)
    if not lists:
        return _Ranking([], [], lambda _: (), "nothing was found to rank")
    ((name, (found, _)),) = lists.items()
    score = "BM25" if name == WORDS else f"cosine to the {name} vector"

    def why(key: int) -> tuple[Why, ...]:
        at = found.keys.index(key)
        return (Why(name, at + 1, found.scores[at], found.scores[at]),)

    return _Ranking(found.keys, found.scores, why, score)


def _without(ranking: _Ranking, given: set[int]) -> _Ranking:
    pairs = [p for p in zip(ranking.keys, ranking.scores, strict=True) if p[0] not in given]
    return ranking._replace(keys=[k for k, _ in pairs], scores=[s for _, s in pairs])


_Again = Callable[[Sequence[int]], Found]


def _lists(store: Store, query: Query, depth: int) -> dict[str, tuple[Found, _Again]]:
    """Each list's candidates, and how to score keys that it did not bring."""
    where = query.where
    lists: dict[str, tuple[Found, _Again]] = {}

    def dense(name: str, vector: NDArray[np.float32]) -> tuple[Found, _Again]:
        found = store.nearest(name, vector, depth, where=where)
        return found, lambda keys: store.nearest(name, vector, len(keys), among=keys)

    for name, vector in query.vectors.items():
        found, again = dense(name, vector)
        if found.keys:
            lists[name] = (found, again)
    if query.words:
        found = store.lexical(query.words, depth, where=where)
        if found.keys:
            full = len(found.keys) < depth
            empty = Found([], [])
            lists[WORDS] = (
                found,
                lambda keys: empty if full else store.lexical(query.words, len(keys), among=keys),
            )
    return lists


def _fused(query: Query, lists: Mapping[str, tuple[Found, _Again]], depth: int) -> _Ranking:
    """The best `depth` of all candidates of all lists, by fused score."""
    keys = sorted({key for found, _ in lists.values() for key in found.keys})
    at = {key: i for i, key in enumerate(keys)}
    scored: dict[str, Scored] = {}
    for name, (found, again) in lists.items():
        scores = np.full(len(keys), 0.0 if name == WORDS else np.nan)
        held = set(found.keys)
        missing = [key for key in keys if key not in held]
        rest = again(missing) if missing else Found([], [])
        for key, score in zip(found.keys + rest.keys, found.scores + rest.scores, strict=True):
            scores[at[key]] = score
        if name == WORDS:
            scores /= found.full
        scored[name] = Scored(scores, query.weights.get(name, 1.0), name != WORDS)
    order, totals, shares = fuse(scored, keys)

    def why(key: int) -> tuple[Why, ...]:
        ranks = {n: f.keys.index(key) + 1 if key in f.keys else None for n, (f, _) in lists.items()}
        return tuple(
            Why(name, ranks[name], float(one.scores[at[key]]), float(shares[name][at[key]]))
            for name, one in scored.items()
            if not np.isnan(one.scores[at[key]])
        )

    best = order[:depth]
    return _Ranking(
        [keys[i] for i in best], totals[best].tolist(), why, _described(query, [*lists])
    )


def _described(query: Query, names: list[str]) -> str:
    parts = " + ".join(f"{query.weights.get(name, 1.0):g} {name}" for name in names)
    return f"fused standard scores: {parts}"


def _hits(store: Store, ranking: _Ranking, span: range, explain: bool) -> list[Hit]:
    keys = ranking.keys[span.start : span.stop]
    scores = ranking.scores[span.start : span.stop]
    # A row that was deleted between the search and this reading is not a hit any more.
    rows = store.rows(keys)
    return [
        Hit(row.id, score, row.text, row.metadata, row.media, ranking.why(key) if explain else ())
        for key, score in zip(keys, scores, strict=True)
        if (row := rows.get(key)) is not None
    ]
