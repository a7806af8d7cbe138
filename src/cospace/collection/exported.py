"""Rows of an exported file, back: each field of each is checked as if a stranger had written it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from cospace.errors import BadInput, BadItem, BadVector
from cospace.item import Part, check_id, kind_of
from cospace.read.metadata import check_metadata
from cospace.read.texts import check_text
from cospace.space import Space
from cospace.store.protocol import Row
from cospace.vectors import Vectors

__all__ = ["FIELDS", "checked_columns", "checked_rows", "vector_column"]

FIELDS = ("id", "text", "metadata", "media", "hash", "reason")


def vector_column(field: str) -> str:
    """The column that holds the vectors of a field."""
    return f"vector_{field}"


def checked_columns(path: Path, schema: pa.Schema, space: Space) -> None:
    """Raises `BadInput` for a column that an export of this space has not, or lacks."""
    wanted = {*FIELDS, *map(vector_column, space.kinds)}
    names = list(schema.names)
    for name in names:
        if name not in wanted or names.count(name) > 1:
            what = (
                "stands there twice" if name in wanted else "is none that `cospace export` writes"
            )
            raise BadInput(f"{path}: the column {name!r} {what}")
    if missing := sorted(wanted.difference(names)):
        raise BadInput(f"{path}: the column {missing[0]!r} is missing")
    for name in map(vector_column, space.kinds):
        kind = schema.field(name).type
        lists = pa.types.is_list(kind) or pa.types.is_fixed_size_list(kind)
        if not lists or not pa.types.is_floating(kind.value_type):
            raise BadInput(f"{path}: the column {name!r} holds {kind}, not lists of floats")


def checked_rows(
    path: Path, batch: pa.RecordBatch, space: Space, before: int, *, bare: bool = False
) -> list[Row]:
    """The rows of a batch that stands behind `before` rows of the file.

    With `bare` a row may have a reason in place of vectors.

    Raises `BadItem` that names the row in the file, from 1, and the field that is wrong, and
    `BadVector` with the row and the column of the vector.
    """
    columns = [_values(path, batch, name, before) for name in FIELDS]
    rows = [
        _row(f"{path}, row {number:,}", dict(zip(FIELDS, values, strict=True)))
        for number, values in enumerate(zip(*columns, strict=True), start=before + 1)
    ]
    for field in space.kinds:
        for position, vector in _vectors(path, batch, field, space, before):
            names = [field, *(f"{field} {n}" for n in range(2, len(vector) + 1))]
            rows[position].vectors = {
                **rows[position].vectors,
                **dict(zip(names, vector, strict=True)),
            }
    for number, row in enumerate(rows, start=before + 1):
        if not row.vectors and not (bare and row.reason):
            raise BadItem(f"{path}, row {number:,}", f"{row.id!r} has no vector")
    return rows


def _values(path: Path, batch: pa.RecordBatch, name: str, before: int) -> list[Any]:
    """The values of a column; what is no UTF-8 is found only now."""
    column = batch.column(name)
    try:
        return list(column.to_pylist())
    except ValueError:
        for number, value in enumerate(column, start=before + 1):
            _checked(f"{path}, row {number:,}", name, value.as_py)
        raise


def _row(place: str, values: dict[str, Any]) -> Row:
    """A row without its vectors."""
    reason = _checked(place, "reason", _str, values["reason"])
    return Row(
        _checked(place, "id", check_id, values["id"]),
        _checked(place, "text", _text, values["text"], bool(reason)),
        _checked(place, "metadata", _metadata, values["metadata"]),
        _checked(place, "media", _media, values["media"]),
        {},
        _checked(place, "hash", _bytes, values["hash"]),
        reason,
    )


def _checked(place: str, name: str, check: Callable[..., Any], *given: Any) -> Any:
    """What `check` gives; its error names the row and the field."""
    try:
        return check(*given)
    except BadItem as error:
        raise BadItem(f"{place}, {name}", error.reason) from error
    except UnicodeError as error:
        raise BadItem(f"{place}, {name}", f"not valid Unicode ({error})") from error


def _str(value: Any) -> str:
    if not isinstance(value, str):
        raise BadItem("", f"expected a str, not {value!r:.80}")
    return value


def _bytes(value: Any) -> bytes:
    if not isinstance(value, bytes):
        raise BadItem("", f"expected bytes, not {value!r:.80}")
    return value


def _text(value: Any, failed: bool) -> str | None:
    """A text that can be encoded; any, where a part `failed` to be and was kept as it came."""
    if value is None:
        return None
    return _str(value) if failed else check_text(_str(value))


def _parsed(value: Any) -> Any:
    text = _str(value)
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadItem("", f"not JSON ({error})"[:200]) from error


def _metadata(value: Any) -> dict[str, Any]:
    return check_metadata(_parsed(value))


def _media(value: Any) -> dict[str, str]:
    """The path of each part that came from a file."""
    media = _parsed(value)
    if not isinstance(media, dict):
        raise BadItem("", f"expected an object of kinds and paths, not {value:.80}")
    for kind, file in media.items():
        name = kind_of(kind)
        if kind != name and (name != "image" or not re.fullmatch(r"image [1-9]\d*", kind)):
            raise BadItem("", f"{kind!r:.80} is no name of a part")
        Part(name, file)  # it knows what a kind is
        if kind == "text":
            raise BadItem("", "a text has no file")
        if not isinstance(file, str) or not file or "\x00" in file:
            raise BadItem(
                "", f"the path of {kind!r} is a str that a file can have, not {file!r:.80}"
            )
        file.encode()
    return media


def _vectors(
    path: Path, batch: pa.RecordBatch, field: str, space: Space, before: int
) -> list[tuple[int, NDArray[np.float32]]]:
    """(position in the batch, unit float32 [m, dim]) of the vectors that are there.

    An item has m photos, one behind the other; one vector of anything else.
    """
    name = vector_column(field)
    column = batch.column(name)
    sizes = pc.list_value_length(column).to_pylist()
    there = [position for position, size in enumerate(sizes) if size is not None]
    for position in there:
        whole = sizes[position] % space.dim == 0 and sizes[position] and field == "image"
        if sizes[position] != space.dim and not whole:
            raise BadVector(
                f"{path}, row {before + position + 1:,}, {name}: it has {sizes[position]:,}"
                f" numbers; {space} has {space.dim}",
                row=before + position + 1,
            )
    if not there:
        return []
    owner = [position for position in there for _ in range(sizes[position] // space.dim)]
    array = column.flatten().to_numpy(zero_copy_only=False)  # null is NaN
    try:
        unit = Vectors(array.reshape(-1, space.dim), space).normalized
    except BadVector as error:
        number = before + owner[error.row or 0] + 1
        what = str(error).replace(f"row {error.row}", "it", 1)  # that is the row of the array
        raise BadVector(
            f"{path}, row {number:,}, {name}: {what}", row=number, column=error.column
        ) from error
    ends = np.cumsum([sizes[position] // space.dim for position in there])
    return list(zip(there, np.split(unit, ends[:-1]), strict=True))
