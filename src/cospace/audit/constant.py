"""Columns that say nothing: one value for every item, or none for nearly all."""

from __future__ import annotations

from cospace.audit.asked import Asked
from cospace.audit.finding import Finding
from cospace.audit.view import View
from cospace.counted import counted
from cospace.store.schema import flatten

__all__ = ["check"]

_NAME = "constant columns"
_LEAST = 20  # items that a column must have before one value says that it is constant


def check(view: View, asked: Asked) -> Finding:
    """Metadata fields that hold one value."""
    del asked
    held: dict[str, set[str]] = {}
    filled: dict[str, int] = {}
    for metadata in view.metadata:
        for name, value in flatten(metadata):
            filled[name] = filled.get(name, 0) + 1
            some = held.setdefault(name, set())
            if len(some) < 2:
                some.add(repr(value))
    if not held:
        return Finding(_NAME, "skipped", "the items have no metadata")
    enough = [name for name in held if filled[name] >= _LEAST]
    if not enough:
        return Finding(_NAME, "inconclusive", f"no field is held by {_LEAST} items or more")
    constant = sorted(name for name in enough if len(held[name]) == 1)
    said = ", ".join(f"{name} ({next(iter(held[name])):.40})" for name in constant)
    return Finding(
        _NAME,
        "found" if constant else "clean",
        f"{len(constant)} of {counted(len(enough), 'field')}"
        f" {'holds' if len(constant) == 1 else 'hold'} one value: {said}"
        if constant
        else f"{counted(len(enough), 'field holds', 'fields hold')} more than one value",
        severity=len(constant) / len(enough),
        unit="share of fields",
        why_no_p="values are counted",
        mend=f"cospace index SOURCE --into {view.folder} --metadata COLUMNS" if constant else "",
        figures={f"items with {name}": float(filled[name]) for name in constant},
    )
