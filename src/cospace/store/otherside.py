"""The truth as the other model has it: what its search index is made from, before the switch."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from cospace.errors import NotFound
from cospace.space import Space
from cospace.store.beside import Beside
from cospace.store.sqlite import sqlite_errors
from cospace.store.truth import Change, Truth

__all__ = ["OtherSide"]

_PAGE = 2000


class OtherSide(Truth):
    """A collection's truth, read only, with the vectors, the space and the index of `beside`.

    Items are those that the other model has encoded so far. `seal` is asked for a new token of
    the index; without it, the index of the other side cannot be sealed.
    """

    _table = "beside"

    def __init__(self, path: Path, seal: Callable[[str], str] | None = None) -> None:
        super().__init__(path, read_only=True)
        self._seal = seal

    @property
    def _record(self) -> Beside:
        there = self.beside
        if there is None:
            raise NotFound(f"{self.path}: there is no second set of vectors; make one: migrate")
        return there

    @property
    def space(self) -> Space | None:
        """The space of the other model."""
        return self._record.space

    @property
    def index(self) -> str:
        """The folder of the other search index."""
        return self._record.folder

    def new_token(self) -> str:
        """A new `token`, which the owner writes."""
        assert self._seal is not None
        return self._seal(self.index)

    def _about(self, key: str) -> str | None:
        if key in ("weights", "part_weights", "reranking", "earlier"):
            return self._record.settings.get(key)
        return super()._about(key)

    def count_since(self, seq: int) -> int:
        """How many rows the other model has written after commit `seq`."""
        with sqlite_errors(self.path):
            return int(self._value(f"SELECT count(*) FROM beside_items WHERE seq > {int(seq)}"))

    def changed(self, seq: int, after: int, *, vectors: bool) -> list[tuple[Change, int]]:
        """The next rows behind the key `after` of commit `seq`, in which they were encoded."""
        sql = (
            "SELECT n, seq FROM beside_items WHERE (seq, n) > (?, ?) AND n IN (SELECT n FROM items)"
            " ORDER BY seq, n LIMIT ?"
        )
        with self.snapshot():
            page = self._all(sql, (seq, after, _PAGE))
            keys = [n for n, _ in page]
            rows: dict[int, Any] = self.rows(keys)
            by_key = self._vectors(keys) if vectors else {}
        for n in keys:
            rows[n].vectors = by_key.get(n, {})
        return [(Change(n, rows[n]), at) for n, at in page]
