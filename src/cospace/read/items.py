"""Items: one row becomes one `Item`, or a reason why not."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cospace.errors import BadItem, EmptyItem
from cospace.item import Image, Item, Parts, check_id
from cospace.read.cells import Kind, value_of
from cospace.read.columns import Columns
from cospace.read.metadata import check_metadata
from cospace.read.reading import Failures
from cospace.read.regular import shown
from cospace.read.rows import Row, is_url
from cospace.read.texts import check_text, is_blank

__all__ = ["Maker"]


class Maker:
    """Makes items from rows: the columns say what is what, `kinds` types the cells of a CSV."""

    def __init__(self, columns: Columns, folder: Path, kinds: Mapping[str, Kind] | None) -> None:
        self._columns = columns
        self._folder = folder
        self._kinds = kinds
        self._home = os.path.realpath(folder)

    def __call__(self, row: Row, partial: Failures) -> Item:
        """The item of one row.

        A photo that is missing is reported in `partial`, and the item keeps its text.

        Raises `BadItem` for a row that gives no item.
        """
        assert not isinstance(row.values, str)
        values = row.values
        key = self._id(row)
        text = self._text(values)
        image, missing = self._image(values)
        if text is None and image is None:
            if missing:
                raise EmptyItem(row.name, f"{missing}, and there is no text")
            raise EmptyItem(row.name, "holds neither text nor image")
        metadata = check_metadata(self._metadata(values), row.name)
        item = Item(key, Parts(text=text, image=image), metadata)
        if missing:
            partial.add(row.name, f"{missing}; kept without it")
        return item

    def _id(self, row: Row) -> str:
        column = self._columns.id
        if column is None:
            return f"row-{row.number:06d}"
        assert not isinstance(row.values, str)
        value = row.values.get(column)
        if value is None or (isinstance(value, str) and not value):
            raise BadItem(row.name, f"has no id in column {column!r}")
        if isinstance(value, int) and not isinstance(value, bool):
            value = str(value)
        try:
            return check_id(value)
        except BadItem as error:
            raise BadItem(row.name, f"column {column!r}: {error.reason}") from None

    def _text(self, values: Mapping[str, Any]) -> str | None:
        if self._columns.text is None:
            return None
        text = self._columns.text.render(values)
        return None if is_blank(text) else check_text(text)

    def _image(self, values: Mapping[str, Any]) -> tuple[Image | None, str]:
        """The image of a row, and what to say where its file is missing."""
        column = self._columns.image
        value = None if column is None else values.get(column)
        if isinstance(value, Mapping):  # as data sets of images store them
            value = value.get("bytes") or value.get("path")
        if value is None or (isinstance(value, (str, bytes)) and not value):
            return None, ""
        if isinstance(value, Image):
            return value, ""
        if isinstance(value, (bytes, bytearray, memoryview)):
            return Image(bytes(value)), ""
        if isinstance(value, os.PathLike):
            value = os.fspath(value)
        if not isinstance(value, str):
            kind = type(value).__name__
            raise BadItem("", f"column {column!r} holds {kind}; an image is a path or bytes")
        if not value.strip():
            return None, ""
        return self._file(value)

    def _file(self, value: str) -> tuple[Image | None, str]:
        """The image at a path that stays inside the table's folder."""
        if is_url(value):
            raise BadItem(
                "",
                f"the image is a URL ({shown(value)[:80]}), which is never fetched: download"
                " it and write its path",
            )
        try:
            real = os.path.realpath(Path(self._folder, value))
            status = Path(real).stat() if _inside(real, self._home) else None
        except (FileNotFoundError, NotADirectoryError):
            return None, f"photo missing: {shown(value)[:200]}"
        except (OSError, ValueError) as error:
            raise BadItem("", f"the image's path cannot be used: {shown(error)[:200]}") from None
        if status is None:
            raise BadItem(
                "",
                f"the image {shown(value)[:200]} lies outside {shown(self._home)}; for a"
                " file elsewhere, pass dicts with Image(path)",
            )
        if not stat.S_ISREG(status.st_mode):
            raise BadItem("", f"the image {shown(value)[:200]} is not a regular file")
        return Image(Path(real)), ""

    def _metadata(self, values: Mapping[str, Any]) -> dict[str, Any]:
        columns, kept = self._columns, {}
        for name, value in values.items():
            if not isinstance(name, str) or not columns.keeps(name):
                if not isinstance(name, str) and columns.keep is None:
                    kept[name] = value  # for the check to refuse, with its reason
                continue
            if isinstance(value, (bytes, bytearray, memoryview)):
                raise BadItem("", f"column {name!r} holds bytes; only the image column may")
            kept[name] = value if self._kinds is None else self._typed(name, value)
        if columns.location is not None:
            place = _place(values, *columns.location)
            if place is not None:
                kept["location"] = place
        return kept

    def _typed(self, name: str, cell: str) -> Any:
        assert self._kinds is not None
        try:
            return value_of(cell, self._kinds.get(name, "str"))
        except ValueError as error:
            raise BadItem("", f"column {name!r}: {error}") from None


def _inside(real: str, home: str) -> bool:
    """True when a resolved path lies below a resolved folder."""
    return real.startswith(home.rstrip(os.sep) + os.sep)


def _place(values: Mapping[str, Any], *columns: str) -> dict[str, float] | None:
    """Latitude and longitude in degrees, or None where both are empty."""
    found = [values.get(column) for column in columns]
    empty = [v is None or (isinstance(v, str) and not v.strip()) for v in found]
    if all(empty):
        return None
    place = {}
    for key, column, value, most in zip(("lat", "lon"), columns, found, (90, 180), strict=True):
        try:
            degrees = float(value) if not isinstance(value, bool) else float("nan")  # type: ignore[arg-type]
        except (TypeError, ValueError, OverflowError):
            degrees = float("nan")
        if not -most <= degrees <= most:
            raise BadItem(
                "", f"column {column!r} holds {value!r:.40}, not -{most} to {most} degrees"
            )
        place[key] = degrees
    return place
