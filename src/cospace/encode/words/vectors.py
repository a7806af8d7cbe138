"""WordVectors: words, their vectors and counts, and the rows of their n-grams."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from cospace.encode.words.ngrams import bucket, ngrams
from cospace.errors import BadInput, BadVector

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Subwords", "WordVectors"]


@dataclass(frozen=True)
class Subwords:
    """The rows of n-grams: float32 [m, dim], for the bucket ids int64 [m], which rise.

    `buckets` is how many there are in all; a bucket without a row was never trained.
    """

    rows: NDArray[np.float32]
    ids: NDArray[np.int64]
    buckets: int
    least: int
    most: int

    def vector(self, word: str) -> NDArray[np.float32] | None:
        """The mean of the rows of the word's n-grams: float32 [dim]; None when it has none."""
        wanted = np.array(
            [bucket(gram, self.buckets) for gram in ngrams(word, self.least, self.most)], np.int64
        )
        at = np.searchsorted(self.ids, wanted)
        at = at[at < len(self.ids)] if not len(self.ids) else np.minimum(at, len(self.ids) - 1)
        known = at[self.ids[at] == wanted] if len(at) else at
        if not len(known):
            return None
        mean: NDArray[np.float32] = self.rows[known].mean(axis=0, dtype=np.float32)
        return mean


@dataclass(frozen=True)
class WordVectors:
    """A table of word vectors: `rows` is float32 [n, dim], the commonest word first.

    `counts` is int64 [n], or None where nobody knows how often each word was seen. With
    `subwords` words outside the table have vectors too.

    Raises `BadInput` for words that stand in it twice or hold a line break, and for numbers
    of rows, words and counts that differ; `BadVector` for a number that is not finite.

    >>> table = WordVectors(["sofa", "lamp"], np.eye(2, dtype=np.float32))
    >>> table.dim, table.index["lamp"]
    (2, 1)
    """

    words: Sequence[str]
    rows: NDArray[np.float32]
    counts: NDArray[np.int64] | None = None
    subwords: Subwords | None = None

    def __post_init__(self) -> None:
        if self.rows.ndim != 2 or self.rows.dtype != np.float32:
            raise BadVector(
                f"word vectors are float32 [n, dim], not {self.rows.dtype} {list(self.rows.shape)}"
            )
        counts = len(self.words) if self.counts is None else len(self.counts)
        if not len(self.words) == len(self.rows) == counts or not len(self.words):
            raise BadInput(
                f"a table has one row and one count for each word, and a word at least; this has"
                f" {len(self.words):,} words, {len(self.rows):,} rows and {counts:,} counts"
            )
        if len(self.index) < len(self.words):
            twice = next(w for i, w in enumerate(self.words) if self.index[w] != i)
            raise BadInput(f"the word {twice[:80]!r} stands in the table twice")
        text = "\n".join(self.words)  # searched at once: far quicker than word by word
        if "" in self.index or "\r" in text or text.count("\n") >= len(self.words):
            broken = next(w for w in self.words if not w or "\n" in w or "\r" in w)
            raise BadInput(f"a word is one line, and not empty: {broken[:80]!r}")
        _check_finite(self.rows, "word", self.words)
        if self.subwords is not None:
            if self.subwords.rows.shape[1:] != (self.dim,):
                raise BadVector("the rows of n-grams have another dimension than those of words")
            _check_finite(self.subwords.rows, "n-gram", None)

    @property
    def dim(self) -> int:
        """The numbers in a vector."""
        return int(self.rows.shape[1])

    @cached_property
    def index(self) -> dict[str, int]:
        """The row of each word."""
        return dict(zip(self.words, range(len(self.words)), strict=True))

    def vector(self, word: str) -> NDArray[np.float32] | None:
        """The word's vector float32 [dim], by its n-grams where it is not in the table, or None."""
        row = self.index.get(word)
        if row is not None:
            found: NDArray[np.float32] = self.rows[row]
            return found
        return None if self.subwords is None else self.subwords.vector(word)

    def __len__(self) -> int:
        return len(self.words)


def _check_finite(rows: NDArray[np.float32], what: str, words: Sequence[str] | None) -> None:
    step = 1 << 16  # in pieces: a mask of the whole table would be a quarter of its size
    for start in range(0, len(rows), step):
        finite = np.isfinite(rows[start : start + step])
        if not finite.all():
            good = finite.all(axis=1)
            row = start + int(np.argmin(good))
            name = f" {words[row][:80]!r}" if words is not None else ""
            raise BadVector(f"the vector of {what}{name} holds NaN or Inf", row=row)
