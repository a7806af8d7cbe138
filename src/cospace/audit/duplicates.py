"""Duplicates: items that say and show the same, in groups of which each pair is near."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from cospace.audit.asked import Asked
from cospace.audit.copies import Copies, copies
from cospace.audit.finding import Finding, Group
from cospace.audit.linkage import linked
from cospace.audit.view import View, view_of
from cospace.collection.collection import check_collection
from cospace.counted import counted
from cospace.errors import BadArgument
from cospace.measures.bootstrap import check_seed
from cospace.progress import Watch, metered

if TYPE_CHECKING:
    from cospace.collection import Collection

__all__ = ["BY", "check", "duplicates", "groups_of"]

# What two items share that are in one group.
BY = ("both", "text", "image")
_SAID = {"both": "", "text": "the text alone: ", "image": "the photo alone: "}

Pairs = dict[tuple[int, int], float]


def duplicates(
    collection: Collection, *, by: str = "both", seed: int = 0, progress: Watch = None
) -> list[Group]:
    """Groups of duplicates, the item to keep first in each: the fullest, and of equals the oldest.

    With by="both" two items are duplicates when every part that both have is the same or nearly:
    text and photo where both have both. "text" and "image" ask about that part alone. Groups are
    made by complete linkage: every pair in a group is near, so nothing chains. Where the first of
    a group is near to others too, it stands in another group with them: no two items that are
    left, once all but the first of each group are gone, are near. How near that is is fitted on
    the collection (`cospace.audit.threshold`). Nothing is deleted.

    Raises `BadArgument` for another `by`, for a seed below 0, and for a collection without items.

    >>> import cospace as cs
    >>> shop = cs.open(":memory:", model="starter")
    >>> _ = shop.add(ids=["a", "b", "c"], documents=["Oak chair", "Steel rake", "Oak chair"])
    >>> [group.ids for group in duplicates(shop)]
    [('a', 'c')]
    """
    check_collection(collection)
    if not isinstance(by, str) or by not in BY:
        raise BadArgument(f"by is one of {', '.join(BY)}, not {by!r}")
    check_seed(seed)
    with metered(progress, len(collection)) as meter:
        view = view_of(collection, meter=meter)
        if not len(view):
            raise BadArgument(f"{view.name} holds no items, so there are no duplicates")
        meter.stage = "comparing"
        view.tick = lambda: meter.add(0)
        view.tick()
        return groups_of(view, by, seed=seed)


def groups_of(view: View, by: str, *, seed: int = 0) -> list[Group]:
    """As `duplicates`, of what was read already."""
    kinds = [kind for kind in ("text", "image") if kind in view.matrices]
    found: dict[str, Copies] = {kind: copies(view, kind, seed=seed) for kind in kinds}
    return [_group(view, *some) for some in _grouped(view, found, by)]


def check(view: View, asked: Asked) -> Finding:
    """Items that are there twice or more."""
    name = "duplicates"
    kinds = [kind for kind in ("text", "image") if kind in view.matrices]
    if not kinds:
        return Finding(name, "skipped", "no item has the vector of a text or a photo")
    if len(view) < 2:
        return Finding(name, "inconclusive", "there is one item")
    found: dict[str, Copies] = {kind: copies(view, kind, seed=asked.seed) for kind in kinds}
    groups: list[Group] = []
    extra: dict[str, int] = {}
    told: set[str] = set()
    for by in BY if len(kinds) > 1 else ("both",):
        own = [_group(view, *some) for some in _grouped(view, found, by)]
        own = [group for group in own if by == "both" or not set(group.ids) <= told]
        extra[by] = sum(len(group.ids) - 1 for group in own)
        groups += [Group(one.ids, _SAID[by] + one.said) for one in own]
        told |= {id for group in own for id in group.ids}
    figures = _figures(found) | {f"{by} copies": float(many) for by, many in extra.items()}
    why = "a copy is as near, and as alike in letters or pixels, as edited copies are: no test"
    unsure = [f"{one.kind}: {_unsure(one)}" for one in found.values() if _unsure(one)]
    if not groups:
        return Finding(
            name, "inconclusive" if unsure else "clean",
            "; ".join(unsure) if unsure else f"no copies among {counted(len(view), 'item')}",
            severity=0.0, unit="share of items", why_no_p=why, figures=figures,
        )  # fmt: skip
    many = len({id for group in groups for id in group.ids[1:]})
    share = many / len(view)
    said = f"{many:,} of {len(view):,} items {'is a copy' if many == 1 else 'are copies'}"
    said += f" of another ({share:.1%})"
    if len(kinds) > 1:
        said += f": {extra['both']:,} in all that both have, {extra['text']:,} in their text alone,"
        said += f" {extra['image']:,} in their photo alone"
    # What is alike in all its parts may go; what is alike in one alone only where nothing else is.
    by = next(by for by in BY if extra.get(by))
    other = "" if by == "both" else f" --by {by}"
    return Finding(
        name, "found", "; ".join([said, *unsure]), severity=share, unit="share of items",
        why_no_p=why, groups=tuple(groups), mend=f"cospace dedupe {view.folder}{other}",
        figures=figures,
    )  # fmt: skip


def _grouped(view: View, found: dict[str, Copies], by: str) -> list[tuple[list[int], float]]:
    """Groups of items that are copies in what is asked for, each with its least cosine.

    What is kept of the groups is grouped again, until no two that are kept are near.
    """
    asked = {kind: one for kind, one in found.items() if by in ("both", kind)}
    if not asked:
        return []
    units = _units(view, asked)
    pairs = _pairs(view, asked, units)
    made: list[tuple[list[int], float]] = []
    left, held, inside = pairs, dict(units), set[int]()
    while groups := _linked(left, view.ids):
        inside |= {one for some in groups for one in some}
        for some in groups:
            least = min(pairs[min(x, y), max(x, y)] for x in some for y in some if x < y)
            items = [i for one in some for i in held[one]]
            made.append((items, least))
            first = min(items, key=lambda i: (_poor(view, i), i))
            for one in some:
                held[one] = [first] if first in held[one] else []
        left = {(x, y): near for (x, y), near in left.items() if held[x] and held[y]}
    made += [(some, 1.0) for one, some in units.items() if len(some) > 1 and one not in inside]
    return sorted(made, key=lambda one: (-len(one[0]), view.ids[one[0][0]]))


def _linked(pairs: Pairs, ids: Sequence[str]) -> list[list[int]]:
    a = np.array([one for one, _ in pairs], np.int64)
    b = np.array([two for _, two in pairs], np.int64)
    return linked(a, b, np.array(list(pairs.values()), np.float64), ids)


def _units(view: View, asked: dict[str, Copies]) -> dict[int, list[int]]:
    """Items whose parts are all the very same, by the one that stands for them."""
    labels: list[list[int]] = [[] for _ in range(len(view))]
    for kind, one in asked.items():
        label = {number: group[0] for group in one.same for number in group}
        holds = view.chosen(np.unique(view.matrices[kind].rows))
        for number in range(len(view)):
            labels[number].append(label.get(number, number) if holds[number] else -1)
    units: dict[tuple[int, ...], list[int]] = {}
    for number in sorted(range(len(view)), key=lambda i: view.ids[i]):
        if any(label >= 0 for label in labels[number]):
            units.setdefault(tuple(labels[number]), []).append(number)
    return {some[0]: some for some in units.values()}


def _pairs(view: View, asked: dict[str, Copies], units: dict[int, list[int]]) -> Pairs:
    """The pairs of units that are copies in every part that both have, with their least cosine."""
    whole = {kind: _whole(one, units) for kind, one in asked.items()}
    holds = {kind: view.chosen(np.unique(view.matrices[kind].rows)) for kind in asked}
    chosen: Pairs = {}
    for pairs in whole.values():
        for pair, cosine in pairs.items():
            least: float | None = cosine
            for other, others in whole.items():
                if least is not None and holds[other][pair[0]] and holds[other][pair[1]]:
                    if pair in others:
                        least = min(least, others[pair])
                    elif not asked[other].plausible(*pair):
                        least = None
            if least is not None:
                chosen[pair] = least
    return chosen


_MOST = 300  # units of the very same part, such as one photo, that are each paired with all


def _whole(one: Copies, units: dict[int, list[int]]) -> Pairs:
    """All pairs of units in one part: of the very same, and of those near to one of them.

    Of more than 300 units of the very same part each is paired with the first 300 alone.
    """
    members = {group[0]: [i for i in group if i in units] for group in one.same}
    found: Pairs = {}
    near = zip(one.a.tolist(), one.b.tolist(), one.cosines.tolist(), strict=True)
    for a, b, cosine in near:
        for x in members.get(a, [a])[:_MOST]:
            for y in members.get(b, [b])[:_MOST]:
                if x in units and y in units:
                    found[min(x, y), max(x, y)] = cosine
    for group in members.values():
        for at, x in enumerate(group[:_MOST]):
            for y in group[at + 1 :]:
                found[min(x, y), max(x, y)] = 1.0
    return found


def _group(view: View, numbers: Sequence[int], least: float) -> Group:
    """The group, the item to keep first."""
    ordered = sorted(numbers, key=lambda i: (_poor(view, i), i))
    said = "the very same" if least >= 1 - 1e-6 else f"cosine {least:.3f} or more"
    return Group(tuple(view.ids[i] for i in ordered), said)


def _poor(view: View, number: int) -> tuple[int, int, int]:
    """The less an item holds, the higher: parts, fields of the metadata, letters of its text."""
    text = view.texts[number] or ""
    held = sum(value not in (None, "", []) for value in view.metadata[number].values())
    return (-len(view.media[number]) - bool(text), -held, -len(text))


def _unsure(one: Copies) -> str:
    if one.threshold is None:
        return (
            "too few different items to fit a threshold; only what is the very same was looked for"
        )
    if one.dropped:
        return "there are more than a million near pairs; the nearest million were looked at"
    if one.threshold.power is not None and one.threshold.power < 0.5:
        return f"this space tells only {one.threshold.power:.0%} of edited copies from others"
    return ""


def _figures(found: dict[str, Copies]) -> dict[str, float]:
    figures: dict[str, float] = {}
    for kind, one in found.items():
        if one.threshold is not None:
            figures[f"{kind} cosine"] = one.threshold.cosine
            figures[f"{kind} chance"] = one.threshold.chance
            for name in ("alike", "copies", "power"):
                value = getattr(one.threshold, name)
                if value is not None:
                    figures[f"{kind} {name}"] = value
        figures[f"{kind} recall of pairs"] = one.recall
    return figures
