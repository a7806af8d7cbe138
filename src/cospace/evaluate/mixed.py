"""What a cross-modal evaluation reads: items with several kinds of parts, and their labels."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cospace.encode import Encoder
from cospace.errors import BadArgument
from cospace.evaluate.alone import Measured
from cospace.evaluate.labelled import Pictures
from cospace.item import Item
from cospace.read import Failures, read

__all__ = ["Mixed", "Seen", "read_mixed"]


@dataclass(slots=True)
class Mixed:
    """Items in order. `labels` and `held` (out) are by id; None where the source has none."""

    name: str
    items: list[Item] = field(default_factory=list)
    labels: dict[str, str] | None = None
    held: dict[str, bool] | None = None
    notes: list[str] = field(default_factory=list)
    failed: Failures = field(default_factory=Failures)

    @staticmethod
    def text(item: Item) -> str:
        """The item's text, its spaces made one; "" without."""
        return " ".join((item.parts.text or "").split())


@dataclass(slots=True)
class Seen:
    """What one model gave: rows by id for each kind but text; by text and role for texts."""

    name: str
    encoder: Encoder
    measured: dict[str, Measured]
    texts: dict[str, dict[str, NDArray[np.float32]]]
    bad: dict[str, str]
    truncated: int

    @property
    def dim(self) -> int:
        """The numbers in a vector."""
        return self.encoder.space.dim


def read_mixed(
    source: str | os.PathLike[str],
    kinds: tuple[str, str],
    columns: Mapping[str, Any],
    label: str | None,
) -> Mixed:
    """The items of a source.

    Raises as `cospace.read` does, and `BadArgument` where there are no labels in `label`.
    """
    path = Path(source)
    if path.is_dir():
        if label is not None:
            raise BadArgument("a folder has no columns: its subfolders are the classes")
        return _folder(path, kinds)
    given = dict(columns)
    if label is not None and given.get("metadata") is not None:
        given["metadata"] = [*given["metadata"], label]
    reading = read(source, **given)
    found = Mixed(reading.name)
    labels: dict[str, str] = {}
    seen: set[str] = set()
    for row, item in enumerate(reading, start=1):
        key = f"{item.id} (again, {row})" if item.id in seen else item.id
        seen.add(item.id)
        found.items.append(Item(key, item.parts, item.metadata))
        value = item.metadata.get(label) if label is not None else None
        labels[key] = "" if value is None else " ".join(str(value).split())
    if label is not None:
        if not any(labels.values()):
            raise BadArgument(f"{reading.name}: there is no column {label!r} with labels in it")
        found.labels = labels
        without = sum(not one for one in labels.values())
        if without:
            found.notes.append(f"rows without {label}, not classified: {without:,}")
    found.notes += reading.notes
    found.failed = reading.failed
    return found


def _folder(path: Path, kinds: tuple[str, str]) -> Mixed:
    """A folder of images with texts beside them, or one with a subfolder for each class."""
    reading = read(path)
    found = Mixed(path.name or str(path), list(reading), notes=list(reading.notes))
    found.failed = reading.failed
    below = any(entry.is_dir() and not entry.name.startswith(".") for entry in path.iterdir())
    if "image" not in kinds or not below:
        return found
    pictures = Pictures(path).read()
    if len(set(pictures.classes)) < 2:
        return found
    split = pictures.held is not None
    prefix = "" if split else f"{path.name}/"
    ids = [item.id.removeprefix(prefix) for item in pictures.items]
    found.labels = dict(zip(ids, pictures.classes, strict=True))
    if pictures.held is not None:
        found.held = dict(zip(ids, pictures.held, strict=True))
        first = sorted(found.items, key=lambda item: found.held.get(item.id, True))  # type: ignore[union-attr]
        found.items = first  # a copy of what is trained on is not held out
    found.notes += pictures.notes
    return found
