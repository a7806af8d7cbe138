"""Facets: what the values of the items are, counted, beside a filter, as shops do it.

A field's own counts leave its own condition out, so that a second colour can be added to the first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from cospace.arguments import check_texts
from cospace.collection.bins import Bin, binned
from cospace.collection.places import Place
from cospace.errors import BadArgument
from cospace.store.columns import Column, Columns
from cospace.store.masks import Mask, passing
from cospace.store.schema import Field, Schema
from cospace.store.where import parse

__all__ = ["CategoryFacet", "Facet", "Facets", "LocationFacet", "RangeFacet", "facets_of"]

MOST_VALUES, MOST_POINTS = 30, 500
# A field of texts is a facet when a value stands for so many items on average, and is short.
_LEAST_SHARED, _LONGEST = 2, 80
# Whole numbers from here on that never repeat are numbers of things, as words.py has it.
_NUMBER_OF, _ENOUGH = 10_000, 100


@dataclass(frozen=True, slots=True)
class CategoryFacet:
    """The most frequent values of a field, (value, items) each; `more` others have items too."""

    name: str
    values: tuple[tuple[Any, int], ...]
    more: int
    type: str = "category"

    def to_json(self) -> dict[str, Any]:
        """A record of plain types."""
        values = [{"value": value, "count": count} for value, count in self.values]
        return {"name": self.name, "type": self.type, "values": values, "more": self.more}


@dataclass(frozen=True, slots=True)
class RangeFacet:
    """Numbers or dates: the least and the most of the items counted, and how many lie where.

    The bins are those of all items, so that they stay where they are while a filter moves. The
    first and the last hold what lies far out as well. `type` is "number" or "date".
    """

    name: str
    type: str
    min: float | str | None
    max: float | str | None
    bins: tuple[Bin, ...]

    def to_json(self) -> dict[str, Any]:
        """A record of plain types."""
        bins = [{"from": one.start, "to": one.end, "count": one.items} for one in self.bins]
        return {
            "name": self.name, "type": self.type, "min": self.min, "max": self.max, "bins": bins
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class LocationFacet:
    """Places: how many items have one, the box [south, west, north, east] of all of them, and up
    to 500 of them, (lat, lon) each, evenly picked."""

    name: str
    count: int
    box: tuple[float, float, float, float] | None
    points: tuple[tuple[float, float], ...]
    type: str = "location"

    def to_json(self) -> dict[str, Any]:
        """A record of plain types."""
        return {
            "name": self.name,
            "type": self.type,
            "count": self.count,
            "box": None if self.box is None else list(self.box),
            "points": [list(point) for point in self.points],
        }


Facet: TypeAlias = "CategoryFacet | RangeFacet | LocationFacet"


@dataclass(frozen=True, slots=True)
class Facets:
    """How many items pass the whole filter, the facets, and which fields are none, and why."""

    items: int
    fields: tuple[Facet, ...]
    left_out: Mapping[str, str]

    def __getitem__(self, name: str) -> Facet:
        """The facet of a field. Raises `KeyError`."""
        return {facet.name: facet for facet in self.fields}[name]

    def to_json(self) -> dict[str, Any]:
        """A record of plain types."""
        fields = [facet.to_json() for facet in self.fields]
        return {"items": self.items, "fields": fields, "left_out": dict(self.left_out)}


def facets_of(
    columns: Columns,
    schema: Schema,
    where: Mapping[str, Any] | None,
    fields: Sequence[str] | None,
    place: Place | None,
) -> Facets:
    """See `Collection.facets`. Raises `BadFilter`, and `BadArgument` for a field that is not."""
    own = _conditions(columns, schema, where, place)
    everything = _all(columns, own.values())
    named = None
    if fields is not None:
        named = [_known(name, schema) for name in check_texts("fields", fields)]
    found: list[Facet] = []
    left_out: dict[str, str] = {}
    for field in schema.fields.values() if named is None else named:
        column = columns.fields.get(field.name)
        if column is None or not columns.alive[column.rows].any():
            left_out[field.name] = "no item has it"
            continue
        mask = everything
        if field.name in own:
            mask = _all(columns, [one for name, one in own.items() if name != field.name])
        living = columns.alive[column.rows]
        why = (
            "" if named is not None else _no_facet(field, column, living, int(columns.alive.sum()))
        )
        if why:
            left_out[field.name] = why
        else:
            found.append(_facet(field, column, living, mask[column.rows]))
    return Facets(int(everything.sum()), tuple(found), left_out)


def _conditions(
    columns: Columns, schema: Schema, where: Mapping[str, Any] | None, place: Place | None
) -> dict[str, Mask]:
    """Which items pass, by the field of the condition; what joins fields goes by its operator."""
    if where is not None and not isinstance(where, Mapping):
        raise BadArgument(f"where is a dict of conditions, not {type(where).__name__}")
    if where:
        parse(where, schema)  # the limits are of the whole filter
    own = {
        name: passing(columns, parse({name: one}, schema)) for name, one in (where or {}).items()
    }
    if place is not None and place.where is not None:
        near = passing(columns, parse(place.where, schema))
        own[place.field] = own[place.field] & near if place.field in own else near
    return own


def _all(columns: Columns, masks: Any) -> Mask:
    """Which items pass all of them."""
    mask = columns.alive.copy()
    for one in masks:
        mask &= one
    return mask


def _known(name: str, schema: Schema) -> Field:
    if name not in schema.fields:
        there = ", ".join(sorted(schema.fields)) or "none"
        raise BadArgument(f"fields: no item has {name!r:.100}; there are: {there:.500}")
    return schema.fields[name]


def _no_facet(field: Field, column: Column, living: Mask, items: int) -> str:
    """Why a field is not worth a facet; "" when it is."""
    if field.type == "location":
        return ""
    codes = column.codes[living]
    held = np.flatnonzero(column.held(living))
    every = items > 1 and len(np.unique(column.rows[living])) == items
    if len(held) == 1 and (every or field.name.endswith("_currency")):
        return "one value for all"
    if field.type == "bool":
        return ""
    numbers = column.numbers
    if field.type == "number":
        few = len(held) < len(codes) or len(codes) < _ENOUGH
        whole = numbers.values[held] == np.floor(numbers.values[held])
        named = not few and bool(whole.all()) and bool((numbers.values[held] >= _NUMBER_OF).all())
        return "numbers that never repeat: they name things" if named else ""
    if bool(numbers.there[held].all()):
        return ""
    if len(codes) < _LEAST_SHARED * len(held):
        return "nearly every item has a value of its own"
    long = float(np.mean([len(column.values[code]) for code in held.tolist()]))
    return "long texts" if long > _LONGEST else ""


def _facet(field: Field, column: Column, living: Mask, counted: Mask) -> Facet:
    """The facet of a field; `counted` says which of the column's values count."""
    if field.type == "location":
        return _places(field.name, column, counted)
    numbers = column.numbers
    if field.type == "number":
        values = numbers.values[column.codes]
        return _range(field.name, "number", values, living, counted)
    held = np.flatnonzero(column.held(living))
    if field.type == "string" and bool(numbers.there[held].all()):
        return _range(field.name, "date", numbers.values[column.codes], living, counted)
    counts = column.held(counted)
    there = np.flatnonzero(counts)
    order, texts = column.order, column.values
    best = sorted(there.tolist(), key=lambda at: (-counts[at], order[at], str(texts[at])))
    values_ = tuple((column.values[code], int(counts[code])) for code in best[:MOST_VALUES])
    return CategoryFacet(field.name, values_, max(0, len(best) - MOST_VALUES))


def _range(name: str, kind: str, values: NDArray[Any], living: Mask, counted: Mask) -> RangeFacet:
    low, high, bins = binned(values[living], values[counted], dates=kind == "date")
    return RangeFacet(name, kind, low, high, bins)


def _places(name: str, column: Column, counted: Mask) -> LocationFacet:
    codes = column.codes[counted]
    places = column.rows[counted]
    items = int(np.count_nonzero(np.bincount(places))) if len(places) else 0
    if not len(codes):
        return LocationFacet(name, 0, None, ())
    points = column.points[codes]
    south, west = points.min(axis=0).tolist()
    north, east = points.max(axis=0).tolist()
    picked = np.linspace(0, len(points) - 1, min(len(points), MOST_POINTS)).astype(int)
    shown = tuple((lat, lon) for lat, lon in points[picked].tolist())
    return LocationFacet(name, items, (south, west, north, east), shown)
