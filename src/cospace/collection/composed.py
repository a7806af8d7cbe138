"""The vectors of a query of several parts: their weighted sum, or what a combiner makes of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from cospace.encode import Encoder
from cospace.errors import BadArgument, ItemNotFound
from cospace.item import LIKE, Parts, kind_of
from cospace.store.protocol import Store

__all__ = [
    "Reference",
    "Row",
    "Searched",
    "composed",
    "moved_away",
    "references_of",
    "weighted_sum",
]

Row: TypeAlias = NDArray[np.float32]

_AWAY = 0.3


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
        """What encodes queries that are texts: the model, or a student of it."""
        ...

    @property
    def weights(self) -> Mapping[str, float] | None:
        """What each list counts for queries that are texts; None by default."""
        ...

    @property
    def part_weights(self) -> Mapping[str, float] | None:
        """What each part counts in a query of all of these kinds; None: all the same."""
        ...


class Reference(NamedTuple):
    """The item that a query names by `like`: its stored unit vectors by kind."""

    id: str
    vectors: Mapping[str, Row]

    @property
    def kind(self) -> str:
        """What it stands for beside a text: its image where it has one."""
        return "image" if "image" in self.vectors else next(iter(self.vectors))


def references_of(asked: Sequence[Parts], collection: Searched) -> dict[str, Reference]:
    """The items that queries are `like`, by id. Raises `ItemNotFound`, `BadArgument`."""
    likes = [parts[LIKE].value for parts in asked if LIKE in parts]
    ids = list(dict.fromkeys([*likes, *(id for parts in asked for id in parts.unlike)]))
    found: dict[str, Reference] = {}
    for id, row in zip(ids, collection.store.get(ids, vectors=True) if ids else (), strict=True):
        if row is None:
            what = "like" if id in likes else "unlike"
            raise ItemNotFound(f"{what}={id!r}: {collection.name} holds no such item", id=id)
        by_kind: dict[str, list[Row]] = {}
        for name, vector in row.vectors.items():
            by_kind.setdefault(kind_of(name), []).append(vector)
        if not by_kind and id in likes:
            raise BadArgument(f"like={id!r}: this item has no vectors, only words")
        vectors = {kind: weighted_sum(rows, [1.0] * len(rows)) for kind, rows in by_kind.items()}
        found[id] = Reference(id, vectors)
    return found


def composed(
    parts: Parts,
    encoded: Mapping[str, Row],
    reference: Reference | None,
    asked: Sequence[str],
    collection: Searched,
) -> dict[str, Row]:
    """The unit vector of a query for each list that it asks.

    `encoded` are the unit vectors of its parts by name. Each list is asked by the reference's own
    vector of that kind, where it has one. Raises `BadArgument`, `SpaceMismatch`.
    """
    if parts.combiner is not None:
        return dict.fromkeys(asked, _combined(parts, encoded, reference, collection))
    weight = _weigher(parts, reference, collection)
    if reference is None:
        vector = weighted_sum([*encoded.values()], [weight[name] for name in encoded])
        return dict.fromkeys(asked, vector)
    found = {}
    for field in asked:
        own = reference.vectors.get(field, reference.vectors[reference.kind])
        rows, weights = [own, *encoded.values()], [weight[LIKE], *(weight[n] for n in encoded)]
        found[field] = weighted_sum(rows, weights)
    return found


def moved_away(vectors: Mapping[str, Row], unlike: Sequence[Reference]) -> dict[str, Row]:
    """The unit vector of each list, less a part of the mean of what the query is unlike.

    Rocchio, Relevance Feedback in Information Retrieval (1971): the query minus `_AWAY` times the
    mean of what is not wanted; each list by the items' own vectors of that kind.
    """
    found = dict(vectors)
    for field, row in vectors.items():
        rows = [one.vectors[field] for one in unlike if field in one.vectors]
        if rows:
            mean: Row = np.mean(rows, axis=0, dtype=np.float32)
            away: Row = row - np.float32(_AWAY) * mean
            away /= np.float32(max(float(np.linalg.norm(away)), 1e-6))
            found[field] = away
    return found


def weighted_sum(rows: Sequence[Row], weights: Sequence[float]) -> Row:
    """The sum of unit rows, each times its weight, at length one: float32 [dim].

    Raises `BadArgument` for rows that cancel out.

    >>> weighted_sum([np.float32([1, 0]), np.float32([0, 1])], [0.6, 0.8]).round(2).tolist()
    [0.6000000238418579, 0.800000011920929]
    """
    if len(rows) == 1:
        return rows[0]
    most = max(weights)
    scaled = [row * np.float32(weight / most) for row, weight in zip(rows, weights, strict=True)]
    total: Row = np.sum(scaled, axis=0, dtype=np.float32)
    length = np.linalg.norm(total)
    if length < 1e-6:
        raise BadArgument("the parts of the query cancel out: their weighted sum has no direction")
    total /= np.float32(length)
    return total


def _weigher(parts: Parts, reference: Reference | None, collection: Searched) -> dict[str, float]:
    """The weight of each part by its name: its own, else the collection's, else 1."""
    if parts.weights is not None or len(parts) < 2:
        return {name: parts.weight(name) for name in parts}
    tuned = collection.part_weights
    kinds = {name: kind_of(name) for name in parts}
    if tuned is not None and LIKE in kinds and LIKE not in tuned and reference is not None:
        kinds[LIKE] = reference.kind  # tuned on queries that gave the picture itself
    if tuned is None or set(kinds.values()) != tuned.keys():
        return dict.fromkeys(parts, 1.0)
    return {name: tuned[kind] for name, kind in kinds.items()}


def _combined(
    parts: Parts, encoded: Mapping[str, Row], reference: Reference | None, collection: Searched
) -> Row:
    combiner = parts.combiner
    assert combiner is not None
    stored = collection.store.space
    if stored is not None:
        stored.check(combiner.space, what=f"{collection.name} and the combiner")
    other = LIKE if LIKE in parts else combiner.kind
    if set(parts) != {"text", other}:
        raise BadArgument(
            f"this combiner takes a text and one {combiner.kind} (or like=), not {', '.join(parts)}"
        )
    own = encoded.get(other) if reference is None else reference.vectors.get(combiner.kind)
    if own is None:
        raise BadArgument(f"like={parts[LIKE].value!r} has no vector of its {combiner.kind}")
    row: Row = combiner.combine(own[None], encoded["text"][None])[0]
    return row
