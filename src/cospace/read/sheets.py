"""Sheets: the first table of an .xlsx file, row by row, with openpyxl. Values, never formulas."""

from __future__ import annotations

import warnings
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

from cospace.errors import BadItem, CospaceError, EmptyItem
from cospace.limits import limit
from cospace.need import need
from cospace.read.dates import iso
from cospace.read.headings import SEARCHED, find_heading, name_columns
from cospace.read.regular import listed, open_regular, shown
from cospace.read.rows import Row, Sample

__all__ = ["Sheet"]

_SAMPLE_ROWS, _BATCH = 20_000, 256
# Cells hold what a formula gave last; a program that writes files may leave that out.
_UNSAVED_ROWS = 100


class Sheet:
    """Rows of an .xlsx file: of its first sheet that holds a table.

    Numbers, booleans and dates keep their types; dates become ISO 8601 texts. A cell that holds
    an error, such as #N/A, is empty.

    Raises `MissingExtra` without openpyxl, `BadItem` for what is no such file or unpacks to more
    than the limit `sheet_bytes`, `EmptyItem` where no sheet holds a table.
    """

    cells = True  # texts among them are numbers, amounts and words for yes and no as in a CSV

    def __init__(self, path: Path) -> None:
        self.name = shown(path.name)
        self.path = path
        self.folder = path.parent
        self.notes: list[str] = []
        self.sample = Sample()
        self.total: int | None = None
        self._sheet = self._skip = 0
        self._header: list[str] = []
        self._check_size()
        try:
            self._look()
        except CospaceError:
            raise
        except Exception as error:  # noqa: BLE001 - openpyxl raises many types
            raise BadItem(self.name, f"is no whole .xlsx file: {_why(error)}") from None

    def choose(self, columns: set[str]) -> None:
        """A sheet has to be read whole to be read at all, so nothing is saved here."""

    def rows(self) -> Iterator[Row]:
        """Every row in order; damage makes one last bad row that says from where on."""
        number = 0
        try:
            with self._opened() as book:
                for line, cells in self._lines(book):
                    number += 1
                    yield Row(f"{self.name}, row {line:,}", number, self._row(cells))
        except Exception as error:  # noqa: BLE001 - openpyxl raises many types on damage
            reason = f"the file is damaged here ({_why(error)}); the rest was not read"
            yield Row(f"{self.name}, after row {number:,}", number + 1, reason)

    def _lines(self, book: Any) -> Iterator[tuple[int, list[Any]]]:
        """The number and the values of each row below the names that holds any."""
        rows = _rows(book.worksheets[self._sheet])
        for line, cells in enumerate(rows, start=1):
            if line > self._skip and any(cell is not None for cell in cells):
                yield line, cells

    def _row(self, cells: list[Any]) -> dict[str, Any] | str:
        width = len(self._header)
        if any(cell is not None for cell in cells[width:]):
            return f"has {len(cells):,} cells; the names of the columns are {width:,}"
        cells += [None] * (width - len(cells))
        return dict(zip(self._header, cells, strict=False))

    def _check_size(self) -> None:
        """The archive is looked at before anything in it is unpacked."""
        most = limit("sheet_bytes")
        with open_regular(self.path, self.name) as file:
            try:
                with zipfile.ZipFile(file) as archive:
                    size = sum(one.file_size for one in archive.infolist())
                    pictures = any(n.startswith("xl/media/") for n in archive.namelist())
            except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
                raise BadItem(
                    self.name,
                    f"is no .xlsx file ({_why(error)}): an older Excel file, or one with a"
                    " password? Save it as .xlsx without one, or as CSV",
                ) from None
        if size > most:
            raise BadItem(
                self.name,
                f"unpacks to {size:,} bytes; at most {most:,} are read. Save it as CSV, or raise"
                " COSPACE_LIMIT_SHEET_BYTES",
            )
        if pictures:
            self.notes.append("pictures inside the sheets are not read; name files in a column")

    @contextmanager
    def _opened(self, *, formulas: bool = False) -> Iterator[Any]:
        openpyxl = need("openpyxl", extra="excel")
        with open_regular(self.path, self.name) as file:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # on styles and extensions that it does not keep
                book = openpyxl.load_workbook(
                    file, read_only=True, data_only=not formulas, keep_links=False
                )
            try:
                yield book
            finally:
                book.close()

    def _look(self) -> None:
        """Find the sheet and its names, and take the sample."""
        with self._opened() as book:
            titles = [sheet.title for sheet in book.worksheets]
            others: list[str] = []
            found = False
            for place, sheet in enumerate(book.worksheets):
                head = list(islice(_rows(sheet), SEARCHED + 50))
                filled = [row for row in head if any(cell is not None for cell in row)]
                if found and filled:
                    others.append(titles[place])
                elif not found and len(filled) > 1:
                    found, self._sheet = True, place
                    self._name(head)
            if not found:
                raise EmptyItem(self.name, "no sheet holds a row of column names and a row below")
            if others:
                self.notes.append(
                    f"the sheet {titles[self._sheet]!r} is read; not {listed(others, 9)}: save"
                    " what is to be read as a file of its own"
                )
            for _, cells in islice(self._lines(book), _SAMPLE_ROWS):
                if isinstance(values := self._row(cells), dict):
                    self.sample.add(values, cells=True)
            self.total = max(book.worksheets[self._sheet].max_row or 0, self.sample.rows)
        self._unsaved()

    def _name(self, head: list[list[Any]]) -> None:
        """Take the names of the columns from the first rows of the sheet."""
        texts = [["" if cell is None else str(cell) for cell in row] for row in head]
        places = [place for place, row in enumerate(texts) if any(row)]
        place = places[find_heading([texts[place] for place in places])]
        if place > places[0]:
            self.notes.append(
                f"the names of the columns stand in row {place + 1}; what is above them is left"
                " out (guessed)"
            )
        self._skip = place + 1
        width = max(number + 1 for row in texts[place:] for number, cell in enumerate(row) if cell)
        header = texts[place][:width] + [""] * (width - len(texts[place]))
        self._header = name_columns(header, self.notes)
        for name in self._header:
            self.sample.add({name: None}, cells=True)
        self.sample.rows = 0

    def _unsaved(self) -> None:
        """Name the columns of formulas whose results the file does not hold."""
        with self._opened() as book, self._opened(formulas=True) as written:
            both = zip(
                _rows(book.worksheets[self._sheet]),
                _cells(written.worksheets[self._sheet]),
                strict=False,
            )
            names: dict[str, None] = {}
            for values, cells in islice(both, self._skip, self._skip + _UNSAVED_ROWS):
                for name, value, cell in zip(self._header, values, cells, strict=False):
                    if value is None and cell.data_type == "f":
                        names[name] = None
        if names:
            self.notes.append(
                f"formulas without a saved result, read as empty: {listed(list(names), 9)}; open"
                " the file in a spreadsheet and save it"
            )


def _cells(sheet: Any) -> Iterator[tuple[Any, ...]]:
    """The cells of each row, without those that a false size of the sheet would add."""
    sheet.reset_dimensions()
    rows = sheet.iter_rows()
    while True:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a date out of range, say: its cell is an error
            batch = list(islice(rows, _BATCH))
        if not batch:
            return
        yield from batch


def _rows(sheet: Any) -> Iterator[list[Any]]:
    """The values of each row."""
    for cells in _cells(sheet):
        yield [None if cell.data_type == "e" else _plain(cell.value) for cell in cells]


def _plain(value: Any) -> Any:
    """A value as a CSV would hold it, but for numbers and booleans."""
    if isinstance(value, datetime):
        # A day is a day and its first moment, in the file.
        return iso(value.date() if value.time() == time() else value)
    if isinstance(value, (date, time)):
        return value.isoformat()
    if isinstance(value, timedelta):
        return str(value)
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return int(value)
    return value


def _why(error: Exception) -> str:
    return shown(error).strip().partition("\n")[0][:200] or type(error).__name__
