"""word2vec's binary format: a header, and for each word its name, a space, and its float32."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, BinaryIO

import numpy as np

from cospace.adopt.words.kinds import Layout
from cospace.adopt.words.table import GrowingTable
from cospace.limits import limit

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cospace.adopt.words.notes import Notes

__all__ = ["read_binary"]

_BLOCK = 1 << 22
_SPACE, _FEED = b" \n"
_SOME = 0.2  # of the rows: more than line feeds among the numbers can be
_NEAR = 64  # bytes: a longer word at the end of a block is not looked for
_LONGEST = 1 << 26  # bytes of a word, whatever the limit says: two are held


def read_binary(
    stream: BinaryIO, layout: Layout, size: int | None, notes: Notes
) -> tuple[list[str], NDArray[np.float32]]:
    """The words, and their rows float32 [n, dim], of a stream that stands at the file's start.

    Rows are read to the end of the file, whatever the header says; a line feed after a row, as
    word2vec writes it and gensim does not, is passed over. `size` is that of the file, where it
    is known.
    """
    assert layout.count is not None
    stream.read(layout.start)
    most = 1 if size is None else (size - layout.start) // (4 * layout.dim + 2) + 1
    reader = _Reader(layout, notes, min(layout.count, most))
    left = reader.read(stream)
    if left:
        notes.say(f"the last {left:,} bytes are no whole row, and were left out")
    if layout.count != reader.number:
        notes.say(
            f"number of words: the header says {layout.count:,}, the file has {reader.number:,}"
        )
    return reader.words, reader.table.rows()


class _Reader:
    """The words and rows that were read so far; `number` counts those left out too."""

    def __init__(self, layout: Layout, notes: Notes, expected: int) -> None:
        self.words: list[str] = []
        self.table = GrowingTable(layout.dim, expected=expected)
        self.number = 0
        self._notes = notes
        self._width = 4 * layout.dim
        # One row after another, each found as its word; then what is no whole row, as nothing.
        self._row = re.compile(rb"(?s:([^ ]*+) .{%d}|.+)" % self._width)
        self._most = min(limit("word_line_bytes"), _LONGEST)
        self._block = bytearray(max(_BLOCK, 2 * (self._width + self._most)))

    def read(self, stream: BinaryIO) -> int:
        """Reads all rows; the number of bytes at the end that are no row."""
        block, view = self._block, memoryview(self._block)
        have = 0
        while got := stream.readinto(view[have:]):  # type: ignore[attr-defined]
            have += int(got)
            used = self._read_block(have)
            rest = have - used
            if rest > self._most + self._width + 2:  # there is no word that ends
                return rest + _left(stream)
            block[:rest] = block[used:have]
            have = rest
        return len(bytes(block[:have]).strip(b"\r\n"))

    def _read_block(self, have: int) -> int:
        """Adds the rows that are whole among the first `have` bytes; how many bytes they take."""
        step = self._width + 1
        found = self._row.findall(self._block, 0, have)
        ends = np.fromiter(map(len, found), np.int64, len(found))  # of the words: the space
        ends = np.cumsum(ends + step) - step
        if found and (ends[-1] + step > have or self._block[ends[-1]] != _SPACE):
            found, ends = found[:-1], ends[:-1]
        if found:
            after = ends + step
            fed = np.frombuffer(self._block, np.uint8)[after[after < have]] == _FEED
            if not fed.all() and (fed.mean() > _SOME or self._fed(0, have) is not None):
                found, ends = self._by_feeds(have)
        if not found:
            return 0
        self._add(found, ends)
        return int(ends[-1]) + step

    def _by_feeds(self, have: int) -> tuple[list[bytes], NDArray[np.int64]]:
        """The rows of a block in which they end with a line feed, though some words have spaces."""
        found: list[bytes] = []
        ends: list[int] = []
        at = 0
        while at < have:
            end = self._fed(at, have)
            if end is None:
                end = self._block.find(b" ", at, have)
            if end < 0 or end + 1 + self._width > have:
                break
            found.append(bytes(self._block[at:end]))
            ends.append(end)
            at = end + 1 + self._width
        return found, np.array(ends, np.int64)

    def _fed(self, at: int, have: int, ahead: int = 1) -> int | None:
        """Where the word ends of the row that begins here; None where no line feed ends it.

        By chance a number can have a line feed where a part of the word would want it; so the
        row behind it must be one too, where it is in the block.
        """
        end = at
        while True:
            end = self._block.find(b" ", end + 1, have)
            after = end + 1 + self._width
            if end < 0 or after >= have:
                return None
            word = bytes(self._block[at:end]).removeprefix(b"\n")
            if b"\n" in word:
                return None
            if self._block[after] == _FEED and _is_text(word):
                last = after + self._width + _NEAR > have
                if not ahead or last or self._fed(after, have, ahead - 1) is not None:
                    return end

    def _add(self, found: list[bytes], ends: NDArray[np.int64]) -> None:
        """Adds the rows of a block; their words, `found`, end at `ends` int64 [n]."""
        numbers = np.frombuffer(self._block, np.uint8)
        starts = np.concatenate(([0], ends[:-1] + self._width + 1))
        starts += (numbers[starts] == _FEED) & (starts < ends)  # a line feed after the row before
        # Rows lie at any byte: each is one item of `width` bytes, and the items overlap.
        count = len(self._block) - self._width + 1
        items = np.ndarray((count,), f"V{self._width}", self._block, strides=(1,))
        place = self.table.room(len(ends))
        place.view(f"V{self._width}")[:, 0] = items[ends + 1]
        if not np.little_endian:
            place.byteswap(inplace=True)
        words = self._words(found, ends - starts)
        if words is not None and np.isfinite(place).all():
            self.words += words
            self.table.take(len(ends))
        else:
            self._add_rows(place, starts, ends)
        self.number += len(ends)

    def _words(self, found: list[bytes], sizes: NDArray[np.int64]) -> list[str] | None:
        """The words, of `sizes` without a line feed before them, when all of them are sound."""
        if sizes.min() == 0 or sizes.max() > self._most:
            return None
        joined = b"\n".join([b"", *(word.removeprefix(b"\n") for word in found)])
        if joined.count(b"\n") != len(found) or b"\r" in joined:
            return None
        try:
            return joined.decode("utf-8").split("\n")[1:]
        except UnicodeDecodeError:
            return None

    def _add_rows(
        self, place: NDArray[np.float32], starts: NDArray[np.int64], ends: NDArray[np.int64]
    ) -> None:
        """Adds the rows one by one, those that can be."""
        kept: list[int] = []
        endless = set(np.flatnonzero(~np.isfinite(place).all(axis=1)).tolist())
        for row, (start, end) in enumerate(zip(starts.tolist(), ends.tolist(), strict=True)):
            word = bytes(self._block[start:end])
            number = self.number + row + 1
            reason = self._reason(word)
            if not reason and row in endless:
                reason = "with a number that is not finite"
            if reason:
                self._notes.refuse(reason, number)
                continue
            try:
                self.words.append(word.decode("utf-8"))
            except UnicodeDecodeError:
                self.words.append(self._notes.mend(word, number))
            kept.append(row)
        place[: len(kept)] = place[kept]
        self.table.take(len(kept))

    def _reason(self, word: bytes) -> str:
        if not word:
            return "without a word"
        if len(word) > self._most:
            return f"with a word longer than {self._most:,} bytes"
        if b"\n" in word or b"\r" in word:
            return "with a line break in its word"
        return ""


def _is_text(word: bytes) -> bool:
    try:
        return word.decode().isprintable()
    except UnicodeDecodeError:
        return False


def _left(stream: BinaryIO) -> int:
    """How many bytes are left in a stream, which is read to its end."""
    count = 0
    while data := stream.read(_BLOCK):
        count += len(data)
    return count
