"""What the senses of a word came to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["Occurrence", "Sense", "Senses", "Static"]


class Occurrence(NamedTuple):
    """A context of the word, the group that it is in, and its place in the picture."""

    text: str
    group: int
    x: float
    y: float


class Sense(NamedTuple):
    """A group of occurrences: its size, the words that tell it, and its most typical contexts.

    `within` is the mean cosine of two of its contexts, `between` that to contexts of other groups.
    """

    size: int
    words: tuple[str, ...]
    examples: tuple[str, ...]
    within: float
    between: float


class Static(NamedTuple):
    """The one vector that a table of word vectors has: the same for every occurrence.

    `neighbours` are the words nearest to it; `known` is False where the table lacks the word.
    """

    name: str
    known: bool
    neighbours: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Senses:
    """The groups of a word's occurrences, the largest first.

    `found` is how many there are in the corpus, `alone` how many more had nothing around them.
    `silhouettes` are those of each number of groups that was tried. `labels` [n] and `rows`
    [n, dim] are of the occurrences that were looked at.
    """

    word: str
    model: str
    found: int
    alone: int
    senses: tuple[Sense, ...]
    occurrences: tuple[Occurrence, ...]
    silhouettes: dict[int, float]
    static: Static | None
    labels: NDArray[np.intp]
    rows: NDArray[np.float32]

    def to_json(self) -> dict[str, Any]:
        """A record for JSON."""
        static = self.static
        return {
            "word": self.word,
            "model": self.model,
            "found": self.found,
            "with_nothing_around": self.alone,
            "looked_at": len(self.occurrences),
            "senses": [
                {**one._asdict(), "words": list(one.words), "examples": list(one.examples)}
                for one in self.senses
            ],
            "silhouettes": {str(k): round(v, 4) for k, v in self.silhouettes.items()},
            "static": None
            if static is None
            else {**static._asdict(), "neighbours": list(static.neighbours), "cosine": 1.0},
            "occurrences": [one._asdict() for one in self.occurrences],
        }
