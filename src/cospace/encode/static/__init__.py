"""Static students: a table of a teacher's tokens, whose sums are texts in the teacher's space."""

from __future__ import annotations

from cospace.encode.static.model import StaticModel
from cospace.encode.static.saving import save_static
from cospace.encode.static.tower import StaticTower
from cospace.encode.static.words import Ids, Words, bare

__all__ = ["Ids", "StaticModel", "StaticTower", "Words", "bare", "save_static"]
