"""Which conditions of a filter an item does not meet, in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cospace.store.schema import flatten
from cospace.store.where import All, Any_, Compare, Exists, In, Near, Node, Not, kilometres, matches

__all__ = ["unmet"]

_OPS = {"gt": "above", "gte": "at least", "lt": "below", "lte": "at most"}
_LONG = 60
_EXACT = 1e16  # below it whole numbers are written with all their digits


def unmet(node: Node, metadata: Mapping[str, Any]) -> list[str]:
    """What keeps an item out, a line for each condition; empty where it passes.

    >>> from cospace.store.schema import Field, Schema
    >>> from cospace.store.where import parse
    >>> schema = Schema({"price": Field("price", "number", "0")})
    >>> unmet(parse({"price": {"$lt": 100}}, schema), {"price": 120})
    ['price is 120, and not below 100']
    """
    if matches(node, metadata):
        return []
    if isinstance(node, All):
        return [line for part in node.parts for line in unmet(part, metadata)]
    if isinstance(node, Any_):
        each = [" and ".join(unmet(part, metadata)) for part in node.parts]
        return [f"none of these holds: {'; '.join(each)}"]
    if isinstance(node, Not):
        return [f"{_said(node.part)}, which the filter leaves out"]
    return [_condition(node, metadata)]


def _condition(node: Compare | In | Exists | Near, metadata: Mapping[str, Any]) -> str:
    name = node.field.name
    value = dict(flatten(metadata)).get(name)
    if value is None:
        return f"it has no {name}"
    if isinstance(node, Near):
        km = kilometres(metadata, (name, node.lat, node.lon))
        far = "not near" if km is None else f"{km:.1f} km away"
        return f"{name} is {far}, and not within {node.km:g} km"
    return f"{name} is {_show(value)}, and not {_wanted(node)}"


def _wanted(node: Compare | In | Exists) -> str:
    if isinstance(node, Compare):
        return f"{_OPS[node.op]} {_show(node.value)}"
    if isinstance(node, In):
        values = [_show(one) for one in node.values[:3]]
        more = ", ..." if len(node.values) > 3 else ""
        return f"one of {', '.join(values)}{more}" if len(node.values) > 1 else values[0]
    return "there"


def _said(node: Node) -> str:
    """What holds of an item, where that is what is not wanted."""
    if isinstance(node, All | Any_):
        join = " and " if isinstance(node, All) else " or "
        return join.join(map(_said, node.parts))
    if isinstance(node, Not):
        return f"not ({_said(node.part)})"
    if isinstance(node, Exists):
        return f"it has a {node.field.name}"
    if isinstance(node, Near):
        return f"{node.field.name} is within {node.km:g} km"
    return f"{node.field.name} is {_wanted(node)}"


def _show(value: Any) -> str:
    whole = isinstance(value, float) and value.is_integer() and abs(value) < _EXACT
    text = str(int(value) if whole else value)
    return text if len(text) <= _LONG else text[: _LONG - 3] + "..."
