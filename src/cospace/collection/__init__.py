"""The facade that users hold: a store, a model, and what goes between them."""

from __future__ import annotations

from cospace.collection.collection import Collection
from cospace.collection.open import open
from cospace.collection.report import Report

__all__ = ["Collection", "Report", "open"]
