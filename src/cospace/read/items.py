"""Items: one row becomes one `Item`, or a reason why not."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from cospace.errors import BadItem, EmptyItem
from cospace.item import Item, Part, Parts, check_id, kind_of
from cospace.limits import limit
from cospace.outline import Outline
from cospace.read.amounts import amount_of
from cospace.read.clean import clean
from cospace.read.columns import Columns
from cospace.read.folders import LOST, OUTLINE
from cospace.read.forms import Forms
from cospace.read.metadata import sift_metadata
from cospace.read.photofiles import Missing, Photos
from cospace.read.photos import pictures_in
from cospace.read.reading import Pass
from cospace.read.rows import Row
from cospace.read.texts import check_text, is_blank
from cospace.read.told import SEVERAL_PHOTOS

__all__ = ["Maker"]

_EXACT = 2**53  # whole numbers below are exact as float64


class Maker:
    """Makes items from rows: the columns say what is what, `forms` what cells become.

    Rows of a folder have no `forms`, and are taken as they are. `tell` is called with what no row
    of the sample has shown. With `changes` an item needs neither text nor image: it holds what
    changes of a stored one. With `chunks` its text may be long, and it has an outline. `photos`
    finds the files that cells name.
    """

    def __init__(
        self,
        columns: Columns,
        photos: Photos,
        forms: Forms | None,
        *,
        cells: bool = False,
        tell: Callable[[str, str], None] = lambda _kind, _note: None,
        changes: bool = False,
        chunks: bool = False,
    ) -> None:
        self._columns = columns
        self._changes = changes
        self._chunks = chunks
        self._photos = photos
        self._forms = forms
        self._cells = cells
        self._tell = tell
        self._raw = {name for name in (columns.id, *columns.files) if name is not None}

    def __call__(self, row: Row, met: Pass) -> Item:
        """The item of one row.

        A photo that cannot be used, and a cell of metadata that cannot be kept, are left out and
        reported in `met`; the item keeps the rest.

        Raises `BadItem` for a row that gives no item.
        """
        assert not isinstance(row.values, str)
        values: Mapping[str, Any] = row.values
        if self._forms is not None:
            values = clean(values, cells=self._cells, raw=self._raw, tell=self._tell)
        key = self._id(row.name, values)
        text = self._text(values)
        found, odd = self._metadata(values)
        missing: list[tuple[str, Missing]] = []
        lost: dict[str, str] = {}
        images = self._images(values, found, lost, missing)
        signals = self._signals(values, lost, missing)
        odd |= lost
        if text is None and not images and not signals and not self._changes:
            if missing:
                met.unread.append(key or self._made_id(text, values, met))
                reason = missing[0][1].reason
                raise EmptyItem(row.name, f"{reason}, and there is no text")
            # A file of a folder is of one kind; a table could have given any.
            kinds = ["text", "image", *(self._columns.signals if self._forms is not None else ())]
            raise EmptyItem(row.name, f"holds neither {' nor '.join(kinds)}")
        self._fit(found)
        metadata, unfit = sift_metadata(found, row.name)
        odd |= {name: f"column {name!r}: {why}" for name, why in unfit.items()}
        parts = Parts(text=text, image=images, **signals)
        item = Item(key or self._made_id(text, values, met), parts, metadata)
        if away := _away(missing):
            object.__setattr__(item, "missing", away)
        if self._chunks:
            outline = values.get(OUTLINE) if self._forms is None else None
            object.__setattr__(item, "outline", outline or Outline())
        if self._forms is None and values.get(LOST):
            met.partial.add(row.name, values[LOST])
        if odd:
            told = "; ".join(odd.values())
            told = f"{told}; read without {'it' if len(odd) == 1 else 'them'}"
            kept = odd.keys() == lost.keys() and all(one.path for _, one in missing)
            met.leave_out(row.name, told, list(odd), item.id if kept else "")
        return item

    def _made_id(self, text: str | None, values: Mapping[str, Any], met: Pass) -> str:
        """An id of the text and the files, so that it stays when rows come and go around it."""
        digest = hashlib.sha256(f"{text or ''}\0".encode())
        for name in self._columns.files:
            digest.update(_bytes_of(values.get(name)))
        id = f"row-{digest.hexdigest()[:16]}"
        met.ids[id] += 1
        return id if met.ids[id] == 1 else f"{id}-{met.ids[id]}"

    def _id(self, name: str, values: Mapping[str, Any]) -> str | None:
        """The id in the row's column of ids; None where there is no such column."""
        column = self._columns.id
        if column is None:
            return None
        value = values.get(column)
        if value is None or (isinstance(value, str) and not value):
            raise BadItem(name, f"has no id in column {column!r}")
        if isinstance(value, float) and value.is_integer() and abs(value) < _EXACT:
            told = f"column {column!r}: ids such as {value} are read as {int(value)}"
            self._tell("whole ids", told)  # a missing one makes fractions of a frame's numbers
            value = int(value)
        if isinstance(value, int) and not isinstance(value, bool):
            value = str(value)
        try:
            return check_id(value)
        except BadItem as error:
            raise BadItem(name, f"column {column!r}: {error.reason}") from None

    def _text(self, values: Mapping[str, Any]) -> str | None:
        if self._columns.text is None:
            return None
        text = self._columns.text.render(values)
        most = "document_chars" if self._chunks else "text_chars"
        return None if is_blank(text) else check_text(text, most=most)

    def _images(
        self,
        values: Mapping[str, Any],
        kept: dict[str, Any],
        odd: dict[str, str],
        missing: list[tuple[str, Missing]],
    ) -> list[Part]:
        """The photos of a row, each once; those that cannot be used go to `missing`.

        The paths of all are kept where there are several, and what is wrong told in `odd`.
        """
        images: list[Part] = []
        written: list[str] = []
        for column in self._columns.images:
            value = values.get(column)
            for one in pictures_in(value) if self._forms is not None else [value]:
                found = self._photos.find(one, column, several=bool(images or written))
                if isinstance(one, (str, os.PathLike)):
                    written.append(os.fspath(one))
                if isinstance(found, Missing):
                    missing.append(("image", found))
                    odd[column] = (
                        f"{odd[column]}; {found.reason}" if column in odd else found.reason
                    )
                elif found is not None and found.path not in [i.path for i in images if i.path]:
                    images.append(found)
        if len(written) > 1 and self._columns.keep is None:
            self._tell(*SEVERAL_PHOTOS)
            if "photos" in kept:
                self._tell(
                    "photos", "column 'photos' is kept as it is, not the paths of all photos"
                )
            else:
                kept["photos"] = written
        return images

    def _signals(
        self,
        values: Mapping[str, Any],
        odd: dict[str, str],
        missing: list[tuple[str, Missing]],
    ) -> dict[str, Part]:
        """The recording, the video, ... of a row; one that cannot be used goes to `missing`."""
        parts: dict[str, Part] = {}
        for kind, column in self._columns.signals.items():
            found = self._photos.find(_one_file(values.get(column)), column, kind)
            if isinstance(found, Missing):
                missing.append((kind, found))
                odd[column] = found.reason
            elif found is not None:
                parts[kind] = found
        return parts

    def _metadata(self, values: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
        """The values to keep, and by column why others cannot be."""
        columns, forms = self._columns, self._forms
        kept: dict[Any, Any] = {}
        odd: dict[str, str] = {}
        for name, value in values.items():
            if not isinstance(name, str) or not columns.keeps(name):
                if not isinstance(name, str) and columns.keep is None:
                    kept[name] = value  # for the check to refuse, with its reason
                continue
            if isinstance(value, (bytes, bytearray, memoryview)):
                odd[name] = f"column {name!r} holds bytes; only a column of files may"
            elif forms is None:
                kept[name] = value
            else:
                try:
                    kept.update(forms.values(name, value))
                except ValueError as error:
                    odd[name] = f"column {name!r}: {error}"
        if columns.location is not None:
            place = _place(values, *columns.location)
            if isinstance(place, _Odd):
                odd[place.column] = place.reason
            elif place is not None:
                kept["location"] = place
        return kept, odd

    def _fit(self, kept: dict[Any, Any]) -> None:
        """Leave out the last columns of a row that fills more than metadata holds, and say so."""
        most = limit("metadata_keys")
        for name in list(kept)[most:]:
            del kept[name]
            self._tell(
                f"wide {name}",
                f"column {name!r} is left out of rows that fill more than {most} columns; name"
                " those to keep with metadata=[...]",
            )


class _Odd(NamedTuple):
    """A cell that cannot be kept: its column, and why."""

    column: str
    reason: str


def _away(missing: list[tuple[str, Missing]]) -> dict[str, str]:
    """By the name of the part, the paths of those that cannot be used."""
    named: dict[str, str] = {}
    for kind, one in missing:
        if one.path:
            count = sum(kind_of(name) == kind for name in named)
            named[f"{kind} {count + 1}" if count else kind] = one.path
    return named


def _one_file(value: Any) -> Any:
    """The path or the bytes in a cell; datasets write an object of both."""
    if isinstance(value, Mapping):
        return value.get("bytes") or value.get("path")
    return value.strip() if isinstance(value, str) else value


def _bytes_of(image: Any) -> bytes:
    """What tells the images of two rows apart: the path as it is written, or the content."""
    if isinstance(image, Mapping):
        image = image.get("bytes") or image.get("path")
    if isinstance(image, Part):
        image = image.source
    if isinstance(image, (bytes, bytearray, memoryview)):
        return bytes(image)
    if hasattr(image, "tobytes"):  # an array or a PIL image
        return bytes(image.tobytes())
    return str("" if image is None else image).strip().encode("utf-8", "surrogatepass")


def _place(values: Mapping[str, Any], *columns: str) -> dict[str, float] | _Odd | None:
    """Latitude and longitude in degrees, or None where both are empty."""
    found = [values.get(column) for column in columns]
    empty = [v is None or (isinstance(v, str) and not v.strip()) for v in found]
    if all(empty):
        return None
    place = {}
    for key, column, value, most in zip(("lat", "lon"), columns, found, (90, 180), strict=True):
        try:
            degrees = _degrees(value)
        except (TypeError, ValueError, OverflowError):
            degrees = float("nan")
        if not -most <= degrees <= most:
            why = f"column {column!r} holds {value!r:.40}, not -{most} to {most} degrees"
            return _Odd(column, why)
        place[key] = degrees
    return place


def _degrees(value: Any) -> float:
    """A latitude or a longitude as a number, also where it has a decimal comma."""
    if isinstance(value, bool):
        return float("nan")
    if isinstance(value, str) and "," in value:
        found = amount_of(value)
        return float("nan") if found is None or found.currency else float(found.value(","))
    return float(value)
