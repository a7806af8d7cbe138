"""Texts to the weighted means of their words' vectors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from cospace.encode.words.reading import (
    common_part,
    split_words,
    word_places,
    word_shares,
    word_weights,
)
from cospace.errors import BadItem
from cospace.read.texts import check_text

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cospace.encode.words.vectors import WordVectors

__all__ = ["ReadWord", "Table", "WordTower"]


class ReadWord(NamedTuple):
    """A word of a text: its characters there, and its `row` in the table, or -1.

    One without a row is `known` all the same where its n-grams are; one that is not known has no
    part in the text's vector.
    """

    word: str
    start: int
    end: int
    row: int
    known: bool


class Table:
    """What runs a word tower: a look into a table, in float32."""

    precision = "f32"


class WordTower:
    """The tower of a word model. `encode` is safe to call from many threads."""

    def __init__(self, table: WordVectors, split: str, weighting: str) -> None:
        self.graph: Any = Table()
        self._table = table
        self._split = split
        self._weights = word_weights(weighting, len(table), table.counts)
        self._common = None
        if weighting == "sif":
            shares = word_shares(len(table), table.counts)
            self._common = common_part(table.rows, self._weights, shares)

    def prepare(self, value: Any, name: str, data: bytes | None = None) -> NDArray[np.float32]:
        """The text's unit vector, float32 [dim]: so a text without a known word fails alone.

        Raises `BadItem`.
        """
        del data  # a text has no file
        return self._vector(check_text(value, name), name)

    def canary(self, given: str) -> NDArray[np.float32]:
        """What `encode` takes, for the input of a known answer. Raises `BadItem`."""
        return self._vector(given, given)

    def encode(
        self, prepared: Sequence[NDArray[np.float32]], role: str = "document"
    ) -> tuple[NDArray[np.float32], list[int]]:
        """Unit rows float32 [n, dim] of prepared texts. None is ever cut: all words are read."""
        del role  # a word means the same in a query
        return np.array(prepared, np.float32).reshape(len(prepared), self._table.dim), []

    def row(self, word: str) -> int | None:
        """The row of a word in the table, as texts are read, or None."""
        found = self._table.index.get(word)
        if found is None and self._split == "cased":
            found = self._table.index.get(word.lower())
        return found

    def read(self, text: str) -> list[ReadWord]:
        """The words of a text in order."""
        grams = self._table.subwords
        found = []
        places = list(word_places(text, self._split))
        names = self._names([word for word, _, _ in places])
        for (word, start, end), name in zip(places, names, strict=True):
            row = self.row(name)
            known = row is not None or (grams is not None and grams.vector(word) is not None)
            found.append(ReadWord(word, start, end, -1 if row is None else row, known))
        return found

    def summed(self, text: str) -> tuple[list[tuple[int, int]], NDArray[np.float64]]:
        """The places of a text's known words, and the rows float64 [n, dim] that it is the sum of.

        The sum, at length one, is the text's vector.
        """
        table = self._table
        places: list[tuple[int, int]] = []
        rows: list[NDArray[np.float64]] = []
        found = list(word_places(text, self._split))
        names = self._names([word for word, _, _ in found])
        for (_, start, end), name in zip(found, names, strict=True):
            row = self.row(name)
            vector = None
            if row is not None:
                vector = np.float64(self._weights[row]) * table.rows[row].astype(np.float64)
            elif table.subwords is not None:
                vector = table.subwords.vector(name)
            if vector is not None:
                places.append((start, end))
                rows.append(vector.astype(np.float64))
        made = np.array(rows, np.float64).reshape(len(rows), table.dim)
        if self._common is not None:
            made -= np.outer(made @ self._common, self._common)
        return places, made

    def _names(self, words: list[str]) -> list[str]:
        """What the words of one text are called in the table."""
        return words

    def _vector(self, text: str, name: str) -> NDArray[np.float32]:
        """The text's vector, at length one. A sum in float64: alike in every batch and build."""
        table = self._table
        total = np.zeros(table.dim)
        found = False
        known, others = [], []
        for word in self._names(split_words(text, self._split)):
            row = self.row(word)
            if row is not None:
                known.append(row)
            elif table.subwords is not None:
                others.append(word)
        if known:
            total += self._weights[known].astype(np.float64) @ table.rows[known]
            found = True
        for word in others:
            vector = table.subwords.vector(word) if table.subwords is not None else None
            if vector is not None:
                total += vector  # a word never seen in training: as rare as can be
                found = True
        if not found:
            raise BadItem(name, "no word of it is in the vocabulary")
        if self._common is not None:
            total -= (total @ self._common) * self._common
        norm = float(np.linalg.norm(total))
        if norm < 1e-12:
            raise BadItem(name, "the vectors of its words cancel each other out")
        unit: NDArray[np.float32] = (total / norm).astype(np.float32)
        return unit
