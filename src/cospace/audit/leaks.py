"""Leaks: items of one set that are copies of items of another, such as test items in training."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cospace.audit.asked import Asked
from cospace.audit.copies import Copies, copies, joined
from cospace.audit.finding import Finding, Group
from cospace.audit.view import View
from cospace.errors import BadArgument

__all__ = ["check"]

_NAME = "leaks"


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
    across = _across(found, side)
    leaked = {pair[0] if side[pair[0]] else pair[1] for pair in across}
    many = int(side.sum())
    share = len(leaked) / many
    figures = {"pairs": float(len(across)), "items of the second set": float(many)}
    figures |= {f"{kind} recall of pairs": one.recall for kind, one in found.items()}
    groups = tuple(
        Group((both.ids[a], both.ids[b]), f"{said}, cosine {cosine:.3f}")
        for (a, b), (cosine, said) in sorted(across.items(), key=lambda one: -one[1][0])
    )
    why = "a copy is as near, and as alike in letters or pixels, as edited copies are: no test"
    short = [kind for kind, one in found.items() if one.threshold is None]
    if not leaked and short:
        said = f"too few items to fit a threshold for {' and '.join(short)}"
        return Finding(_NAME, "inconclusive", said, figures=figures)
    return Finding(
        _NAME,
        "found" if leaked else "clean",
        f"{len(leaked):,} of {many:,} items of {names[1]} are copies of items of {names[0]}"
        f" ({share:.1%})",
        severity=share,
        unit=f"share of {names[1]}",
        why_no_p=why,
        groups=groups,
        mend=_mend(view, asked, leaked, both) if leaked else "",
        figures=figures,
    )


def _sides(view: View, asked: Asked) -> tuple[View, NDArray[np.bool_], tuple[str, str]]:
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


def _across(
    found: dict[str, Copies], side: NDArray[np.bool_]
) -> dict[tuple[int, int], tuple[float, str]]:
    """Pairs with one item in each set, the first set's first: their cosine, and in what."""
    across: dict[tuple[int, int], tuple[float, str]] = {}
    for kind, one in found.items():
        said = "text" if kind == "text" else "photo"
        pairs = list(zip(one.a.tolist(), one.b.tolist(), one.cosines.tolist(), strict=True))
        members = {group[0]: group for group in one.same}
        for a, b, cosine in [*pairs, *((x, x, 1.0) for x in members)]:
            for x in members.get(a, [a]):
                for y in members.get(b, [b]):
                    if (not side[x] and side[y]) or (side[x] and not side[y]):
                        pair = (y, x) if side[x] else (x, y)
                        known = across.get(pair)
                        if known is None:
                            across[pair] = (cosine, said)
                        elif said not in known[1]:
                            across[pair] = (min(known[0], cosine), f"{known[1]} and {said}")
    return across


def _mend(view: View, asked: Asked, leaked: set[int], both: View) -> str:
    name = view.folder if asked.against is None else asked.against.folder
    some = sorted(both.ids[i] for i in leaked)[:3]
    more = f" ... ({len(leaked) - 3} more: --json lists them)" if len(leaked) > 3 else ""
    return f"cospace delete {name} {' '.join(some)}{more}"
