"""Filters in the form of qdrant-edge; `where.matches` is what they must mean."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import qdrant_edge as qe

from cospace.store.payload import DATES, NORTH, WHOLE, large, rest
from cospace.store.where import All, Any_, Compare, Exists, In, Near, Node, Not

__all__ = ["condition", "filter_of"]


def _number(slot: str, op: str, value: float) -> qe.Filter:
    """The condition that a number is `op` (gt, gte, lt, lte, eq) to the value."""
    near = float(value)
    if abs(near) < WHOLE:
        return qe.Filter(must=[_span(slot, op, near)])
    same = qe.Filter(must=[_span("near", "eq", near), _span("rest", op, rest(value))])
    equal = qe.NestedCondition(large(slot), same)
    if op == "eq":
        return qe.Filter(must=[equal])
    return qe.Filter(should=[_span(slot, op.removesuffix("e"), near), equal])


def _span(slot: str, op: str, value: float) -> qe.FieldCondition:
    ends = {"gte": value, "lte": value} if op == "eq" else {op: value}
    return qe.FieldCondition(slot, range=qe.RangeFloat(**ends))


def condition(where: Node | None, among: Sequence[int] | None) -> qe.Filter | None:
    """A filter, and the keys that alone may be found; None for neither."""
    must: list[Any] = [] if where is None else [filter_of(where)]
    if among is not None:
        must.append(qe.HasIdCondition(set(among)))
    return qe.Filter(must=must) if must else None


def filter_of(node: Node) -> qe.Filter:
    """The engine's form of a filter; `where.matches` is what it must mean."""
    if isinstance(node, All):
        return qe.Filter(must=[filter_of(part) for part in node.parts])
    if isinstance(node, Any_):
        return qe.Filter(should=[filter_of(part) for part in node.parts])
    if isinstance(node, Not):
        return qe.Filter(must_not=[filter_of(node.part)])
    if isinstance(node, Exists):
        return qe.Filter(must_not=[qe.FieldCondition(node.field.slot, is_empty=True)])
    if isinstance(node, In):
        return _one_of(node)
    if isinstance(node, Near):
        circle = qe.GeoRadius(qe.GeoPoint(lon=node.lon, lat=min(node.lat, NORTH)), node.km * 1000)
        return qe.Filter(must=[qe.FieldCondition(node.field.slot, geo_radius=circle)])
    assert isinstance(node, Compare)
    slot = node.field.slot + DATES if node.field.type == "string" else node.field.slot
    return _number(slot, node.op, node.value)


def _one_of(node: In) -> qe.Filter:
    slot = node.field.slot
    if not node.values:
        return qe.Filter(must=[qe.HasIdCondition(set())])
    if node.field.type in ("string", "bool"):
        match = qe.MatchAny([str(value) for value in node.values])
        return qe.Filter(must=[qe.FieldCondition(slot, match=match)])
    return qe.Filter(should=[_number(slot, "eq", value) for value in node.values])
