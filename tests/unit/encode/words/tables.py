"""Small tables of words for the tests of word models."""

from __future__ import annotations

import numpy as np

from cospace.encode.words import Subwords, WordVectors
from cospace.encode.words.ngrams import bucket, ngrams

WORDS = ["the", "red", "sofa", "couch", "lamp", "bicycle"]


def table(words: list[str] | None = None, dim: int = 8, *, counts: bool = True) -> WordVectors:
    """Random vectors; counts fall by Zipf's law."""
    words = WORDS if words is None else words
    rows = np.random.default_rng(0).normal(size=(len(words), dim)).astype(np.float32)
    seen = (1_000 // (np.arange(len(words)) + 1)).astype(np.int64) if counts else None
    return WordVectors(words, rows, seen)


def with_subwords(words: list[str] | None = None, dim: int = 8) -> WordVectors:
    """The same, with a row for every n-gram of 3 to 5 letters of each word, in 5,000 buckets."""
    plain = table(words, dim)
    ids = sorted({bucket(gram, 5_000) for word in plain.words for gram in ngrams(word, 3, 5)})
    rows = np.random.default_rng(1).normal(size=(len(ids), dim)).astype(np.float32)
    kept = Subwords(rows, np.array(ids, np.int64), 5_000, 3, 5)
    return WordVectors(plain.words, plain.rows, plain.counts, kept)
