"""A query as it was typed to one as the store takes it: vectors, words, weights.

The weights are one setting for all collections; docs/ranking.md says on what they were chosen.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from cospace.encode import Encoder
from cospace.encode.unknown import knows_parts, unknown_words
from cospace.errors import BadArgument
from cospace.item import Content, Part, Parts
from cospace.read.texts import check_text
from cospace.search.ask import WORDS, Query
from cospace.search.candidates import NAMES
from cospace.store.protocol import Store
from cospace.store.where import Node
from cospace.vectors import Vectors

__all__ = ["DEFAULT", "Searched", "queries_of", "query_of"]

# Of a query that is a text; `Collection.weights` may be others.
DEFAULT: Mapping[str, float] = {"text": 1.0, "image": 0.05, WORDS: 1.0}
# By what the query holds: how much each list counts. "words" is BM25.
_WEIGHTS: Mapping[frozenset[str], Mapping[str, float]] = {
    frozenset({"text"}): DEFAULT,
    frozenset({"image"}): {"image": 1.0},
    frozenset({"text", "image"}): {"text": 0.45, "image": 0.55, WORDS: 0.25},
}


class Searched(Protocol):
    """What a query has to know of the collection that is searched."""

    name: str
    store: Store

    @property
    def model(self) -> Encoder:
        """The model of the collection, loaded when it is first needed."""
        ...

    @property
    def asker(self) -> Encoder:
        """What encodes questions that are texts: the model, or a student of it."""
        ...

    @property
    def weights(self) -> Mapping[str, float] | None:
        """What each list counts for queries that are texts; None by default."""
        ...


def query_of(
    query: Content | Vectors,
    collection: Searched,
    by: str | Sequence[str] | None,
    where: Node | None,
) -> Query:
    """The query to the store. Raises as `queries_of` does."""
    if isinstance(query, Vectors) and len(query) != 1:
        raise BadArgument(f"a search takes one vector; these are {len(query)}")
    queries = query if isinstance(query, Vectors) else [query]
    return queries_of(queries, collection, by, where)[0]


def queries_of(
    queries: Iterable[Content | Vectors] | Vectors,
    collection: Searched,
    by: str | Sequence[str] | None,
    where: Node | None,
) -> list[Query]:
    """The query to the store of each query, or of each row of `Vectors`.

    Parts of one kind are encoded together. Raises `BadArgument` (also for one query in place of
    a list), `BadItem`, `SpaceMismatch`.
    """
    stored = collection.store.space
    fields = () if stored is None else stored.kinds
    lists = _lists(by, [*fields, WORDS])
    if isinstance(queries, Vectors):
        return _by_vectors(queries, collection, lists, where)
    made: list[Query | None] = []
    tuned = collection.weights
    # For vectors: of what, for which lists, with which words and weights.
    waiting: dict[int, tuple[Parts, list[str], str, Mapping[str, float]]] = {}
    for place, query in enumerate(_listed(queries)):
        if isinstance(query, Vectors):
            made.append(query_of(query, collection, by, where))
            continue
        parts = _parts(query)
        weights = _weights(parts, fields, tuned)
        chosen = {f for f in weights if f in fields or f == WORDS} if lists is None else set(lists)
        words = (parts.text or "") if WORDS in chosen else ""
        asked = [field for field in fields if field in chosen]
        # With nothing to ask by, the collection is empty: nothing is stored, nothing is found.
        if not asked and not words and lists is not None:
            raise BadArgument("by='words' needs a text in the query")
        made.append(None if asked else Query({}, words, where=where))
        if asked:
            waiting[place] = (parts, asked, words, weights)
    vectors = _vectors(collection, [parts for parts, *_ in waiting.values()]) if waiting else []
    for (place, (_, asked, words, weights)), vector in zip(waiting.items(), vectors, strict=True):
        given = dict.fromkeys(asked, vector)
        unknown = unknown_words(collection.asker, words) if words else None
        cut = bool(words) and knows_parts(collection.asker)
        made[place] = Query(given, words, weights, where, unknown, cut)
    return [one for one in made if one is not None]


def _listed(queries: Iterable[Content | Vectors]) -> Iterable[Content | Vectors]:
    if isinstance(queries, str | Part | Mapping) or not isinstance(queries, Iterable):
        raise BadArgument(
            f"expected a list of queries, or Vectors, not {type(queries).__name__}: give a single"
            " query to search"
        )
    return queries


def _parts(query: Content) -> Parts:
    """The parts of a query, of which there is one at least, with a text that can be read."""
    parts = Parts.of(query)
    if not parts:
        raise BadArgument("the query is empty: give a text, an Image, or Parts of both")
    if "text" in parts:
        check_text(parts["text"].value, "the query")
    return parts


def _weights(
    parts: Parts, fields: Sequence[str], tuned: Mapping[str, float] | None
) -> Mapping[str, float]:
    if tuned is not None and frozenset(parts) == {"text"}:
        return {**tuned, NAMES: DEFAULT[WORDS]}
    return _WEIGHTS.get(frozenset(parts), dict.fromkeys(fields, 1.0))


def _lists(by: str | Sequence[str] | None, known: Sequence[str]) -> list[str] | None:
    """The names in `by`, checked; None for all that apply."""
    if by is None:
        return None
    names = [by] if isinstance(by, str) else list(by)
    for name in names:
        if name not in known:
            raise BadArgument(f"by takes {', '.join(map(repr, known))}, not {name!r}")
    if not names:
        raise BadArgument(f"by takes one or more of {', '.join(map(repr, known))}")
    return names


def _by_vectors(
    queries: Vectors, collection: Searched, lists: list[str] | None, where: Node | None
) -> list[Query]:
    """The query of each ready-made vector: to the anchor's field, unless `by` says another."""
    stored = collection.store.space
    if stored is None:
        return [Query({}, where=where) for _ in range(len(queries))]
    stored.check(queries.space, what=collection.name)
    if lists and WORDS in lists:
        raise BadArgument("by='words' needs a text in the query, not Vectors")
    fields = lists or [stored.kinds[0]]
    return [Query(dict.fromkeys(fields, row), where=where) for row in queries.normalized]


def _vectors(collection: Searched, asked: Sequence[Parts]) -> list[NDArray[np.float32]]:
    """The unit vector of each query: of its one part, or the normalised sum of its parts."""
    rows: list[list[NDArray[np.float32]]] = [[] for _ in asked]
    for kind in dict.fromkeys(kind for parts in asked for kind in parts):
        places = [place for place, parts in enumerate(asked) if kind in parts]
        encoder = collection.asker if kind == "text" else collection.model
        encoded = encoder.encode_query([asked[place][kind] for place in places])
        if collection.store.space is not None:
            collection.store.space.check(encoded.space, what=collection.name)
        for place, row in zip(places, encoded.normalized, strict=True):
            rows[place].append(row)
    return [_sum(each) if len(each) > 1 else each[0] for each in rows]


def _sum(rows: Sequence[NDArray[np.float32]]) -> NDArray[np.float32]:
    total: NDArray[np.float32] = np.sum(rows, axis=0, dtype=np.float32)
    total /= np.float32(np.linalg.norm(total))
    return total
