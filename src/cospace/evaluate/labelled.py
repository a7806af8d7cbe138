"""Items with a class each: a folder of folders, or a table with a column of labels."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

from cospace.errors import BadArgument, NotFound
from cospace.item import Item, Parts
from cospace.read import Failures, read
from cospace.read.regular import listed
from cospace.read.sources import find_source

__all__ = ["Labelled", "Pictures", "Source", "Table", "label_of", "source_of", "split_folders"]

# Folders of a data set that comes split: what is trained on, and what may be held out.
_TRAIN, _HELD = "train", ("test", "validation", "valid", "val")


@dataclass(slots=True)
class Labelled:
    """Items of one kind in a fixed order, each with its class; those to train on come first.

    `held` says which are held out where the data comes split, and is None where it does not.
    `notes` and `failed` tell what was left out.
    """

    name: str
    kind: str
    items: list[Item] = field(default_factory=list)
    classes: list[str] = field(default_factory=list)
    held: list[bool] | None = None
    notes: list[str] = field(default_factory=list)
    failed: Failures = field(default_factory=Failures)

    def add(self, item: Item, label: str) -> None:
        """One more item, with only the part that is compared."""
        self.items.append(Item(item.id, Parts(**{self.kind: item.parts[self.kind]})))
        self.classes.append(label)


@dataclass(frozen=True, slots=True)
class Pictures:
    """A folder of images that has one subfolder for each class.

    A folder with subfolders train/ and test/ (or validation/, valid/, val/), and those of the
    classes below them, comes split.
    """

    folder: str | os.PathLike[str]

    def read(self) -> Labelled:
        """The images; those that lie outside the folder of a class are counted.

        Raises `NotFound` for a folder that is missing, `EmptyItem` for one without images.
        """
        return _read_folder(Path(self.folder))


@dataclass(frozen=True, slots=True)
class Table:
    """A table with a column of labels, and a column of texts or of the paths of images.

    `text` may be a template such as ``"{title}. {description}"``. The table may be of any form
    that `cospace.read` takes.

    Raises `BadArgument` unless one of `text` and `image` is given.
    """

    file: str | os.PathLike[str]
    label: str
    text: str | None = None
    image: str | None = None

    def __post_init__(self) -> None:
        if (self.text is None) == (self.image is None):
            raise BadArgument("name the column to compare on: either text= or image=")
        if self.label in (self.text, self.image):
            raise BadArgument(
                f"the label {self.label!r} cannot be the column of texts or images too"
            )

    def read(self) -> Labelled:
        """The items; rows without a label are counted. Raises as `cospace.read` does."""
        return _read_table(self)


Source: TypeAlias = "Pictures | Table"


def source_of(record: Mapping[str, Any]) -> Source:
    """The source of a record that `dataclasses.asdict` made."""
    return Table(**record) if "file" in record else Pictures(**record)


def split_folders(path: Path) -> tuple[list[tuple[Path, bool | None]], list[str]]:
    """The folders that hold those of the classes, each with whether it is held out, and notes.

    It is `path` itself, with None, unless the data comes split. Raises `NotFound`.
    """
    if not path.is_dir():
        raise NotFound(f"{path}: there is no such folder")
    below = sorted(p.name for p in path.iterdir() if p.is_dir() and not p.name.startswith("."))
    held = next((name for name in _HELD if name in below), None)
    if _TRAIN not in below or held is None:
        return [(path, None)], []
    left = ", ".join(name for name in below if name not in (_TRAIN, held))
    notes = [f"folders beside {_TRAIN}/ and {held}/, not used: {left}"] if left else []
    return [(path / _TRAIN, False), (path / held, True)], notes


def _read_folder(path: Path) -> Labelled:
    found = Labelled(path.name or str(path), "image")
    folders, notes = split_folders(path)
    for folder, held in folders:
        before = len(found.items)
        _add_below(found, folder)
        if held is not None:
            found.held = [*(found.held or []), *[held] * (len(found.items) - before)]
    found.notes += notes
    return found


def _add_below(found: Labelled, path: Path) -> None:
    reading = read(path)
    others: Counter[str] = Counter()
    for item in reading:
        label, slash, _ = item.id.partition("/")
        if "image" not in item.parts:
            others["texts"] += 1
        elif not slash:
            others["images outside the folder of a class"] += 1
        else:
            # The name of the part keeps train/hat/1.jpg apart from test/hat/1.jpg.
            found.add(Item(f"{path.name}/{item.id}", item.parts), label_of(label))
    found.notes += [f"{what}, left out: {count:,}" for what, count in others.items()]
    found.notes += [f"{path.name}/: {note}" for note in reading.notes]
    for failure in reading.failed:
        found.failed.add(f"{path.name}/{failure.name}", failure.reason)


def _read_table(table: Table) -> Labelled:
    kind, label = "image" if table.text is None else "text", table.label
    columns = find_source(table.file).sample.names
    if label not in columns:
        has = listed(columns, 12)
        raise BadArgument(f"{table.file}: there is no column {label!r} of labels; it has {has}")
    reading = read(table.file, text=table.text, image=table.image, metadata=[label])
    found = Labelled(reading.name, kind)
    without: Counter[str] = Counter()
    seen: set[str] = set()
    for row, item in enumerate(reading, start=1):
        value = label_of(item.metadata.get(label))
        if kind not in item.parts:
            without[f"rows without {kind}, left out"] += 1
        elif not value:
            without[f"rows without {label}, left out"] += 1
        else:
            # What has an id that stood before is kept, under a name that is the same in each pass.
            key = f"{item.id} (again, {row})" if item.id in seen else item.id
            seen.add(item.id)
            found.add(Item(key, item.parts), value)
    found.notes += [f"{what}: {count:,}" for what, count in without.items()]
    found.failed = reading.failed
    return found


def label_of(value: Any) -> str:
    """The name of a class: "wing chair" for " wing  chair" too."""
    return "" if value is None else " ".join(str(value).split())
