"""Candidates: what each list brings for a query, and one ranking of them all.

Two rounds of requests to the store, however many queries there are: first every list of every
query, then the scores of candidates that another list of the same query brought.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cospace.read.terms import has_digit
from cospace.results import Note, Why
from cospace.search.fuse import Scored, fuse, of_names
from cospace.search.kinds import Ground, grounds, orphans
from cospace.store.protocol import Found, Lexical, Nearest, Request, Store
from cospace.store.where import Node
from cospace.store.words import content

__all__ = ["NAMES", "WORDS", "Query", "Ranking", "gather", "rank", "rank_lists"]

WORDS = "words"
# In weights: of the names that words hold, where it is not that of the words.
NAMES = "names"


class Query(NamedTuple):
    """What is asked: a unit vector for each field to search, words, and the lists' weights.

    `unknown` are those of the words that the model does not know, as `Store.lexical` takes them;
    with `parts` it may know them by their parts. `exclude` are ids that are never found: the rest
    is ranked as if they were not there. `others` are vectors for fields that are asked for items
    with a vector in none of those of `vectors`. `meant` are words beside those that were typed.
    """

    vectors: Mapping[str, NDArray[np.float32]]
    words: str = ""
    weights: Mapping[str, float] = MappingProxyType({})
    where: Node | None = None
    unknown: Collection[str] | None = None
    parts: bool = False
    exclude: frozenset[str] = frozenset()
    others: Mapping[str, NDArray[np.float32]] = MappingProxyType({})
    meant: str = ""

    def weighed(self, weights: Mapping[str, float]) -> Query:
        """The same with other weights of the lists that it asks; names weigh as before."""
        names = self.weights.get(NAMES, self.weights.get(WORDS, 1.0))
        return self._replace(weights={**self.weights, NAMES: names, **weights})


class Ranking(NamedTuple):
    """Keys in order with their scores, and how to tell why a key stands where it does.

    `named` is what names added to a score, of those keys that hold one.
    """

    keys: list[int]
    scores: list[float]
    why: Callable[[int], tuple[Why, ...]]
    told: str
    fused: bool = False
    notes: tuple[str, ...] = ()
    named: Mapping[int, float] = MappingProxyType({})

    def without(self, given: set[int]) -> Ranking:
        """The same without some keys."""
        pairs = [p for p in zip(self.keys, self.scores, strict=True) if p[0] not in given]
        return self._replace(keys=[k for k, _ in pairs], scores=[s for _, s in pairs])

    def below(self, most: float) -> Ranking:
        """The same, with no score above `most`.

        Fused scores are moved down together. A list's own scores stay as they are, but for those
        of rows that an approximate search of less depth has missed.
        """
        over = self.scores[0] - most if self.scores else 0.0
        if over <= 0:
            return self
        if self.fused:
            return self._replace(scores=[score - over for score in self.scores])
        return self._replace(scores=[min(score, most) for score in self.scores])


_Lists = dict[str, Found]


class Gathered(NamedTuple):
    """What the lists of a query brought, and their scores of what the others brought.

    `ground` is what cosines to each kind are worth; {} where all candidates have the main kind.
    """

    lists: _Lists
    rest: _Lists
    ground: Mapping[str, Ground] = MappingProxyType({})


def rank(store: Store, queries: Sequence[Query], depths: Sequence[int]) -> list[Ranking]:
    """For each query its best candidates, as many as its depth says, ranked."""
    gathered = gather(store, queries, depths)
    return [
        rank_lists(query, *lists, depth)
        for query, lists, depth in zip(queries, gathered, depths, strict=True)
    ]


def gather(store: Store, queries: Sequence[Query], depths: Sequence[int]) -> list[Gathered]:
    """For each query what its lists brought, and their scores of what the others brought."""
    lists = _with_orphans(store, queries, _first(store, queries, depths))
    several = any(len(found) > 1 for found in lists)
    rest = _rest(store, queries, depths, lists) if several else [{} for _ in lists]
    return [
        Gathered(found, more, _ground(store, query, found, more))
        for query, found, more in zip(queries, lists, rest, strict=True)
    ]


def rank_lists(
    query: Query, lists: _Lists, rest: _Lists, ground: Mapping[str, Ground], depth: int
) -> Ranking:
    """One ranking of what was gathered, by the weights of the query."""
    ranked = _fused(query, lists, rest, ground, depth) if len(lists) > 1 else _alone(lists)
    return ranked._replace(notes=_doubts(query, lists))


def _with_orphans(store: Store, queries: Sequence[Query], lists: list[_Lists]) -> list[_Lists]:
    """The lists; of those that are asked for items that lack all else, these items alone."""
    if not any(query.others for query in queries):
        return lists
    asked = [
        (query.vectors, {name: found[name] for name in query.others if name in found})
        for query, found in zip(queries, lists, strict=True)
    ]
    return [
        {name: one for name, one in found.items() if name not in query.others} | kept
        for query, found, kept in zip(queries, lists, orphans(store, asked), strict=True)
    ]


def _ground(store: Store, query: Query, lists: _Lists, rest: _Lists) -> Mapping[str, Ground]:
    names = [name for name in lists if name != WORDS]
    if len(names) < 2:
        return {}
    has = {
        name: {key for part in (lists, rest) if name in part for key in part[name].keys}
        for name in names
    }
    return grounds(store, {**query.vectors, **query.others}, query.weights, has)


def _first(store: Store, queries: Sequence[Query], depths: Sequence[int]) -> list[_Lists]:
    """The candidates of each list of each query; lists that brought none are left out."""
    asked: list[tuple[int, str]] = []
    requests: list[Request] = []
    for place, (one, depth) in enumerate(zip(queries, depths, strict=True)):
        deep = depth + len(one.exclude)  # what is left out must not be missed
        for name, vector in (*one.vectors.items(), *one.others.items()):
            asked.append((place, name))
            requests.append(Nearest(name, vector, deep, one.where))
        if one.words:
            asked.append((place, WORDS))
            requests.append(Lexical(one.words, deep, one.where, None, one.unknown, one.meant))
    brought = store.find(requests)
    gone = _excluded(store, queries, [place for place, _ in asked], brought)
    lists: list[_Lists] = [{} for _ in queries]
    for (place, name), found in zip(asked, brought, strict=True):
        kept = _without(found, gone[place], depths[place]) if queries[place].exclude else found
        if kept.keys:
            lists[place][name] = kept
    return lists


def _excluded(
    store: Store, queries: Sequence[Query], places: Sequence[int], brought: Sequence[Found]
) -> list[set[int]]:
    """For each query the keys that its lists brought of items that it excludes."""
    seen: list[set[int]] = [set() for _ in queries]
    for place, found in zip(places, brought, strict=True):
        if queries[place].exclude:
            seen[place].update(found.keys, found.names)
    keys = sorted(set().union(*seen))
    ids = {key: row.id for key, row in store.rows(keys).items()} if keys else {}
    return [
        {key for key in mine if ids.get(key) in one.exclude}
        for one, mine in zip(queries, seen, strict=True)
    ]


def _without(found: Found, gone: set[int], depth: int) -> Found:
    """The best `depth` of what a list brought, without some keys."""
    pairs = [p for p in zip(found.keys, found.scores, strict=True) if p[0] not in gone][:depth]
    names = {key: share for key, share in found.names.items() if key not in gone}
    return found._replace(
        keys=[key for key, _ in pairs], scores=[score for _, score in pairs], names=names
    )


def _candidates(lists: _Lists) -> set[int]:
    """The keys that any list brought; those that hold a name count as brought by the words."""
    return {key for found in lists.values() for key in (*found.keys, *found.names)}


def _rest(
    store: Store, queries: Sequence[Query], depths: Sequence[int], lists: Sequence[_Lists]
) -> list[_Lists]:
    """For each query and list, the scores of those candidates that only other lists brought."""
    rest: list[_Lists] = [{} for _ in queries]
    asked: list[tuple[int, str]] = []
    requests: list[Request] = []
    for place, (one, depth, found) in enumerate(zip(queries, depths, lists, strict=True)):
        if len(found) < 2:
            continue
        keys = _candidates(found)
        for name, each in found.items():
            missing = sorted(keys.difference(each.keys))
            if not missing or (name == WORDS and len(each.keys) < depth):
                continue  # a list of words that is not full holds all that have a word
            asked.append((place, name))
            if name == WORDS:
                requests.append(Lexical(one.words, len(missing), among=missing, meant=one.meant))
            else:
                vector = one.vectors[name] if name in one.vectors else one.others[name]
                requests.append(Nearest(name, vector, len(missing), among=missing))
    if requests:
        for (place, name), more in zip(asked, store.find(requests), strict=True):
            rest[place][name] = more
    return rest


def _alone(lists: _Lists) -> Ranking:
    """The ranking of one list, in its own scores; an empty one without any."""
    if not lists:
        return Ranking([], [], lambda _: (), "nothing was found to rank")
    ((name, found),) = lists.items()
    told = "BM25" if name == WORDS else f"cosine to the {name} vector"

    def why(key: int) -> tuple[Why, ...]:
        at = found.keys.index(key)
        return (Why(name, at + 1, found.scores[at], found.scores[at]),)

    return Ranking(found.keys, found.scores, why, told)


def _fused(
    query: Query, lists: _Lists, rest: _Lists, ground: Mapping[str, Ground], depth: int
) -> Ranking:
    """The best `depth` of all candidates of all lists, by fused score."""
    keys = sorted(_candidates(lists))
    at = {key: i for i, key in enumerate(keys)}
    scored: dict[str, Scored] = {}
    for name, found in lists.items():
        scores = np.full(len(keys), 0.0 if name == WORDS else np.nan)
        for one in (found, rest.get(name)):
            if one is not None:
                scores[[at[key] for key in one.keys]] = one.scores
        weight = query.weights.get(name, 1.0)
        if name == WORDS:
            names = np.array([found.names.get(key, 0.0) for key in keys])
            named = query.weights.get(NAMES)
            scored[name] = Scored(scores, weight, False, None, found.spread, names, named)
        else:
            own = np.zeros(len(keys), bool)
            own[[at[key] for key in found.keys]] = True
            scored[name] = Scored(scores, weight, True, own, ground=ground.get(name))
    order, totals, shares = fuse(scored, keys)

    def why(key: int) -> tuple[Why, ...]:
        ranks = {n: f.keys.index(key) + 1 if key in f.keys else None for n, f in lists.items()}
        return tuple(
            Why(name, ranks[name], float(one.scores[at[key]]), float(shares[name][at[key]]))
            for name, one in scored.items()
            if not np.isnan(one.scores[at[key]])
        )

    best = order[:depth]
    told = _noted(query, [*lists]) + ("; kinds on one scale" if ground else "")
    lifted = of_names(scored[WORDS]) if WORDS in scored else np.zeros(len(keys))
    lifts = {keys[i]: float(lifted[i]) for i in best if lifted[i] > 0}
    return Ranking([keys[i] for i in best], totals[best].tolist(), why, told, True, named=lifts)


def _doubts(query: Query, lists: _Lists) -> tuple[str, ...]:
    """What to know of an answer that no list is sure of: a word misspelt, another language."""
    if query.unknown is None or query.parts or not lists or WORDS in lists:
        return ()
    words = content(query.words)
    if not words or not all(word in query.unknown or has_digit(word) for word in words):
        return ()
    asked = " or ".join(map(repr, words))
    them = "it" if len(words) == 1 else "these words"
    none = "no item" if query.where is None else "no item that passes the filter"
    text = f"{none} holds {asked}, and the model does not know {them}: the hits may be unrelated"
    if query.where is None:
        return (Note(text, code="unknown_words", words=words),)
    return (Note(text, code="unknown_words_filtered", words=words),)


def _noted(query: Query, names: list[str]) -> str:
    parts = " + ".join(f"{query.weights.get(name, 1.0):g} {name}" for name in names)
    return f"sum of standard scores (docs/ranking.md): {parts}"
