"""Metadata as jsonb that filters read, and filters as SQL on it.

The jsonb holds the leaves by their dotted name, each a list, and the moments of dates beside
them. It says what `where.matches` reads and nothing more: the text of the metadata is the truth.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

from cospace.read.dates import moment
from cospace.store.schema import flatten
from cospace.store.where import EARTH_KM, All, Any_, Compare, Exists, In, Near, Node, Not

__all__ = ["condition", "fields_of", "plain", "written"]

# PostgreSQL keeps no NUL in a text. It is written as this mark and "0"; the mark itself twice.
_MARK = "\x1a"
_DATES = _MARK + "d"  # behind a name: its moments; no name that is written so ends with it
_ENDLESS = 10**400  # past every float
_SIGNS = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<="}


def written(text: str) -> str:
    """A text as PostgreSQL keeps it.

    >>> written("a\\0b") == "a\\x1a0b", plain(written("a\\0b\\x1a")) == "a\\0b\\x1a"
    (True, True)
    """
    if "\0" in text or _MARK in text:
        return text.replace(_MARK, 2 * _MARK).replace("\0", _MARK + "0")
    return text


def plain(text: str) -> str:
    """The text that `written` wrote."""
    if _MARK not in text:
        return text
    parts = text.split(2 * _MARK)
    return _MARK.join(part.replace(_MARK + "0", "\0") for part in parts)


def fields_of(metadata: Mapping[str, Any]) -> str:
    """The jsonb of an item's metadata.

    >>> fields_of({"price": 1e22, "size": {"width": [1, 2.5]}})
    '{"price": [10000000000000000000000], "size.width": [1, 2.5]}'
    """
    fields: dict[str, list[Any]] = {}
    for name, value in flatten(metadata):
        held = list(value) if isinstance(value, list | tuple) else [value]
        if not held:
            continue
        fields[written(name)] = [_value(one) for one in held]
        dates = [at for one in held if isinstance(one, str) and (at := moment(one)) is not None]
        if dates:
            fields[written(name) + _DATES] = dates
    return json.dumps(fields, ensure_ascii=False)


def _value(value: Any) -> Any:
    """A value whose jsonb equals, and stands before or behind, those that it does in Python."""
    if isinstance(value, str):
        return written(value)
    if isinstance(value, float):
        if math.isnan(value):
            return "nan"  # no number, so it is in no range
        if math.isinf(value):
            return _ENDLESS if value > 0 else -_ENDLESS
        if value.is_integer():
            return int(value)  # 1e23 is 99999999999999991611392, and not 10**23
    if isinstance(value, Mapping):
        return {key: float(number) for key, number in value.items()}
    return value


def condition(node: Node) -> tuple[str, list[Any]]:
    """SQL on the column `fields`, true or false and never null, and its values.

    >>> from cospace.store.schema import Field
    >>> condition(Not(Exists(Field("price", "number", "f0"))))
    ('NOT (fields ? %s)', ['price'])
    """
    values: list[Any] = []
    return _said(node, values), values


def _said(node: Node, values: list[Any]) -> str:
    if isinstance(node, All | Any_):
        parts = [f"({_said(part, values)})" for part in node.parts]
        if not parts:
            return "true" if isinstance(node, All) else "false"
        return (" AND " if isinstance(node, All) else " OR ").join(parts)
    if isinstance(node, Not):
        return f"NOT ({_said(node.part, values)})"
    name = written(node.field.name)
    if isinstance(node, Exists):
        values.append(name)
        return "fields ? %s"
    if isinstance(node, In):
        if not node.values:
            return "false"
        values.append([json.dumps({name: [_value(one)]}) for one in node.values])
        return "fields @> ANY (%s::jsonb[])"
    if isinstance(node, Near):
        values += [name, node.lat, node.lat, node.lon, node.km]
        return _CIRCLE
    assert isinstance(node, Compare)
    path = name + _DATES if node.field.type == "string" else name
    values.append(f"$.{json.dumps(path)}[*] ? (@ {_SIGNS[node.op]} $end)")
    values.append(json.dumps({"end": _value(node.value)}))
    return "jsonb_path_exists(fields, %s::jsonpath, %s::jsonb)"


# As `where.distance_km` computes it.
_CIRCLE = f"""EXISTS (
    SELECT FROM jsonb_array_elements(fields -> %s) AS held,
        LATERAL (SELECT radians((held ->> 'lat')::float8) AS lat2,
                        (held ->> 'lon')::float8 AS lon2) AS place,
        LATERAL (SELECT sin((lat2 - radians(%s::float8)) / 2) ^ 2
                      + cos(radians(%s::float8)) * cos(lat2)
                      * sin(radians(lon2 - %s::float8) / 2) ^ 2 AS half) AS arc
    WHERE {2 * EARTH_KM!r} * asin(least(1.0, sqrt(half))) <= %s)"""
