"""Items: one row becomes one `Item`, or a reason why not."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from cospace.errors import BadItem, EmptyItem
from cospace.item import Image, Item, Parts, check_id
from cospace.read.cells import Kind, value_of
from cospace.read.columns import Columns
from cospace.read.metadata import sift_metadata
from cospace.read.reading import Pass
from cospace.read.regular import shown
from cospace.read.rows import Row, is_url
from cospace.read.texts import check_text, is_blank

__all__ = ["Maker"]


class Maker:
    """Makes items from rows: the columns say what is what, `kinds` types the cells of a CSV.

    With `changes` an item needs neither text nor image: it holds what changes of a stored one.
    """

    def __init__(
        self,
        columns: Columns,
        folder: Path,
        kinds: Mapping[str, Kind] | None,
        *,
        changes: bool = False,
    ) -> None:
        self._columns = columns
        self._changes = changes
        self._folder = folder
        self._kinds = kinds
        self._home = os.path.realpath(folder)

    def __call__(self, row: Row, met: Pass) -> Item:
        """The item of one row.

        A photo that cannot be used, and a cell of metadata that cannot be kept, are left out and
        reported in `met`; the item keeps the rest.

        Raises `BadItem` for a row that gives no item.
        """
        assert not isinstance(row.values, str)
        values = row.values
        key = self._id(row)
        text = self._text(values)
        image, missing = self._image(values)
        if text is None and image is None and not self._changes:
            if missing:
                met.unread.append(key or self._made_id(text, values, met))
                raise EmptyItem(row.name, f"{missing.reason}, and there is no text")
            raise EmptyItem(row.name, "holds neither text nor image")
        found, odd = self._metadata(values)
        metadata, unfit = sift_metadata(found, row.name)
        odd |= {name: f"column {name!r}: {why}" for name, why in unfit.items()}
        if missing:
            odd = {str(self._columns.image): missing.reason, **odd}
        item = Item(
            key or self._made_id(text, values, met), Parts(text=text, image=image), metadata
        )
        if missing and missing.path:
            object.__setattr__(item, "missing", {"image": missing.path})
        if odd:
            met.left_out.update(odd.keys())
            told = "; ".join(odd.values())
            met.partial.add(row.name, f"{told}; read without {'it' if len(odd) == 1 else 'them'}")
        return item

    def _made_id(self, text: str | None, values: Mapping[str, Any], met: Pass) -> str:
        """An id of the text and the image, so that it stays when rows come and go around it."""
        image = None if self._columns.image is None else values.get(self._columns.image)
        digest = hashlib.sha256(f"{text or ''}\0".encode())
        digest.update(_bytes_of(image))
        id = f"row-{digest.hexdigest()[:16]}"
        met.ids[id] += 1
        return id if met.ids[id] == 1 else f"{id}-{met.ids[id]}"

    def _id(self, row: Row) -> str | None:
        """The id in the row's column of ids; None where there is no such column."""
        column = self._columns.id
        if column is None:
            return None
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

    def _image(self, values: Mapping[str, Any]) -> tuple[Image | None, _Missing | None]:
        """The image of a row, or why it cannot be used."""
        column = self._columns.image
        value = None if column is None else values.get(column)
        if isinstance(value, Mapping):  # as data sets of images store them
            value = value.get("bytes") or value.get("path")
        if value is None or (isinstance(value, (str, bytes)) and not value):
            return None, None
        if isinstance(value, Image):
            return value, None
        if isinstance(value, (bytes, bytearray, memoryview)):
            return Image(bytes(value)), None
        if isinstance(value, os.PathLike):
            value = os.fspath(value)
        if not isinstance(value, str):
            kind = type(value).__name__
            why = f"column {column!r} holds {kind}; an image is a path or bytes"
            return None, _Missing(why)
        if not value.strip():
            return None, None
        found = self._file(value)
        return (None, found) if isinstance(found, _Missing) else (found, None)

    def _file(self, value: str) -> Image | _Missing:
        """The image at a path that stays inside the table's folder."""
        if is_url(value):
            return _Missing(
                f"the image is a URL ({shown(value)[:80]}), which is never fetched: download"
                " it and write its path",
            )
        real = ""
        try:
            real = os.path.realpath(Path(self._folder, value))
            if not _inside(real, self._home):
                return _Missing(
                    f"the image {shown(value)[:200]} lies outside {shown(self._home)}; for a"
                    " file elsewhere, pass dicts with Image(path)",
                    real,
                )
            status = Path(real).stat()
        except (FileNotFoundError, NotADirectoryError):
            return _Missing(f"photo missing: {shown(value)[:200]}", real)
        except (OSError, ValueError) as error:
            return _Missing(f"the image's path cannot be used: {shown(error)[:200]}", real)
        if not stat.S_ISREG(status.st_mode):
            return _Missing(f"the image {shown(value)[:200]} is not a regular file", real)
        return Image(Path(real))

    def _metadata(self, values: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
        """The values to keep, and by column why others cannot be."""
        columns = self._columns
        kept: dict[Any, Any] = {}
        odd: dict[str, str] = {}
        for name, value in values.items():
            if not isinstance(name, str) or not columns.keeps(name):
                if not isinstance(name, str) and columns.keep is None:
                    kept[name] = value  # for the check to refuse, with its reason
                continue
            if isinstance(value, (bytes, bytearray, memoryview)):
                odd[name] = f"column {name!r} holds bytes; only the image column may"
            elif self._kinds is None:
                kept[name] = value
            else:
                try:
                    kept[name] = value_of(value, self._kinds.get(name, "str"))
                except ValueError as error:
                    odd[name] = f"column {name!r}: {error}"
        if columns.location is not None:
            place = _place(values, *columns.location)
            if isinstance(place, _Odd):
                odd[place.column] = place.reason
            elif place is not None:
                kept["location"] = place
        return kept, odd


class _Missing(NamedTuple):
    """Why an image cannot be used, and its path, where there is one."""

    reason: str
    path: str = ""


class _Odd(NamedTuple):
    """A cell that cannot be kept: its column, and why."""

    column: str
    reason: str


def _bytes_of(image: Any) -> bytes:
    """What tells the images of two rows apart: the path as it is written, or the content."""
    if isinstance(image, Mapping):
        image = image.get("bytes") or image.get("path")
    if isinstance(image, Image):
        image = image.value
    if isinstance(image, (bytes, bytearray, memoryview)):
        return bytes(image)
    if hasattr(image, "tobytes"):  # an array or a PIL image
        return bytes(image.tobytes())
    return str("" if image is None else image).strip().encode("utf-8", "surrogatepass")


def _inside(real: str, home: str) -> bool:
    """True when a resolved path lies below a resolved folder."""
    return real.startswith(home.rstrip(os.sep) + os.sep)


def _place(values: Mapping[str, Any], *columns: str) -> dict[str, float] | _Odd | None:
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
            why = f"column {column!r} holds {value!r:.40}, not -{most} to {most} degrees"
            return _Odd(column, why)
        place[key] = degrees
    return place
