"""Translation: one language's word vectors mapped onto another's, from pairs of words.

pairs --split--> those to learn from --> procrustes --refine--> a rotation --> Alignment
                 those held out ------------------------------> precision
"""

from __future__ import annotations

from cospace.train.translation.alignment import Alignment, align
from cospace.train.translation.pairs import Pairs, read_pairs
from cospace.train.translation.precision import HeldOut, Precision

__all__ = ["Alignment", "HeldOut", "Pairs", "Precision", "align", "read_pairs"]
