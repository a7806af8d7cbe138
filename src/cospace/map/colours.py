"""What the points of a map are coloured by: a field of the metadata, as codes or numbers."""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cospace.errors import BadArgument
from cospace.map.map import Map
from cospace.store.protocol import Row
from cospace.store.schema import Schema, flatten

__all__ = ["MISSING", "OTHER", "Coloured", "base64_of", "colours", "fields"]

MISSING = 255  # the code of a point without a value
OTHER = "…"  # the value of all beyond the most frequent
_MOST = 20  # values
_AT_ONCE = 1_000


@dataclass(frozen=True)
class Coloured:
    """A field by point: `codes` uint8 [n] into `values`, or `numbers` float32 [n]; one is None.

    The most frequent value is first, and all beyond 20 are "…", the last. 255 and NaN stand for
    an item without the field.
    """

    name: str
    values: tuple[str, ...] = ()
    codes: NDArray[np.uint8] | None = None
    numbers: NDArray[np.float32] | None = None

    def to_json(self) -> dict[str, Any]:
        """What a page draws it by: arrays as base64; ends are None without values."""
        if self.codes is not None:
            return {"type": "category", "values": self.values, "codes": base64_of(self.codes)}
        assert self.numbers is not None
        there = self.numbers[~np.isnan(self.numbers)]
        low, high = (float(there.min()), float(there.max())) if len(there) else (None, None)
        values = base64_of(self.numbers.astype("<f4"))
        return {"type": "number", "min": low, "max": high, "values": values}


def fields(schema: Schema, sample: Sequence[Mapping[str, Any]] = ()) -> list[str]:
    """The fields that can colour a map: numbers, words, and yes or no; no places.

    With a `sample` of items' metadata, fields of words that are hardly ever the same are left
    out, such as titles.
    """
    names = [field.name for field in schema.fields.values() if field.type != "location"]
    return [
        name
        for name in names
        if schema.fields[name].type != "string" or not _all_differ([_of(m, name) for m in sample])
    ]


def _all_differ(values: list[Any]) -> bool:
    there = [value for value in values if value is not None]
    return len(there) > 2 and len(set(there)) > 0.7 * len(there)


def colours(map: Map, name: str, schema: Schema, rows: Callable[[list[str]], Iterable[Row | None]]
            ) -> Coloured:  # fmt: skip
    """The values of the field `name` of the map's items; of a list the first.

    `rows` gives the rows of some ids, in their order. Raises `BadArgument` for another name.
    """
    known = fields(schema)
    if name not in known:
        there = ", ".join(known) or "none"
        raise BadArgument(f"no field {name[:100]!r} can colour this map; there is {there}")
    found: list[Any] = []
    for at in range(0, len(map), _AT_ONCE):
        part = rows(map.ids[at : at + _AT_ONCE])
        found += [None if row is None else _of(row.metadata, name) for row in part]
    if schema.fields[name].type == "number":
        numbers = [float("nan") if value is None else float(value) for value in found]
        return Coloured(name, numbers=np.array(numbers, np.float32))
    words = [None if value is None else _word(value) for value in found]
    counts = Counter(word for word in words if word is not None)
    values = sorted(counts, key=lambda word: (-counts[word], word))
    if len(values) > _MOST:
        values = [*values[:_MOST], OTHER]
    codes = {word: code for code, word in enumerate(values[:_MOST])}
    beyond = len(values) - 1
    coded = [MISSING if word is None else codes.get(word, beyond) for word in words]
    return Coloured(name, tuple(values), np.array(coded, np.uint8))


def _of(metadata: Mapping[str, Any], name: str) -> Any:
    """The leaf of a dotted name; of a list the first."""
    value = metadata[name] if name in metadata else dict(flatten(metadata)).get(name)
    if isinstance(value, list | tuple):
        return value[0] if value else None
    return value


def base64_of(array: NDArray[Any]) -> str:
    """The bytes of an array, for JSON."""
    return base64.b64encode(np.ascontiguousarray(array).tobytes()).decode()


def _word(value: Any) -> str:
    return ("yes" if value else "no") if isinstance(value, bool) else str(value)
