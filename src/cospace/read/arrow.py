"""Arrow: columns of typed cells as Python values, and as rows. For Parquet and for frames."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from cospace.read.dates import iso
from cospace.read.metadata import number_of
from cospace.read.regular import shown

__all__ = ["batch_size", "rows_of", "values_of"]

# Small batches bound the memory; images as bytes are large, so they come a few at a time.
_BATCH, _BATCH_OF_BYTES = 256, 8


class _Unreadable(str):
    """Why one cell could not be turned into a Python value."""

    __slots__ = ()


def batch_size(kinds: Sequence[Any]) -> int:
    """How many rows of columns of these Arrow types are turned into Python values at once."""
    from pyarrow import types

    are = (types.is_binary, types.is_large_binary, types.is_binary_view)
    heavy = any(is_one(kind) for kind in _leaves(kinds) for is_one in are)
    return _BATCH_OF_BYTES if heavy else _BATCH


def _leaves(kinds: Sequence[Any]) -> Iterator[Any]:
    """The types themselves, and those of the fields of structs."""
    for kind in kinds:
        yield kind
        if kind.num_fields:
            yield from _leaves([kind.field(i).type for i in range(kind.num_fields)])


def values_of(column: Any) -> list[Any]:
    """The column as Python values; a cell that has none costs its row, see `rows_of`.

    Dates and times become ISO 8601 strings, decimals floats, or whole numbers where they have no
    fraction.
    """
    import pyarrow as pa

    if pa.types.is_timestamp(column.type) and column.type.unit == "ns":
        # Python's datetime has no nanoseconds; they are cut to microseconds.
        column = column.cast(pa.timestamp("us", column.type.tz), safe=False)
    try:
        return [_plain(value) for value in column.to_pylist()]
    except Exception:  # noqa: BLE001 - one value out of range must not cost the batch
        return [_one(column, row) for row in range(len(column))]


def rows_of(
    names: Sequence[str], columns: Sequence[list[Any]], count: int
) -> list[dict[str, Any] | str]:
    """The rows of columns of `count` cells: each a dict, or why it cannot be read."""
    cells = zip(*columns, strict=True) if columns else iter([()] * count)
    return [_row(dict(zip(names, row, strict=True))) for row in cells]


def _one(column: Any, row: int) -> Any:
    """One cell, or why it cannot be read."""
    try:
        return _plain(column[row].as_py())
    except Exception as error:  # noqa: BLE001 - as above
        return _Unreadable(shown(error)[:200])


def _plain(value: Any) -> Any:
    """A value that metadata can hold, where there is one."""
    if isinstance(value, (datetime, date)):
        return iso(value)
    if isinstance(value, time):
        return value.isoformat()
    if isinstance(value, Decimal):
        return number_of(value)
    if isinstance(value, list):
        return [_plain(v) for v in value]
    if isinstance(value, dict):
        return {k: _plain(v) for k, v in value.items()}
    return value


def _row(values: dict[str, Any]) -> dict[str, Any] | str:
    for name, value in values.items():
        if isinstance(value, _Unreadable):
            return f"column {name!r} cannot be read: {value}"
    return values
