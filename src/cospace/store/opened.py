"""A collection's folder, opened: all of a store but writing, for its owner and for readers."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from cospace.errors import CollectionNotFound, DataDamaged, NotACollection, StorageError
from cospace.files import on_disk
from cospace.store.cache import Cache
from cospace.store.edge import ENGINE, EXACT_BELOW, Edge
from cospace.store.finds import Finds
from cospace.store.kept import Kept
from cospace.store.protocol import (
    Found,
    Migrating,
    Promises,
    Request,
    StoreInfo,
)
from cospace.store.truth import Truth
from cospace.store.where import Node

__all__ = ["Opened", "describe", "truth_path"]


def truth_path(folder: Path, *, create: bool = False) -> Path:
    """The path of the truth in a collection's folder.

    Raises `CollectionNotFound` or `NotACollection`; nothing is changed.
    """
    path = folder / "truth.sqlite"
    try:
        with suppress(FileNotFoundError, NotADirectoryError):
            folder.lstat()  # raises for a name that no file can have
        if path.is_file():
            if not path.stat().st_size and (folder / "cache").exists():
                raise DataDamaged(f"{path}: the file has been emptied; restore a backup")
            return path
        fresh = not folder.is_dir() or all(p.name == "lock" for p in folder.iterdir())
        taken = not folder.is_dir() and (folder.exists() or folder.is_symlink())
    except (OSError, ValueError) as error:
        raise NotACollection(f"{folder}: cannot be a collection ({error})") from error
    if taken or not fresh:
        hint = "" if create else f". To search what is in it: cospace index {folder}"
        raise NotACollection(f"{folder}: not a cospace collection; it was left untouched{hint}")
    if not create:
        raise CollectionNotFound(f"{folder}: no collection here; make one with: cospace index")
    return path


class Opened(Finds, Kept):
    """What `LocalStore` and `LocalReader` share: the truth, a cache that follows it, and asking."""

    folder: Path
    _cache: Cache

    @property
    def promises(self) -> Promises:
        """See `Store`."""
        return Promises(exact_rows=EXACT_BELOW)

    # --- asking ---

    def count(self, where: Node | None = None) -> int:
        """See `Store`."""
        with self._gate:
            if where is None:
                return self._truth.counts()[0]
            edge = self._edge()
            return 0 if edge is None else edge.count(where)

    def find(self, requests: Sequence[Request]) -> list[Found]:
        """See `Store`. Other threads may ask the engine meanwhile, or take it away."""
        while True:
            with self._gate:
                edge = self._edge()
            if edge is None:
                return [Found([], []) for _ in requests]
            try:
                return edge.find(requests, exact=self._cache.is_small)
            except StorageError:
                with self._gate:
                    if self._cache.holds(edge):
                        raise

    def _edge(self) -> Edge | None:
        """The engine with all that the truth holds, or None before the first vector."""
        return self._cache.current(self._space, self._schema)

    def info(self) -> StoreInfo:
        """See `Store`."""
        with self._gate:
            unindexed = self._cache.unindexed
            return describe(self.folder, self._truth, unindexed=unindexed)


def describe(folder: Path, truth: Truth, *, unindexed: int = 0) -> StoreInfo:
    """What a collection holds, read from its truth alone."""
    items, fields, holders, failures = truth.counted()
    size = on_disk(folder)
    indexed = max(0, items - unindexed)
    space, schema, smaller = truth.space, truth.schema, truth.quantization
    language = "" if truth.language is None else truth.language.name
    return StoreInfo(
        items, fields, space, schema, indexed, failures, size, ENGINE, smaller, language,
        holders, _migrating(truth),
    )  # fmt: skip


def _migrating(truth: Truth) -> Migrating | None:
    """The second set of vectors, if there is one."""
    there = truth.beside
    if there is None:
        return None
    copied = truth.copied()
    return Migrating(there.space, there.switched, copied.items, copied.of)
