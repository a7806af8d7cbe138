"""Counting: the words of a corpus get numbers in the order they come, and then their ranks."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from cospace.errors import BadItem
from cospace.limits import limit
from cospace.read.terms import marks
from cospace.train.sources import text_pieces
from cospace.train.spool import Spool

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["ListCounter", "TextCounter"]

_BREAK = re.compile(rb"[ \n\t\r\v\f]")


# ASCII for the split "words" and "cased": all that is no letter, digit or "_" becomes a space.
_KEPT = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_\n"
_CASED = bytes(c if bytes([c]) in _KEPT else 32 for c in range(256))
_LOWER = bytes(ord(chr(c).lower()) if c < 128 else c for c in _CASED)

# Text without a single space is cut here, so that it is not all held in memory.
_CARRY = 1 << 22


class TextCounter:
    """Numbers for the words of text files. `broken` counts bytes that were not UTF-8."""

    def __init__(self, split: str) -> None:
        self._split = split
        self.broken = 0
        self.cut = 0
        self._spool = Spool()
        self._table = np.full(1 << 17, -1, np.int32)
        self._mixes = np.zeros(1 << 16, np.uint64)
        self._starts = np.zeros((1 << 16) + 1, np.int64)
        self._counts = np.zeros(1 << 16, np.int64)
        self._arena = np.zeros(1 << 19, np.uint8)
        self._state = np.zeros(4, np.int64)

    @property
    def long(self) -> int:
        """Words that were left out because they are longer than the limit."""
        return int(self._state[3])

    def read(self, file: Path) -> None:
        """Counts the words of one file. Raises `BadItem`."""
        carry = b""
        for piece in text_pieces(file):
            data = carry + piece
            end = max(data.rfind(b" "), data.rfind(b"\n")) + 1
            if not end and len(data) > _CARRY:
                end = _character_start(data, len(data))
                self.cut += 1
            carry = data[end:]
            self._scan(self._normalised(data[:end]))
        self._scan(self._normalised(carry) + b"\n")

    def finish(self) -> tuple[list[bytes], NDArray[np.int64], NDArray[np.int32]]:
        """(words, counts, tokens) by number."""
        number = int(self._state[0])
        arena, starts = self._arena.tobytes(), self._starts[: number + 1].tolist()
        words = [arena[a:b] for a, b in pairwise(starts)]
        return words, self._counts[:number].copy(), self._spool.finish()

    def _normalised(self, data: bytes) -> bytes:
        """Words by single spaces, lines by line feeds, all of it valid UTF-8."""
        if data.isascii():
            if self._split == "spaces":
                return data
            return data.translate(_LOWER if self._split == "words" else _CASED)
        text = data.decode("utf-8", "surrogateescape")
        if not text.isprintable():  # quick for most; broken bytes are surrogates, not printable
            clean = text.encode("utf-8", "replace").decode()
            lone = sum(1 for c in text if "\udc80" <= c <= "\udcff")
            if lone:
                self.broken += lone
                text = "".join(" " if "\udc80" <= c <= "\udcff" else c for c in text)
            else:
                text = clean
        if self._split == "spaces":
            return "\n".join(" ".join(line.split()) for line in text.split("\n")).encode()
        text = text if text.isascii() else unicodedata.normalize("NFC", text)
        return _not_word().sub(" ", text.lower() if self._split == "words" else text).encode()

    def _scan(self, data: bytes) -> None:
        from cospace.train.kernels.scan import scan

        raw = np.frombuffer(data, np.uint8)
        longest = limit("word_bytes")
        tokens = np.empty(len(raw) + 1, np.int32)
        at = 0
        while True:
            self._state[2] = 0
            at = scan(
                raw, at, longest, tokens, self._table, self._mixes, self._arena, self._starts,
                self._counts, self._state,
            )  # fmt: skip
            self._spool.append(tokens[: self._state[2]])
            if at >= len(raw):
                return
            self._grow()

    def _grow(self) -> None:
        """Twice the room for words."""
        number = int(self._state[0])
        self._mixes = np.concatenate([self._mixes, np.zeros_like(self._mixes)])
        self._counts = np.concatenate([self._counts, np.zeros_like(self._counts)])
        self._starts = np.concatenate([self._starts, np.zeros(len(self._mixes) // 2, np.int64)])
        room = max(2 * len(self._arena), int(self._state[1]) + limit("word_bytes"))
        self._arena = np.concatenate([self._arena, np.zeros(room - len(self._arena), np.uint8)])
        self._table = np.full(4 * len(self._mixes), -1, np.int32)
        _place(self._table, self._mixes[:number])


@cache
def _not_word() -> re.Pattern[str]:
    """What stands between words; the marks of a script belong to its words."""
    return re.compile(rf"[^\w{marks()}\n]+")


class ListCounter:
    """Numbers for words that come as lists, one a sentence."""

    def __init__(self) -> None:
        self._index: dict[str, int] = {}
        self._spool = Spool()
        self.sentences = 0
        self.odd = 0

    def read(self, sentences: Iterable[Iterable[str]]) -> None:
        """Counts the words of all sentences. Raises `BadItem` that names a bad one."""
        index = self._index
        held: list[int] = []
        for sentence in sentences:
            name = f"sentence {self.sentences}"
            if isinstance(sentence, (str, bytes)) or not hasattr(sentence, "__iter__"):
                kind = type(sentence).__name__
                raise BadItem(name, f"a sentence is a list of words, not {kind}: text.split()?")
            for word in sentence:
                if not isinstance(word, str):
                    raise BadItem(name, f"a word is a str, not {type(word).__name__}: {word!r:.80}")
                if not _sound(word):
                    self.odd += 1
                    continue
                held.append(index.setdefault(word, len(index)))
            held.append(-1)
            self.sentences += 1
            if len(held) > 1 << 18:
                self._spool.append(np.array(held, np.int32))
                held = []
        self._spool.append(np.array(held, np.int32))

    def finish(self) -> tuple[list[bytes], NDArray[np.int64], NDArray[np.int32]]:
        """(words, counts, tokens) by number."""
        tokens = self._spool.finish()
        counts = np.zeros(len(self._index) + 1, np.int64)
        for start in range(0, len(tokens), 1 << 22):
            some = tokens[start : start + (1 << 22)]
            counts += np.bincount(some + 1, minlength=len(counts))
        return [word.encode() for word in self._index], counts[1:], tokens


def _place(table: Any, mixes: Any) -> None:
    """Fills an empty hash table with the words' numbers."""
    mask = np.uint64(len(table) - 1)
    slots = ((mixes ^ (mixes >> np.uint64(29))) & mask).astype(np.int64)
    left = np.arange(len(mixes))
    while len(left):
        # Of the words that want one free slot, the first gets it; the others try the next slot.
        wanted = slots[left]
        free = left[table[wanted] < 0]
        first, which = np.unique(slots[free], return_index=True)
        table[first] = free[which]
        left = left[table[wanted] != left]
        slots[left] = (slots[left] + 1) & int(mask)


def _sound(word: str) -> bool:
    if not word or "\n" in word or "\r" in word or len(word) > limit("word_bytes"):
        return False
    return word.isascii() or not any("\ud800" <= c <= "\udfff" for c in word)


def _character_start(data: bytes, at: int) -> int:
    """The last place up to `at` before which a whole character ends."""
    at -= 1
    while at > 0 and data[at] & 0xC0 == 0x80:
        at -= 1
    return max(at, 1)
