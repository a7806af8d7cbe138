"""Payload: the metadata of a row as the engine's filters compare it.

Numbers stand in it as float64, with what that cannot hold beside them; dates as moments too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cospace.read.dates import moment
from cospace.store.protocol import Row
from cospace.store.schema import Field, flatten

__all__ = ["DATES", "NORTH", "WHOLE", "large", "payload_of", "rest"]

# After a slot: that of the moments of texts that are dates.
DATES = "_dates"
# The engine compares numbers as float64, which holds whole numbers exactly up to here. Of larger
# ones the rest is kept beside it: numbers that are one as float64 are told apart by it.
WHOLE = 2**53
# The engine's grid leaves out the very North Pole; a tenth of a millimetre from it is in.
NORTH = 90 - 1e-9


def _on_the_map(location: Mapping[str, float]) -> dict[str, float]:
    return {**location, "lat": min(location["lat"], NORTH)}


# How a value stands in the payload: numbers all as float, so that one index holds whole and
# broken ones; words for booleans, since the binding (0.9.0) takes True for the number 1.
_FORMS: Mapping[str, Any] = {"bool": str, "location": _on_the_map}


def payload_of(row: Row, schema: Mapping[str, Field]) -> dict[str, Any]:
    """The payload of a row, by slot."""
    payload: dict[str, Any] = {}
    for name, value in flatten(row.metadata):
        field = schema.get(name)
        if field is None:
            continue
        values = value if isinstance(value, list) else [value]
        if field.type == "number":
            payload |= _numbers(field.slot, values)
        elif form := _FORMS.get(field.type):
            payload[field.slot] = [form(v) for v in values]
        else:
            payload[field.slot] = value
            payload |= _numbers(
                field.slot + DATES, [at for v in values if (at := moment(v)) is not None]
            )
    return payload


def _numbers(slot: str, values: Sequence[float]) -> dict[str, Any]:
    """The payload of numbers."""
    if not values:
        return {}
    found: dict[str, Any] = {slot: [float(v) for v in values]}
    if past := [v for v in values if abs(v) >= WHOLE]:
        found[large(slot)] = [{"near": float(v), "rest": rest(v)} for v in past]
    return found


def rest(value: float) -> float:
    """What a whole number has beyond its float64."""
    return float(int(value) - int(float(value)))


def large(slot: str) -> str:
    """The slot of those numbers of a slot that are larger than `WHOLE`."""
    return f"{slot}_large"
