"""A query as it was typed to one as the store takes it: vectors, words, weights.

The weights are one setting for all collections; docs/ranking.md says on what they were chosen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from cospace.encode import Encoder
from cospace.errors import BadArgument
from cospace.item import Content, Parts
from cospace.read.texts import check_text
from cospace.search.ask import WORDS, Query
from cospace.store.protocol import Store
from cospace.store.where import Node
from cospace.vectors import Vectors

__all__ = ["query_of"]

# By what the query holds: how much each list counts. "words" is BM25.
_WEIGHTS: Mapping[frozenset[str], Mapping[str, float]] = {
    frozenset({"text"}): {"text": 1.0, "image": 0.15, WORDS: 3.5},
    frozenset({"image"}): {"image": 1.0},
    frozenset({"text", "image"}): {"text": 0.5, "image": 0.5, WORDS: 3.5},
}


class Searched(Protocol):
    """What a query has to know of the collection that is searched."""

    name: str
    store: Store

    @property
    def model(self) -> Encoder:
        """The model of the collection, loaded when it is first needed."""
        ...


def query_of(
    query: Content | Vectors,
    collection: Searched,
    by: str | Sequence[str] | None,
    where: Node | None,
) -> Query:
    """The query as the store takes it. Raises `BadArgument`, `BadItem`, `SpaceMismatch`."""
    stored = collection.store.space
    fields = () if stored is None else stored.kinds
    lists = _lists(by, [*fields, WORDS])
    if isinstance(query, Vectors):
        return _by_vector(query, collection, lists, where)
    parts = Parts.of(query)
    if not parts:
        raise BadArgument("the query is empty: give a text, an Image, or Parts of both")
    if "text" in parts:
        check_text(parts["text"].value, "the query")
    weights = _WEIGHTS.get(frozenset(parts), dict.fromkeys(fields, 1.0))
    chosen = {f for f in weights if f in fields or f == WORDS} if lists is None else set(lists)
    words = (parts.text or "") if WORDS in chosen else ""
    asked = [field for field in fields if field in chosen]
    if not asked and not words:
        if lists is None:  # an empty collection: nothing is stored, nothing is found
            return Query({}, where=where)
        raise BadArgument("by='words' needs a text in the query")
    if not asked:
        return Query({}, words, where=where)
    vector = _vector(collection, parts)
    return Query(dict.fromkeys(asked, vector), words, weights, where)


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


def _by_vector(
    query: Vectors, collection: Searched, lists: list[str] | None, where: Node | None
) -> Query:
    """A query by one ready-made vector: to the anchor's field, unless `by` says another."""
    if len(query) != 1:
        raise BadArgument(f"a search takes one vector; these are {len(query)}")
    stored = collection.store.space
    if stored is None:
        return Query({}, where=where)
    stored.check(query.space, what=collection.name)
    if lists and WORDS in lists:
        raise BadArgument("by='words' needs a text in the query, not Vectors")
    fields = lists or [stored.kinds[0]]
    return Query(dict.fromkeys(fields, query.normalized[0]), where=where)


def _vector(collection: Searched, parts: Parts) -> NDArray[np.float32]:
    """The unit vector of the query: of its one part, or the normalised sum of its parts."""
    model = collection.model
    rows: list[NDArray[np.float32]] = [
        model.encode_query([part]).normalized[0] for part in parts.values()
    ]
    if len(rows) == 1:
        return rows[0]
    total: NDArray[np.float32] = np.sum(rows, axis=0, dtype=np.float32)
    total /= np.float32(np.linalg.norm(total))
    return total
