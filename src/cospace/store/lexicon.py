"""The words of a collection with how often they stand there, as people write them.

They are held beside the index, whose terms are numbers of stems: made when a word is first looked
for, about 250 bytes a different word, and read on from the last commit.
"""

from __future__ import annotations

import re
import unicodedata
import zlib
from bisect import bisect_left
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import cached_property, lru_cache
from itertools import chain, pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cospace.read.terms import chains, fold, has_digit, pairs
from cospace.store.language import any_stop_words
from cospace.store.protocol import Row
from cospace.store.truth import Change
from cospace.store.words import joined

__all__ = ["Lexicon", "Near", "distances"]

_SHORTEST, _LONGEST = 3, 30
# A longer text is read for its words, and not for what stands beside what.
_TITLE_WORDS, _TITLE = 12, 120
_CHUNK = re.compile(r"\S+")
_LETTERS = 32


class Near(NamedTuple):
    """A word that is like another: as it is written, folded, how often, how many edits away."""

    written: str
    folded: str
    often: int
    edits: int


class Lexicon:
    """Words by how they are written, in lower case, and titles of few words."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.titles: Counter[str] = Counter()
        self._read: dict[int, int] = {}

    def after(self, changes: Sequence[Change], gone: Collection[int]) -> Lexicon:
        """See `Follows`. Words of items that went stay counted: who uses one asks the index."""
        del gone
        made = Lexicon()
        made.counts, made.titles, made._read = self.counts.copy(), self.titles.copy(), self._read
        chunks: list[str] = []
        for key, row in changes:
            texts = list(_texts(row))
            content = zlib.crc32("\0".join(texts).encode())
            if made._read.get(key) == content:  # other things of it have changed
                continue
            made._read[key] = content
            for text in texts:
                chunks += _CHUNK.findall(text)
                if len(text) <= _TITLE and (title := _title(text)):
                    made.titles[title] += 1
        # Each different chunk is looked at once: there are far fewer of them.
        for chunk, often in Counter(chunks).items():
            for word in _words(chunk):
                made.counts[word] += often
        return made

    # --- words that are like another ---

    @cached_property
    def _table(self) -> _Table:
        return _Table(self.counts)

    def near(self, word: str, edits: int) -> list[Near]:
        """The words at most so many edits away from a folded word, in no order.

        An edit is a letter more, less or another, or two neighbours swapped (Damerau).
        """
        table = self._table
        letters = _bag([word])[0].astype(np.int16)
        alike = np.abs(table.bags - letters).sum(axis=1) <= 2 * edits
        alike &= np.abs(table.lengths - len(word)) <= edits
        at = np.flatnonzero(alike).tolist()
        words = [table.folded[place] for place in at]
        return [
            Near(table.written[place], table.folded[place], int(table.counts[place]), int(far))
            for place, far in zip(at, distances(word, words).tolist(), strict=True)
            if far <= edits
        ]

    def count(self, word: str) -> int:
        """How often a folded word stands there."""
        return self._table.of.get(word, 0)

    @cached_property
    def commonest(self) -> list[str]:
        """The commonest words of five letters and more, up to 200."""
        long = Counter({word: n for word, n in self.counts.items() if len(word) >= 5})
        return [word for word, _ in long.most_common(200)]

    # --- what begins with some letters ---

    @cached_property
    def _begun(self) -> tuple[list[str], list[tuple[str, int]]]:
        """What can be completed, sorted by its folded form, with its written form and count."""
        phrases: Counter[str] = Counter()
        for title, count in self.titles.items():
            words = title.split(" ")
            for pair in pairwise(words):
                if not any(fold(word) in any_stop_words() for word in pair):
                    phrases[" ".join(pair)] += count
        offered = {word: n for word, n in self.counts.items() if word not in any_stop_words()}
        offered |= {phrase: n for phrase, n in phrases.items() if n > 1}
        offered |= {title: n for title, n in self.titles.items() if " " in title}
        rows = sorted((fold(text), (text, count)) for text, count in offered.items())
        return [folded for folded, _ in rows], [row for _, row in rows]

    def begun(self, letters: str) -> list[tuple[str, int]]:
        """Words, phrases and titles that begin with folded letters, with their counts."""
        keys, rows = self._begun
        start = bisect_left(keys, letters)
        return rows[start : bisect_left(keys, letters + "\U0010ffff", start)]


class _Table:
    """The folded words with what tells fast which are like another."""

    def __init__(self, counts: Mapping[str, int]) -> None:
        best: dict[str, tuple[int, str]] = {}
        self.of: dict[str, int] = {}
        for written, count in counts.items():
            folded = fold(written)
            self.of[folded] = self.of.get(folded, 0) + count
            best[folded] = max(best.get(folded, (0, "")), (count, written))
        self.folded = list(best)
        self.written = [best[word][1] for word in self.folded]
        self.counts = np.array([self.of[word] for word in self.folded], np.int64)
        self.lengths = np.array([len(word) for word in self.folded], np.int16)
        self.bags = _bag(self.folded)


def _bag(words: Sequence[str]) -> NDArray[np.int8]:
    """How often each word has each letter, letters of other scripts sharing places: int8 [n, 32].

    One edit changes two of these numbers by one, at most.
    """
    bags = np.zeros((len(words), _LETTERS), np.int8)
    rows = np.repeat(np.arange(len(words)), [len(word) for word in words])
    letters = np.frombuffer("".join(words).encode("utf-32-le"), "<u4") % _LETTERS
    np.add.at(bags, (rows, letters), 1)
    return bags


def distances(word: str, words: Sequence[str]) -> NDArray[np.int16]:
    """The Damerau distance of a word to each of `words` (of neighbours swapped once): int16 [n].

    >>> distances("chiar", ["chair", "chairs", "cha", "oak"]).tolist()
    [1, 2, 2, 4]
    """
    size = max(map(len, words), default=0)
    letters = np.zeros((size, len(words)), np.uint32)
    for at, one in enumerate(words):
        letters[: len(one), at] = np.frombuffer(one.encode("utf-32-le"), "<u4")
    before = np.empty((size + 1, len(words)), np.int16)
    last = np.repeat(np.arange(size + 1, dtype=np.int16)[:, None], len(words), axis=1)
    typed = [ord(letter) for letter in word]
    for i, letter in enumerate(typed, 1):
        now = np.empty_like(last)
        now[0] = i
        other = letters != letter
        for j in range(1, size + 1):
            np.minimum(last[j] + 1, now[j - 1] + 1, out=now[j])
            np.minimum(now[j], last[j - 1] + other[j - 1], out=now[j])
            if i > 1 and j > 1:
                swapped = (letters[j - 1] == typed[i - 2]) & (letters[j - 2] == letter)
                np.minimum(now[j], before[j - 2] + np.where(swapped, 1, 99), out=now[j])
        before, last = last, now
    found: NDArray[np.int16] = last[[len(one) for one in words], np.arange(len(words))]
    return found


def _texts(row: Row) -> Iterator[str]:
    for text in chain([row.text or ""], joined(row.metadata.values())):
        yield (text if text.isascii() else unicodedata.normalize("NFC", text)).lower()


@lru_cache(50_000)
def _words(chunk: str) -> tuple[str, ...]:
    """The words of letters in what stands between two blanks."""
    return tuple(
        word
        for word in chain.from_iterable(chains(chunk))
        if _SHORTEST <= len(word) <= _LONGEST and not has_digit(word) and pairs(word) == [word]
    )


def _title(text: str) -> str:
    """A short text without points; "" for one word, and for what is long or of several lines."""
    words = text.split()
    return " ".join(words).strip(" .,;:!?") if 1 < len(words) <= _TITLE_WORDS else ""
