"""A collection to read from while another process may have it open: its truth alone, no lock."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, TypeAlias

from cospace.errors import BadArgument, CollectionNotFound, StoreUnreachable
from cospace.store.edge import EXACT_BELOW
from cospace.store.opened import describe, truth_path
from cospace.store.protocol import Promises
from cospace.store.remote.address import is_address
from cospace.store.remote.open import engine_of, folder_of, open_address, parsed
from cospace.store.truth import Truth
from cospace.store.where import Node, matches

if TYPE_CHECKING:
    from cospace.read.reading import Failure
    from cospace.space import Space
    from cospace.store.protocol import Row, Store, StoreInfo
    from cospace.store.remote.engine import Traits
    from cospace.store.schema import Schema

__all__ = ["Holding", "Place", "folder_at", "is_made", "placed"]

# A collection's folder, or its address.
Place: TypeAlias = "str | os.PathLike[str]"


def placed(text: str) -> Place:
    """What the words of a command name: an address as it is, or a folder's path."""
    return text if is_address(text) else Path(text)


def is_made(place: Place) -> bool:
    """Whether there is a collection: in a folder, or at an address that is asked.

    Raises `BadArgument`, `StoreUnreachable`, `NotACollection`.
    """
    folder = folder_at(place)
    if folder is not None:
        return (folder / "truth.sqlite").exists()
    try:
        with Holding(place):
            return True
    except CollectionNotFound:
        return False


def folder_at(place: Place) -> Path | None:
    """The folder of the truth, of an address too; None for a store that has none."""
    return folder_of(parsed(str(place))) if is_address(place) else Path(place)


class Holding:
    """What the collection in a folder, or at an address, holds; a context manager.

    Raises `CollectionNotFound`, `NotACollection`, `FormatTooNew`, `DataDamaged`, and for an
    address `StoreUnreachable`.
    """

    _truth: Truth | None = None
    _store: Store | None = None

    def __init__(self, place: Place) -> None:
        self.place = place
        folder = folder_at(place)
        if folder is None:
            self._store = open_address(parsed(str(place)), create=False, language=None)
        else:
            self._truth = Truth(truth_path(folder), read_only=True)
        self._path = folder

    @property
    def folder(self) -> Path:
        """The folder of the truth. Raises `BadArgument` for a store that has none."""
        if self._path is None:
            raise BadArgument(
                f"{self.place}: this is for folders. Take what its server has for that, or copy the"
                " collection to a folder first: cospace copy ADDRESS FOLDER"
            )
        return self._path

    @property
    def truth(self) -> Truth:
        """The truth. Raises `BadArgument` for a store that has no folder."""
        assert self._truth is not None or self.folder
        assert self._truth is not None
        return self._truth

    @property
    def space(self) -> Space | None:
        """The space of the vectors, or None before the first one."""
        return self._holder.space

    @property
    def era(self) -> int:
        """How often the vectors were exchanged for others."""
        found: int = getattr(self._holder, "era", 0)
        return found

    @property
    def schema(self) -> Schema:
        """The types of the metadata fields."""
        return self._holder.schema

    @property
    def _holder(self) -> Truth | Store:
        found = self._truth or self._store
        assert found is not None
        return found

    def failures(self, at_most: int) -> list[Failure]:
        """Items that could not be stored, and why."""
        found: list[Failure] = self._holder.failures(at_most=at_most)  # type: ignore[union-attr]
        return found

    def scan(self, *, where: Node | None = None, vectors: bool = False) -> Iterator[Row]:
        """Every row that `where` matches, oldest first."""
        if self._store is not None:
            yield from self._store.scan(where=where, vectors=vectors)
            return
        for _, row in self.truth.scan(vectors=vectors):
            if where is None or matches(where, row.metadata):
                yield row

    def info(self) -> StoreInfo:
        """Counts, space, schema, size; of an engine elsewhere its name, when it answers."""
        if self._store is not None:
            return self._store.info()
        found = describe(self.folder, self.truth)
        if self._traits is None:
            away = f"{self.place}, which does not answer"
            return replace(found, engine=away) if is_address(self.place) else found
        return replace(found, engine=f"{self._traits.name} at {self.place}", quantization="none")

    @property
    def promises(self) -> Promises:
        """What the store holds to."""
        if self._store is not None:
            return self._store.promises
        rows = EXACT_BELOW if self._traits is None else self._traits.exact_rows
        return Promises(exact_rows=rows)

    @cached_property
    def _traits(self) -> Traits | None:
        """Those of the engine elsewhere; None for a folder, and while the engine is away."""
        if not is_address(self.place):
            return None
        engine = engine_of(parsed(str(self.place)))
        try:
            return engine.traits
        except StoreUnreachable:
            return None
        finally:
            engine.close()

    def __enter__(self) -> Holding:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._holder.close()
