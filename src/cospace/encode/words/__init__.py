"""Static word embeddings: a table of words and vectors, and the encoder that stands on it."""

from __future__ import annotations

from cospace.encode.words.bilingual import BilingualModel, word_model
from cospace.encode.words.model import WordModel
from cospace.encode.words.tools import Neighbour
from cospace.encode.words.vectors import Subwords, WordVectors

__all__ = [
    "BilingualModel",
    "Neighbour",
    "Subwords",
    "WordModel",
    "WordVectors",
    "word_model",
]
