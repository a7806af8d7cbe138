"""Texts cut short: those with more tokens than the model reads."""

from __future__ import annotations

import numpy as np

from cospace.audit.asked import Asked
from cospace.audit.chart import histogram
from cospace.audit.finding import Finding, Group
from cospace.audit.view import View
from cospace.counted import counted
from cospace.encode.sizes import sizes_of
from cospace.topk import blocks

__all__ = ["check"]

_NAME = "texts cut short"


def check(view: View, asked: Asked) -> Finding:
    """Items of whose text the model has not read the end."""
    del asked
    numbers = [number for number, text in enumerate(view.texts) if text]
    if not numbers:
        return Finding(_NAME, "skipped", "no item has a text")
    model = view.model()
    if model is None:
        return Finding(_NAME, "skipped", f"tokens cannot be counted: {view.no_model}")
    sizes = sizes_of(model)
    if not sizes.exact:
        return Finding(_NAME, "skipped", f"the tokenizer of {model.space.name} is not here")
    found: list[int] = []
    for part in blocks(len(numbers), 2_000):
        found += sizes.of([str(view.texts[number]) for number in numbers[part]])
    counts = np.array(found)
    room = sizes.most - sizes.frame
    over = np.flatnonzero(counts > room) if sizes.most else np.zeros(0, np.intp)
    over = over[np.argsort(-counts[over], kind="stable")]
    lost = int((counts[over] - room).sum())
    share = len(over) / len(numbers)
    groups = tuple(
        Group((view.ids[numbers[at]],), f"{counts[at] - room:,} of {counts[at]:,} tokens not read")
        for at in over.tolist()
    )
    reads = f"of {sizes.most} tokens" if sizes.most else "to its end, however long"
    said = f"{len(over):,} of {counted(len(numbers), 'text')}"
    said += f" {'is' if len(over) == 1 else 'are'} longer than the model reads"
    return Finding(
        _NAME,
        "found" if len(over) else "clean",
        f"{said} ({share:.1%})" if len(over) else f"the model reads each text {reads}",
        severity=share,
        unit="share of texts",
        why_no_p="tokens are counted",
        groups=groups,
        mend=f"cospace index SOURCE --into {view.folder} --chunks" if len(over) else "",
        charts=(
            histogram("Tokens of a text", {"texts": counts}, line=room if len(over) else None),
        ),
        figures={
            "tokens read": float(sizes.most),
            "tokens lost": float(lost),
            "share of tokens lost": lost / max(1, int(counts.sum())),
            "longest": float(counts.max()),
        },
    )
