"""Training: word embeddings from a corpus of one's own. Needs the extra `train`."""

from __future__ import annotations

from cospace.train.corpus import Corpus
from cospace.train.translation import Alignment, align

__all__ = ["Alignment", "Corpus", "align"]
