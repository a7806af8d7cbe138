"""Word vectors as text: GloVe's files, word2vec's text format, fastText's .vec.

A block of lines is parsed by pyarrow at once. Where it finds anything odd (a word with spaces, a
number that is none), the block is divided, and the few lines around are read one by one.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
import pyarrow as pa
from pyarrow import compute, csv

from cospace.adopt.words.kinds import Layout, floats
from cospace.adopt.words.table import GrowingTable
from cospace.limits import limit

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cospace.adopt.words.notes import Notes

__all__ = ["read_text"]

_BLOCK = 1 << 23
_PIECES = 8  # that a block with something odd in it is divided into
_SMALL = 1 << 14  # a piece that is read line by line


def read_text(
    stream: BinaryIO, layout: Layout, size: int | None, notes: Notes
) -> tuple[list[str], NDArray[np.float32]]:
    """The words, and their rows float32 [n, dim], of a stream that stands at the file's start.

    A number is read as float64 and rounded to float32, as numpy.float32(text) does. `size` is
    that of the file, where it is known.
    """
    reader = _Reader(layout, notes, _expected(layout, size))
    line = 1 + stream.read(layout.start).count(b"\n")
    for block, first in _blocks(stream, line, notes):
        reader.read(block, first)
    rows = reader.table.rows()
    found = len(rows) + notes.refused
    if layout.count is not None and layout.count != found:
        notes.say(f"number of words: the header says {layout.count:,}, the file has {found:,}")
    return reader.words, rows


def _expected(layout: Layout, size: int | None) -> int:
    """About how many rows there will be, and never more than the file can hold."""
    if size is None:
        return 1
    about = size // max(1, layout.row_bytes) * 21 // 20
    return min(about, size // (2 * layout.dim + 1)) + 1


def _blocks(stream: BinaryIO, line: int, notes: Notes) -> Iterator[tuple[bytes, int]]:
    """Blocks of whole lines, each with the number of its first. A line too long is passed over."""
    most = limit("word_line_bytes")
    reason = f"longer than {most:,} bytes"
    rest = b""
    passing = False
    while data := stream.read(_BLOCK):
        if passing:
            cut = data.find(b"\n") + 1
            if not cut:
                continue
            notes.refuse(reason, line)
            line += 1
            passing = False
            data = data[cut:]
        data = rest + data
        cut = data.rfind(b"\n") + 1
        rest = data[cut:]
        if cut:
            block = data[:cut]
            yield block, line
            line += block.count(b"\n")
        if len(rest) > most:
            passing, rest = True, b""
    if passing:
        notes.refuse(reason, line)
    elif rest:
        yield rest, line


class _Reader:
    """The words and rows that were read so far."""

    def __init__(self, layout: Layout, notes: Notes, expected: int) -> None:
        self.words: list[str] = []
        self.table = GrowingTable(layout.dim, expected=expected)
        self._layout = layout
        self._notes = notes
        self._most = limit("word_line_bytes")
        numbers = [str(column) for column in range(layout.dim)]
        end = ["end"] if layout.trailing else []
        kinds = {"word": pa.binary(), **dict.fromkeys(numbers, pa.float64())}
        self._options: dict[str, Any] = {
            "read_options": csv.ReadOptions(column_names=["word", *numbers, *end]),
            "parse_options": csv.ParseOptions(
                delimiter=layout.separator, quote_char=False, double_quote=False
            ),
            "convert_options": csv.ConvertOptions(
                column_types={**kinds, **dict.fromkeys(end, pa.binary())},
                null_values=[],
                check_utf8=False,
            ),
        }

    def read(self, block: bytes, line: int) -> None:
        """Adds the rows of whole lines, the first of which has the number `line`."""
        if self._read_at_once(block):
            return
        if len(block) <= _SMALL:
            self._read_lines(block, line)
            return
        step = len(block) // _PIECES
        start = 0
        while start < len(block):
            end = block.find(b"\n", start + step) + 1 or len(block)
            piece = block[start:end]
            # A line as long as the block would be divided for ever.
            (self._read_lines if len(piece) == len(block) else self.read)(piece, line)
            line += piece.count(b"\n")
            start = end

    def _read_at_once(self, block: bytes) -> bool:
        """Whether all lines of the block are as they should be; only then are they added."""
        try:
            found = csv.read_csv(pa.BufferReader(block), **self._options)
            words = found.column(0).combine_chunks()
            texts = words.cast(pa.string())
        except pa.ArrowInvalid:
            return False
        lengths = compute.min_max(compute.binary_length(words)).as_py()
        if lengths["min"] == 0 or lengths["max"] > self._most:
            return False
        if (
            self._layout.trailing
            and compute.max(compute.binary_length(found.column("end"))).as_py()
        ):
            return False
        place = self.table.room(len(words))
        with np.errstate(over="ignore"):
            for column in range(self._layout.dim):
                at = 0
                for chunk in found.column(column + 1).chunks:
                    place[at : at + len(chunk), column] = chunk.to_numpy()
                    at += len(chunk)
        if not np.isfinite(place).all():
            return False
        self.table.take(len(words))
        self.words += texts.to_numpy(zero_copy_only=False).tolist()
        return True

    def _read_lines(self, block: bytes, line: int) -> None:
        for number, text in enumerate(block.splitlines(), line):
            if not text.strip():
                continue
            reason = self._read_line(text, number)
            if reason:
                self._notes.refuse(reason, number)

    def _read_line(self, text: bytes, number: int) -> str:
        """Adds one row, or gives the reason why not. The last fields are the numbers."""
        if len(text) > self._most:
            return f"longer than {self._most:,} bytes"
        dim = self._layout.dim
        reason = "with too few numbers"
        for separator in (self._layout.separator.encode(), None):
            fields = text.rstrip().rsplit(separator, dim)
            if len(fields) <= dim:
                continue
            values = floats(fields[1:])
            if values is None:
                reason = "with something that is not a number"
                continue
            if not fields[0]:
                return "without a word"
            place = self.table.room(1)
            with np.errstate(over="ignore"):
                place[0] = values
            if not np.isfinite(place).all():
                return "with a number that is not finite"
            self.table.take(1)
            self.words.append(self._text(fields[0], number))
            return ""
        return reason

    def _text(self, word: bytes, number: int) -> str:
        try:
            return word.decode("utf-8")
        except UnicodeDecodeError:
            return self._notes.mend(word, number)
