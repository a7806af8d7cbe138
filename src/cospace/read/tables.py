"""Table files: CSV, TSV and JSON Lines, plain or gzipped, row by row in bounded memory."""

from __future__ import annotations

import gzip
import json
import math
import os
import re
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, cast

from cospace.counted import counted
from cospace.errors import BadItem, EmptyItem
from cospace.limits import limit
from cospace.read.headers import sniff
from cospace.read.headings import SEARCHED, find_heading, name_columns
from cospace.read.lines import ANY_NEWLINE, LINE_FEED, Lines
from cospace.read.recoded import Recoded, encoding_of
from cospace.read.records import Record, records
from cospace.read.regular import bad_byte, open_regular, shown
from cospace.read.rows import Row, Sample

__all__ = ["Delimited", "JsonLines", "TextFile", "pairs", "whole"]

# Types and columns are guessed from this many rows or bytes, whichever comes first.
_SAMPLE_ROWS, _SAMPLE_BYTES = 20_000, 16_000_000
_HEAD_BYTES = 1_000_000  # the encoding is guessed from

_DELIMITERS = ",;\t|"
_QUOTED = re.compile(r'"[^"]*"')
_DAMAGED = (OSError, EOFError, zlib.error)


class TextFile:
    """What the text formats share: opening, sampling, and an estimate of how many rows."""

    cells = False

    def __init__(self, path: Path) -> None:
        self.name = shown(path.name)
        self.path = path
        self.folder = path.parent
        self.notes: list[str] = []
        self.sample = Sample()
        self.total: int | None = None
        self._lines: Lines | None = None

    def choose(self, columns: set[str]) -> None:
        """Text has to be read whole to be split, so nothing is saved here."""

    def rows(self) -> Iterator[Row]:
        """Every row in order; a file that is damaged further down ends with a bad row."""
        number = 0
        with self._open() as (file, _):
            try:
                for name, values in self._values(file):
                    number += 1
                    yield Row(name, number, values)
            except _DAMAGED as error:
                reason = f"the file is damaged here ({shown(error)}); the rest was not read"
                yield Row(f"{self.name}, after row {number:,}", number + 1, reason)

    def _values(self, file: BinaryIO) -> Iterator[tuple[str, dict[str, Any] | str]]:
        raise NotImplementedError

    @contextmanager
    def _open(self) -> Iterator[tuple[BinaryIO, BinaryIO]]:
        """The file as text bytes, and as it lies on the disk (the same, unless gzipped)."""
        with open_regular(self.path, self.name) as raw:
            if self.path.suffix.lower() == ".gz":
                with gzip.GzipFile(fileobj=raw) as unpacked:
                    yield cast("BinaryIO", unpacked), raw
            else:
                yield raw, raw

    def _place(self) -> int:
        """How many bytes of text the rows so far have taken."""
        return 0 if self._lines is None else self._lines.offset

    def _packed(self) -> float:
        """How many bytes on the disk a byte of text takes, by the beginning of the file."""
        with open_regular(self.path, self.name) as raw:
            head = raw.read(_HEAD_BYTES)
        if self.path.suffix.lower() != ".gz":
            return len(head) / max(self._as_text(head), 1)
        # GzipFile reads ahead, how far depends on Python, so its places tell nothing.
        unpacker = zlib.decompressobj(wbits=31)
        text = unpacker.decompress(head, _HEAD_BYTES)
        left = len(unpacker.unconsumed_tail) + len(unpacker.unused_data)
        return (len(head) - left) / max(self._as_text(text), 1)

    def _as_text(self, head: bytes) -> int:
        """How many bytes of text the file's own bytes are."""
        return len(head)

    def _look(self) -> None:
        """Take the sample; raises `BadItem` where the file is no table at all."""
        taken = 0
        with self._open() as (file, raw):
            try:
                for _, values in self._values(file):
                    taken += 1
                    if not isinstance(values, str):
                        self.sample.add(values, cells=self.cells)
                    if taken == _SAMPLE_ROWS or self._place() > _SAMPLE_BYTES:
                        size = os.fstat(raw.fileno()).st_size
                        read = self._place() * self._packed()
                        self.total = max(taken, round(taken * size / max(read, 1)))
                        return
            except _DAMAGED as error:
                if not taken:
                    raise BadItem(self.name, f"cannot be read: {shown(error)}") from error
        self.total = taken


class Delimited(TextFile):
    """Rows of a CSV or TSV file: quotes may hold delimiters and newlines, cells are text.

    A quote that is never closed makes one bad row, and reading goes on at the next line.
    """

    cells = True

    def __init__(self, path: Path, *, delimiter: str | None = None) -> None:
        super().__init__(path)
        self._delimiter = delimiter
        self._header: list[str] = []
        with super()._open() as (file, _):
            try:
                self._encoding = encoding_of(file.read(_HEAD_BYTES))
            except _DAMAGED:
                self._encoding = "utf-8"
        self._look()
        if self._encoding != "utf-8":
            name = {"cp1252": "Windows-1252", "utf-16": "UTF-16"}[self._encoding]
            self.notes.append(f"the file is in {name}, not UTF-8 (guessed)")
        if self._delimiter not in (None, delimiter, ","):
            self.notes.append(f"cells are separated by {self._delimiter!r} (guessed)")

    @contextmanager
    def _open(self) -> Iterator[tuple[BinaryIO, BinaryIO]]:
        with super()._open() as (file, raw):
            if self._encoding == "utf-8":
                yield file, raw
            else:
                yield cast("BinaryIO", Recoded(file, self._encoding)), raw

    def _as_text(self, head: bytes) -> int:
        if self._encoding == "utf-8":
            return len(head)
        return len(head.decode(self._encoding, "replace").encode())

    def _values(self, file: BinaryIO) -> Iterator[tuple[str, dict[str, Any] | str]]:
        lines = self._lines = Lines(file, limit("row_bytes"), ANY_NEWLINE)
        header = self._read_header(lines)
        if not self._header:
            self._header = name_columns(header, self.notes)
            for name in self._header:
                self.sample.add({name: None}, cells=True)
            self.sample.rows = 0
        names = self._header
        for record in records(lines, self._delimiter or ","):
            name = f"{self.name}:{record.number}"
            if isinstance(record.cells, str):
                yield name, record.cells
            elif len(record.cells) != len(names):
                count = len(record.cells)
                yield name, f"has {counted(count, 'cell')}; the header has {len(names)}"
            else:
                yield name, dict(zip(names, record.cells, strict=True))

    def _read_header(self, lines: Lines) -> list[str]:
        """The cells of the line of column names, after the delimiter has been found in it."""
        lines.mark()
        head: list[list[str]] = []
        delimiters: list[str] = []
        skipped: list[int] = []  # lines that stand before each of those
        passed = 0
        while len(head) < SEARCHED and (line := lines.next()) is not None:
            if not head:
                self._check_first(line.data)
            if line.data is None:
                break
            if not head and line.data[:4].lower() == b"sep=" and len(line.data.strip()) == 5:
                self._delimiter = chr(line.data[4])  # written by a spreadsheet, for itself
            elif line.data.strip():
                bare = _QUOTED.sub("", line.data.decode("utf-8", "replace"))
                delimiters.append(self._delimiter or max(_DELIMITERS, key=bare.count))
                text = line.data.decode("utf-8", "replace").replace('"', "")
                head.append(text.split(delimiters[-1]))
                skipped.append(passed)
            passed += 1
        if not head:
            raise EmptyItem(self.name, "the file is empty; expected a first line of column names")
        place = find_heading(head)
        self._delimiter = delimiters[place]
        lines.back()
        for _ in range(skipped[place]):
            lines.next()
        if place and not self._header:
            self.notes.append(
                f"the names of the columns stand in line {skipped[place] + 1}; what is above them"
                " is left out (guessed)"
            )
        record: Record = next(records(lines, self._delimiter))
        if isinstance(record.cells, str):
            raise BadItem(self.name, f"the line of column names cannot be read: {record.cells}")
        return record.cells

    def _check_first(self, line: bytes | None) -> None:
        if line is None or b"\x00" in line:
            kind = sniff(line or b"")
            raise BadItem(self.name, f"holds {kind}, not a table in UTF-8 with column names")


class JsonLines(TextFile):
    """Rows of a JSON Lines file: one object a line, with JSON's own types."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._look()
        if not self.sample.rows:
            first = next(self.rows(), None)
            if first is None:
                raise EmptyItem(self.name, "the file is empty; expected a JSON object a line")
            raise BadItem(first.name, f"{first.values}; none of the first rows can be read")

    def _values(self, file: BinaryIO) -> Iterator[tuple[str, dict[str, Any] | str]]:
        most = limit("row_bytes")
        lines = self._lines = Lines(file, most, LINE_FEED)
        while (line := lines.next()) is not None:
            name = f"{self.name}:{line.number}"
            if line.data is None:
                yield name, f"the line has {line.size:,} bytes; at most {most:,} are read"
            elif line.data.strip():
                yield name, _object(line.data, line.offset)


def _object(data: bytes, offset: int) -> dict[str, Any] | str:
    """The object of one line, or why there is none."""
    try:
        value = json.loads(data.decode("utf-8"), object_pairs_hook=pairs, parse_int=whole)
    except UnicodeDecodeError as error:
        return bad_byte(data[error.start], offset + error.start)
    except RecursionError:
        return "is nested too deeply to be read"
    except ValueError as error:
        return f"is not a JSON object: {shown(error)}"
    if not isinstance(value, dict):
        return f"is not a JSON object but a {type(value).__name__}"
    return value


def whole(digits: str) -> int | float:
    """A whole number; one that no store can hold, and Python would refuse, is infinite."""
    return int(digits) if len(digits) < 1000 else math.inf


def pairs(given: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object of JSON, without a key that is in it twice."""
    values = dict(given)
    if len(values) != len(given):
        raise ValueError("the same key is in it twice")
    return values
