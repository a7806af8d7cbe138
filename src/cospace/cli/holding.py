"""A collection to read from while another process may have it open: its truth alone, no lock."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from cospace.store.opened import describe, truth_path
from cospace.store.truth import Truth
from cospace.store.where import Node, matches

if TYPE_CHECKING:
    from cospace.space import Space
    from cospace.store.protocol import Row, StoreInfo
    from cospace.store.schema import Schema

__all__ = ["Holding"]


class Holding:
    """What the collection in `folder` holds; a context manager.

    Raises `CollectionNotFound`, `NotACollection`, `FormatTooNew`, `DataDamaged`.
    """

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self.folder = Path(folder)
        self.truth = Truth(truth_path(self.folder), read_only=True)

    @property
    def space(self) -> Space | None:
        """The space of the vectors, or None before the first one."""
        return self.truth.space

    @property
    def era(self) -> int:
        """How often the vectors were exchanged for others."""
        return self.truth.era

    @property
    def schema(self) -> Schema:
        """The types of the metadata fields."""
        return self.truth.schema

    def scan(self, *, where: Node | None = None, vectors: bool = False) -> Iterator[Row]:
        """Every row that `where` matches, oldest first."""
        for _, row in self.truth.scan(vectors=vectors):
            if where is None or matches(where, row.metadata):
                yield row

    def info(self) -> StoreInfo:
        """Counts, space, schema, size."""
        return describe(self.folder, self.truth)

    def __enter__(self) -> Holding:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.truth.close()
