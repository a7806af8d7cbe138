"""Words: how good word vectors are, by analogies and by pairs that people have rated.

questions --+            +-- solving --> figures --> report
ratings ----+-- sources--+
"""

from __future__ import annotations

from cospace.evaluate.words.measure import words
from cospace.evaluate.words.report import (
    Agreement,
    Analogies,
    Section,
    Seeds,
    WordsReport,
    WordsResult,
    over_seeds,
)

__all__ = [
    "Agreement",
    "Analogies",
    "Section",
    "Seeds",
    "WordsReport",
    "WordsResult",
    "over_seeds",
    "words",
]
