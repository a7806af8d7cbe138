"""Records: the rows of delimiter-separated text, with quotes that may span lines."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from cospace.limits import limit
from cospace.read.lines import Line, Lines
from cospace.read.regular import bad_byte

__all__ = ["Record", "records"]

# A file full of broken quotes would be read again from each of them. After this many times
# `row_bytes` of looking ahead in vain, a quoted cell has to end on its own line.
_LOOKS = 16


class Record(NamedTuple):
    """One row: the number of its first line, and its cells or why it is bad."""

    number: int
    cells: list[str] | str


def records(lines: Lines, delimiter: str) -> Iterator[Record]:
    """The rows of `lines`. Blank lines between rows are passed over.

    A quoted cell may hold delimiters, doubled quotes and newlines (kept as they are). A row
    that runs past the limit `row_bytes`, or to the end of the file, within a quote is bad, and
    the line after its first is the next row.
    """
    most = limit("row_bytes")
    spare = _LOOKS * most
    while (line := lines.next()) is not None:
        if line.data is None:
            reason = f"the line has {line.size:,} bytes; at most {most:,} are read"
            yield Record(line.number, reason)
            continue
        if not line.data.strip():
            continue
        text, fault = _text(line)
        cells = _Cells(delimiter)
        if not cells.feed(text):
            lines.mark()
            looked, closed, later = _look_ahead(lines, cells, line, min(most, spare))
            if not closed:
                lines.back()
                spare -= looked
                reason = f"a quote opens here and is not closed within {looked:,} bytes"
                yield Record(line.number, fault or reason)
                continue
            lines.unmark()
            fault = fault or later
        yield Record(line.number, fault or cells.done)


def _look_ahead(lines: Lines, cells: _Cells, first: Line, most: int) -> tuple[int, bool, str]:
    """Feed lines until the open quote closes: bytes taken, whether it closed, any bad byte."""
    size, end, fault = first.size, first.end, ""
    while (line := lines.next()) is not None:
        size += len(end) + line.size
        if line.data is None or size > most:
            return min(size, most), False, fault
        text, bad = _text(line)
        fault = fault or bad
        if cells.feed(end.decode() + text):
            return size, True, fault
        end = line.end
    return size, False, fault


def _text(line: Line) -> tuple[str, str]:
    """The line as text, and why its row is bad where its bytes are not UTF-8."""
    data = line.data or b""
    try:
        return data.decode("utf-8"), ""
    except UnicodeDecodeError as error:
        # Still needed to find where the row ends.
        why = bad_byte(data[error.start], line.offset + error.start)
        return data.decode("utf-8", "replace"), why


class _Cells:
    """The cells of one row, fed line by line; linear in its length however often it is fed."""

    def __init__(self, delimiter: str) -> None:
        self.done: list[str] = []
        self._delimiter = delimiter
        self._open: list[str] | None = None

    def feed(self, text: str) -> bool:
        """Take one more line; true when the row is complete, false within an open quote."""
        if self._open is None and '"' not in text:
            self.done = text.split(self._delimiter)
            return True
        at = 0
        while True:
            head = ""
            if self._open is None and text.startswith('"', at):
                self._open = []
                at += 1
            if self._open is not None:
                at = self._quoted(self._open, text, at)
                if at < 0:
                    return False
                head, self._open = "".join(self._open), None
            stop = text.find(self._delimiter, at)
            if stop < 0:
                self.done.append(head + text[at:])
                return True
            self.done.append(head + text[at:stop])
            at = stop + 1

    @staticmethod
    def _quoted(parts: list[str], text: str, at: int) -> int:
        """Collect a quoted cell from `at` on: the place after its quote, or -1 if it is open."""
        while True:
            quote = text.find('"', at)
            if quote < 0:
                parts.append(text[at:])
                return -1
            if not text.startswith('"', quote + 1):
                parts.append(text[at:quote])
                return quote + 1
            parts.append(text[at : quote + 1])
            at = quote + 2
