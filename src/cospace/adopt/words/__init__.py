"""Files of word vectors, as word2vec, GloVe and fastText write them: read, written, adopted."""

from __future__ import annotations

from cospace.adopt.words.adopt import AdoptedWords, adopt_words, read_word_vectors
from cospace.adopt.words.kinds import FORMATS, TEXT
from cospace.adopt.words.reading import Read, read_vectors
from cospace.adopt.words.write import write_vectors

__all__ = [
    "FORMATS",
    "TEXT",
    "AdoptedWords",
    "Read",
    "adopt_words",
    "read_vectors",
    "read_word_vectors",
    "write_vectors",
]
