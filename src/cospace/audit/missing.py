"""What is not there: parts that most items have, files, vectors, texts; and what failed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cospace.audit.asked import Asked
from cospace.audit.finding import Finding, Group
from cospace.audit.view import View
from cospace.counted import counted
from cospace.item import kind_of
from cospace.read.texts import is_blank

__all__ = ["check"]

_NAME = "missing parts"


def check(view: View, asked: Asked) -> Finding:
    """Items that lack a part, and so are found by less than they hold, or never."""
    del asked
    held = _held(view)
    vectors = view.chosen(np.zeros(0, np.int64))
    for matrix in view.matrices.values():
        vectors |= view.chosen(np.unique(matrix.rows))
    usual = {kind: has for kind, has in held.items() if len(view) / 2 <= has.sum() < len(view)}
    said: dict[int, list[str]] = {}
    counts = dict.fromkeys(("no vector", "failed part", "file gone", "empty text"), 0)
    counts |= {f"no {_name(kind)}": 0 for kind in usual}
    for number in range(len(view)):
        told = []
        if not vectors[number]:
            told.append(("no vector", "no vector, so no search by meaning finds it"))
        if view.reasons[number]:
            told.append(("failed part", view.reasons[number]))
        gone = [path for path in view.media[number].values() if not Path(path).exists()]
        if gone:
            told.append(("file gone", f"{gone[0]} is not there"))
        text = view.texts[number]
        if text is not None and is_blank(text):
            told.append(("empty text", "its text is empty"))
        lacks = [_name(kind) for kind, has in usual.items() if not has[number]]
        told += [(f"no {one}", f"no {one}, as most items have") for one in lacks]
        for name, words in told:
            counts[name] += 1
            said.setdefault(number, []).append(words)
    groups = tuple(Group((view.ids[at],), "; ".join(words)) for at, words in said.items())
    figures = {name: float(many) for name, many in counts.items()}
    figures["refused as a whole"] = float(view.refused)
    share = len(groups) / len(view)
    parts = [f"{many:,} {name}" for name, many in counts.items() if many]
    if view.refused:
        parts.append(counted(view.refused, "item", "items") + " of the source refused as a whole")
    found = bool(groups) or view.refused > 0
    rare = {kind: int(has.sum()) for kind, has in held.items() if 0 < has.sum() < len(view) / 2}
    figures |= {f"with {_name(kind)}": float(many) for kind, many in rare.items()}
    some = "".join(
        f"; {many:,} of {len(view):,} {'has' if many == 1 else 'have'} {_name(kind, article=True)}"
        for kind, many in rare.items()
    )
    return Finding(
        _NAME,
        "found" if found else "clean",
        ("; ".join(parts) if found else "every item has what it should have") + some,
        severity=share,
        unit="share of items",
        why_no_p="they are counted",
        groups=groups,
        mend=f"cospace index SOURCE --into {view.folder}" if found else "",
        figures=figures,
    )


def _held(view: View) -> dict[str, NDArray[np.bool_]]:
    """The items that hold a part of a kind, read or not, bool [items], by kind."""
    held: dict[str, NDArray[np.bool_]] = {}
    for kind, matrix in view.matrices.items():
        held[kind] = view.chosen(np.unique(matrix.rows))
    for number in range(len(view)):
        kinds = {kind_of(name) for name in view.media[number]}
        if view.texts[number] is not None:  # an empty one is told by itself
            kinds.add("text")
        for kind in kinds:
            held.setdefault(kind, view.chosen(np.zeros(0, np.int64)))[number] = True
    return held


def _name(kind: str, *, article: bool = False) -> str:
    """What a part is called: a photo, for an image."""
    name = "photo" if kind == "image" else kind
    return f"{'an' if name[0] in 'aeiou' else 'a'} {name}" if article else name
