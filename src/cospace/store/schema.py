"""Schema: the types of metadata fields. Learnt from the first value, held to ever after."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, Literal, TypeAlias

from cospace.errors import BadItem

__all__ = ["Field", "FieldType", "Schema", "flatten", "is_location"]

FieldType: TypeAlias = Literal["number", "bool", "string", "location"]


@dataclass(frozen=True, slots=True)
class Field:
    """One metadata field: its dotted name, its type, and its slot in the engine's payload."""

    name: str
    type: FieldType
    slot: str


class Schema:
    """The fields of a collection by dotted name. A list has the type of its elements."""

    __slots__ = ("fields",)

    def __init__(self, fields: Mapping[str, Field] | None = None) -> None:
        self.fields: dict[str, Field] = dict(fields or {})

    def __repr__(self) -> str:
        return f"Schema({', '.join(f'{one.name}: {one.type}' for one in self.fields.values())})"

    def learn(self, metadata: Mapping[str, Any], name: str) -> list[Field]:
        """The fields that `metadata` adds to the schema; the schema itself is not changed.

        Raises `BadItem` when a value's type differs from what its field has held so far.
        """
        new: dict[str, Field] = {}
        for key, value in flatten(metadata):
            type_ = _type_of(value, key, name)
            known = self.fields.get(key) or new.get(key)
            if type_ is None or (known and known.type == type_):
                continue
            if known:
                raise BadItem(
                    name, f"metadata {key!r} is a {type_} here, and a {known.type} elsewhere"
                )
            new[key] = Field(key, type_, _slot(key, type_))
        return list(new.values())

    def add(self, fields: list[Field]) -> None:
        """Take in fields that `learn` gave."""
        for field in fields:
            self.fields[field.name] = field

    def copy(self) -> Schema:
        """A schema that can change without changing this one."""
        return Schema(self.fields)

    def to_json(self) -> list[list[str]]:
        """A record that `from_json` reads back."""
        return [[f.name, f.type, f.slot] for f in self.fields.values()]

    @classmethod
    def from_json(cls, record: list[list[Any]]) -> Schema:
        """The schema of a record that `to_json` made."""
        return cls({name: Field(name, type_, slot) for name, type_, slot in record})


def _slot(name: str, type_: FieldType) -> str:
    """The slot of a field: two writers that meet it at once give it the same, without asking.

    Six bytes: among 1,000 fields two of one slot have a chance of 2 in a billion.
    """
    return "f" + blake2b(f"{type_} {name}".encode(), digest_size=6).hexdigest()


def is_location(value: object) -> bool:
    """Whether the value is a place: {"lat": degrees, "lon": degrees}, in range."""
    return (
        isinstance(value, Mapping)
        and set(value) == {"lat", "lon"}
        and all(isinstance(v, int | float) and not isinstance(v, bool) for v in value.values())
        and -90 <= value["lat"] <= 90
        and -180 <= value["lon"] <= 180
    )


def flatten(metadata: Mapping[str, Any], prefix: str = "") -> list[tuple[str, Any]]:
    """The leaves of nested metadata as (dotted name, value); a location is a leaf.

    A name comes once: what ``{"a.b": 1, "a": {"b": 2}}`` holds twice is one leaf, a list of both.

    >>> flatten({"a.b": 1, "a": {"b": [2, 3], "c": 4}})
    [('a.b', [1, 2, 3]), ('a.c', 4)]
    """
    leaves: dict[str, Any] = {}
    for key, value in metadata.items():
        if value is None:
            continue
        name = prefix + key
        deeper = isinstance(value, Mapping) and not is_location(value)
        for full, leaf in flatten(value, f"{name}.") if deeper else ((name, value),):
            leaves[full] = [*_each(leaves[full]), *_each(leaf)] if full in leaves else leaf
    return list(leaves.items())


def _each(leaf: Any) -> Any:
    return leaf if isinstance(leaf, list | tuple) else (leaf,)


def _type_of(value: Any, key: str, name: str) -> FieldType | None:
    """The type of a leaf; None for an empty list, which says nothing."""
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, int | float):
        return "number"
    if isinstance(value, str):
        return "string"
    if isinstance(value, Mapping):
        return "location"
    types = {_type_of(v, key, name) for v in value}
    if len(types) > 1:
        raise BadItem(name, f"metadata {key!r} is a list of mixed types")
    return types.pop() if types else None
