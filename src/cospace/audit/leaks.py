"""Leaks: items of one set that are copies of items of another, such as test items in training."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cospace.audit.asked import Asked
from cospace.audit.copies import Copies, copies, joined
from cospace.audit.finding import Finding, Group
from cospace.audit.view import View
from cospace.counted import counted
from cospace.errors import BadArgument

__all__ = ["check"]

_NAME = "leaks"

Bools = NDArray[np.bool_]


def check(view: View, asked: Asked) -> Finding:
    """Copies across two sets: two values of `split`, or this collection and another."""
    if asked.split is None and asked.against is None:
        return Finding(_NAME, "skipped", "name two sets: a column of two values, or a collection")
    try:
        both, side, names = _sides(view, asked)
    except BadArgument as error:
        return Finding(_NAME, "skipped", str(error))
    kinds = [kind for kind in ("text", "image") if kind in both.matrices]
    if not kinds:
        return Finding(_NAME, "skipped", "no item has the vector of a text or a photo")
    found: dict[str, Copies] = {kind: copies(both, kind, seed=asked.seed) for kind in kinds}
    leaked = _leaked(found, side, both.ids)
    many = int(side.sum())
    share = len(leaked) / many
    figures = {"leaked items": float(len(leaked)), "items of the second set": float(many)}
    figures |= {f"{kind} recall of pairs": one.recall for kind, one in found.items()}
    groups = tuple(
        Group(
            (both.ids[one.source], both.ids[one.item]),
            f"{' and '.join(one.parts)}, cosine {one.cosine:.3f}",
        )
        for one in sorted(leaked, key=lambda one: (-one.cosine, both.ids[one.item]))
    )
    where = view if asked.against is None else asked.against
    why = "a copy is as near, and as alike in letters or pixels, as edited copies are: no test"
    short = [kind for kind, one in found.items() if one.threshold is None]
    if not leaked and short:
        said = f"too few items to fit a threshold for {' and '.join(short)}"
        return Finding(_NAME, "inconclusive", said, figures=figures)
    return Finding(
        _NAME,
        "found" if leaked else "clean",
        f"{len(leaked):,} of {counted(many, 'item')} of {names[1]} are copies of items of"
        f" {names[0]} ({share:.1%})",
        severity=share,
        unit=f"share of {names[1]}",
        why_no_p=why,
        groups=groups,
        mend=where.deletion(sorted(both.ids[leak.item] for leak in leaked)) if leaked else "",
        figures=figures,
    )


def _sides(view: View, asked: Asked) -> tuple[View, Bools, tuple[str, str]]:
    """What holds both sets, true for items of the second, and what the sets are called."""
    if asked.against is not None:
        if not len(asked.against):
            raise BadArgument(f"{asked.against.name} holds no items")
        key = ("joined", id(asked.against))
        both = view.memo.setdefault(key, None) or joined(view, asked.against)
        view.memo[key] = both
        side = np.arange(len(both)) >= len(view)
        return both, side, (view.name, asked.against.name)
    assert asked.split is not None
    values = view.column(asked.split)
    names = sorted({str(value) for value in values if value is not None})
    if len(names) != 2:
        raise BadArgument(
            f"{asked.split} has {len(names)} values; a column that parts items in two has two"
        )
    if "train" in names:  # the second set is the one that is held out
        names = ["train", *(name for name in names if name != "train")]
    held = np.array([value is not None and str(value) == names[1] for value in values])
    return view, held, (f"{asked.split}={names[0]}", f"{asked.split}={names[1]}")


class _Leak(NamedTuple):
    """An item of the second set, and the item of the first that it is a copy of, by number."""

    item: int
    source: int
    cosine: float
    parts: tuple[str, ...]  # "text", "photo"


def _leaked(found: dict[str, Copies], side: Bools, ids: Sequence[str]) -> list[_Leak]:
    """The items of the second set that are copies, each with its nearest of the first.

    One entry an item: a text that both sets hold a thousand times is no million of pairs.
    """
    parts = {"text" if kind == "text" else "photo": _Part(one) for kind, one in found.items()}
    nearest = {said: part.nearest(side, ids) for said, part in parts.items()}
    leaked = []
    for item in np.flatnonzero(side).tolist():
        at = {said: near.get(parts[said].group(item)) for said, near in nearest.items()}
        leaks = []
        for source in {source for source in at.values() if source is not None}:
            cosines = {said: part.cosine(source, item) for said, part in parts.items()}
            alike = {said: value for said, value in cosines.items() if value is not None}
            leaks.append(_Leak(item, source, min(alike.values()), tuple(alike)))
        if leaks:
            most = min(leaks, key=lambda one: (-len(one.parts), -one.cosine, ids[one.source]))
            leaked.append(most)
    return leaked


class _Part:
    """The copies in one part, by groups of items that have the very same one."""

    def __init__(self, copies: Copies) -> None:
        self._first = {number: group[0] for group in copies.same for number in group}
        self._members = {group[0]: group for group in copies.same}
        pairs = [
            (min(a, b), max(a, b))
            for a, b in zip(copies.a.tolist(), copies.b.tolist(), strict=True)
        ]
        self._cosines = dict(zip(pairs, copies.cosines.tolist(), strict=True))

    def group(self, item: int) -> int:
        """The item that stands for those whose part is the very same."""
        return self._first.get(item, item)

    def cosine(self, a: int, b: int) -> float | None:
        """The cosine of two items that are copies, None for others."""
        one, two = self.group(a), self.group(b)
        if one == two:
            return 1.0
        return self._cosines.get((min(one, two), max(one, two)))

    def nearest(self, side: Bools, ids: Sequence[str]) -> dict[int, int]:
        """For each group its nearest item of the first set, by the item that stands for it."""
        sources = {
            one: next((item for item in group if not side[item]), None)
            for one, group in self._members.items()
        }
        found: dict[int, tuple[float, str, int]] = {}
        for (a, b), cosine in {**self._cosines, **{(one, one): 1.0 for one in sources}}.items():
            for mine, other in {(a, b), (b, a)}:
                source = sources.get(other, None if side[other] else other)
                if source is not None:
                    own = (-cosine, ids[source], source)
                    found[mine] = min(found.get(mine, own), own)
        return {group: source for group, (_, _, source) in found.items()}
