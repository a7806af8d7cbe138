"""A query to results: candidates from each list, fusion, paging."""

from __future__ import annotations

from cospace.search.ask import Query, ask, ask_many

__all__ = ["Query", "ask", "ask_many"]
