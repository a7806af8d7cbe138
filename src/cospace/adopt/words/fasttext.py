"""fastText's .bin: words with their counts, a matrix of words and n-grams, and how they add up.

The layout is that of fastText's source, version 12 (FastText::saveModel): a magic number, the
arguments, the dictionary, and the input matrix. What follows, for predictions, is not read.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

import numpy as np

from cospace.adopt.words.grams import gram_buckets
from cospace.adopt.words.kinds import FASTTEXT_MAGIC
from cospace.adopt.words.table import GrowingTable
from cospace.encode.words import Subwords
from cospace.errors import BadItem
from cospace.limits import limit

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cospace.adopt.words.notes import Notes

__all__ = ["FastText", "read_fasttext"]

_VERSION = 12
_PIECE = 1 << 24
_WORDS = 4_096  # whose n-grams are hashed at once
_GATHERED = 1 << 21  # numbers of n-gram rows that are added up at once


@dataclass(frozen=True)
class FastText:
    """What a .bin holds: words, their vectors as fastText gives them, counts, and n-grams."""

    words: list[str]
    rows: NDArray[np.float32]
    counts: NDArray[np.int64]
    subwords: Subwords | None


@dataclass(frozen=True)
class _Arguments:
    """The arguments of the training that a reader needs; of those only."""

    dim: int
    word_ngrams: int
    buckets: int
    least: int
    most: int


def read_fasttext(stream: BinaryIO, name: str, size: int | None, notes: Notes) -> FastText:
    """The vectors of a stream that stands at the file's start; `size` is that of the file.

    A word's vector is the mean of its own row and those of its n-grams: what fastText's
    get_word_vector gives. Raises `BadItem` for a file that is cut off, quantised, of another
    version, or whose numbers do not fit together.
    """
    file = _File(stream, name, size)
    given = _arguments(file)
    words, counts = _dictionary(file)
    if file.exactly(1) != b"\0":
        raise BadItem(
            name,
            "a quantised fastText model, which holds no exact vectors. Give the .bin that it was"
            " made from",
        )
    number, dim = file.numbers("<qq")
    if dim != given.dim or number != len(words) + given.buckets:
        raise BadItem(
            name,
            f"a matrix of {number:,} rows of {dim:,} numbers, where {len(words):,} words and"
            f" {given.buckets:,} buckets of {given.dim:,} were announced",
        )
    rows = file.matrix(len(words), dim)
    subwords = None
    if given.most > 0 and given.buckets:
        grams = file.matrix(given.buckets, dim)
        ids = np.arange(given.buckets)
        subwords = Subwords(grams, ids, given.buckets, given.least, given.most)
        _add_grams(rows, words, subwords)
    if given.word_ngrams > 1:
        notes.say("its vectors of word pairs are not read; a text's vector has none of them")
    return FastText(_texts(words, notes), rows, counts, subwords)


def _arguments(file: _File) -> _Arguments:
    magic, version = file.exactly(4), file.numbers("<i")[0]
    if magic != FASTTEXT_MAGIC or version != _VERSION:
        raise BadItem(file.name, f"fastText's format {_VERSION} is read; this has {version}")
    dim, _, _, _, _, word_ngrams, _, model, buckets, least, most, _, _ = file.numbers("<12id")
    if not 1 <= dim <= limit("dim"):
        raise BadItem(file.name, f"vectors of {dim:,} numbers; 1 to {limit('dim'):,} are read")
    sound = buckets >= 0 and least >= 0 and 0 <= most <= limit("word_line_bytes")
    if not sound or model not in (1, 2, 3):
        raise BadItem(file.name, "its header does not hold fastText's arguments")
    return _Arguments(dim, word_ngrams, buckets, least, most)


def _dictionary(file: _File) -> tuple[list[bytes], NDArray[np.int64]]:
    """The words as bytes, without labels, and how often each was seen."""
    entries, number, labels, _, pruned = file.numbers("<iiiqq")
    if entries != number + labels or number < 1 or labels < 0:
        raise BadItem(
            file.name,
            f"{entries:,} entries, but {number:,} words and {labels:,} labels",
        )
    if pruned >= 0:
        raise BadItem(file.name, "n-grams were pruned from it, as quantising does")
    words: list[bytes] = []
    counts: list[int] = []
    for entry in range(entries):
        word = file.until_zero()
        count, kind = file.numbers("<qb")
        if (kind == 0) != (entry < number):
            raise BadItem(file.name, f"the entry {entry + 1:,} of its dictionary is out of order")
        if kind == 0:
            words.append(word)
            counts.append(max(0, count))
    return words, np.array(counts, np.int64)


def _texts(words: list[bytes], notes: Notes) -> list[str]:
    texts = []
    for number, word in enumerate(words, 1):
        try:
            texts.append(word.decode("utf-8"))
        except UnicodeDecodeError:
            texts.append(notes.mend(word, number))
    return texts


def _add_grams(rows: NDArray[np.float32], words: list[bytes], grams: Subwords) -> None:
    """Puts in place of each word's own row its mean with the rows of its n-grams."""
    for start in range(0, len(words), _WORDS):
        chunk = words[start : start + _WORDS]
        ids, numbers = gram_buckets(chunk, grams.least, grams.most, grams.buckets)
        if b"</s>" in chunk:  # the end of a sentence is not spelled
            place = chunk.index(b"</s>")
            before = int(numbers[:place].sum())
            ids = np.delete(ids, np.s_[before : before + int(numbers[place])])
            numbers[place] = 0
        bounds = np.concatenate(([0], np.cumsum(numbers)))
        most = max(1, _GATHERED // rows.shape[1])
        first = 0
        while first < len(chunk):
            last = int(np.searchsorted(bounds, bounds[first] + most, side="right")) - 1
            last = min(max(last, first + 1), len(chunk))
            place_of = start + first + np.flatnonzero(numbers[first:last])
            if len(place_of):
                gathered = grams.rows[ids[bounds[first] : bounds[last]]]
                starts = bounds[place_of - start] - bounds[first]
                rows[place_of] += np.add.reduceat(gathered, starts, axis=0)
            rows[start + first : start + last] /= (1 + numbers[first:last, None]).astype(np.float32)
            first = last


class _File:
    """A stream that is read in exact pieces, and never further than it goes."""

    def __init__(self, stream: BinaryIO, name: str, size: int | None) -> None:
        self.name = name
        self._stream = stream
        self._size = size
        self._data = b""
        self._at = 0

    def exactly(self, number: int) -> bytes:
        """The next bytes. Raises `BadItem` where there are fewer."""
        while len(self._data) - self._at < number:
            self._more()
        piece = self._data[self._at : self._at + number]
        self._at += number
        return piece

    def numbers(self, form: str) -> tuple[int, ...]:
        """The next numbers, in the form of the module struct."""
        return struct.unpack(form, self.exactly(struct.calcsize(form)))

    def until_zero(self) -> bytes:
        """The next bytes up to a zero, which is passed over."""
        while (end := self._data.find(b"\0", self._at)) < 0:
            if len(self._data) - self._at > limit("word_line_bytes"):
                raise BadItem(self.name, "a word in its dictionary does not end")
            self._more()
        piece = self._data[self._at : end]
        self._at = end + 1
        return piece

    def matrix(self, number: int, dim: int) -> NDArray[np.float32]:
        """The next `number` rows: float32 [number, dim], in memory for what the file has only."""
        bytes_of_row = 4 * dim
        if self._size is not None and number * bytes_of_row > self._size:
            raise self._cut_off()
        step = max(1, _PIECE // bytes_of_row)
        table = GrowingTable(dim, expected=number if self._size is not None else min(number, step))
        while len(table) < number:
            count = min(step, number - len(table))
            place = table.room(count)
            self._fill(place.reshape(-1).view(np.uint8).data)
            table.take(count)
        rows = table.rows()
        return rows if np.little_endian else rows.byteswap()

    def _fill(self, place: memoryview) -> None:
        """Fills the bytes of `place` with what comes next."""
        kept = self._data[self._at : self._at + len(place)]
        self._at += len(kept)
        place[: len(kept)] = kept
        at = len(kept)
        while at < len(place):
            got = self._stream.readinto(place[at:])  # type: ignore[attr-defined]
            if not got:
                raise self._cut_off()
            at += got

    def _more(self) -> None:
        data = self._stream.read(1 << 20)
        if not data:
            raise self._cut_off()
        self._data = self._data[self._at :] + data
        self._at = 0

    def _cut_off(self) -> BadItem:
        return BadItem(self.name, "the file is cut off: it ends before what it says it holds")
