"""Parts whose files cannot be read now: those that are stored stay as they are."""

from __future__ import annotations

from itertools import count, takewhile
from pathlib import Path
from typing import TypeAlias

from cospace.collection.stored import paths_of
from cospace.encode.bulk import Encoded
from cospace.item import kind_of
from cospace.store.protocol import Row

__all__ = ["Kept", "kept_of", "unread"]

# By the name of a part: its path, and the name under which it is stored.
Kept: TypeAlias = dict[str, tuple[str, str]]


def unread(one: Encoded) -> dict[str, str]:
    """The paths, by name, of the parts whose files cannot be read now."""
    parts = one.item.parts
    away = {name: str(parts[name].path) for name in one.failed if parts[name].path}
    for label, path in one.item.missing.items():
        names = (label if n == 1 else f"{kind_of(label)} {n}" for n in count(1))
        away[next(name for name in names if name not in parts and name not in away)] = path
    return away


def kept_of(one: Encoded, old: Row | None) -> Kept:
    """Those parts of `unread` that are stored: they stay as they are.

    A stored file is a part's own where its path is the same, or ends alike: a table that lies in
    another folder today names the same photos. Each is that of the part whose path is most alike.
    """
    away = unread(one) if old is not None else {}
    if old is None or not away:
        return {}
    named = paths_of(one.item.parts) | away
    stored = [name for name in old.vectors if name in old.media]
    pairs = [
        (_alike(path, old.media[was]), name, was)
        for name, path in named.items()
        for was in stored
        if kind_of(name) == kind_of(was)
    ]
    taken: dict[str, str] = {}
    for alike, name, was in sorted(pairs, key=lambda pair: -pair[0]):
        if alike and name not in taken and was not in taken.values():
            taken[name] = was
    return {name: (old.media[was], was) for name, was in taken.items() if name in away}


def _alike(path: str, other: str) -> int:
    """How many names at the end of two paths are the same: folders, and the file's own."""
    both = zip(reversed(Path(path).parts), reversed(Path(other).parts), strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], both))
