"""The answers of a table of word vectors: which analogies it solves, and its cosines of pairs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from cospace.encode.words.tools import unit_rows
from cospace.evaluate.encoding import encode_texts

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cospace.encode import Encoder
    from cospace.encode.words import WordVectors
    from cospace.evaluate.pairs import Pairs
    from cospace.evaluate.words.questions import Question

__all__ = ["Lookup", "pair_cosines", "solve", "text_cosines"]

# Scores of one block: questions times words, 64 MB of float32.
_BLOCK = 16_000_000
# A table is of lower case when at least so many of its commonest words are.
_LOWER = 0.99


class Lookup:
    """Words as a table spells them: in lower case where the table is of lower case.

    `most` is how many of the commonest words are looked at to tell.
    """

    def __init__(self, table: WordVectors, most: int) -> None:
        words = table.words[:most]
        self.lower = sum(word == word.lower() for word in words) >= _LOWER * len(words)
        self._table = table

    def row(self, word: str) -> int | None:
        """The row of a word in the table, or None."""
        return self._table.index.get(word.lower() if self.lower else word)

    def vector(self, word: str) -> NDArray[np.float32] | None:
        """The vector of a word: as it is written, else in lower case, else by its n-grams."""
        row = self.row(word)
        if row is None:
            row = self._table.index.get(word.lower())
        if row is not None:
            found: NDArray[np.float32] = self._table.rows[row]
            return found
        return self._table.vector(word.lower() if self.lower else word)


def solve(
    table: WordVectors, sections: Mapping[str, Sequence[Question]], *, most: int, dim: int
) -> dict[str, NDArray[np.int8]]:
    """For each question of each section: 1 solved, 0 not, -1 not asked. int8 [n] by section.

    A question is asked when its four words are among the `most` commonest. The answer is the
    word among those, without the three that the question names, of the highest cosine to
    b - a + c, of unit vectors of the first `dim` numbers (3CosAdd). Of equal ones the commoner
    is taken.

    Source: Levy and Goldberg, Linguistic Regularities in Sparse and Explicit Word
    Representations, 2014, equation 1.
    """
    unit = unit_rows(table.rows[:most, :dim])
    lookup = Lookup(table, most)
    solved = {}
    for name, questions in sections.items():
        rows = np.array(
            [[-1 if (row := lookup.row(word)) is None else row for word in q] for q in questions],
            np.int64,
        )
        asked = ((rows >= 0) & (rows < len(unit))).all(axis=1)
        solved[name] = np.full(len(questions), -1, np.int8)
        solved[name][asked] = _solved(unit, rows[asked])
    return solved


def pair_cosines(table: WordVectors, ratings: Pairs, *, most: int, dim: int) -> NDArray[np.float64]:
    """The cosine of each pair float64 [n], of the first `dim` numbers; NaN for an unknown word.

    A word whose vector is zero has no direction, and counts as unknown.
    """
    lookup = Lookup(table, most)
    unknown = np.full(dim, np.nan)
    rows = {}
    for word in {*ratings.first, *ratings.second}:
        vector = lookup.vector(word)
        rows[word] = unknown if vector is None else vector[:dim].astype(np.float64)
    return _cosines([rows[word] for word in ratings.first], [rows[word] for word in ratings.second])


def text_cosines(encoder: Encoder, ratings: Pairs) -> NDArray[np.float64]:
    """As `pair_cosines`, of words that any encoder encodes as texts, as documents."""
    unique = list(dict.fromkeys([*ratings.first, *ratings.second]))
    encoded = encode_texts(encoder, unique, "document")
    rows = dict(zip(unique, encoded.rows.astype(np.float64), strict=True))
    return _cosines([rows[word] for word in ratings.first], [rows[word] for word in ratings.second])


def _cosines(
    first: Sequence[NDArray[np.float64]], second: Sequence[NDArray[np.float64]]
) -> NDArray[np.float64]:
    one, two = np.stack(first), np.stack(second)
    lengths = np.linalg.norm(one, axis=1) * np.linalg.norm(two, axis=1)
    cosines: NDArray[np.float64] = np.full(len(one), np.nan)
    np.divide(np.einsum("ij,ij->i", one, two), lengths, out=cosines, where=lengths > 0)
    return cosines


def _solved(unit: NDArray[np.float32], asked: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which of the questions int64 [n, 4], as rows of `unit`, are solved: bool [n]."""
    right = np.zeros(len(asked), bool)
    step = max(1, _BLOCK // len(unit))
    for start in range(0, len(asked), step):
        a, b, c, d = asked[start : start + step].T
        scores = (unit[b] - unit[a] + unit[c]) @ unit.T
        position = np.arange(len(a))
        for named in (a, b, c):
            scores[position, named] = -np.inf
        right[start : start + step] = scores.argmax(axis=1) == d
    return right
