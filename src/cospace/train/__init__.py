"""Training: word vectors from texts of your own, and what is learnt on top of other models."""

from __future__ import annotations

from cospace.encode.combiner import Combiner
from cospace.progress import Progress
from cospace.train.binding import Adaptation, Binding, adapt, adapt_back, bind, widen
from cospace.train.combiner import CombinerFit, Triples, fit_combiner
from cospace.train.compress import Compression, autoencoder
from cospace.train.contrastive import contrastive
from cospace.train.corpus import Corpus, read_corpus
from cospace.train.heads import Head
from cospace.train.options import Options
from cospace.train.stopped import TrainingStopped
from cospace.train.students import Distilling, Student, distill
from cospace.train.supervised import Supervised, supervised
from cospace.train.translation import Alignment, align
from cospace.train.words import glove, subwords, word2vec

__all__ = [
    "Adaptation",
    "Alignment",
    "Binding",
    "Combiner",
    "CombinerFit",
    "Compression",
    "Corpus",
    "Distilling",
    "Head",
    "Options",
    "Progress",
    "Student",
    "Supervised",
    "TrainingStopped",
    "Triples",
    "adapt",
    "adapt_back",
    "align",
    "autoencoder",
    "bind",
    "contrastive",
    "distill",
    "fit_combiner",
    "glove",
    "read_corpus",
    "subwords",
    "supervised",
    "widen",
    "word2vec",
]
