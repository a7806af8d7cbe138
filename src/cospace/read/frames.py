"""Frames: tables that a program holds, as Arrow. DataFrames of pandas and polars, Arrow tables.

They are known by the methods they have, so that no library is imported for the question.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sized
from itertools import chain
from pathlib import Path
from typing import Any

from cospace.errors import BadArgument
from cospace.read.arrow import batch_size, rows_of, values_of
from cospace.read.regular import shown
from cospace.read.rows import Row, Sample

__all__ = ["Frame", "is_frame"]

_SAMPLE_ROWS = 100
_BATCH = 256  # rows of a pandas DataFrame that are turned into Python values at once

Batch = list[dict[str, Any] | str]


def is_frame(source: object) -> bool:
    """Whether `source` is a DataFrame of pandas or polars, or another table that Arrow can take.

    >>> import pyarrow
    >>> is_frame(pyarrow.table({"title": ["Armchair"]})), is_frame([{"title": "Armchair"}])
    (True, False)
    """
    return hasattr(source, "__arrow_c_stream__") or _is_pandas(source)


class Frame:
    """Rows of a frame, with the types of Parquet's.

    A cell that is NaN, NaT or NA is missing, as an empty cell of a CSV is. The index of a pandas
    DataFrame is left out, and a note says so. Relative paths of images start at the current
    folder.

    Raises `BadArgument` for what is no table, and for names of columns that are not str or are
    there twice.
    """

    cells = False

    def __init__(self, source: Any) -> None:
        self.name = type(source).__name__
        self.folder = Path()
        self.notes: list[str] = []
        self.total: int | None = len(source) if isinstance(source, Sized) else None
        self.sample = Sample()
        self._used: set[str] | None = None
        self._source = source
        self._once = isinstance(source, Iterator)  # a stream of batches, which is read only once
        self._pandas = _is_pandas(source)
        if self._pandas:
            self.notes += _index_note(source)
        # The first pass goes on with what the sample has opened.
        self._first: Iterator[Any] | None = self._look()

    def choose(self, columns: set[str]) -> None:
        """Only these columns will be turned into Python values."""
        self._used = columns

    def rows(self) -> Iterator[Row]:
        """Every row in order; `BadArgument` for a stream that was read before."""
        parts, self._first = self._first, None
        if parts is None:
            if self._once:
                raise BadArgument(
                    f"this {self.name} has been read already; give a table to read it again"
                )
            parts = self._parts()
        number = 0
        while True:
            try:
                part = next(parts, None)
                batch = [] if part is None else self._batch(part)
            except Exception as error:  # noqa: BLE001 - whatever fills the stream may raise
                reason = f"cannot be read from here on: {_why(error)}"
                yield Row(f"{self.name}, after row {number:,}", number + 1, reason)
                return
            if part is None:
                return
            for values in batch:
                number += 1
                yield Row(f"{self.name}, row {number:,}", number, values)

    def _look(self) -> Iterator[Any]:
        """Take the sample; the parts, from the first on."""
        parts = self._parts()
        head: list[Any] = []
        while sum(map(len, head)) < _SAMPLE_ROWS:
            try:
                part = next(parts, None)
            except BadArgument:
                raise
            except Exception as error:
                raise BadArgument(f"this {self.name} cannot be read: {_why(error)}") from error
            if part is None:
                break
            head.append(part)
        for values in chain.from_iterable(map(self._batch, head)):
            if not isinstance(values, str):
                self.sample.add(values, cells=False)
        return chain(head, parts)

    def _parts(self) -> Iterator[Any]:
        """Small slices of the frame, one after the other: record batches, or DataFrames."""
        if self._pandas:
            self._name(self._source.columns)
            for start in range(0, len(self._source), _BATCH):
                yield self._source.iloc[start : start + _BATCH]
            return
        import pyarrow as pa

        try:
            stream = pa.RecordBatchReader.from_stream(self._source)
        except pa.ArrowInvalid as error:  # a Series, say
            raise BadArgument(
                f"a {self.name} is no table with columns ({_why(error)}); give a DataFrame or an"
                " Arrow table"
            ) from None
        self._name(stream.schema.names)
        size = batch_size(stream.schema.types)
        for batch in stream:
            for start in range(0, len(batch), size):
                yield batch.slice(start, size)

    def _batch(self, part: Any) -> Batch:
        """The rows of a slice, of the columns that are used."""
        names = self.sample.names
        used = [n for n, name in enumerate(names) if self._used is None or name in self._used]
        if self._pandas:
            columns = [_series_cells(part.iloc[:, n]) for n in used]
        else:
            columns = [_cells(part.column(n)) for n in used]
        return rows_of([names[n] for n in used], columns, len(part))

    def _name(self, names: Iterable[Any]) -> None:
        """Check the names of the columns, and put them into the sample."""
        known: set[str] = set()
        for name in names:
            if not isinstance(name, str):
                raise BadArgument(
                    f"names of columns are str; this {self.name} has {name!r}. For a DataFrame"
                    " write: df.columns = df.columns.map(str)"
                )
            if name in known:
                raise BadArgument(f"two columns of this {self.name} have the name {name!r}")
            known.add(name)
        if not self.sample.columns:
            self.sample.add(dict.fromkeys(names), cells=False)
            self.sample.rows = 0


def _is_pandas(source: object) -> bool:
    """Whether it is a DataFrame of pandas, or a kind of one."""
    return any(
        kind.__name__ == "DataFrame" and kind.__module__.partition(".")[0] == "pandas"
        for kind in type(source).__mro__
    )


def _index_note(frame: Any) -> list[str]:
    """What to say of an index that is more than the numbers of the rows."""
    if type(frame.index).__name__ == "RangeIndex":
        return []
    names = [repr(name) for name in frame.index.names if name is not None]
    which = f" ({', '.join(names)})" if names else ""
    return [f"the index{which} of the DataFrame is left out; df.reset_index() makes it a column"]


def _cells(column: Any) -> list[Any]:
    """A column of Arrow's as Python values; NaN is a missing one."""
    from pyarrow import types

    values = values_of(column)
    if types.is_floating(column.type):
        return [None if value != value else value for value in values]  # noqa: PLR0124 - NaN
    return values


def _series_cells(series: Any) -> list[Any]:
    """A column of pandas' as Python values; NaN, NaT and NA are missing ones."""
    import pyarrow as pa

    try:
        column = pa.Array.from_pandas(series)
        if not isinstance(column.type, pa.BaseExtensionType):
            return _cells(column)
    except (pa.ArrowException, TypeError, ValueError, OverflowError):
        pass  # values of several types, or of one that Arrow does not know
    missing = series.isna()
    return [None if no else value for value, no in zip(series.tolist(), missing, strict=True)]


def _why(error: Exception) -> str:
    return shown(error).strip().partition("\n")[0][:300] or type(error).__name__
