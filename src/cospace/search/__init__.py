"""A query to results: candidates from each list, fusion, paging."""

from __future__ import annotations

from cospace.search.ask import Query, ask

__all__ = ["Query", "ask"]
