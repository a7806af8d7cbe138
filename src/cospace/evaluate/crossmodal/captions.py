"""Captions: which items mean the same to a question, and which have nothing to ask by."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cospace.evaluate.crossmodal.source import Material
from cospace.item import Item

__all__ = ["Contents", "Direction", "contents_of", "direction"]

# Examples that are kept of each.
_SUCH = 3


@dataclass(frozen=True, slots=True)
class Contents:
    """The pairs by what they hold: on each side the number of each one's content, int64 [2, n].

    `pairs` are the positions of the items. `first` gives for each side the pair, from 0, that a
    content stands first in. `counts` names what is not one thing of each kind, and how often;
    `such` gives the commonest of each.
    """

    pairs: NDArray[np.intp]
    numbers: NDArray[np.intp]
    first: tuple[NDArray[np.intp], NDArray[np.intp]]
    counts: Mapping[str, int]
    such: Mapping[str, Sequence[str]]

    @property
    def single(self) -> NDArray[np.bool_]:
        """The pairs neither side of which stands in another one: bool [n]."""
        once = np.array([np.bincount(one)[one] == 1 for one in self.numbers])
        return np.asarray(once.all(axis=0), np.bool_)


@dataclass(frozen=True, slots=True)
class Direction:
    """One way to ask: the side of the queries, each content once, and what is right for each.

    `single` are the queries whose pair is in nothing like another.
    """

    side: int
    right: list[NDArray[np.intp]]
    single: NDArray[np.bool_]


def contents_of(
    data: Material, kept: Sequence[int], hashes: tuple[Mapping[str, str], Mapping[str, str]]
) -> Contents:
    """The contents of the items at the positions `kept`, which have both kinds.

    Texts that differ in case and spaces alone are one; anything else is one with its own bytes.
    """
    sides, named = [], dict[str, Counter[str]]()
    for kind, known in zip(data.kinds, hashes, strict=True):
        items = [data.items[at] for at in kept]
        exact = [known[item.id] for item in items]
        shown = [_shown(item, kind) for item in items]
        keys = [_folded(text) for text in shown] if kind == "text" else exact
        same, alike = Counter(exact), Counter(keys)
        named[f"repeated {kind}"] = Counter(
            text for text, one in zip(shown, exact, strict=True) if same[one] > 1
        )
        if kind == "text":
            named["equal but for case and spaces"] = Counter(
                text
                for text, one, key in zip(shown, exact, keys, strict=True)
                if alike[key] > same[one]
            )
        sides.append(keys)
    for kind in data.kinds:
        lacking = [item.id for item in data.items if kind not in item.parts]
        named["no text, or an empty one" if kind == "text" else f"no {kind}"] = Counter(lacking)
    counts = {name: found.total() for name, found in named.items() if found}
    numbered = [_numbered(keys) for keys in sides]
    return Contents(
        np.array(kept, np.intp),
        np.array([numbers for numbers, _ in numbered], np.intp).reshape(2, len(kept)),
        (numbered[0][1], numbered[1][1]),
        counts,
        {name: [one for one, _ in named[name].most_common(_SUCH)] for name in counts},
    )


def direction(contents: Contents, side: int) -> Direction:
    """Questions by each content of `side`; any content that a pair joins it to is right."""
    asked, answers = contents.numbers[side], contents.numbers[1 - side]
    count = len(contents.first[side])
    right: list[set[int]] = [set() for _ in range(count)]
    for query, answer in zip(asked.tolist(), answers.tolist(), strict=True):
        right[query].add(answer)
    single = np.zeros(count, bool)
    single[asked[contents.single]] = True
    return Direction(side, [np.array(sorted(one), np.intp) for one in right], single)


def _shown(item: Item, kind: str) -> str:
    """What to call a part: a text as it is, all else by the id of its item."""
    return str(item.parts[kind].value) if kind == "text" else item.id


def _folded(text: str) -> str:
    return " ".join(text.casefold().split())


def _numbered(keys: Sequence[str]) -> tuple[list[int], NDArray[np.intp]]:
    """A number from 0 for each key, and where each number stands first."""
    number: dict[str, int] = {}
    first = []
    for place, key in enumerate(keys):
        if key not in number:
            number[key] = len(number)
            first.append(place)
    return [number[key] for key in keys], np.array(first, np.intp)
