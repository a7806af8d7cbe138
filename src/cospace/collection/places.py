"""A place on the map as a filter, and what distances are measured from."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from numbers import Real
from typing import Any, NamedTuple, TypeAlias

from cospace.errors import BadArgument
from cospace.store.schema import Schema

__all__ = ["NearTo", "Place", "place_of"]

# {"lat": 52.52, "lon": 13.40, "km": 10}, or [52.52, 13.40].
NearTo: TypeAlias = "Mapping[str, Any] | Sequence[float]"

_WORDS = ("lat", "lon", "km", "field")


class Place(NamedTuple):
    """A place, the location field that is held against it, and how near; None: any distance."""

    field: str
    lat: float
    lon: float
    km: float | None = None

    @property
    def where(self) -> dict[str, Any] | None:
        """The filter that keeps what lies near."""
        if self.km is None:
            return None
        return {self.field: {"$near": [self.lat, self.lon], "$km": self.km}}

    def within(self, where: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
        """A filter, and the one of this place with it."""
        if self.where is None or not where:
            return self.where or where
        return {"$and": [where, self.where]}


def place_of(near: NearTo, schema: Schema) -> Place:
    """The place that `near` says: {"lat": 52.52, "lon": 13.40}, if you like with "km" and "field".

    As a filter writes it, [52.52, 13.40], it has neither. Without a field it is the one location
    that items have. Raises `BadArgument`.
    """
    if isinstance(near, list | tuple) and len(near) == 2:
        near = {"lat": near[0], "lon": near[1]}
    if not isinstance(near, Mapping) or not {"lat", "lon"} <= set(near) <= set(_WORDS):
        raise BadArgument(f'near is {{"lat": 52.52, "lon": 13.40, "km": 10}}, not {near!r:.200}')
    lat, lon, km = (_number(near.get(name)) for name in _WORDS[:3])
    wide = near.get("km") is None
    if not (-90 <= lat <= 90 and -180 <= lon <= 180 and (wide or 0 < km < math.inf)):
        raise BadArgument(f"near: lat is -90..90, lon -180..180, km above 0; got {near!r:.200}")
    names = [field.name for field in schema.fields.values() if field.type == "location"]
    name = near.get("field")
    if name is None and len(names) != 1:
        there = f"several locations, {', '.join(names)}: say near.field" if names else "no location"
        raise BadArgument(f"near: the items have {there}")
    if name is not None and name not in names:
        there = f"there is {', '.join(names)}" if names else "the items have no location"
        raise BadArgument(f"near.field: {name!r:.100} is no location; {there}")
    return Place(names[0] if name is None else name, lat, lon, None if wide else km)


def _number(value: Any) -> float:
    """A number that is one; NaN for others, which lies in no range."""
    number = isinstance(value, Real) and not isinstance(value, bool)
    try:
        return float(value) if number else math.nan
    except OverflowError:
        return math.nan
