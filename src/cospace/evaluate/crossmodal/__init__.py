"""Crossmodal: does what is given in one kind find its own in another, and tell classes?

source --> captions --+
                      +-- ranks, naming --> measure --> report
           examples --+
"""

from __future__ import annotations

from cospace.evaluate.crossmodal.measure import crossmodal
from cospace.evaluate.crossmodal.report import CrossmodalReport, CrossmodalResult, Question

__all__ = ["CrossmodalReport", "CrossmodalResult", "Question", "crossmodal"]
