"""Rows: what every source of this folder gives, before a row becomes an item."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from cospace.item import Image
from cospace.read.cells import Kind, column_kind, kind_of

__all__ = ["IMAGE_SUFFIXES", "Row", "Sample", "Source", "is_url"]

IMAGE_SUFFIXES = frozenset(
    {".jpg", ".jpeg", ".jpe", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff"}
)


class Row(NamedTuple):
    """One row: how an error calls it, its number from 1, and its values or why it is bad."""

    name: str
    number: int
    values: Mapping[str, Any] | str


class Source(Protocol):
    """Where rows come from. `rows()` starts again at each call.

    `cells` is true where values are the untyped text of a CSV; `folder` is where relative
    paths of images start; `sample` is what the first rows showed.
    """

    name: str
    cells: bool
    folder: Path
    notes: list[str]
    sample: Sample
    total: int | None

    def rows(self) -> Iterator[Row]:
        """Every row, good or bad, in order."""
        ...

    def choose(self, columns: set[str]) -> None:
        """Only these columns will be used; a source may save itself the others."""
        ...


@dataclass
class Column:
    """What the first rows say about one column: counts of kinds, and of image-like values."""

    kinds: Counter[Kind] = field(default_factory=Counter)
    filled: int = 0
    images: int = 0
    urls: int = 0


@dataclass
class Sample:
    """The columns of a source in order, and what their first values look like."""

    columns: dict[str, Column] = field(default_factory=dict)
    rows: int = 0

    @property
    def names(self) -> list[str]:
        """The names of the columns, in order."""
        return list(self.columns)

    def add(self, values: Mapping[str, Any], *, cells: bool) -> None:
        """Count one row in; `cells` says that its values are untyped text."""
        self.rows += 1
        for name, value in values.items():
            if not isinstance(name, str):
                continue  # the metadata check will say so
            column = self.columns.setdefault(name, Column())
            if value is None or (isinstance(value, str) and not value.strip()):
                continue
            column.filled += 1
            if cells:
                column.kinds[kind_of(value)] += 1
            column.urls += isinstance(value, str) and is_url(value)
            column.images += _is_image(value)

    def kinds(self) -> dict[str, Kind]:
        """The type of each column of a CSV."""
        return {name: column_kind(column.kinds) for name, column in self.columns.items()}


def is_url(value: str) -> bool:
    """True for what a browser would fetch: ``http://...``, ``data:...``, ``//host/...``.

    >>> is_url("https://example.org/a.jpg"), is_url("photos/a.jpg")
    (True, False)
    """
    head = value.lstrip()[:40].lower()
    return "://" in head or head.startswith(("data:", "//", "\\\\"))


def _is_image(value: Any) -> bool:
    """True for a value that can stand in a column of images."""
    if isinstance(value, (str, os.PathLike)):
        text = os.fspath(value)
        return isinstance(text, str) and not is_url(text) and _suffix(text) in IMAGE_SUFFIXES
    if isinstance(value, Mapping):
        return isinstance(value.get("bytes"), bytes)
    return isinstance(value, (bytes, Image))


def _suffix(path: str) -> str:
    return os.path.splitext(path)[1].lower()  # noqa: PTH122 - far quicker than a Path for each cell
