"""What is not there: files that are gone, items without a vector, empty texts, failures."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from cospace.audit.asked import Asked
from cospace.audit.finding import Finding, Group
from cospace.audit.view import View
from cospace.counted import counted
from cospace.read.texts import is_blank

__all__ = ["check"]

_NAME = "missing parts"


def check(view: View, asked: Asked) -> Finding:
    """Items that lack a part, and so are found by less than they hold, or never."""
    del asked
    vectors = view.chosen(np.zeros(0, np.int64))
    for matrix in view.matrices.values():
        vectors |= view.chosen(np.unique(matrix.rows))
    said: dict[int, list[str]] = {}
    counts = dict.fromkeys(("no vector", "failed part", "file gone", "empty text"), 0)
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
    return Finding(
        _NAME,
        "found" if found else "clean",
        "; ".join(parts) if found else "every item has what it should have",
        severity=share,
        unit="share of items",
        why_no_p="they are counted",
        groups=groups,
        mend=f"cospace index SOURCE --into {view.folder}" if found else "",
        figures=figures,
    )
