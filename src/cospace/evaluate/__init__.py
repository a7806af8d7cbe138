"""Evaluate: how good a model is, in figures with their uncertainty, and which of two is better.

    pairs ---- sts ------+
    beir ----- retrieval +-- measures --> a report, with intervals and differences
    labelled - compare --+
    couples -- crossmodal+
    words/ --- words ----+

`cospace.measures` holds the figures themselves; `probe` and `neighbours` are the classifiers that
`compare` reads classes with, and `alone` measures a model in a process of its own.
"""

from __future__ import annotations

from cospace.evaluate.compare import Compared, Comparison, compare
from cospace.evaluate.crossmodal import CrossmodalReport, CrossmodalResult, crossmodal
from cospace.evaluate.labelled import Pictures, Table
from cospace.evaluate.retrieval import RetrievalReport, RetrievalResult, retrieval
from cospace.evaluate.sts import StsReport, StsResult, sts
from cospace.evaluate.words import WordsReport, WordsResult, words

__all__ = [
    "Compared",
    "Comparison",
    "CrossmodalReport",
    "CrossmodalResult",
    "Pictures",
    "RetrievalReport",
    "RetrievalResult",
    "StsReport",
    "StsResult",
    "Table",
    "WordsReport",
    "WordsResult",
    "compare",
    "crossmodal",
    "retrieval",
    "sts",
    "words",
]
