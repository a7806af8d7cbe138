"""Examples: which labelled items are compared on, and which of them are held out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from cospace.errors import BadArgument
from cospace.evaluate.split import stratified

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cospace.evaluate.alone import Measured
    from cospace.evaluate.labelled import Labelled

__all__ = ["Examples", "choose_examples"]


@dataclass(slots=True)
class Examples:
    """Ids [n], the class of each as a number in `names`, and whether it is held out."""

    ids: list[str]
    classes: NDArray[np.intp]
    held: NDArray[np.bool_]
    names: tuple[str, ...]
    split: str
    notes: list[str] = field(default_factory=list)


def choose_examples(
    items: Labelled, measured: Sequence[Measured], *, test: float, seed: int
) -> Examples:
    """The items that every model has encoded, each content once, in classes that can be tested.

    Raises `BadArgument` where fewer than two classes, or no item to hold out, are left.
    """
    notes: list[str] = []
    labels = dict(zip((item.id for item in items.items), items.classes, strict=True))
    given = dict(zip(labels, items.held, strict=True)) if items.held is not None else None
    kept = [key for key in labels if all(key in one.rows for one in measured)]
    kept = _once(kept, labels, measured[0].hashes, notes)
    kept = _testable(kept, labels, given, notes)
    names = tuple(sorted({labels[key] for key in kept}))
    if len(names) < 2:
        only = f" ({names[0]!r})" if names else ""
        raise BadArgument(
            f"{items.name}: {len(names)} classes are left{only}; a comparison needs at least 2,"
            " each with 2 items or more" + "".join(f". {note}" for note in notes)
        )
    numbers = {name: number for number, name in enumerate(names)}
    classes = np.array([numbers[labels[key]] for key in kept], np.intp)
    if given is None:
        held = stratified(classes, share=test, seed=seed)
        split = f"{test:.0%} of each class held out, drawn with seed {seed}"
    else:
        held = np.array([given[key] for key in kept], bool)
        split = "as the folder comes split"
    if not held.any():
        raise BadArgument(f"{items.name}: no item is left to test on")
    return Examples(kept, classes, held, names, split, notes)


def _once(
    keys: list[str], labels: dict[str, str], hashes: dict[str, str], notes: list[str]
) -> list[str]:
    """The keys whose content has not come before; items to train on come first."""
    first: dict[str, str] = {}
    kept, otherwise = [], 0
    for key in keys:
        before = first.setdefault(hashes[key], key)
        if before == key:
            kept.append(key)
        else:
            otherwise += labels[before] != labels[key]
    copies = len(keys) - len(kept)
    if copies:
        also = f" ({otherwise:,} under another label)" if otherwise else ""
        notes.append(f"exact copies of other items, left out: {copies:,}{also}")
    return kept


def _testable(
    keys: list[str], labels: dict[str, str], given: dict[str, bool] | None, notes: list[str]
) -> list[str]:
    """The keys of the classes that can be trained on and, where we split, tested."""
    sides = Counter((labels[key], bool(given and given[key])) for key in keys)
    classes = {label for label, _ in sides}
    if given is None:
        alone = {label for label in classes if sides[label, False] < 2}
        why = "fewer than 2 items"
    else:
        alone = {label for label in classes if not sides[label, False]}
        why = "nothing to train on"
        unseen = sorted(label for label in classes if not sides[label, True])
        if unseen:
            notes.append(f"classes with nothing to test on: {len(unseen):,} ({_few(unseen)})")
    if alone:
        named = _few(sorted(alone))
        notes.append(f"classes with {why}, left out: {len(alone):,} ({named})")
    return [key for key in keys if labels[key] not in alone]


def _few(names: list[str]) -> str:
    return ", ".join(names[:5]) + (", ..." if len(names) > 5 else "")
