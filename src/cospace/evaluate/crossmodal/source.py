"""What is measured: items with parts of two kinds, and their classes where there are some."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cospace.errors import BadArgument
from cospace.evaluate.labelled import Labelled, label_of, split_folders
from cospace.item import Item, Parts, kind_of
from cospace.read import Failures, Reading, read
from cospace.read.regular import listed

__all__ = ["Material", "read_material"]


@dataclass(slots=True)
class Material:
    """Items with the parts of two `kinds` and no others, in a fixed order; ids are told apart.

    `classes` has one for each item, "" for an item without. `held` says which are held out where
    the data comes split. `more` counts further parts of a kind, such as second photos; they are
    not used. `notes` and `failed` tell what was left out.
    """

    name: str
    kinds: tuple[str, str]
    items: list[Item] = field(default_factory=list)
    classes: list[str] = field(default_factory=list)
    held: list[bool] | None = None
    more: int = 0
    notes: list[str] = field(default_factory=list)
    failed: Failures = field(default_factory=Failures)

    def side(self, kind: str) -> Labelled:
        """The items that have a part of `kind`, with only that part."""
        one = Labelled(self.name, kind, held=None if self.held is None else [])
        for place, item in enumerate(self.items):
            if kind in item.parts:
                one.add(item, self.classes[place])
                if self.held is not None and one.held is not None:
                    one.held.append(self.held[place])
        return one


def read_material(
    source: str | os.PathLike[str] | Iterable[Item], kinds: tuple[str, str], label: str | None
) -> Material:
    """The items of a path, of what `cospace.read` gives, or of a list.

    Of a folder the classes are the subfolders, of all else the metadata `label`. Raises as
    `cospace.read` does, and `BadArgument` for a label that no item has.
    """
    if isinstance(source, (str, os.PathLike)) and Path(source).is_dir():
        if label is not None:
            raise BadArgument("the classes of a folder are its subfolders: leave out the label")
        return _of_folder(Path(source), kinds)
    items = read(source) if isinstance(source, (str, os.PathLike)) else source
    if not isinstance(items, Iterable):
        raise BadArgument(f"source is a path or items, as cospace.read gives, not {items!r:.60}")
    name = items.name if isinstance(items, Reading) else "items"
    found = Material(name, kinds)
    seen: Counter[str] = Counter()
    others: set[str] = set()
    for item in items:
        if not isinstance(item, Item):
            raise BadArgument(f"expected items, as cospace.read gives, not {type(item).__name__}")
        others.update(item.metadata)
        value = "" if label is None else label_of(item.metadata.get(label))
        seen[item.id] += 1
        again = f" (again, {seen[item.id]})" if seen[item.id] > 1 else ""
        _add(found, item, item.id + again, value)
    if label is not None and not any(found.classes):
        raise BadArgument(
            f"{name}: no item has the label {label!r}; there is {listed(sorted(others), 12)}"
        )
    if label is not None and "" in found.classes:
        found.notes.append(f"items without {label}, of no class: {found.classes.count(''):,}")
    if isinstance(items, Reading):
        _tell(found, items, "")
    return found


def _of_folder(path: Path, kinds: tuple[str, str]) -> Material:
    found = Material(path.name or str(path), kinds)
    folders, notes = split_folders(path)
    for folder, held in folders:
        reading = read(folder)
        for item in reading:
            label, slash, _ = item.id.partition("/")
            _add(found, item, f"{folder.name}/{item.id}", label_of(label) if slash else "")
        if held is not None:
            before = found.held or []
            found.held = [*before, *[held] * (len(found.items) - len(before))]
        _tell(found, reading, f"{folder.name}/")
    found.notes += notes
    return found


def _add(found: Material, item: Item, id: str, label: str) -> None:
    """One more item, with the first part of each kind."""
    parts: dict[str, Any] = {kind: item.parts[kind] for kind in found.kinds if kind in item.parts}
    found.items.append(Item(id, Parts(**parts)))
    found.classes.append(label)
    found.more += sum(kind_of(name) in parts and name not in parts for name in item.parts)


def _tell(found: Material, reading: Reading, place: str) -> None:
    found.notes += [f"{place}: {note}".removeprefix(": ") for note in reading.notes]
    for failures in (reading.failed, reading.partial):
        for failure in failures:
            found.failed.add(f"{place}{failure.name}", failure.reason)
