"""A query as it was typed to one as the store takes it: vectors, words, weights.

The weights are one setting for all collections; docs/ranking.md says on what they were chosen.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from cospace.arguments import check_texts
from cospace.collection.composed import (
    Reference,
    Row,
    Searched,
    composed,
    moved_away,
    references_of,
)
from cospace.encode.unknown import knows_parts, unknown_words
from cospace.errors import BadArgument
from cospace.item import LIKE, Content, Part, Parts, check_id, kind_of
from cospace.limits import limit
from cospace.read.texts import check_text
from cospace.results import DidYouMean
from cospace.search.ask import WORDS, Query
from cospace.search.candidates import NAMES
from cospace.store.where import Node
from cospace.vectors import Vectors

__all__ = ["DEFAULT", "excluded", "listed", "queries_of", "query_of"]

# Of a query that is a text; `Collection.weights` may be others.
DEFAULT: Mapping[str, float] = {"text": 1.0, "image": 0.05, WORDS: 1.0}
# By what the query holds: how much each list counts. "words" is BM25.
_WEIGHTS: Mapping[frozenset[str], Mapping[str, float]] = {
    frozenset({"text"}): DEFAULT,
    frozenset({"image"}): {"image": 1.0},
    frozenset({"text", "image"}): {"text": 0.45, "image": 0.55, WORDS: 0.25},
}


class _Waiting(NamedTuple):
    """A query whose vectors are still to be made: of what, for which lists, with which words.

    `others` are the fields that are asked for items that have none of those that it asks.
    """

    parts: Parts
    reference: Reference | None
    asked: list[str]
    words: str
    weights: Mapping[str, float]
    others: list[str]
    meant: str = ""


def query_of(
    query: Content | Vectors,
    collection: Searched,
    by: str | Sequence[str] | None,
    where: Node | None,
    exclude: Collection[str] = (),
    meant: Mapping[int, DidYouMean] = MappingProxyType({}),
) -> Query:
    """The query to the store. Raises as `queries_of` does."""
    if isinstance(query, Vectors) and len(query) != 1:
        raise BadArgument(f"a search takes one vector; these are {len(query)}")
    queries = query if isinstance(query, Vectors) else [query]
    return queries_of(queries, collection, by, where, exclude, meant)[0]


def queries_of(
    queries: Iterable[Content | Vectors] | Vectors,
    collection: Searched,
    by: str | Sequence[str] | None,
    where: Node | None,
    exclude: Collection[str] = (),
    meant: Mapping[int, DidYouMean] = MappingProxyType({}),
) -> list[Query]:
    """The query to the store of each query, or of each row of `Vectors`.

    `meant` says of some of them, by place, what their texts were meant to be: that is encoded, and
    its words are looked for beside those that were typed. Parts of one kind are encoded together.

    Raises `BadArgument` (also for one query in place of a list), `BadItem`, `SpaceMismatch`, and
    `ItemNotFound` for a `like` that is not stored.
    """
    stored = collection.store.space
    fields = () if stored is None else stored.kinds
    lists = _lists(by, [*fields, WORDS])
    out = frozenset(exclude)
    if isinstance(queries, Vectors):
        return _by_vectors(queries, collection, lists, where, out)
    given = [one if isinstance(one, Vectors) else _parts(one) for one in listed(queries)]
    references = references_of([one for one in given if isinstance(one, Parts)], collection)
    made: list[Query] = []
    # Not for vectors alone: a store elsewhere is asked for them.
    tuned = collection.weights if any(isinstance(one, Parts) for one in given) else None
    waiting: dict[int, _Waiting] = {}
    for place, parts in enumerate(given):
        if isinstance(parts, Vectors):
            made.append(query_of(parts, collection, by, where, out))
            continue
        reference = references.get(parts[LIKE].value) if LIKE in parts else None
        weights = _weights(parts, reference, fields, tuned)
        chosen = {f for f in weights if f in fields or f == WORDS} if lists is None else set(lists)
        words = (parts.text or "") if WORDS in chosen else ""
        fix, more = meant.get(place), ""
        if fix is not None:
            more = " ".join(better for _, better in fix.words) if words else ""
            parts = _meant(parts, fix.text)  # noqa: PLW2901
        asked = [field for field in fields if field in chosen]
        others = [f for f in fields if f not in chosen] if lists is None and words else []
        # With nothing to ask by, the collection is empty: nothing is stored, nothing is found.
        if not asked and not words and lists is not None:
            raise BadArgument("by='words' needs a text in the query")
        gone = out.union(parts.unlike, () if reference is None else (reference.id,))
        made.append(Query({}, words, where=where, exclude=gone, meant=more))
        if asked:
            waiting[place] = _Waiting(parts, reference, asked, words, weights, others, more)
    for place, found in _vectors(collection, waiting).items():
        _, _, asked, words, weights, others, more = waiting[place]
        unlike = [references[id] for id in waiting[place].parts.unlike]
        away = moved_away(found, unlike)
        vectors, rest = ({name: away[name] for name in names} for names in (asked, others))
        unknown = unknown_words(collection.asker, words) if words else None
        cut = bool(words) and knows_parts(collection.asker)
        gone = made[place].exclude
        made[place] = Query(vectors, words, weights, where, unknown, cut, gone, rest, more)
    return made


def excluded(ids: str | Iterable[str]) -> frozenset[str]:
    """The ids that are not to be found. Raises `BadArgument` for what are no ids, or too many.

    >>> sorted(excluded(["MK-2", "MK-1", "MK-2"]))
    ['MK-1', 'MK-2']
    """
    found = [ids] if isinstance(ids, str) else ids
    if isinstance(found, Mapping) or not isinstance(found, Iterable):
        raise BadArgument(f"exclude takes an id, or a list of ids, not {type(ids).__name__}")
    out = frozenset(check_id(id) for id in found)
    if len(out) > limit("max_k"):
        raise BadArgument(
            f"exclude takes at most {limit('max_k'):,} ids, not {len(out):,}; leave out more by a"
            " filter on the metadata"
        )
    return out


def listed(queries: Iterable[Content | Vectors]) -> list[Content | Vectors]:
    """The queries of a list. Raises `BadArgument` for a single one."""
    if isinstance(queries, str | Part | Mapping) or not isinstance(queries, Iterable):
        raise BadArgument(
            f"expected a list of queries, or Vectors, not {type(queries).__name__}: give a single"
            " query to search"
        )
    return list(queries)


def _parts(query: Content) -> Parts:
    """The parts of a query, of which there is one at least, with a text that can be read."""
    parts = Parts.of(query)
    if not parts:
        raise BadArgument("the query is empty: give a text, an Image, or Parts of both")
    if "text" in parts:
        check_text(parts["text"].value, "the query")
    if parts.weights is None or all(parts.weight(name) for name in parts):
        return parts
    kept = {name: part for name, part in parts.items() if parts.weight(name)}
    weights = {kind: weight for kind, weight in parts.weights.items() if weight}
    return Parts(
        **kept, weights=weights, unlike=parts.unlike
    )  # what weighs nothing is not asked by


def _meant(parts: Parts, text: str) -> Parts:
    """The parts with another text."""
    made = {**parts, "text": text}
    return Parts(**made, weights=parts.weights, combiner=parts.combiner, unlike=parts.unlike)


def _weights(
    parts: Parts,
    reference: Reference | None,
    fields: Sequence[str],
    tuned: Mapping[str, float] | None,
) -> Mapping[str, float]:
    """What each list counts, by the kinds of the query; a reference has those that it holds."""
    kinds = {kind_of(name) for name in parts if name != LIKE}
    if reference is None:
        if tuned is not None and kinds == {"text"}:
            return {**tuned, NAMES: DEFAULT[WORDS]}
        return _WEIGHTS.get(frozenset(parts), dict.fromkeys(fields, 1.0))
    kinds |= reference.vectors.keys()
    weights = _WEIGHTS.get(frozenset(kinds), dict.fromkeys(fields, 1.0))
    # The text says what is to differ: its words alone are no question.
    return {**weights, WORDS: _WEIGHTS[frozenset({"text", "image"})][WORDS]}


def _lists(by: str | Sequence[str] | None, known: Sequence[str]) -> list[str] | None:
    """The names in `by`, checked; None for all that apply."""
    if by is None:
        return None
    names = check_texts("by", by)
    for name in names:
        if name not in known:
            raise BadArgument(f"by takes {', '.join(map(repr, known))}, not {name!r}")
    if not names:
        raise BadArgument(f"by takes one or more of {', '.join(map(repr, known))}")
    return names


def _by_vectors(
    queries: Vectors,
    collection: Searched,
    lists: list[str] | None,
    where: Node | None,
    exclude: frozenset[str],
) -> list[Query]:
    """The query of each ready-made vector: to the anchor's field, unless `by` says another."""
    stored = collection.store.space
    if stored is None:
        return [Query({}, where=where) for _ in range(len(queries))]
    stored.check(queries.space, what=collection.name)
    if lists and WORDS in lists:
        raise BadArgument("by='words' needs a text in the query, not Vectors")
    fields = lists or [stored.kinds[0]]
    return [
        Query(dict.fromkeys(fields, row), where=where, exclude=exclude)
        for row in queries.normalized
    ]


def _vectors(collection: Searched, waiting: Mapping[int, _Waiting]) -> dict[int, dict[str, Row]]:
    """For each query its unit vector for each list that it asks."""
    encoded: dict[int, dict[str, Row]] = {place: {} for place in waiting}
    names = [name for one in waiting.values() for name in one.parts if name != LIKE]
    for kind in dict.fromkeys(map(kind_of, names)):
        places = [(p, n) for p, one in waiting.items() for n in one.parts if kind_of(n) == kind]
        parts = [waiting[place].parts[name] for place, name in places]
        encoder = collection.asker if kind == "text" else collection.model
        given = encoder.encode_query(parts)
        if collection.store.space is not None:
            collection.store.space.check(given.space, what=collection.name)
        for (place, name), row in zip(places, given.normalized, strict=True):
            encoded[place][name] = row
    return {
        place: composed(
            one.parts, encoded[place], one.reference, [*one.asked, *one.others], collection
        )
        for place, one in waiting.items()
    }
