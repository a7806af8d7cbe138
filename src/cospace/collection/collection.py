"""Collection: items in, search by meaning out."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any

from cospace.collection.ingest import Ingest, vector_rows
from cospace.collection.query import queries_of, query_of
from cospace.collection.report import Report
from cospace.encode import Encoder, load
from cospace.encode.names import installed, is_hosted
from cospace.errors import (
    BadArgument,
    BadItem,
    CollectionClosed,
    CospaceError,
    ModelNotFound,
)
from cospace.item import Audio, Content, Image, Item, Part, Parts, Video, check_id
from cospace.read.reading import Reading
from cospace.results import Results
from cospace.search import ask, ask_many
from cospace.space import Space
from cospace.store.protocol import Row, Store, StoreInfo
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
                    f"{self.name}: this needs a model; open it with model='starter', say"
                )
            model = _installed(space)
            space.check(model.space, what=f"{self.name} and the model {space.name!r}")
            self._model = model
        return self._model

    # --- writing ---

    def add(
        self,
        items: Item | Iterable[Item],
        *,
        errors: str | None = None,
        progress: Callable[[int], object] | None = None,
    ) -> Report:
        """A report of the items added; each batch of them is durable when it is counted.

        `items` may be one Item, any iterable of them, or what `cospace.read` gives. With
        errors="raise" (the default) the first bad item raises and its batch is not written;
        with errors="report" (the default for `cospace.read`) it is listed in the report and
        the rest goes on. Items that are stored already, unchanged, are left as they are.

        Raises `DuplicateId`, `BadItem`, `SpaceMismatch`, `DiskFull`.
        """
        return self._ingest(items, False, errors, progress)

    def upsert(
        self,
        items: Item | Iterable[Item],
        *,
        errors: str | None = None,
        progress: Callable[[int], object] | None = None,
    ) -> Report:
        """As `add`, but an item whose id is stored replaces the stored one."""
        return self._ingest(items, True, errors, progress)

    def _ingest(
        self,
        items: Item | Iterable[Item],
        replace: bool,
        errors: str | None,
        progress: Callable[[int], object] | None,
    ) -> Report:
        if errors not in (None, "raise", "report"):
            raise BadArgument(f"errors is 'raise' or 'report', not {errors!r}")
        reading = items if isinstance(items, Reading) else None
        strict = errors == "raise" or (errors is None and reading is None)
        if isinstance(items, str | Mapping) or not isinstance(items, Iterable | Item):
            raise BadArgument(
                f"expected an Item, a list of them, or cs.read(...), not {type(items).__name__}"
            )
        many = [items] if isinstance(items, Item) else _items_only(items)
        run = Ingest(self.store, self.model, replace=replace, strict=strict)
        report = run.run(many, progress, self._settle)
        if reading is not None:
            report.fail(reading.failed)
            report.failed += reading.failed.unlisted
            report.fail(reading.partial, partial=True)
            report.partial += reading.partial.unlisted
        return report

    def add_vectors(
        self,
        ids: Sequence[str],
        vectors: Vectors,
        *,
        metadata: Sequence[Mapping[str, Any]] | None = None,
        texts: Sequence[str] | None = None,
        field: str = "text",
        replace: bool = False,
    ) -> int:
        """The number of ready-made vectors stored, one for each id, in batches that are durable.

        `texts` make the items findable by word too. Raises `SpaceMismatch` when the vectors
        are not of the collection's space, `DuplicateId` unless `replace`.
        """
        if not isinstance(vectors, Vectors):
            raise BadArgument(
                f"expected Vectors, not {type(vectors).__name__}: write"
                " cs.Vectors(array, cs.Space.of('name', dim))"
            )
        stored = self.store.space
        space = stored or vectors.space
        space.check(vectors.space, what=self.name)
        if field not in space.kinds:
            raise BadArgument(f"field is one of {', '.join(space.kinds)}, not {field!r}")
        schema = self.store.schema.copy()
        known = -1 if stored is None else len(schema.fields)
        for rows in vector_rows(ids, vectors, field, {"metadata": metadata, "texts": texts}):
            for row in rows:
                schema.add(schema.learn(row.metadata, row.id))
            if len(schema.fields) != known:
                self.store.extend(space, schema)
                known = len(schema.fields)
            self.store.write(rows, replace=replace)
        self._settle()
        return len(vectors)

    def delete(self, ids: str | Sequence[str]) -> int:
        """How many of the ids were there; they are gone for good on return."""
        return self.store.delete(_ids(ids))

    # --- reading ---

    def get(self, ids: str | Sequence[str]) -> list[Item | None]:
        """The items of the ids, in their order; None for an id that is not there."""
        rows = self.store.get(_ids(ids))
        return [None if row is None else _item(row) for row in rows]

    def count(self, where: Mapping[str, Any] | None = None) -> int:
        """How many items pass the filter."""
        return self.store.count(self._where(where))

    def __len__(self) -> int:
        return self.store.info().items

    def __iter__(self) -> Iterator[Item]:
        return (_item(row) for row in self.store.scan())

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

    def export(self, path: str | Path, *, where: Mapping[str, Any] | None = None) -> int:
        """The number of items written, with their vectors, to the Parquet file `path`."""
        from cospace.collection.transfer import export_parquet  # it loads pyarrow

        return export_parquet(self.store, Path(path), self._where(where))

    def restore(self, path: str | Path, *, replace: bool = False) -> int:
        """The number of items read, with their vectors, from a Parquet file that `export` made."""
        from cospace.collection.transfer import import_parquet

        count = import_parquet(self.store, Path(path), replace=replace)
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


def _items_only(items: Iterable[Any]) -> Iterator[Item]:
    for position, item in enumerate(items):
        if not isinstance(item, Item):
            raise BadItem(
                f"number {position}",
                f"expected an Item, not {type(item).__name__}: write cs.Item(id, text, metadata),"
                " or give rows of a table to cs.read",
            )
        yield item


def _ids(ids: str | Sequence[str]) -> list[str]:
    """A list of ids, checked: 1 is not "1"."""
    if isinstance(ids, str):
        return [check_id(ids)]
    if not isinstance(ids, Iterable):
        raise BadArgument(f"expected an id or a list of ids, not {ids!r}")
    return [check_id(id) for id in ids]


def _installed(space: Space) -> Encoder:
    """The model of the space's name, or one of this space that is installed under another."""
    if is_hosted(space.name):
        return load(space.name, dim=space.dim)
    try:
        return _fitting(space.name, space)
    except ModelNotFound as error:
        for name in installed():
            with suppress(CospaceError):  # a model that is damaged is not the one
                model = _fitting(name, space)
                if not space.conflict(model.space):
                    return model
        raise ModelNotFound(
            f"{error} The collection's model is {space}: open it with model=FOLDER, on the command"
            " line --model FOLDER"
        ) from None


def _fitting(name: str, space: Space) -> Encoder:
    """The model of this name, with `dim=` where the space holds fewer numbers than it gives."""
    model = load(name)
    return model if model.space.dim <= space.dim else load(name, dim=space.dim)


def _item(row: Row) -> Item:
    # What the numbers of a depth map mean is not stored, so it is no part again.
    media = {kind: _media(kind, path) for kind, path in row.media.items() if kind != "depth"}
    return Item(row.id, Parts(**{"text": row.text, **media}), row.metadata)


def _media(kind: str, path: str) -> Part:
    named = {"image": Image, "audio": Audio, "video": Video}.get(kind)
    return Part(kind, Path(path)) if named is None else named(path)
