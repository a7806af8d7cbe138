"""Collection: items in, search by meaning out."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, overload

from cospace.collection.given import Columns, Given, changes_of, items_of
from cospace.collection.ingest import Ingest
from cospace.collection.models import model_of
from cospace.collection.query import queries_of, query_of
from cospace.collection.ready import ingest_vectors, space_of, store_vectors, vector_rows
from cospace.collection.report import Report
from cospace.collection.stored import checked_ids, delete_where, item_of, selected
from cospace.collection.update import Update
from cospace.encode import Encoder
from cospace.errors import (
    BadArgument,
    BadItem,
    CollectionClosed,
    ItemNotFound,
)
from cospace.item import Content, Image, Item, check_id
from cospace.progress import Watch, metered
from cospace.results import Results
from cospace.search import ask, ask_many
from cospace.space import Space
from cospace.store.protocol import Store, StoreInfo
from cospace.store.where import Node, parse
from cospace.vectors import Vectors

__all__ = ["Collection"]


class Collection:
    """Items, their vectors and their metadata, in one space. `cospace.open` makes it.

    One process owns a collection from `open` to `close`; it is a context manager. All methods
    may be called from several threads.
    """

    def __init__(self, store: Store, *, model: Encoder | None = None, name: str = "") -> None:
        self.store = store
        self.name = name
        self._model = model
        self._mutex = threading.Lock()
        self._writing = threading.RLock()  # from reading what is stored to writing what follows
        self._bulk = 0  # blocks of `bulk` that are open

    @property
    def space(self) -> Space | None:
        """The space of the stored vectors, or of the model while there are none."""
        return self.store.space or (self._model.space if self._model else None)

    @property
    def model(self) -> Encoder:
        """The model: the one given to `open`, or the stored space's, loaded by its name.

        Raises `SpaceMismatch` when the model of that name has changed, `BadArgument` when
        there is none.
        """
        if self._model is None:
            space = self.store.space
            if space is None:
                raise BadArgument(
                    f"{self.name}: this needs a model; open it with one, such as model='starter'"
                )
            model = model_of(space)
            space.check(model.space, what=f"{self.name} and the model {space.name!r}")
            self._model = model
        return self._model

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

        `items` may be one Item, any iterable of them, what `cospace.read` gives, or a DataFrame
        or Arrow table, which `cospace.read` reads. Or give columns, lists of one length: `ids`,
        and `documents` (texts), `images`, or both, None where an item has none; `metadatas` if
        you like. With `embeddings` nothing is encoded: they are stored as `add_vectors` does.

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
            return delete_where(self.store, parse(where or {}, self.store.schema))

    def __delitem__(self, id: str) -> None:
        if not self.delete([id]):
            raise self._missing(id)

    # --- reading ---

    @overload
    def get(self, ids: str | Sequence[str], *, vectors: bool = False) -> list[Item | None]: ...
    @overload
    def get(
        self,
        ids: None = None,
        *,
        where: Mapping[str, Any] | None = None,
        limit: int | None = None,
        offset: int = 0,
        vectors: bool = False,
    ) -> list[Item]: ...
    def get(
        self,
        ids: str | Sequence[str] | None = None,
        *,
        where: Mapping[str, Any] | None = None,
        limit: int | None = None,
        offset: int = 0,
        vectors: bool = False,
    ) -> list[Item] | list[Item | None]:
        """A list of items: those of `ids`, or those that pass `where`; without either, all.

        With `ids`, one for each id, in their order; None for an id that is not there.

        Otherwise oldest first: in the order in which their ids were first stored, which an
        update does not change. `limit` and `offset` page through them. What lies before
        `offset` is read too: to walk through everything, iterate over the collection.

        With `vectors`, each item's `vectors` holds the stored vector of each part by its kind:
        float32 [dim], of length one.

        Raises `BadFilter`, `BadArgument`, `BadItem` for what cannot be an id.

        >>> import cospace as cs
        >>> shop = cs.open(":memory:", model="starter")
        >>> shop.add(ids=["MK-1", "MK-2"], documents=["Armchair", "Rake"]).added
        2
        >>> [item.id for item in shop.get(limit=1, offset=1)]
        ['MK-2']
        >>> shop.get("MK-1", vectors=True)[0].vectors["text"].shape
        (384,)
        """
        if ids is None:
            return selected(self.store, self._where(where), limit, offset, vectors=vectors)
        if where is not None or limit is not None or offset:
            raise BadArgument("with ids, leave out where, limit and offset")
        rows = self.store.get(checked_ids(ids), vectors=vectors)
        return [None if row is None else item_of(row) for row in rows]

    def __getitem__(self, id: str) -> Item:
        item = self.get([id])[0]
        if item is None:
            raise self._missing(id)
        return item

    def _missing(self, id: str) -> ItemNotFound:
        return ItemNotFound(
            f"{self.name} holds no item {id!r}; get({id!r}) gives None for it", id=id
        )

    def count(self, where: Mapping[str, Any] | None = None) -> int:
        """How many items pass the filter."""
        return self.store.count(self._where(where))

    def __len__(self) -> int:
        return self.store.info().items

    def __iter__(self) -> Iterator[Item]:
        return (item_of(row) for row in self.store.scan())

    def __contains__(self, id: object) -> bool:
        try:
            return self.get([check_id(id)])[0] is not None
        except BadItem:  # what can be no id is not there
            return False

    def search(
        self,
        query: Content | Vectors,
        k: int = 10,
        *,
        where: Mapping[str, Any] | None = None,
        offset: int = 0,
        by: str | Sequence[str] | None = None,
        explain: bool = False,
    ) -> Results:
        """The `k` best items from `offset` on, best first.

        `query` is a text, an `Image`, `Parts` of both, or `Vectors` of one row. `where` is a
        filter (see docs/filters.md). `by` picks the lists to rank by: "text", "image" (the
        vectors of these parts) and "words" (BM25); all that apply by default. The first k of
        a longer list are the same k. With `explain` each hit tells its rank, score and share
        in every list.

        Raises `BadFilter`, `BadArgument`, `BadItem`, `SpaceMismatch`.
        """
        asked = query_of(query, self, by, self._where(where))
        return ask(self.store, asked, k=k, offset=offset, explain=explain)

    def search_many(
        self,
        queries: Iterable[Content | Vectors] | Vectors,
        k: int = 10,
        *,
        where: Mapping[str, Any] | None = None,
        offset: int = 0,
        by: str | Sequence[str] | None = None,
        explain: bool = False,
    ) -> list[Results]:
        """For each query what `search` gives for it, in their order; faster than one by one.

        `queries` is a list of what `search` takes, or `Vectors` whose every row is a query.
        All are encoded together, and the index and the items are read in few requests. The
        other arguments hold for each query. Raises as `search` does, before any answer, when
        one of the queries cannot be asked.

        >>> import cospace as cs
        >>> shop = cs.open(":memory:", model="starter")
        >>> items = [cs.Item("MK-1", "Retro velvet armchair"), cs.Item("MK-2", "Steel rake")]
        >>> shop.add(items).added
        2
        >>> [found.ids for found in shop.search_many(["a place to sit", "gardening tools"], k=1)]
        [['MK-1'], ['MK-2']]
        """
        asked = queries_of(queries, self, by, self._where(where))
        return ask_many(self.store, asked, k=k, offset=offset, explain=explain)

    def _where(self, where: Mapping[str, Any] | None) -> Node | None:
        return None if where is None or where == {} else parse(where, self.store.schema)

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
            self.store.optimize()

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

        with metered(progress, None if where else len(self)) as meter:
            return export_parquet(self.store, Path(path), self._where(where), meter)

    def restore(
        self, path: str | os.PathLike[str], *, replace: bool = False, progress: Watch = None
    ) -> int:
        """The number of items read, with their vectors, from a Parquet file that `export` made."""
        from cospace.collection.transfer import import_parquet

        with metered(progress) as meter:
            count = import_parquet(self.store, Path(path), replace=replace, meter=meter)
        self._settle()
        return count

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
