"""The senses of a word: its occurrences in a corpus, grouped by what is said around them."""

from __future__ import annotations

from cospace.tasks.senses.finding import senses
from cospace.tasks.senses.report import Occurrence, Sense, Senses, Static

__all__ = ["Occurrence", "Sense", "Senses", "Static", "senses"]
