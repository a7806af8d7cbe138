"""Filters for engines whose points hold flat values: lists of texts, and single numbers.

Each slot becomes a list of texts, for equality; numbers and dates have their lowest and highest
value beside it, for ranges. One element of a list lies above an end just where its highest does,
so that ranges of lists are exact too.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from cospace.store.payload import DATES, WHOLE
from cospace.store.remote.filters import Leaf, Rendered, leaf_slot, rendered
from cospace.store.where import EARTH_KM, Compare, Exists, In, Near, Node

__all__ = ["HIGH", "LOW", "Words", "flattened", "said"]

# After a slot: that of the lowest and of the highest of its numbers.
LOW, HIGH = "_low", "_high"
_PLACE = {"lat": "_lat", "lon": "_lon"}
_HERE = "+"  # stands in the slot of what has no texts: locations, and the moments of dates
_OPPOSITE = {"gt": "lte", "gte": "lt", "lt": "gte", "lte": "gt"}
# Degrees by which a box is larger than the circle in it, for what rounding takes away: 1 m.
_MARGIN = 1e-5


class Words(Protocol):
    """How an engine says the conditions that all others are made of."""

    def knows(self, slot: str) -> bool:
        """Whether the engine takes conditions on a slot; others let all through."""

    def one_of(self, name: str, texts: Sequence[str]) -> Any:
        """The list `name` is there, and holds one of the texts."""

    def none_of(self, name: str, texts: Sequence[str]) -> Any:
        """The list holds none of them; where it is missing, this may hold or not."""

    def compare(self, name: str, op: str, number: float) -> Any:
        """The number `name` is there, and op (gt, gte, lt, lte) holds."""

    def there(self, name: str, yes: bool) -> Any:
        """Whether the list `name` is there."""

    def every(self, parts: Sequence[Any]) -> Any:
        """All of two or more hold."""

    def some(self, parts: Sequence[Any]) -> Any:
        """One of two or more holds."""


def flattened(values: Mapping[str, Sequence[Any]]) -> dict[str, list[str] | float]:
    """A point's values (see `filters.valued`) in flat form.

    >>> flattened({"f0": [3, 0.5], "f1": ["oak"], "f2": [True]})
    {'f0': ['3.0', '0.5'], 'f0_low': 0.5, 'f0_high': 3.0, 'f1': ['oak'], 'f2': ['true']}
    """
    flat: dict[str, list[str] | float] = {}
    for slot, held in values.items():
        if isinstance(held[0], Mapping):
            flat[slot] = [_HERE]
            for key, suffix in _PLACE.items():
                flat |= _ends(slot + suffix, [place[key] for place in held])
            continue
        flat[slot] = [_HERE] if slot.endswith(DATES) else [_text(value) for value in held]
        if not isinstance(held[0], bool | str):
            flat |= _ends(slot, held)
    return flat


def _ends(slot: str, numbers: Sequence[float]) -> dict[str, list[str] | float]:
    return {slot + LOW: _near(min(numbers)), slot + HIGH: _near(max(numbers))}


def _near(number: float) -> float:
    """The number as float64; 0.0 for -0.0, which some engines sort before it."""
    return float(number) + 0.0


def _text(value: Any) -> str:
    """One text for each value: equal numbers have the same, all others another."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    near = _near(value)
    return repr(near) if near == value else str(value)


def said(where: Node, words: Words) -> Rendered:
    """The filter in an engine's words; it means the same, or lets more through."""
    return rendered(
        where, lambda leaf, negated: _leaf(leaf, negated, words), words.every, words.some
    )


def _leaf(leaf: Leaf, negated: bool, words: Words) -> tuple[Any, bool] | None:
    slot = leaf_slot(leaf)
    if not words.knows(slot):
        return None
    if isinstance(leaf, Exists):
        return words.there(slot, not negated), True
    if isinstance(leaf, In):
        return _equal(slot, leaf, negated, words)
    if isinstance(leaf, Near):
        return None if negated else (_box(slot, leaf, words), False)
    return _range(slot, leaf, negated, words)


def _equal(slot: str, leaf: In, negated: bool, words: Words) -> tuple[Any, bool] | None:
    # A lone surrogate cannot be sent, and stands in no row.
    texts = [text for text in dict.fromkeys(map(_text, leaf.values)) if _can_be_sent(text)]
    if negated:
        if not texts:
            return None
        return words.some([words.none_of(slot, texts), words.there(slot, False)]), True
    return (words.one_of(slot, texts), True) if texts else (words.there(slot, True), False)


def _can_be_sent(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _range(slot: str, leaf: Compare, negated: bool, words: Words) -> tuple[Any, bool]:
    name = slot + (HIGH if leaf.op in ("gt", "gte") else LOW)
    op = _OPPOSITE[leaf.op] if negated else leaf.op
    # Beyond this, whole numbers that differ may be one as float64: equal ones must pass.
    exact = abs(leaf.value) < WHOLE
    form = words.compare(name, op if exact else op[:2] + "e", _near(leaf.value))
    return (words.some([form, words.there(slot, False)]) if negated else form), exact


def _box(slot: str, near: Near, words: Words) -> Any:
    """A box around the circle: places in it may be outside the circle, none is the other way."""
    angle = near.km / EARTH_KM
    high = math.degrees(angle) + _MARGIN
    parts = _overlap(slot + _PLACE["lat"], near.lat - high, near.lat + high, words)
    # A circle that holds a pole meets all longitudes.
    if abs(near.lat) + high < 90:
        wide = math.degrees(math.asin(math.sin(angle) / math.cos(math.radians(near.lat))))
        west, east = near.lon - wide - _MARGIN, near.lon + wide + _MARGIN
        pieces = [(west, east)]
        if west < -180:
            pieces = [(west + 360, 180.0), (-180.0, east)]
        elif east > 180:
            pieces = [(west, 180.0), (-180.0, east - 360)]
        lon = slot + _PLACE["lon"]
        sides = [words.every(_overlap(lon, *piece, words)) for piece in pieces]
        parts.append(sides[0] if len(sides) == 1 else words.some(sides))
    return words.every(parts)


def _overlap(name: str, low: float, high: float, words: Words) -> list[Any]:
    return [
        words.compare(name + HIGH, "gte", _near(low)),
        words.compare(name + LOW, "lte", _near(high)),
    ]
