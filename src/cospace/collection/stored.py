"""What a collection holds, by id or by filter: items out, and items gone."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from cospace.arguments import check_count
from cospace.errors import BadArgument, BadFilter
from cospace.item import Audio, Image, Item, Part, Parts, Video, check_id, kind_of
from cospace.read.media import can_be_stored
from cospace.store.protocol import Row, Store
from cospace.store.where import All, Any_, In, Node, Not

__all__ = [
    "checked_ids",
    "checked_where",
    "delete_where",
    "item_of",
    "part_names",
    "paths_of",
    "selected",
]

_BATCH = 1000


def selected(
    store: Store, where: Node | None, limit: int | None, offset: int, *, vectors: bool
) -> list[Item]:
    """The items that pass the filter, oldest first: `limit` of them, from `offset` on.

    Raises `BadArgument` for a `limit` or `offset` that is not a whole number, 0 or more.
    """
    offset = check_count("offset", offset, 0)
    end = sys.maxsize
    if limit is not None:
        end = min(offset + check_count("limit", limit, 0), end)
    rows = islice(store.scan(where=where), min(offset, sys.maxsize), end)
    return [item_of(row) for row in (_with_vectors(store, rows) if vectors else rows)]


def paths_of(parts: Mapping[str, Part]) -> dict[str, str]:
    """The paths of the parts that stand in files, as they are stored."""
    paths = {name: part.path for name, part in parts.items()}
    return {name: str(path) for name, path in paths.items() if path and can_be_stored(path)}


def _with_vectors(store: Store, rows: Iterator[Row]) -> Iterator[Row]:
    """The rows again, with their vectors; those that went meanwhile are left out."""
    while ids := [row.id for row in islice(rows, _BATCH)]:
        yield from (row for row in store.get(ids, vectors=True) if row is not None)


def delete_where(store: Store, where: Node) -> int:
    """How many items passed the filter; they are gone for good on return, all or none.

    Raises `BadFilter` when a part of the filter has no condition, and so matches everything.
    """
    return store.delete([row.id for row in store.scan(where=checked_where(where))])


def checked_where(where: Node) -> Node:
    """The filter itself, when each of its parts has a condition; `BadFilter` otherwise."""
    if _is_open(where):
        raise BadFilter(
            "where: a part of this filter has no condition, so it would delete everything; name a"
            ' field, as in {"sold": True}'
        )
    return where


def _is_open(node: Node) -> bool:
    """Whether there is a part without a condition in the filter."""
    if isinstance(node, All | Any_):
        return not node.parts or any(map(_is_open, node.parts))
    if not isinstance(node, Not):
        return False
    return _is_open(node.part) or (isinstance(node.part, In) and not node.part.values)


def checked_ids(ids: str | Sequence[str]) -> list[str]:
    """A list of ids, checked: 1 is not "1"."""
    if isinstance(ids, str):
        return [check_id(ids)]
    if isinstance(ids, Mapping):
        raise BadArgument(f"a filter is given by name: where={dict(ids)!r:.200}")
    if not isinstance(ids, Iterable):
        raise BadArgument(f"expected an id or a list of ids, not {ids!r}")
    return [check_id(id) for id in ids]


def item_of(row: Row) -> Item:
    """The row as an item, with the vectors that were read with it, by the names of its parts."""
    # What the numbers of a depth map mean is not stored, so it is no part again.
    media: dict[str, Any] = {k: _media(k, path) for k, path in row.media.items() if k != "depth"}
    item = Item(row.id, Parts(**{"text": row.text, **media}), row.metadata)
    names = part_names(row.media, row.vectors)
    by_part = {names.get(name, name): vector for name, vector in row.vectors.items()}
    object.__setattr__(item, "vectors", by_part)
    return item


def part_names(media: Mapping[str, str], fields: Iterable[str]) -> dict[str, str]:
    """By the name of a stored photo, that of the item's part: photos in files come first.

    A photo that came from memory is stored as its vector alone, and is no part again.
    """
    photos = [name for name in media if kind_of(name) == "image"]
    memory = [name for name in fields if kind_of(name) == "image" and name not in media]
    photos += sorted(memory, key=lambda name: (len(name), name))
    return {was: "image" if n == 1 else f"image {n}" for n, was in enumerate(photos, start=1)}


def _media(kind: str, path: str) -> Part:
    named = {"image": Image, "audio": Audio, "video": Video}.get(kind_of(kind))
    return Part(kind, Path(path)) if named is None else named(path)
