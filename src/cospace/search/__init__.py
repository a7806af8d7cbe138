"""A question to results: candidates from each list, fusion, paging."""

from __future__ import annotations

from cospace.search.ask import Question, ask, ask_many

__all__ = ["Question", "ask", "ask_many"]
