"""Words of two languages in one table, tagged "en:chair" and "de:stuhl", and the texts of either.

A text does not say its language. It is taken for the likeliest by how common its words are in
each; a word that this language lacks (a name, a loan) is looked up in the other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from cospace.encode.words.reading import word_shares, word_weights
from cospace.encode.words.tower import WordTower
from cospace.errors import BadInput

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cospace.encode.words.vectors import WordVectors

__all__ = ["Languages", "LanguagesTower", "tagged", "tower_of"]

# The share of running text that an unknown word is taken for: less than any known one's.
_UNKNOWN = 1e-9


def tagged(language: str, word: str) -> str:
    """The word as it stands in a table of several languages."""
    return f"{language}:{word}"


class Languages:
    """Which rows of a table are of which language: all of the first, then all of the next.

    Raises `BadInput` for a table in another order, or without a word of each language.
    """

    def __init__(self, table: WordVectors, names: Sequence[str]) -> None:
        self.names = tuple(names)
        self.slices: dict[str, slice] = {}
        self._index = table.index
        start = 0
        for name in self.names:
            stop = start
            while stop < len(table) and table.words[stop].startswith(f"{name}:"):
                stop += 1
            if stop == start:
                raise BadInput(f"a table of {', '.join(self.names)} has no word of {name!r}")
            self.slices[name] = slice(start, stop)
            start = stop
        if start != len(table):
            raise BadInput(f"the word {table.words[start][:80]!r} has the tag of no language")
        self.counts = {
            name: None if table.counts is None else table.counts[part]
            for name, part in self.slices.items()
        }
        shares = [word_shares(stop.stop - stop.start, self.counts[n]) for n, stop in self._parts()]
        self._logs = np.log(np.maximum(np.concatenate(shares), _UNKNOWN))

    def row(self, language: str, word: str) -> int | None:
        """The row of a word of `language`, as it is written or in lower case; None if unknown."""
        row = self._index.get(tagged(language, word))
        return self._index.get(tagged(language, word.lower())) if row is None else row

    def likeliest(self, words: Sequence[str]) -> str:
        """The language in which these words are likeliest, each drawn by itself."""
        return max(self.names, key=lambda name: sum(self._log(name, word) for word in words))

    def find(self, words: Sequence[str]) -> list[str]:
        """The words with their tags: those of the likeliest language where it has them.

        A word that stands in the table as it is, with its tag, stays; an unknown one too.
        """
        first = self.likeliest(words)
        order = [first, *(name for name in self.names if name != first)]
        return [word if word in self._index else self._find(word, order) for word in words]

    def weights(self, weighting: str) -> NDArray[np.float32]:
        """How much each row counts in a text: by its share of its own language."""
        return np.concatenate(
            [word_weights(weighting, p.stop - p.start, self.counts[n]) for n, p in self._parts()]
        )

    def _parts(self) -> list[tuple[str, slice]]:
        return list(self.slices.items())

    def _log(self, language: str, word: str) -> float:
        row = self.row(language, word)
        return float(np.log(_UNKNOWN)) if row is None else float(self._logs[row])

    def _find(self, word: str, order: Sequence[str]) -> str:
        for language in order:
            for form in (word, word.lower()):
                if tagged(language, form) in self._index:
                    return tagged(language, form)
        return word


class LanguagesTower(WordTower):
    """The tower of a table of several languages."""

    def __init__(self, table: WordVectors, record: Mapping[str, Any]) -> None:
        super().__init__(table, str(record["split"]), str(record["weighting"]))
        self.languages = Languages(table, [str(name) for name in record["languages"]])
        self._weights = self.languages.weights(str(record["weighting"]))
        self._common = None  # each language was centred before it was mapped

    def _names(self, words: list[str]) -> list[str]:
        return self.languages.find(words)


def tower_of(table: WordVectors, record: Mapping[str, Any]) -> WordTower:
    """The tower of a table, as the `preprocess` record of its space says."""
    if record.get("languages"):
        return LanguagesTower(table, record)
    return WordTower(table, str(record["split"]), str(record["weighting"]))
