"""Couples: items of two kinds, such as a picture and its caption, and which captions say little."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cospace.errors import BadArgument
from cospace.item import Item

__all__ = ["Captions", "Couples", "Sides", "check_enough", "couples_of"]


@dataclass(frozen=True, slots=True)
class Captions:
    """What is odd about the pairs, told apart.

    `empty` are items that lack one of the two kinds, by what they lack; `repeated` pairs that came
    before, both sides the same, and are counted once; `equal` captions that several different
    items share, with how many.
    """

    empty: Mapping[str, list[str]]
    repeated: list[str]
    equal: Mapping[str, int]

    def to_json(self) -> dict[str, Any]:
        """A record for JSON."""
        return {
            "empty": {kind: list(ids) for kind, ids in self.empty.items()},
            "repeated": list(self.repeated),
            "equal": dict(self.equal),
        }


@dataclass(slots=True)
class Couples:
    """Ids of items with a part of each of two kinds, each pair once; `keys` are the contents."""

    kinds: tuple[str, str]
    ids: list[str] = field(default_factory=list)
    keys: tuple[list[Hashable], list[Hashable]] = field(default_factory=lambda: ([], []))
    empty: dict[str, list[str]] = field(default_factory=dict)
    repeated: list[str] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def captions(self) -> Captions:
        """What is odd about the pairs."""
        side = self.kinds.index("text") if "text" in self.kinds else 1
        many = Counter(self.keys[side])
        equal = {_named(key): count for key, count in many.most_common() if count > 1}
        return Captions(self.empty, self.repeated, equal)

    def at(self, places: Sequence[int]) -> Couples:
        """Some of the pairs."""
        keys = [[side[i] for i in places] for side in self.keys]
        ids = [self.ids[i] for i in places]
        return Couples(self.kinds, ids, (keys[0], keys[1]), self.empty, self.repeated)

    def alone(self) -> list[int]:
        """The pairs that share neither side with another one."""
        counts = [Counter(side) for side in self.keys]
        pairs = enumerate(zip(*self.keys, strict=True))
        return [i for i, pair in pairs if all(n[k] == 1 for n, k in zip(counts, pair, strict=True))]

    def sides(self) -> Sides:
        """The distinct contents of each side, and which belong together."""
        first: list[dict[Hashable, int]] = [{}, {}]
        places: list[list[int]] = [[], []]
        links: set[tuple[int, int]] = set()
        for i, pair in enumerate(zip(*self.keys, strict=True)):
            at = []
            for number, known, mine in zip(pair, first, places, strict=True):
                if number not in known:
                    known[number] = len(known)
                    mine.append(i)
                at.append(known[number])
            links.add((at[0], at[1]))
        return Sides(np.array(places[0], np.intp), np.array(places[1], np.intp), sorted(links))


@dataclass(frozen=True, slots=True)
class Sides:
    """Where the distinct contents of each side stand first, and the pairs of their numbers."""

    left: NDArray[np.intp]
    right: NDArray[np.intp]
    links: list[tuple[int, int]]

    def answers(self, side: int) -> list[list[int]]:
        """For each content of a side the numbers of those on the other that belong to it."""
        found: list[list[int]] = [[] for _ in ((self.left, self.right)[side])]
        for link in self.links:
            found[link[side]].append(link[1 - side])
        return found


def couples_of(
    items: Iterable[Item], kinds: tuple[str, str], key: Callable[[Item, str], Hashable]
) -> Couples:
    """The pairs of those items that have both kinds; `key(item, kind)` tells equal contents."""
    found = Couples(kinds)
    seen: set[tuple[Hashable, Hashable]] = set()
    for item in items:
        missing = [kind for kind in kinds if not _has(item, kind)]
        for kind in missing:
            found.empty.setdefault(kind, []).append(item.id)
        if missing:
            continue
        pair = key(item, kinds[0]), key(item, kinds[1])
        if pair in seen:
            found.repeated.append(item.id)
            continue
        seen.add(pair)
        found.ids.append(item.id)
        for known, one in zip(found.keys, pair, strict=True):
            known.append(one)
    return found


def check_enough(found: Couples) -> None:
    """Raises `BadArgument` where there is nothing to tell apart."""
    if len(found) < 2:
        raise BadArgument(
            f"{len(found)} pairs of {found.kinds[0]} and {found.kinds[1]} are left; at least 2 are"
            " needed"
        )
    for kind, keys in zip(found.kinds, found.keys, strict=True):
        if len(set(keys)) < 2:
            raise BadArgument(
                f"all {len(found)} pairs have the same {kind}: nothing can be told apart"
            )


def _has(item: Item, kind: str) -> bool:
    part = item.parts.get(kind)
    return part is not None and not (kind == "text" and not str(part.value).strip())


def _named(key: Hashable) -> str:
    return str(key)[:60]
