"""Collection: items in, search by meaning out."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from numbers import Integral
from types import TracebackType
from typing import TYPE_CHECKING, Any

from cospace.arguments import check_instance, check_path
from cospace.collection.given import Columns, Given, Incoming, changes_of, items_of
from cospace.collection.ingest import Ingest
from cospace.collection.moving import Moving
from cospace.collection.ready import ingest_vectors, space_of, store_vectors, vector_rows
from cospace.collection.report import Report
from cospace.collection.rerank import check_setting
from cospace.collection.retry import Retried, retried
from cospace.collection.settling import Settling
from cospace.collection.stored import checked_ids, delete_where
from cospace.collection.tune import check_weights
from cospace.collection.tune_parts import check_part_weights
from cospace.collection.update import Update
from cospace.encode import Encoder
from cospace.errors import BadArgument, CollectionClosed
from cospace.item import Image, check_id
from cospace.progress import Watch, metered
from cospace.read.texts import check_text
from cospace.store.protocol import Remembers, Store, StoreInfo
from cospace.store.where import parse
from cospace.vectors import Vectors

if TYPE_CHECKING:
    from cospace.collection.shards.restore import Restored

__all__ = ["GRADES", "Collection"]

GRADES = 4  # of a judgment: 0, 1, 2, 3


class Collection(Moving):
    """Items, their vectors and their metadata, in one space. `cospace.open` makes it.

    One process owns a collection from `open` to `close`; it is a context manager. All methods
    may be called from several threads.
    """

    def __init__(
        self,
        store: Store,
        *,
        model: Encoder | None = None,
        name: str = "",
        queries: Encoder | None = None,
    ) -> None:
        super().__init__(store, model, name, queries)
        self._mutex = threading.Lock()
        self._writing = threading.RLock()  # from reading what is stored to writing what follows
        self._bulk = 0  # blocks of `bulk` that are open
        self._settling = Settling(store, name)

    # --- writing ---

    def add(  # noqa: PLR0913 - one parameter a column, as users of other libraries know them
        self,
        items: Given | None = None,
        *,
        ids: Sequence[str] | str | None = None,
        documents: Sequence[str | None] | str | None = None,
        metadatas: Sequence[Mapping[str, Any] | None] | Mapping[str, Any] | None = None,
        images: Sequence[Image | None] | Image | None = None,
        embeddings: Vectors | None = None,
        errors: str | None = None,
        progress: Watch = None,
    ) -> Report:
        """A report of the items added; each batch of them is durable when it is counted.

        `items` may be one Item, any iterable of them, what `cospace.read` gives, or a table,
        which `cospace.read` reads: a DataFrame, an Arrow table, an iterable of dicts. Or give
        columns, lists of one length: `ids`, and `documents` (texts), `images`, or both, None
        where an item has none; `metadatas` if you like. With `embeddings` nothing is encoded:
        they are stored as `add_vectors` does.

        With errors="raise" (the default) the first bad item raises and its batch is not written;
        with errors="report" (the default for a table) it is listed in the report and the rest
        goes on. Items that are stored already, unchanged, are left as they are. `progress` is
        True for a bar on stderr, or a function that takes a `cospace.progress.Progress`.

        Raises `DuplicateId`, `BadItem`, `BadArgument`, `SpaceMismatch`, `DiskFull`.

        >>> import cospace as cs
        >>> shop = cs.open(":memory:", model="starter")
        >>> shop.add(ids=["MK-1"], documents=["Retro velvet armchair"]).added
        1
        """
        columns = Columns(ids, documents, metadatas, images, embeddings)
        return self._ingest(items, columns, False, errors, progress)

    def upsert(  # noqa: PLR0913 - as above
        self,
        items: Given | None = None,
        *,
        ids: Sequence[str] | str | None = None,
        documents: Sequence[str | None] | str | None = None,
        metadatas: Sequence[Mapping[str, Any] | None] | Mapping[str, Any] | None = None,
        images: Sequence[Image | None] | Image | None = None,
        embeddings: Vectors | None = None,
        errors: str | None = None,
        progress: Watch = None,
    ) -> Report:
        """As `add`, but an item whose id is stored replaces the stored one."""
        columns = Columns(ids, documents, metadatas, images, embeddings)
        return self._ingest(items, columns, True, errors, progress)

    def _ingest(
        self,
        items: Given | None,
        columns: Columns,
        replace: bool,
        errors: str | None,
        progress: Watch,
    ) -> Report:
        if columns.embeddings is not None:
            if items is not None or errors == "report":
                raise BadArgument("with embeddings= leave out items and errors='report'")
            return ingest_vectors(self.store, self.add_vectors, columns, replace, progress)
        given = items_of(items, columns, errors)
        lock, strict = self._writing, given.strict
        run = Ingest(self.store, self.model, replace=replace, strict=strict, lock=lock)
        run.anew = lambda: self.model
        return run.run(given, progress, self._settle)

    def update(
        self,
        items: str | Given | None = None,
        *,
        ids: Sequence[str] | str | None = None,
        documents: Sequence[str | None] | str | None = None,
        metadatas: Sequence[Mapping[str, Any] | None] | Mapping[str, Any] | None = None,
        images: Sequence[Image | None] | Image | None = None,
        errors: str | None = None,
        progress: Watch = None,
        **changes: Any,
    ) -> Report:
        """A report of stored items of which only what is given was changed.

        `update("MK-1", price=90, text="...", image=...)`: other names are fields of the metadata;
        None takes one away. Or give columns as to `add`, items that hold what changes, or
        `cospace.read(..., changes=True)`. A text that was made of columns changes with them.

        Raises `ItemNotFound`, `BadItem`; for a table, or with errors="report", it lists them.

        >>> import cospace as cs
        >>> shop = cs.open(":memory:", model="starter")
        >>> _ = shop.add(cs.Item("MK-1", "Retro velvet armchair", {"price": 120, "oak": True}))
        >>> shop.update("MK-1", price=90).updated, dict(shop["MK-1"].metadata)
        (1, {'price': 90, 'oak': True})
        """
        columns = Columns(ids, documents, metadatas, images)
        given = items_of(changes_of(items, changes), columns, errors, changes=True)
        run = Update(self.store, lambda: self.model, given.strict, self._writing)
        return run.run(given, progress, self._settle)

    def add_vectors(
        self,
        ids: Sequence[str],
        vectors: Vectors,
        *,
        metadata: Sequence[Mapping[str, Any]] | None = None,
        texts: Sequence[str] | None = None,
        field: str = "text",
        replace: bool = False,
        progress: Watch = None,
    ) -> int:
        """The number of ready-made vectors stored, one for each id, in batches that are durable.

        `texts` make the items findable by word too. Raises `SpaceMismatch` when the vectors
        are not of the collection's space, `DuplicateId` unless `replace`.
        """
        space = space_of(self.store.space, vectors, field, self.name)
        batches = vector_rows(ids, vectors, field, {"metadata": metadata, "texts": texts})
        with metered(progress, len(vectors), "vectors") as meter:
            for rows in batches:
                with self._writing:
                    space_of(self.store.space, vectors, field, self.name)  # as it is by now
                    meter.add(store_vectors(self.store, space, rows, replace=replace))
        self._settle()
        return len(vectors)

    def delete(
        self,
        ids: str | Sequence[str] | None = None,
        *,
        where: Mapping[str, Any] | None = None,
    ) -> int:
        """How many items were deleted: those of `ids` that were there, or all that pass `where`.

        They are gone for good on return, all or none. Raises `BadArgument` unless one of the two
        is given, and `BadFilter` for a filter without a condition: nothing empties a collection
        by accident.

        >>> import cospace as cs
        >>> shop = cs.open(":memory:", model="starter")
        >>> shop.add(cs.Item("MK-1", "Retro velvet armchair", {"sold": True})).added
        1
        >>> shop.delete(where={"sold": True})
        1
        """
        if (ids is None) == (where is None):
            raise BadArgument("delete takes ids, or where={...}; one of the two")
        with self._writing:
            if ids is not None:
                return self.store.delete(checked_ids(ids))
            return delete_where(
                self.store, parse({} if where is None else where, self.store.schema)
            )

    def __delitem__(self, id: str) -> None:
        if not self.delete([id]):
            raise self._missing(id)

    @property
    def weights(self) -> Mapping[str, float] | None:
        """What each list counts for queries that are texts; None: as docs/ranking.md says.

        `tune` finds others; they are kept with the collection. Raises `BadArgument` when they
        are set to what cannot be weights.
        """
        return super().weights

    @weights.setter
    def weights(self, weights: Mapping[str, float] | None) -> None:
        if not isinstance(self.store, Remembers):
            raise BadArgument(f"{self.name}: this store keeps no weights")
        self.store.weigh(None if weights is None else check_weights(weights))

    @property
    def part_weights(self) -> Mapping[str, float] | None:
        """What each part counts in a query of all of these kinds; None: all the same.

        `tune_weights` finds others; they are kept with the collection, and a query with weights
        or a combiner of its own is not touched by them. Raises `BadArgument` when they are set
        to what cannot be weights.
        """
        return super().part_weights

    @part_weights.setter
    def part_weights(self, weights: Mapping[str, float] | None) -> None:
        if not isinstance(self.store, Remembers):
            raise BadArgument(f"{self.name}: this store keeps no weights")
        self.store.weigh_parts(None if weights is None else check_part_weights(weights))

    @property
    def reranking(self) -> Mapping[str, Any] | None:
        """The reranker that queries go through which are texts; None: no reranker.

        `tune_rerank` says whether one is worth it, and gives the `setting` to put here; it is
        kept with the collection. Raises `BadArgument` when it is set to what is no such record.
        """
        return super().reranking

    @reranking.setter
    def reranking(self, setting: Mapping[str, Any] | None) -> None:
        if not isinstance(self.store, Remembers):
            raise BadArgument(f"{self.name}: this store keeps no reranker")
        self.store.keep_reranking(None if setting is None else check_setting(setting))

    def judge(self, query: str, id: str, grade: int | None) -> None:
        """Keep how right an item is for a question: 0 is wrong, 3 the best; durable on return.

        Judged again, the new grade counts; None takes it away. `judgments` holds what was kept:
        `tune` reads it, and so does `cospace evaluate retrieval` of the collection's folder.

        Raises `BadArgument`, `BadItem`, `ItemNotFound`, `CollectionReadOnly`.

        >>> import cospace as cs
        >>> shop = cs.open(":memory:", model="starter")
        >>> _ = shop.add(ids=["MK-1"], documents=["Rocking chair"])
        >>> shop.judge("a place to sit", "MK-1", 2)
        >>> shop.judgments
        {'a place to sit': {'MK-1': 2}}
        """
        if grade is not None and (
            isinstance(grade, bool) or not isinstance(grade, Integral) or grade not in range(GRADES)
        ):
            raise BadArgument(f"a grade is 0 (wrong) to {GRADES - 1} (the best), not {grade!r}")
        keep = getattr(self.store, "judge", None)
        if keep is None:
            raise BadArgument(f"{self.name}: this store keeps no judgments")
        with self._writing:
            if grade is not None and id not in self:
                raise self._missing(check_id(id))
            keep(check_text(query, "the query").strip(), id, grade)

    def retry(self) -> Retried:
        """What became of stored items that lack a part which could not be encoded, tried again.

        A photo whose file was not there is read from the path that is stored. Of items that were
        refused as a whole nothing is stored: they are counted, and need their source.

        >>> import cospace as cs
        >>> shop = cs.open(":memory:", model="starter")
        >>> shop.retry().tried
        0
        """
        run = Update(self.store, lambda: self.model, False, self._writing)
        run.again = True
        return retried(
            self.store, lambda some: run.run(Incoming(some, None, False), None, self._settle)
        )

    # --- upkeep ---

    @contextmanager
    def bulk(self) -> Iterator[None]:
        """Several writes in a row: the search index is brought up to date once, at the end.

        Each write is durable when it returns, as it is without; a search inside finds it too, and
        pays for what has come since the last one. Blocks may be nested.

        >>> import numpy as np
        >>> import cospace as cs
        >>> shop = cs.open(":memory:")
        >>> space = cs.Space.of("mine", 2)
        >>> with shop.bulk():
        ...     for i, row in enumerate(np.eye(2)):
        ...         added = shop.add_vectors([f"MK-{i}"], cs.Vectors([row], space))
        >>> len(shop)
        2
        """
        with self._mutex:
            self._bulk += 1
        try:
            yield
        finally:
            with self._mutex:
                self._bulk -= 1
        self._settle()

    def _settle(self) -> None:
        """After a write: bring the search index up to date, but not inside `bulk`."""
        if not self._bulk:
            self._settling.settle()

    def settle_in_background(self) -> None:
        """From now on writes do not wait until the search index is up to date.

        That can be a graph: 20 s for 100,000 vectors of 384 numbers. What was written is found at
        once all the same. What fails then is logged.

        >>> import cospace as cs
        >>> shop = cs.open(":memory:", model="starter")
        >>> shop.settle_in_background()
        """
        self._settling.in_background()

    def info(self) -> StoreInfo:
        """Counts, space, schema, size."""
        return self.store.info()

    def optimize(self) -> None:
        """Bring the search index up to date now, rather than at the next search."""
        self.store.optimize()

    def export(
        self,
        path: str | os.PathLike[str],
        *,
        where: Mapping[str, Any] | None = None,
        progress: Watch = None,
    ) -> int:
        """The number of items written, with their vectors, to the Parquet file `path`."""
        from cospace.collection.transfer import export_parquet  # it loads pyarrow

        passed = self._where(where)
        with metered(progress, None if passed else len(self)) as meter:
            return export_parquet(self.store, check_path("path", path), passed, meter)

    def restore(
        self, path: str | os.PathLike[str], *, replace: bool = False, progress: Watch = None
    ) -> int:
        """The number of items read, with their vectors, from a Parquet file that `export` made."""
        from cospace.collection.transfer import import_parquet

        with metered(progress) as meter:
            count = import_parquet(
                self.store,
                check_path("path", path),
                replace=replace,
                meter=meter,
                lock=self._writing,
            )
        self._settle()
        return count

    def restore_shards(
        self, path: str | os.PathLike[str], *, replace: bool = False, progress: Watch = None
    ) -> Restored:
        """What became of the rows of a folder that ``cospace embed -o OUT.shards`` filled.

        The folder is held to its manifest first. Items that are stored already as they are there
        are left alone, so a second call goes on, or changes nothing. Raises as `import_shards`.
        """
        from cospace.collection.shards.restore import import_shards

        with metered(progress, unit="rows") as meter:
            done = import_shards(
                self.store,
                check_path("path", path),
                replace=replace,
                meter=meter,
                lock=self._writing,
            )
        self._settle()
        return done

    def close(self) -> None:
        """Let go of the collection; calling it twice does no harm."""
        self.store.close()

    def __enter__(self) -> Collection:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        try:
            return f"Collection({self.name!r}, {len(self)} items, {self.space})"
        except CollectionClosed:
            return f"Collection({self.name!r}, closed)"


def check_collection(given: object, name: str = "collection") -> Collection:
    """What was given, when it is a collection. Raises `BadArgument`."""
    return check_instance(name, given, Collection, "as cospace.open gives it")
