"""Training: word embeddings from a corpus of one's own. Needs the extra `train`."""

from __future__ import annotations

from cospace.encode.combiner import Combiner
from cospace.progress import Progress
from cospace.train.combiner import CombinerFit, Triples, fit_combiner
from cospace.train.corpus import Corpus, read_corpus
from cospace.train.options import Options
from cospace.train.stopped import TrainingStopped
from cospace.train.translation import Alignment, align
from cospace.train.words import glove, subwords, word2vec

__all__ = [
    "Alignment",
    "Combiner",
    "CombinerFit",
    "Corpus",
    "Options",
    "Progress",
    "TrainingStopped",
    "Triples",
    "align",
    "fit_combiner",
    "glove",
    "read_corpus",
    "subwords",
    "word2vec",
]
