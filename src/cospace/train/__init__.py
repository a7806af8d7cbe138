"""Training: word vectors from a corpus of one's own, and students of a model."""

from __future__ import annotations

from cospace.progress import Progress
from cospace.train.corpus import Corpus, read_corpus
from cospace.train.options import Options
from cospace.train.stopped import TrainingStopped
from cospace.train.students import Distilling, Student, distill
from cospace.train.translation import Alignment, align
from cospace.train.words import glove, subwords, word2vec

__all__ = [
    "Alignment",
    "Corpus",
    "Distilling",
    "Options",
    "Progress",
    "Student",
    "TrainingStopped",
    "align",
    "distill",
    "glove",
    "read_corpus",
    "subwords",
    "word2vec",
]
