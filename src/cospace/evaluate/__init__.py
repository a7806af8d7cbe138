"""Evaluate: how good a model is, in figures with their uncertainty, and which of two is better."""

from __future__ import annotations

from cospace.evaluate.retrieval import RetrievalReport, RetrievalResult, retrieval
from cospace.evaluate.sts import StsReport, StsResult, sts

__all__ = [
    "RetrievalReport",
    "RetrievalResult",
    "StsReport",
    "StsResult",
    "retrieval",
    "sts",
]
