"""Parquet files: typed rows, read batch by batch, and only the columns that are used."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import Any

from cospace.errors import BadItem
from cospace.read.regular import open_regular, shown
from cospace.read.rows import Row, Sample

__all__ = ["Parquet"]

# Small batches bound the memory; images as bytes are large, so they come a few at a time.
_BATCH, _BATCH_OF_BYTES = 256, 8
_SAMPLE_ROWS = 100


class _Unreadable(str):
    """Why one cell could not be turned into a Python value."""

    __slots__ = ()


class Parquet:
    """Rows of a Parquet file.

    Numbers, bools, strings, lists and structs keep their types; dates and times become ISO
    8601 strings, decimals become floats. Bytes are for the column of images only.
    """

    cells = False

    def __init__(self, path: Path) -> None:
        self.name = shown(path.name)
        self.path = path
        self.folder = path.parent
        self.notes: list[str] = []
        self.sample = Sample()
        self.total: int | None = None
        self._columns: list[str] | None = None
        for row in islice(self.rows(), _SAMPLE_ROWS):
            if not isinstance(row.values, str):
                self.sample.add(row.values, cells=False)
            elif row.number == 0:
                raise BadItem(self.name, row.values)

    def choose(self, columns: set[str]) -> None:
        """Only these columns will be read from the disk."""
        self._columns = [name for name in self.sample.names if name in columns]

    def rows(self) -> Iterator[Row]:
        """Every row in order; damage makes one last bad row that says from where on."""
        number = 0
        with open_regular(self.path, self.name) as file:
            batches = self._batches(file)
            while True:
                try:
                    batch = next(batches, None)
                except Exception as error:  # noqa: BLE001 - Arrow raises many types on damage
                    why = shown(error).strip().partition("\n")[0] or type(error).__name__
                    reason = f"not a whole Parquet file from here on: {why[:300]}"
                    yield Row(f"{self.name}, after row {number:,}", number, reason)
                    return
                if batch is None:
                    return
                for values in batch:
                    number += 1
                    yield Row(f"{self.name}, row {number:,}", number, values)

    def _batches(self, file: Any) -> Iterator[list[dict[str, Any] | str]]:
        """Rows as Python values, one small batch after the other."""
        from pyarrow import parquet, types

        # Without a prebuffer, a row group is streamed; with one, it is held whole.
        opened = parquet.ParquetFile(file, pre_buffer=False, buffer_size=1 << 20)
        self.total = opened.metadata.num_rows
        schema = opened.schema_arrow
        names = list(schema.names)
        if len(set(names)) < len(names):
            raise ValueError("two of its columns have the same name")
        for name in names:
            self.sample.add({name: None}, cells=False)
        self.sample.rows = 0
        heavy = any(types.is_binary(t) or types.is_large_binary(t) for t in _leaves(schema.types))
        size = _BATCH_OF_BYTES if heavy else _BATCH
        for batch in opened.iter_batches(batch_size=size, columns=self._columns):
            columns = [_values(column) for column in batch.columns]
            yield [
                _row(dict(zip(batch.schema.names, cells, strict=True)))
                for cells in (zip(*columns, strict=True) if columns else [()] * batch.num_rows)
            ]


def _leaves(kinds: list[Any]) -> Iterator[Any]:
    """The types themselves, and those of the fields of structs."""
    for kind in kinds:
        yield kind
        if kind.num_fields:
            yield from _leaves([kind.field(i).type for i in range(kind.num_fields)])


def _values(column: Any) -> list[Any]:
    """The column as Python values; a value that has none becomes `_Unreadable`."""
    try:
        return [_plain(value) for value in column.to_pylist()]
    except Exception:  # noqa: BLE001 - one value out of range must not cost the batch
        return [_one(column, row) for row in range(len(column))]


def _one(column: Any, row: int) -> Any:
    """One cell, or why it cannot be read."""
    from pyarrow import types

    try:
        if types.is_timestamp(column.type) and column.type.unit == "ns":
            # Python's datetime has no nanoseconds; they are cut to microseconds.
            value = column[row].value
            return None if value is None else _from_nanoseconds(value, column.type)
        return _plain(column[row].as_py())
    except Exception as error:  # noqa: BLE001 - as above
        return _Unreadable(shown(error)[:200])


def _from_nanoseconds(value: int, kind: Any) -> str:
    import pyarrow as pa

    scalar = pa.scalar(value // 1_000, pa.timestamp("us", kind.tz))
    return str(_plain(scalar.as_py()))


def _plain(value: Any) -> Any:
    """A value that metadata can hold, where there is one."""
    if isinstance(value, (datetime, date, time)):
        return value.isoformat()
    if isinstance(value, Decimal):
        return float(value)
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
