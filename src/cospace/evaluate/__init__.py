"""Evaluate: how good a model is, in figures with their uncertainty, and which of two is better.

    pairs ---- sts ------+
    beir ----- retrieval +-- measures --> a report, with intervals and differences
    labelled - compare --+
    words/ --- words ----+
    crossmodal/ ---------+

`cospace.measures` holds the figures themselves; `probe` and `neighbours` are the classifiers that
`compare` reads classes with, and `alone` measures a model in a process of its own.
"""

from __future__ import annotations

from cospace.evaluate.baseline import Baseline
from cospace.evaluate.checked import Checked, check
from cospace.evaluate.compare import Compared, Comparison, compare
from cospace.evaluate.crossmodal import (
    CrossmodalReport,
    CrossmodalResult,
    Question,
    crossmodal,
)
from cospace.evaluate.index_recall import IndexRecall, index_recall
from cospace.evaluate.judgments import read_judgments
from cospace.evaluate.labelled import Pictures, Table
from cospace.evaluate.pooling import pool
from cospace.evaluate.retrieval import RetrievalReport, RetrievalResult, retrieval
from cospace.evaluate.sts import StsReport, StsResult, sts
from cospace.evaluate.words import WordsReport, WordsResult, words

__all__ = [
    "Baseline",
    "Checked",
    "Compared",
    "Comparison",
    "CrossmodalReport",
    "CrossmodalResult",
    "IndexRecall",
    "Pictures",
    "Question",
    "RetrievalReport",
    "RetrievalResult",
    "StsReport",
    "StsResult",
    "Table",
    "WordsReport",
    "WordsResult",
    "check",
    "compare",
    "crossmodal",
    "index_recall",
    "pool",
    "read_judgments",
    "retrieval",
    "sts",
    "words",
]
