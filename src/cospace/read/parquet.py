"""Parquet files: typed rows, read batch by batch, and only the columns that are used."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from cospace.errors import BadItem
from cospace.read.arrow import batch_size, rows_of, values_of
from cospace.read.regular import open_regular, shown
from cospace.read.rows import Row, Sample

__all__ = ["Parquet"]

_SAMPLE_ROWS = 100


class Parquet:
    """Rows of a Parquet file.

    Numbers, bools, strings, lists and structs keep their types; dates and times become ISO
    8601 strings, decimals floats or whole numbers. Bytes are for the column of images only.
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
        from pyarrow import parquet

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
        size = batch_size(schema.types)
        for batch in opened.iter_batches(batch_size=size, columns=self._columns):
            columns = [values_of(column) for column in batch.columns]
            yield rows_of(batch.schema.names, columns, batch.num_rows)
