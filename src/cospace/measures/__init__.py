"""Figures of quality, and how far each could move by the draw of the queries alone."""

from __future__ import annotations

from cospace.measures.bootstrap import Difference, Interval
from cospace.measures.metrics import ndcg

__all__ = ["Difference", "Interval", "ndcg"]
