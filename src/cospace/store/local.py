"""The local store: the truth in SQLite, a cache in the vector engine that follows it.

Writes touch the truth alone. The cache catches up when somebody searches or when the store is
asked to optimize. It is sealed at the close, and when nothing was written for some seconds; it is
rebuilt when its seal does not hold.
"""

from __future__ import annotations

import atexit
import logging
import weakref
from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cospace.errors import (
    BadArgument,
    CollectionClosed,
    CollectionNotFound,
    DataDamaged,
    FormatTooNew,
    NotACollection,
    StorageError,
)
from cospace.files import check_room, make_folder
from cospace.need import UPGRADE
from cospace.space import Space
from cospace.store.cache import Cache
from cospace.store.edge import ENGINE, EXACT_BELOW, QUANTIZATIONS, Edge
from cospace.store.gate import Gate
from cospace.store.idle import Idle
from cospace.store.lock import Lock
from cospace.store.protocol import Failure, Found, Lexical, Nearest, Request, Row, StoreInfo
from cospace.store.schema import Schema
from cospace.store.seal import checksums
from cospace.store.truth import Truth
from cospace.store.where import Node, matches

__all__ = ["LocalStore", "truth_path"]

log = logging.getLogger("cospace.store")


# The cache is sealed when nothing was written for so many seconds. A process that is killed before
# leaves a cache that is rebuilt.
SEAL_AFTER = 5.0


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
        raise NotACollection(f"{folder}: not a cospace collection; it was left untouched")
    if not create:
        raise CollectionNotFound(f"{folder}: no collection here; make one with: cospace index")
    return path


class LocalStore:
    """A collection's folder, owned by this process until `close`.

    `quantization` ("none", "int8" or "binary") is how the cache makes its vectors smaller. It is
    recorded; None is what is recorded, or "int8". With another one the cache is rebuilt.

    Raises `BadArgument`, `CollectionBusy`, `NotACollection`, `FormatTooNew`, `CollectionNotFound`.
    """

    def __init__(
        self, folder: Path, *, create: bool = True, quantization: str | None = None
    ) -> None:
        if quantization is not None and quantization not in QUANTIZATIONS:
            names = ", ".join(map(repr, QUANTIZATIONS))
            raise BadArgument(f"quantization is one of {names}, not {quantization!r}")
        self.folder = folder
        truth = truth_path(folder, create=create)
        if not folder.is_dir():
            make_folder(folder)
        self._gate = Gate(folder)
        self._idle = Idle(self._seal, SEAL_AFTER)
        self._lock = Lock(folder / "lock")
        try:
            self._truth = Truth(truth)
        except BaseException:
            self._lock.release()
            raise
        try:
            recorded = self._truth.quantization
            if quantization is None and recorded not in QUANTIZATIONS:
                raise FormatTooNew(
                    f"{folder}: its index was made with quantization {recorded!r}, which this"
                    " cospace does not know. Open it with quantization='int8', or upgrade;"
                    f" {UPGRADE}"
                )
            if quantization is not None and quantization != recorded:
                self._truth.quantization = quantization
            self._space = self._truth.space
            self._schema = self._truth.schema
            self._cache = Cache(folder / "cache", self._truth)
        except BaseException:
            self._truth.close()
            self._lock.release()
            raise
        _open_stores.add(self)

    @property
    def space(self) -> Space | None:
        """See `Store`."""
        return self._space

    @property
    def schema(self) -> Schema:
        """See `Store`."""
        return self._schema

    # --- writing ---

    def write(self, rows: Sequence[Row], *, replace: bool, failures: Sequence[Failure] = ()) -> int:
        """See `Store`."""
        with self._gate:
            check_room(self.folder, sum(_size(row) for row in rows))
            return self._truth.write(rows, replace=replace, failures=failures)

    def delete(self, ids: Sequence[str]) -> int:
        """See `Store`."""
        with self._gate:
            gone = self._truth.delete(ids)
            if gone and len(self._schema.fields) > len(self._truth.schema.fields):
                self._schema = self._truth.schema
                self._cache.discard()  # its fields have the old types
            return gone

    def extend(self, space: Space | None, schema: Schema) -> None:
        """See `Store`."""
        with self._gate:
            self._truth.extend(space, schema)
            self._space, self._schema = self._truth.space, schema.copy()

    @property
    def templates(self) -> list[list[str]]:
        """See `Remembers`."""
        with self._gate:
            return self._truth.templates

    def remember(self, template: list[str]) -> None:
        """See `Remembers`."""
        with self._gate:
            self._truth.remember(template)

    # --- reading ---

    def get(self, ids: Sequence[str], *, vectors: bool = False) -> list[Row | None]:
        """See `Store`."""
        with self._gate:
            return self._truth.get(ids, vectors=vectors)

    def rows(self, keys: Sequence[int]) -> dict[int, Row]:
        """See `Store`."""
        with self._gate:
            return self._truth.rows(keys)

    def scan(self, *, where: Node | None = None, vectors: bool = False) -> Iterator[Row]:
        """See `Store`."""
        after = 0
        while True:
            with self._gate:
                page = self._truth.page(after, vectors=vectors)
            if not page:
                return
            for _, row in page:
                self._gate.check()
                if where is None or matches(where, row.metadata):
                    yield row
            after = page[-1].key

    def hashes(self, ids: Sequence[str]) -> dict[str, bytes]:
        """The content hashes of those ids that are stored."""
        with self._gate:
            return self._truth.hashes(ids)

    def failures(self) -> list[Failure]:
        """Items that could not be stored, and why."""
        with self._gate:
            return self._truth.failures()

    # --- asking ---

    def count(self, where: Node | None = None) -> int:
        """See `Store`."""
        with self._gate:
            if where is None:
                return self._truth.counts()[0]
            edge = self._edge()
            return 0 if edge is None else edge.count(where)

    def nearest(
        self,
        field: str,
        vector: NDArray[np.float32],
        k: int,
        *,
        where: Node | None = None,
        among: Sequence[int] | None = None,
    ) -> Found:
        """See `Store`."""
        return self.find([Nearest(field, vector, k, where, among)])[0]

    def lexical(
        self,
        text: str,
        k: int,
        *,
        where: Node | None = None,
        among: Sequence[int] | None = None,
        unknown: Collection[str] | None = None,
    ) -> Found:
        """See `Store`."""
        return self.find([Lexical(text, k, where, among, unknown)])[0]

    def find(self, requests: Sequence[Request]) -> list[Found]:
        """See `Store`. Other threads may ask the engine meanwhile, or take it away."""
        while True:
            with self._gate:
                edge = self._edge()
            if edge is None:
                return [Found([], []) for _ in requests]
            try:
                return edge.find(requests, exact=self._cache.rows <= EXACT_BELOW)
            except StorageError:
                with self._gate:
                    if self._cache.holds(edge):
                        raise

    def _edge(self) -> Edge | None:
        """The engine with all that the truth holds, or None before the first vector."""
        edge = self._cache.current(self._space, self._schema)
        if edge is not None and not self._cache.sealed:
            self._idle.wait_anew()
        return edge

    # --- upkeep ---

    def optimize(self) -> None:
        """See `Store`."""
        with self._gate:
            if self._cache.current(self._space, self._schema, build=True) is not None:
                self._cache.optimize()
                if not self._cache.sealed:
                    self._idle.wait_anew()

    def compact(self) -> None:
        """Give the space of deleted rows back to the disk; the cache is rebuilt when needed."""
        with self._gate:
            check_room(self.folder, 2 * (self.folder / "truth.sqlite").stat().st_size)
            self._cache.discard()
            self._truth.compact()

    def info(self) -> StoreInfo:
        """See `Store`."""
        with self._gate:
            unindexed = self._cache.unindexed
            return describe(self.folder, self._truth, unindexed=unindexed)

    def close(self) -> None:
        """Seal the cache, close the files, release the lock."""
        with self._gate.mutex:
            if not self._gate.shut():
                return
            self._idle.stop()
            _open_stores.discard(self)
            try:
                self._cache.close()
            finally:
                self._truth.close()
                self._lock.release()

    def _seal(self) -> None:
        """Seal the cache, in the background: searches go on while its files are read."""
        with suppress(CollectionClosed):
            with self._gate:
                draft = self._cache.draft()
            if draft is None:
                return
            try:
                sums = checksums(self._cache.shard)
            except OSError:  # files come and go: somebody writes, and this is asked for again
                return
            with self._gate:
                self._cache.seal(draft, sums)


# Closed at the end of a script that never did, so that its index is kept.
_open_stores: weakref.WeakSet[LocalStore] = weakref.WeakSet()


@atexit.register
def _close_all() -> None:
    for store in list(_open_stores):
        store.close()


def describe(folder: Path, truth: Truth, *, unindexed: int = 0) -> StoreInfo:
    """What a collection holds, read from its truth alone."""
    items, fields, failures = truth.counts()
    size = sum(_on_disk(p) for p in folder.rglob("*"))
    indexed = max(0, items - unindexed)
    space, schema, smaller = truth.space, truth.schema, truth.quantization
    return StoreInfo(items, fields, space, schema, indexed, failures, size, ENGINE, smaller)


def _on_disk(path: Path) -> int:
    """Bytes that a file takes; the engine's files are larger than what they hold."""
    try:
        stat = path.lstat()
    except FileNotFoundError:
        return 0
    return getattr(stat, "st_blocks", stat.st_size // 512) * 512


def _size(row: Row) -> int:
    return 512 + 2 * len(row.text or "") + sum(v.nbytes for v in row.vectors.values())
