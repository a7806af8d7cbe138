"""Word vectors as text: GloVe's files, word2vec's text format, fastText's .vec.

A block of lines is parsed by pyarrow at once. Where it finds anything odd, lines with another
number of fields (words with spaces, short rows) are read one by one, and the others at once; where
something is odd among those, they are divided until the few lines around it are found.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
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
_PIECES = 8  # that lines with something odd among them are divided into
_FEW = 64  # lines that are then read one by one
_SMALL = 1 << 20  # bytes that one thread parses


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


@dataclass(frozen=True)
class _Piece:
    """Rows float32 [n, dim] and their words, of the `lines` int64 [n] of a block."""

    lines: NDArray[np.int64]
    words: list[str]
    rows: NDArray[np.float32]


class _Reader:
    """The words and rows that were read so far."""

    def __init__(self, layout: Layout, notes: Notes, expected: int) -> None:
        self.words: list[str] = []
        self.table = GrowingTable(layout.dim, expected=expected)
        self._layout = layout
        self._notes = notes
        self._most = limit("word_line_bytes")
        self._separator = layout.separator.encode()
        numbers = [str(column) for column in range(layout.dim)]
        end = ["end"] if layout.trailing else []
        self._names = ["word", *numbers, *end]
        kinds = {"word": pa.binary(), **dict.fromkeys(numbers, pa.float64())}
        self._options: dict[str, Any] = {
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
        found = self._parse(block)
        if found is not None:
            self.words += found[0]
            self.table.take(len(found[0]))
            return
        # Lines with another number of fields go one by one, all others together.
        lines = block.splitlines()
        fields = self._layout.dim + self._layout.trailing
        regular = [n for n, text in enumerate(lines) if text.count(self._separator) == fields]
        odd = sorted(set(range(len(lines))).difference(regular))
        pieces = [*self._pieces(lines, regular, line), self._read_lines(lines, odd, line)]
        order = np.argsort(np.concatenate([piece.lines for piece in pieces]), kind="stable")
        words = [word for piece in pieces for word in piece.words]
        place = self.table.room(len(order))
        np.take(np.concatenate([piece.rows for piece in pieces]), order, axis=0, out=place)
        self.words += [words[position] for position in order.tolist()]
        self.table.take(len(order))

    def _pieces(self, lines: list[bytes], which: list[int], first: int) -> Iterator[_Piece]:
        """The rows of some of the lines; those around something odd are read one by one."""
        found = self._parse(b"\n".join([lines[n] for n in which]))
        if found is not None and len(found[0]) == len(which):
            yield _Piece(np.array(which, np.int64), found[0], found[1].copy())
        elif len(which) <= _FEW:
            yield self._read_lines(lines, which, first)
        else:
            step = len(which) // _PIECES
            for start in range(0, len(which), step):
                yield from self._pieces(lines, which[start : start + step], first)

    def _parse(self, data: bytes) -> tuple[list[str], NDArray[np.float32]] | None:
        """The words and rows of lines that are all as they should be, or None.

        The rows lie in the room of the table, and are not counted yet.
        """
        reading = csv.ReadOptions(column_names=self._names, use_threads=len(data) > _SMALL)
        try:
            found = csv.read_csv(pa.BufferReader(data), read_options=reading, **self._options)
            words = found.column(0).combine_chunks()
            texts = words.cast(pa.string())
        except pa.ArrowInvalid:
            return None
        lengths = compute.min_max(compute.binary_length(words)).as_py()
        if lengths["min"] == 0 or lengths["max"] > self._most:
            return None
        ends = found.column("end") if self._layout.trailing else None
        if ends is not None and compute.max(compute.binary_length(ends)).as_py():
            return None
        place = self.table.room(len(words))
        with np.errstate(over="ignore"):
            for column in range(self._layout.dim):
                at = 0
                for chunk in found.column(column + 1).chunks:
                    place[at : at + len(chunk), column] = chunk.to_numpy()
                    at += len(chunk)
        if not np.isfinite(place).all():
            return None
        return texts.to_numpy(zero_copy_only=False).tolist(), place

    def _read_lines(self, lines: list[bytes], which: list[int], first: int) -> _Piece:
        """The rows of some of the lines, one by one; what cannot be used is noted."""
        kept, words, rows = [], [], []
        for n in which:
            if not lines[n].strip():
                continue
            read = self._read_line(lines[n])
            if isinstance(read, str):
                self._notes.refuse(read, first + n)
                continue
            kept.append(n)
            words.append(self._text(read[0], first + n))
            rows.append(read[1])
        numbers = np.stack(rows) if rows else np.empty((0, self._layout.dim), np.float32)
        return _Piece(np.array(kept, np.int64), words, numbers)

    def _read_line(self, text: bytes) -> tuple[bytes, NDArray[np.float32]] | str:
        """The word and row of one line, or the reason why not. The last fields are the numbers."""
        if len(text) > self._most:
            return f"longer than {self._most:,} bytes"
        dim = self._layout.dim
        reason = "with too few numbers"
        for separator in (self._separator, None):
            fields = text.rstrip().rsplit(separator, dim)
            if len(fields) <= dim:
                continue
            values = floats(fields[1:])
            if values is None:
                reason = "with something that is not a number"
                continue
            if not fields[0]:
                return "without a word"
            with np.errstate(over="ignore"):
                row = np.array(values).astype(np.float32)
            finite = bool(np.isfinite(row).all())
            return (fields[0], row) if finite else "with a number that is not finite"
        return reason

    def _text(self, word: bytes, number: int) -> str:
        try:
            return word.decode("utf-8")
        except UnicodeDecodeError:
            return self._notes.mend(word, number)
