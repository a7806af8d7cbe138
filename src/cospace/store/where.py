"""Filters: a Mongo-style dict to a small tree, checked against the schema, once.

A field that an item does not have matches nothing, so `$ne`, `$nin` and `$not` match the items
without it. On a list, a condition holds when it holds for one element. A text that is a date in
ISO 8601 has a place in time, which ranges compare; other texts are in no range.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias, cast

from cospace.errors import BadFilter
from cospace.limits import limit
from cospace.read.dates import moment
from cospace.read.metadata import as_kept
from cospace.read.regular import listed
from cospace.store.schema import Field, Schema, flatten, is_location

__all__ = ["All", "Any_", "Compare", "Exists", "In", "Near", "Node", "Not", "matches", "parse"]

EARTH_KM = 6371.0088  # mean radius (IUGG)


@dataclass(frozen=True, slots=True)
class Compare:
    """`field` `op` `value`; op is one of gt, gte, lt, lte.

    On numbers, and on dates: there `value` is the moment (see `read.dates.moment`).
    """

    field: Field
    op: str
    value: int | float


@dataclass(frozen=True, slots=True)
class In:
    """The field equals one of the values."""

    field: Field
    values: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Exists:
    """The field is there."""

    field: Field


@dataclass(frozen=True, slots=True)
class Near:
    """The location lies within `km` kilometres of (lat, lon), on the great circle."""

    field: Field
    lat: float
    lon: float
    km: float


@dataclass(frozen=True, slots=True)
class All:
    """Every part holds; holds when there are none."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Any_:  # noqa: N801 - `Any` is taken by typing
    """One of the parts holds."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The part does not hold."""

    part: Node


Node: TypeAlias = "Compare | In | Exists | Near | All | Any_ | Not"

_RANGES = {"$gt": "gt", "$gte": "gte", "$lt": "lt", "$lte": "lte"}
_OPERATORS = [
    "$eq",
    "$ne",
    "$gt",
    "$gte",
    "$lt",
    "$lte",
    "$in",
    "$nin",
    "$exists",
    "$not",
    "$near",
]


def parse(where: Mapping[str, Any], schema: Schema) -> Node:
    """The tree of a filter such as ``{"price": {"$lt": 300}, "city": {"$in": ["Bremen"]}}``.

    Raises `BadFilter` for an unknown field or operator, a value of the wrong type, or too many
    clauses; the message names the place in the filter.
    """
    return _Parser(schema).tree(where, "where", 1)


class _Parser:
    """One pass over a filter, counting its clauses."""

    def __init__(self, schema: Schema) -> None:
        self.schema = schema
        self.clauses = 0

    def tree(self, where: Any, at: str, depth: int) -> Node:
        if depth > limit("filter_depth"):
            raise BadFilter(f"{at}: nested more than {limit('filter_depth')} levels deep")
        if not isinstance(where, Mapping):
            raise BadFilter(f"{at}: expected a dict of conditions, got {_show(where)}")
        parts = [self._entry(key, value, f"{at}.{key}", depth) for key, value in where.items()]
        return parts[0] if len(parts) == 1 else All(tuple(parts))

    def _entry(self, key: Any, value: Any, at: str, depth: int) -> Node:
        self._count(at)
        if not isinstance(key, str):
            raise BadFilter(f"{at}: a field's name is a str, got {_show(key)}")
        if key in ("$and", "$or"):
            if not isinstance(value, list | tuple) or not value:
                raise BadFilter(f"{at}: expected a list of conditions, got {_show(value)}")
            parts = tuple(self.tree(v, f"{at}[{i}]", depth + 1) for i, v in enumerate(value))
            return All(parts) if key == "$and" else Any_(parts)
        if key == "$not":
            return Not(self.tree(value, at, depth + 1))
        if key.startswith("$"):
            raise BadFilter(f"{at}: expected the name of a field, $and, $or or $not")
        field = self.schema.fields.get(key)
        if field is None and not self.schema.fields:
            return self._absent(key, value, at, depth)
        if field is None:
            raise BadFilter(f"{at}: {_unknown(key, self.schema)}")
        return self._field(field, value, at, depth)

    def _absent(self, key: str, value: Any, at: str, depth: int) -> Node:
        """A condition on a field while no item has any: it holds where it asks for what is not."""
        never = In(Field(key, "string", ""), ())
        if not isinstance(value, Mapping):
            return never
        if not value:
            raise BadFilter(f"{at}: expected an operator such as {{'$eq': ...}}, got {{}}")
        if depth > limit("filter_depth"):
            raise BadFilter(f"{at}: nested more than {limit('filter_depth')} levels deep")
        parts: list[Node] = []
        for op, one in value.items():
            self._count(f"{at}.{op}")
            if op == "$not":
                parts.append(Not(self._absent(key, one, f"{at}.$not", depth + 1)))
            elif op in _OPERATORS or op == "$km":
                lacks = op in ("$ne", "$nin") or (op == "$exists" and one is False)
                parts.append(Not(never) if lacks else never)
            else:
                raise BadFilter(f"{at}.{op}: {_no_operator(op)}")
        return parts[0] if len(parts) == 1 else All(tuple(parts))

    def _field(self, field: Field, value: Any, at: str, depth: int) -> Node:
        if not isinstance(value, Mapping):
            return In(field, (_value(field, value, at),))
        if not value:
            raise BadFilter(f"{at}: expected an operator such as {{'$eq': ...}}, got {{}}")
        if depth > limit("filter_depth"):
            raise BadFilter(f"{at}: nested more than {limit('filter_depth')} levels deep")
        if "$near" in value:
            return _near(field, value, at)
        parts = [self._operator(field, op, v, f"{at}.{op}", depth) for op, v in value.items()]
        return parts[0] if len(parts) == 1 else All(tuple(parts))

    def _operator(self, field: Field, op: Any, value: Any, at: str, depth: int) -> Node:
        self._count(at)
        if op in _RANGES:
            return Compare(field, _RANGES[op], _end(field, value, at))
        if op in ("$eq", "$ne"):
            equal = In(field, (_value(field, value, at),))
            return equal if op == "$eq" else Not(equal)
        if op in ("$in", "$nin"):
            if not isinstance(value, list | tuple):
                raise BadFilter(f"{at}: expected a list of values, got {_show(value)}")
            self._count(at, len(value))
            one_of = In(field, tuple(_value(field, v, at) for v in value))
            return one_of if op == "$in" else Not(one_of)
        if op == "$exists":
            if not isinstance(value, bool):
                raise BadFilter(f"{at}: expected true or false, got {_show(value)}")
            return Exists(field) if value else Not(Exists(field))
        if op == "$not":
            return Not(self._field(field, value, at, depth + 1))
        raise BadFilter(f"{at}: {_no_operator(op)}")

    def _count(self, at: str, more: int = 1) -> None:
        self.clauses += more
        if self.clauses > limit("filter_clauses"):
            raise BadFilter(f"{at}: more than {limit('filter_clauses')} clauses in one filter")


def _no_operator(op: Any) -> str:
    # Short names are alike by accident: "$nin" would be near to "$contains".
    near = difflib.get_close_matches(str(op), _OPERATORS, 1, cutoff=0.65)
    hint = f"did you mean {near[0]}?" if near else f"there are {' '.join(_OPERATORS)}"
    return f"unknown operator {_show(op)}; {hint}"


def _value(field: Field, value: Any, at: str) -> Any:
    """`value` as metadata keeps it, when its type is the field's."""
    value = as_kept(value)
    if field.type == "number":
        number = _finite(value)
        if number is not None:
            return number
    elif (field.type == "bool" and isinstance(value, bool)) or (
        field.type == "string" and isinstance(value, str)
    ):
        return value
    elif field.type == "location":
        raise BadFilter(f'{at}: a location takes {{"$near": [lat, lon], "$km": 10}}')
    if value is None:
        hint = "; $exists asks for items with or without it"
    else:
        hint = "; $in asks for one of several" if isinstance(value, list | tuple | set) else ""
    raise BadFilter(f"{at}: expected a {field.type}, got {_show(value)}{hint}")


def _end(field: Field, value: Any, at: str) -> int | float:
    """One end of a range: a number, or the moment of a date."""
    if field.type == "number":
        return cast("float", _value(field, value, at))
    if field.type != "string":
        raise BadFilter(f"{at}: {field.name!r} is a {field.type}; ranges need a number or a date")
    text = as_kept(value)
    end = moment(text) if isinstance(text, str) else None
    if end is None:
        raise BadFilter(
            f"{at}: {field.name!r} is a string, so a range needs a date such as '2026-01-31' or"
            f" '2026-01-31T09:30:00', not {_show(value)}"
        )
    return end


def _finite(value: Any) -> int | float | None:
    """A number within the range of float64, whole ones exactly as they are; None for others."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return value if math.isfinite(number) else None


def _near(field: Field, value: Mapping[str, Any], at: str) -> Node:
    """The node of {"$near": [lat, lon], "$km": radius}."""
    if field.type != "location":
        raise BadFilter(f"{at}.$near: {field.name!r} is a {field.type}, not a location")
    if set(value) != {"$near", "$km"}:
        raise BadFilter(f'{at}: write {{"$near": [lat, lon], "$km": 10}}, and nothing beside it')
    point, km = value["$near"], value["$km"]
    if isinstance(point, Mapping) and set(point) == {"lat", "lon"}:
        point = [point["lat"], point["lon"]]
    given = [*point, km] if isinstance(point, list | tuple) and len(point) == 2 else []
    numbers = [one for one in map(_finite, map(as_kept, given)) if one is not None]
    if len(numbers) != 3:
        raise BadFilter(f"{at}.$near: expected [lat, lon] and $km as numbers, got {_show(value)}")
    lat, lon, km = numbers
    if not (-90 <= lat <= 90 and -180 <= lon <= 180 and km > 0):
        raise BadFilter(
            f"{at}.$near: lat is -90..90, lon -180..180, $km above 0; got {_show(value)}"
        )
    return Near(field, lat, lon, km)


def _unknown(key: str, schema: Schema) -> str:
    names = sorted(schema.fields)
    near = difflib.get_close_matches(key, names, 1)
    if near:
        return f"unknown field {key!r}; did you mean {near[0]!r}?"
    return f"unknown field {key!r}; there are {listed(names, 12)}"


def _show(value: object) -> str:
    text = ascii(value)
    return text if len(text) <= 60 else text[:57] + "..."


def distance_km(lat1: float, lon1: float, lat2: float, lon2: float) -> float:
    """Kilometres between two places on the great circle (haversine)."""
    p1, p2 = math.radians(lat1), math.radians(lat2)
    half = (
        math.sin((p2 - p1) / 2) ** 2
        + math.cos(p1) * math.cos(p2) * math.sin(math.radians(lon2 - lon1) / 2) ** 2
    )
    return 2 * EARTH_KM * math.asin(min(1.0, math.sqrt(half)))


def kilometres(metadata: Mapping[str, Any], near: tuple[str, float, float]) -> float | None:
    """How far an item lies from a place, or None where it has no location there.

    `near` is (location field, latitude, longitude); of several places the nearest counts.
    """
    name, lat, lon = near
    value: Any = dict(flatten(metadata)).get(name)
    places = value if isinstance(value, list | tuple) else [value]
    found = [distance_km(lat, lon, p["lat"], p["lon"]) for p in places if is_location(p)]
    return min(found, default=None)


TESTS: Mapping[str, Callable[[Any, Any], Any]] = {
    "gt": lambda a, b: a > b,
    "gte": lambda a, b: a >= b,
    "lt": lambda a, b: a < b,
    "lte": lambda a, b: a <= b,
}


def matches(node: Node, metadata: Mapping[str, Any]) -> bool:
    """Whether an item with this metadata passes the filter: the meaning that backends keep."""
    return _holds(node, dict(flatten(metadata)))


def _holds(node: Node, leaves: Mapping[str, Any]) -> bool:
    if isinstance(node, All):
        return all(_holds(part, leaves) for part in node.parts)
    if isinstance(node, Any_):
        return any(_holds(part, leaves) for part in node.parts)
    if isinstance(node, Not):
        return not _holds(node.part, leaves)
    raw = leaves.get(node.field.name)
    values = [] if raw is None else raw if isinstance(raw, list | tuple) else [raw]
    if isinstance(node, Exists):
        return bool(values)
    if isinstance(node, In):
        return any(value in node.values for value in values)
    if isinstance(node, Near):
        return any(distance_km(node.lat, node.lon, p["lat"], p["lon"]) <= node.km for p in values)
    if node.field.type == "string":
        values = [at for value in values if (at := moment(value)) is not None]
    return any(TESTS[node.op](value, node.value) for value in values)
