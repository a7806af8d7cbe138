"""Items in an order of their metadata: all that pass a filter, or the best matches of a question.

A question's best matches are those of its first 200 hits that are at least 0.7 times as far above
the collection's mean likeness as the best one. Who sorts everything by price finds a cup when he
asks for a chair; docs/ranking.md has what was measured.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from cospace.arguments import check_count, check_flag
from cospace.collection.places import Place
from cospace.counted import counted
from cospace.errors import BadArgument
from cospace.limits import limit
from cospace.results import Hit, Note, Results
from cospace.search.ask import WORDS, Answer, Query, answers_of
from cospace.store.columns import Columns, order_key
from cospace.store.masks import kilometres_of, passing
from cospace.store.protocol import Row, Store
from cospace.store.schema import Schema, flatten
from cospace.store.where import Node, kilometres, matches

__all__ = ["DISTANCE", "Order", "browsed", "findable", "order_of", "sorted_matches"]

DISTANCE = "distance"
AMONG, CLOSE = 200, 0.7


class Order(NamedTuple):
    """The field that items are sorted by, or the place whose distance they are sorted by."""

    field: str
    descending: bool
    place: Place | None = None

    @property
    def told(self) -> str:
        """The order in words."""
        by = DISTANCE if self.place else self.field
        return f"by {by}, {'the most' if self.descending else 'the least'} first; not by likeness"


def order_of(sort: str, schema: Schema, place: Place | None) -> Order:
    """The order that "price", "-price" or "distance" says. Raises `BadArgument`."""
    if not isinstance(sort, str) or not sort.lstrip("-"):
        raise BadArgument(f'sort is a field, such as "price" or "-price", not {sort!r:.100}')
    name, descending = sort.removeprefix("-"), sort.startswith("-")
    if name == DISTANCE and (place is not None or name not in schema.fields):
        if place is None:
            raise BadArgument("sort by distance needs a place: near={'lat': 52.52, 'lon': 13.40}")
        return Order(name, descending, place)
    field = schema.fields.get(name)
    if field is None and schema.fields:
        raise BadArgument(f"sort: no item has {name!r:.100}; there are: {_names(schema):.500}")
    if field is not None and field.type == "location":
        raise BadArgument(f'sort: {name!r} is a location; sort by "distance", with near')
    return Order(name, descending)


def _names(schema: Schema) -> str:
    return ", ".join(sorted(f.name for f in schema.fields.values() if f.type != "location"))


# --- without a question ---


def browsed(
    store: Store, columns: Columns, where: Node | None, order: Order | None, span: tuple[int, int]
) -> Results:
    """All items that pass the filter, in order, from `offset` on, `k` of them: span (offset, k)."""
    offset, k = span
    k, offset = check_count("k", k, 0), check_count("offset", offset, 0)
    if k > limit("max_k"):
        raise BadArgument(f"k is at most {limit('max_k')}, not {k}")
    there = np.flatnonzero(passing(columns, where))
    there = there[np.argsort(columns.keys[there], kind="stable")]
    if order is not None:
        there = there[_by(columns, order, there)]
    keys = columns.keys[there[offset : offset + k]].tolist()
    rows = store.rows(keys)
    hits = [_hit(rows[key], 0.0) for key in keys if key in rows]
    told = "oldest first; no question was asked" if order is None else order.told
    return Results(hits, score=told, total=len(there))


def _by(columns: Columns, order: Order, there: NDArray[np.int64]) -> NDArray[np.int64]:
    """The order of places: equal ones as they are, those without a value at the end."""
    name = order.field if order.place is None else order.place.field
    ranks = np.full(len(columns.keys), np.inf)
    column = columns.fields.get(name)
    if column is not None:
        if order.place is None:
            values = column.order.astype(np.float64)
        else:
            values = kilometres_of(column, order.place.lat, order.place.lon)
        if order.descending and order.place is None:
            np.minimum.at(ranks, column.rows, -values[column.codes])
        else:  # of several places the nearest counts, also where the farthest comes first
            np.minimum.at(ranks, column.rows, values[column.codes])
            if order.descending:
                ranks[np.isfinite(ranks)] *= -1
    return np.argsort(ranks[there], kind="stable")


# --- with a question ---


def sorted_matches(
    store: Store, query: Query, order: Order, span: tuple[int, int], *, explain: bool
) -> Results:
    """The best matches of a question, in an order: the same set whatever `span` (offset, k) is."""
    (offset, k), explain = span, check_flag("explain", explain)
    k, offset = check_count("k", k, 0), check_count("offset", offset, 0)
    (answer,), rows = answers_of(store, [query], 0, AMONG)
    kept = [at for at in close_ones(store, query, answer) if answer.keys[at] in rows]
    found = sorted_by([rows[answer.keys[at]] for at in kept], order)
    hits = [
        _hit(
            rows[answer.keys[at]],
            answer.scores[at],
            answer.whys[at] if explain else None,
            answer.keys[at],
        )
        for at in (kept[place] for place in found[offset : offset + k])
    ]
    told = f"{answer.told}; sorted {order.told}"
    total = findable(store, query)
    notes = (*answer.notes, *_few(len(kept), total))
    return Results(hits, score=told, notes=notes, sorted_among=len(kept), total=total)


def findable(store: Store, query: Query) -> int:
    """How many items a question could find: those that pass its filter, and are not excluded."""
    where, gone = query.where, store.get(sorted(query.exclude)) if query.exclude else ()
    out = [row for row in gone if row and (where is None or matches(where, row.metadata))]
    return store.count(where) - len(out)


def _few(kept: int, total: int) -> tuple[Note, ...]:
    """That not all are sorted, and how to have the others."""
    if kept >= total:
        return ()
    text = (
        f"only the best matches are sorted, {kept:,} of {counted(total, 'item')}; for the others"
        " leave out sort (best first) or the question (all in this order)"
    )
    return (Note(text, code="sorted_few", sorted=kept, total=total),)


def close_ones(store: Store, query: Query, answer: Answer) -> list[int]:
    """The places of those hits that are close enough to the best one to be meant by the question.

    Who holds a name or a code that was asked for is alone with those that hold it too.
    """
    if any(answer.named):
        return [at for at, lift in enumerate(answer.named) if lift > 0]
    sampled: Mapping[str, Any] = getattr(store, "sampled", dict)()
    vectors = {**query.vectors, **query.others}
    lists = [
        {why.list: why.score for why in whys(key)}
        for key, whys in zip(answer.keys, answer.whys, strict=True)
    ]
    share = np.zeros(len(lists))
    weight = np.zeros(len(lists))
    for name, vector in vectors.items():
        at = [place for place, scores in enumerate(lists) if name in scores]
        if not at:
            continue
        cosines = np.array([lists[place][name] for place in at])
        ground = float((sampled[name] @ vector).mean()) if name in sampled else 0.0
        best = max(float(cosines.max()) - ground, 1e-9)
        share[at] += query.weights.get(name, 1.0) * (cosines - ground) / best
        weight[at] += query.weights.get(name, 1.0)
    if not weight.any():  # by words alone
        share, weight = np.array([scores.get(WORDS, 0.0) for scores in lists]), np.ones(len(lists))
    near = np.divide(share, weight, out=np.zeros(len(lists)), where=weight > 0)
    return np.flatnonzero(near >= CLOSE * near.max(initial=0.0)).tolist()


def sorted_by(rows: Sequence[Row], order: Order) -> list[int]:
    """The places of rows in their order: equal ones as they are, those without it at the end."""
    keyed = [(_value(row.metadata, order), at) for at, row in enumerate(rows)]
    there = [(key, at) for key, at in keyed if key is not None]
    there.sort(key=lambda one: one[0], reverse=order.descending)  # stable in both directions
    return [at for _, at in there] + [at for key, at in keyed if key is None]


def _value(metadata: Mapping[str, Any], order: Order) -> Any:
    if order.place is not None:
        return kilometres(metadata, order.place[:3])
    raw = dict(flatten(metadata)).get(order.field)
    values = raw if isinstance(raw, list | tuple) else [] if raw is None else [raw]
    keys = [order_key(value) for value in values]
    return (max if order.descending else min)(keys, default=None)


def _hit(row: Row, score: float, whys: Any = None, key: int = 0) -> Hit:
    told = () if whys is None else whys(key)
    return Hit(row.id, score, row.text, row.metadata, row.media, told)
