"""Training: word embeddings from a corpus of one's own. Needs the extra `train`."""

from __future__ import annotations

from cospace.progress import Progress
from cospace.train.binding import Adaptation, Binding, adapt, adapt_back, bind
from cospace.train.corpus import Corpus, read_corpus
from cospace.train.options import Options
from cospace.train.stopped import TrainingStopped
from cospace.train.translation import Alignment, align
from cospace.train.words import glove, subwords, word2vec

__all__ = [
    "Adaptation",
    "Alignment",
    "Binding",
    "Corpus",
    "Options",
    "Progress",
    "TrainingStopped",
    "adapt",
    "adapt_back",
    "align",
    "bind",
    "glove",
    "read_corpus",
    "subwords",
    "word2vec",
]
