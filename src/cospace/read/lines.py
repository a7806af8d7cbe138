"""Lines: a binary file, one line at a time, in bounded memory whatever it holds."""

from __future__ import annotations

import re
from typing import BinaryIO, NamedTuple

__all__ = ["ANY_NEWLINE", "LINE_FEED", "Line", "Lines"]

ANY_NEWLINE = re.compile(rb"\r\n?|\n")
LINE_FEED = re.compile(rb"\n")

_CHUNK = 1 << 18
_BOM = b"\xef\xbb\xbf"


class Line(NamedTuple):
    """One line: its number from 1, its byte offset, its bytes, and the newline that ends it.

    `data` is None for a line longer than allowed; `size` is its length all the same.
    """

    number: int
    offset: int
    data: bytes | None
    size: int
    end: bytes


class Lines:
    """The lines of a file, without a byte order mark; `next()` gives None at the end.

    `mark()` remembers a place and `back()` returns to it, for a reader that has to look
    ahead. A line of more than `most` bytes is passed over without being held in memory.
    """

    def __init__(self, file: BinaryIO, most: int, newline: re.Pattern[bytes]) -> None:
        self._file = file
        self._most = most
        self._newline = newline
        self._data = file.read(_CHUNK)
        self._at = len(_BOM) if self._data.startswith(_BOM) else 0
        self._base = 0  # the offset in the file of the first byte of _data
        self._number = 0
        self._ended = not self._data
        self._marked: tuple[int, int] | None = None

    @property
    def offset(self) -> int:
        """The offset in the file at which the next line starts."""
        return self._base + self._at

    def next(self) -> Line | None:
        """The next line, or None at the end of the file."""
        offset = self.offset
        start = search = self._at
        dropped = 0
        while True:
            found = self._newline.search(self._data, search)
            # A carriage return at the edge may be the first half of "\r\n".
            if found and (self._ended or found[0] != b"\r" or found.end() < len(self._data)):
                stop, after = found.span()
                break
            if self._ended:
                stop = after = len(self._data)
                if stop == start and not dropped:
                    return None
                break
            search = found.start() if found else len(self._data)
            if search - start + dropped > self._most:
                if self._marked is not None:
                    # Too long for who looks ahead: nothing is passed, since they will go back.
                    return Line(self._number + 1, offset, None, search - start, b"")
                dropped, start = dropped + search - start, search
            moved = self._fill(start)
            start, search = start - moved, search - moved
        size = dropped + stop - start
        data = None if dropped or size > self._most else self._data[start:stop]
        self._at = after
        self._number += 1
        return Line(self._number, offset, data, size, self._data[stop:after])

    def mark(self) -> None:
        """Remember the place before the next line."""
        self._marked = (self.offset, self._number)

    def unmark(self) -> None:
        """Forget the place that was marked."""
        self._marked = None

    def back(self) -> None:
        """Return to the place that was marked, and forget it."""
        assert self._marked is not None
        self._at, self._number = self._marked[0] - self._base, self._marked[1]
        self._marked = None

    def _fill(self, start: int) -> int:
        """Read on, letting go of what lies before `start`; returns by how much places moved."""
        keep = start if self._marked is None else min(start, self._marked[0] - self._base)
        chunk = self._file.read(_CHUNK)
        self._ended = not chunk
        self._data = self._data[keep:] + chunk
        self._base += keep
        self._at -= keep
        return keep
