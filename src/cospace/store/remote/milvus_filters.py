"""Filters as Milvus takes them, and the values of a row as these filters find them.

What was seen on Milvus 2.3.5 and Milvus Lite 3.2.2 stands behind each form: a leaf on a field that
is not there means something else on each, so each leaf asks first whether it is; a list has no
ranges, so its ends stand beside it; `in` over whole and broken numbers fails, so all are floats.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

from cospace.store.payload import DATES, WHOLE
from cospace.store.remote.filters import Leaf, Rendered, leaf_slot, rendered
from cospace.store.where import EARTH_KM, Compare, Exists, In, Near, Node

__all__ = ["expression", "stored"]

# After a slot: the least and the greatest of its values; of places also those of the longitude.
_LEAST, _MOST, _WEST, _EAST = "_least", "_most", "_west", "_east"
# Degrees that a box is wider than its circle, for what rounding takes: 0.1 m.
_SLACK = 1e-6
_OPERATORS = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<="}


def stored(values: Mapping[str, list[Any]]) -> bytes:
    """A row's values by slot (see `valued`), as the JSON that is stored.

    >>> stored({"f0": [3, 4.5], "f1": ["oak"]})
    b'{"f0":[3.0,4.5],"f0_least":3.0,"f0_most":4.5,"f1":["oak"]}'
    """
    kept: dict[str, Any] = {}
    for slot, held in values.items():
        first = held[0]
        if isinstance(first, Mapping):
            kept |= _ends(slot, _LEAST, _MOST, [float(one["lat"]) for one in held])
            kept |= _ends(slot, _WEST, _EAST, [float(one["lon"]) for one in held])
        elif isinstance(first, str | bool):
            kept[slot] = held
        else:
            numbers = [float(one) for one in held]
            if not slot.endswith(DATES):
                kept[slot] = numbers
            kept |= _ends(slot, _LEAST, _MOST, numbers)
    return json.dumps(kept, ensure_ascii=False, separators=(",", ":")).encode()


def _ends(slot: str, least: str, most: str, numbers: Sequence[float]) -> dict[str, float]:
    return {slot + least: min(numbers), slot + most: max(numbers)}


def expression(where: Node | None) -> Rendered:
    """A filter in Milvus' language; form None where there is none.

    >>> from cospace.store.schema import Field
    >>> expression(Compare(Field("price", "number", "f0"), "lt", 9)).form
    '((exists f0_least) and (f0_least < 9.0))'
    """
    return Rendered(None) if where is None else rendered(where, _leaf, _every, _some)


def _every(parts: Sequence[str]) -> str:
    return f"({' and '.join(parts)})"


def _some(parts: Sequence[str]) -> str:
    return f"({' or '.join(parts)})"


def _leaf(leaf: Leaf, negated: bool) -> tuple[str, bool] | None:
    slot = leaf_slot(leaf)
    if isinstance(leaf, Exists):
        there = f"(exists {slot + _LEAST if leaf.field.type == 'location' else slot})"
        return (f"(not {there})" if negated else there), True
    if isinstance(leaf, In):
        return _one_of(leaf, slot, negated)
    if isinstance(leaf, Compare):
        return _range(leaf, slot, negated)
    return None if negated else _box(leaf, slot)


def _one_of(leaf: In, slot: str, negated: bool) -> tuple[str, bool] | None:
    """Values that cannot be told apart let more through: they are left out of what is negated."""
    sure = [value for value in leaf.values if _certain(value)]
    exact = len(sure) == len(leaf.values)
    if leaf.field.type == "number":
        said: Sequence[Any] = sure if negated else leaf.values
        texts = [repr(float(value)) for value in said]
    elif not exact and not negated:
        return None
    else:
        texts = [json.dumps(value, ensure_ascii=False) for value in sure]
    if not texts:
        return None
    held = _there(slot, f"json_contains_any({slot}, [{', '.join(texts)}])")
    return (f"(not {held})" if negated else held), exact


def _certain(value: Any) -> bool:
    """Whether a value is told from all others: no large number, and no text with odd controls."""
    if isinstance(value, str):
        return not any(ord(one) < 32 or 0xD800 <= ord(one) < 0xE000 for one in value)
    return bool(abs(value) < WHOLE)


def _range(leaf: Compare, slot: str, negated: bool) -> tuple[str, bool]:
    """By the end of the list that decides. A large number stands for all that round to it."""
    end = slot + (_LEAST if leaf.op in ("lt", "lte") else _MOST)
    exact = abs(leaf.value) < WHOLE
    operator = leaf.op if exact else leaf.op[:2] + ("" if negated else "e")
    held = _there(end, f"{end} {_OPERATORS[operator]} {float(leaf.value)!r}")
    return (f"(not {held})" if negated else held), exact


def _there(slot: str, test: str) -> str:
    return f"((exists {slot}) and ({test}))"


def _box(leaf: Near, slot: str) -> tuple[str, bool]:
    """The rows whose places reach into the box around a circle."""
    angle = leaf.km / EARTH_KM
    south = leaf.lat - math.degrees(angle) - _SLACK
    north = leaf.lat + math.degrees(angle) + _SLACK
    tests = [f"{slot}{_MOST} >= {south!r}", f"{slot}{_LEAST} <= {north!r}"]
    if south > -90 and north < 90:
        wide = math.asin(min(1.0, math.sin(angle) / math.cos(math.radians(leaf.lat))))
        half = math.degrees(wide) + _SLACK
        tests += _between(slot, leaf.lon - half, leaf.lon + half)
    return _there(slot + _LEAST, " and ".join(f"({test})" for test in tests)), False


def _between(slot: str, west: float, east: float) -> list[str]:
    """Tests that longitudes reach into an interval, which may cross the date line."""
    after, before = f"{slot}{_EAST} >= {west!r}", f"{slot}{_WEST} <= {east!r}"
    if west < -180:
        return [f"({before}) or ({slot}{_EAST} >= {west + 360!r})"]
    if east > 180:
        return [f"({after}) or ({slot}{_WEST} <= {east - 360!r})"]
    return [after, before]
