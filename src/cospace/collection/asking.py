"""The half of a `Collection` that reads and searches."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, overload

from cospace.collection.context import Context, gathered
from cospace.collection.grouped import check_count, grouped
from cospace.collection.models import model_of
from cospace.collection.query import excluded, queries_of, query_of
from cospace.collection.stored import checked_ids, item_of, selected
from cospace.collection.tune import Judged, Tuning, tune
from cospace.collection.tune_parts import Composed, PartTuning, tune_parts
from cospace.encode import Encoder
from cospace.encode.sizes import sizes_of
from cospace.errors import BadArgument, BadItem, ItemNotFound
from cospace.item import Content, Item, check_id
from cospace.results import Results
from cospace.search import ask, ask_many
from cospace.space import Space
from cospace.store.protocol import Remembers, Store
from cospace.store.where import Node, parse
from cospace.vectors import Vectors

__all__ = ["Asking"]


class Asking:
    """What can be asked of a collection; nothing here changes it."""

    def __init__(
        self, store: Store, model: Encoder | None, name: str, queries: Encoder | None = None
    ) -> None:
        self.store = store
        self.name = name
        self._model = model
        self._queries = queries
        self._checked: Space | None = None
        self._route: Callable[[Encoder], Encoder] | None = None

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
        space = self.store.space
        if self._model is not None and space is not self._checked:
            # Another process may have adapted the collection, and its vectors with it.
            if space is not None and space.conflict(self._model.space):
                self._model = None
            self._checked = space
        if self._model is None:
            if space is None:
                raise BadArgument(
                    f"{self.name}: this needs a model; open it with one, such as model='starter'"
                )
            model = model_of(space, getattr(self.store, "folder", None))
            what = f"{self.name} and the model {space.name!r}"
            space.check(model.space, what=what, stored=True)
            self._model = model if self._route is None else self._route(model)
        return self._model

    @property
    def asker(self) -> Encoder:
        """What encodes questions that are texts: the `queries` given to `open`, or the model."""
        return self.model if self._queries is None else self._queries

    def through(self, route: Callable[[Encoder], Encoder]) -> None:
        """From now on use what `route` gives for each model: a server's turns stand before it."""
        self._route = route
        if self._model is not None:
            self._model = route(self._model)
        if self._queries is not None:
            self._queries = route(self._queries)

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
        exclude: str | Iterable[str] = (),
    ) -> Results:
        """The `k` best items from `offset` on, best first.

        `query` is a text, an `Image`, `Parts` of both, or `Vectors` of one row. `where` is a
        filter (see docs/filters.md). `by` picks the lists to rank by: "text", "image" (the
        vectors of these parts) and "words" (BM25); all that apply by default. The first k of
        a longer list are the same k. With `explain` each hit tells its rank, score and share
        in every list. `exclude` is an id, or ids, that are never found; the others are ranked as
        if these were not there, and k of them are given. Ids that are not stored do no harm. The
        item that a query is `like` is left out too.

        Raises `BadFilter`, `BadArgument`, `BadItem`, `SpaceMismatch`, and `ItemNotFound` for
        `Parts(like=...)` of an item that is not stored.

        >>> import cospace as cs
        >>> shop = cs.open(":memory:", model="starter")
        >>> _ = shop.add(ids=["MK-1", "MK-2"], documents=["Red velvet armchair", "Green armchair"])
        >>> shop.search(cs.Parts(like="MK-1", text="but in green")).ids
        ['MK-2']
        """
        asked = query_of(query, self, by, self._where(where), excluded(exclude))
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
        exclude: str | Iterable[str] = (),
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
        asked = queries_of(queries, self, by, self._where(where), excluded(exclude))
        return ask_many(self.store, asked, k=k, offset=offset, explain=explain)

    def context(
        self,
        question: str,
        *,
        tokens: int = 2000,
        k: int = 50,
        where: Mapping[str, Any] | None = None,
    ) -> Context:
        """The passages that answer a question, of the `k` best items, in at most `tokens` tokens.

        They are counted with the collection's model, sources included. Neighbours that overlap
        are one passage, and what says nearly the same is there once. `where` is a filter.

        Raises `BadArgument` for fewer than 1 token, and as `search` does.

        >>> import cospace as cs
        >>> shop = cs.open(":memory:", model="starter")
        >>> _ = shop.add(cs.Item("returns", "Send it back within 30 days."))
        >>> [one.source for one in shop.context("how long can I return a chair?").passages]
        ['returns']
        """
        check_count("tokens", tokens)
        stored = self.count(where)
        hits = self.search(question, k, where=where) if stored else ()
        sizes = sizes_of(self.model)
        return gathered(question, hits, sizes, tokens=tokens, stored=stored)

    def documents(
        self,
        query: Content | Vectors,
        k: int = 10,
        *,
        where: Mapping[str, Any] | None = None,
        by: str | Sequence[str] | None = None,
    ) -> Results:
        """The best chunk of each of the `k` best documents; its text is the passage itself.

        A document stands where its best chunk stands in `search`, and its hit has that chunk's id;
        an item that was not stored in chunks is a document of its own. The first k of a longer
        list are the same k. At most `max_k` (limits.py) chunks are looked at.

        >>> import cospace as cs
        >>> shop = cs.open(":memory:", model="starter")
        >>> row = {"id": "care", "text": "Oil oak each spring. " + "Keep it dry. " * 80}
        >>> _ = shop.add(cs.read([row], chunks=True))
        >>> [hit.metadata["document"] for hit in shop.documents("oak care")]
        ['care']
        """
        return grouped(lambda depth: self.search(query, depth, where=where, by=by), k)

    @property
    def weights(self) -> Mapping[str, float] | None:
        """What each list counts for queries that are texts; None: as docs/ranking.md says."""
        return self.store.weights if isinstance(self.store, Remembers) else None

    @property
    def part_weights(self) -> Mapping[str, float] | None:
        """What each part counts in a query of all of these kinds; None: all the same."""
        return self.store.part_weights if isinstance(self.store, Remembers) else None

    def tune_weights(self, labelled: Iterable[Composed], *, seed: int = 0) -> PartTuning:
        """Weights of a query's parts fitted on labelled queries, and what they gave held out.

        Each of `labelled` is `(Parts, right)` or `(Parts, right, exclude)`: a query of several
        parts, all of the same kinds; the right ids, or grades by id; and ids that are not to be
        found. As `tune`: each query is ranked by weights chosen without its own fifth, nothing is
        changed, `shop.part_weights = tuning.weights` puts them to use where `tuning.better`.

        Raises `BadArgument` for fewer than 20 queries with a right item that is stored.
        """
        return tune_parts(self, labelled, seed=seed)

    def tune(self, judged: Judged, *, seed: int = 0) -> Tuning:
        """Weights of the lists fitted on judged queries, and what they gave on held-out ones.

        `judged` holds for each query, a text, the grades of items by their ids, or a list of the
        right ids. Each query is ranked with the weights that are best for the other four fifths
        of the queries (drawn with `seed`), so its figure is of weights that have not seen it.
        Nothing is changed: `shop.weights = tuning.weights` puts them to use, None takes them
        back. `tuning.better` tells whether that pays.

        Raises `BadArgument` for fewer than 20 queries with a right item that is stored.

        >>> import cospace as cs
        >>> shop = cs.open(":memory:", model="starter")
        >>> names = [f"{colour} {thing}" for colour in ("red", "blue", "grey", "white", "black")
        ...          for thing in ("chair", "lamp", "rug", "shelf")]
        >>> _ = shop.add(ids=names, documents=names)
        >>> judged = {f"a {name}": [name] for name in names}
        >>> print(shop.tune(judged).advice)
        keep the default weights: no others were better on these queries
        """
        return tune(self, judged, seed=seed)

    def _where(self, where: Mapping[str, Any] | None) -> Node | None:
        return None if where is None or where == {} else parse(where, self.store.schema)
