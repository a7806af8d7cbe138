"""Texts to the weighted means of their words' vectors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from cospace.encode.words.reading import split_words, word_weights
from cospace.errors import BadItem
from cospace.read.texts import check_text

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cospace.encode.words.vectors import WordVectors

__all__ = ["Table", "WordTower"]


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

    def prepare(self, value: Any, name: str, data: bytes | None = None) -> str:
        """The text itself, once it has passed the checks. Raises `BadItem`."""
        del data  # a text has no file
        return check_text(value, name)

    def canary(self, given: str) -> str:
        """What `encode` takes, for the input of a known answer."""
        return given

    def encode(
        self, texts: Sequence[str], role: str = "document"
    ) -> tuple[NDArray[np.float32], list[int]]:
        """Unit rows float32 [n, dim] of prepared texts. None is ever cut: all words are read."""
        del role  # a word means the same in a question
        rows = np.empty((len(texts), self._table.dim), np.float32)
        for position, text in enumerate(texts):
            rows[position] = self._vector(text, position)
        return rows, []

    def _words(self, text: str) -> list[str]:
        return split_words(text, self._split)

    def _vector(self, text: str, position: int) -> NDArray[np.float32]:
        """The text's vector, at length one. A sum in float64: alike in every batch and build."""
        table = self._table
        total = np.zeros(table.dim)
        found = False
        known, others = [], []
        for word in self._words(text):
            row = table.index.get(word)
            if row is None and self._split == "cased":
                row = table.index.get(word.lower())
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
            raise BadItem(f"input {position}", "no word of it is in the vocabulary")
        norm = float(np.linalg.norm(total))
        if norm < 1e-12:
            raise BadItem(f"input {position}", "the vectors of its words add up to nothing")
        unit: NDArray[np.float32] = (total / norm).astype(np.float32)
        return unit
