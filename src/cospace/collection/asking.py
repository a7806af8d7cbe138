"""The half of a `Collection` that reads and searches."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, overload

from cospace.arguments import check_count, check_number
from cospace.collection.answer import Answer
from cospace.collection.answering import Wished, answered
from cospace.collection.context import Context, gathered
from cospace.collection.grouped import grouped
from cospace.collection.modelled import Modelled
from cospace.collection.places import NearTo
from cospace.collection.query import excluded, listed, queries_of
from cospace.collection.rerank import Rerank, answers, reranking_of, texts_of
from cospace.collection.sorting import findable, order_of, sorted_matches
from cospace.collection.spelling import respelt
from cospace.collection.steady import steady
from cospace.collection.stored import checked_ids, item_of, selected
from cospace.collection.tune import Judged, Tuning, tune
from cospace.collection.tune_parts import Composed, PartTuning, tune_parts
from cospace.collection.tune_rerank import RerankTuning, tune_rerank
from cospace.collection.written import Writer
from cospace.encode.reranker import Reranker
from cospace.encode.sizes import sizes_of
from cospace.errors import BadArgument, BadItem, ItemNotFound
from cospace.item import Content, Item, check_id
from cospace.results import DidYouMean, Results
from cospace.search import Query, ask_many
from cospace.store.where import Node
from cospace.vectors import Vectors

__all__ = ["Asking"]


class Asking(Modelled):
    """What can be asked of a collection; nothing here changes it."""

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

    @steady
    def search(  # noqa: PLR0913 - each is a word of the question, and has a default
        self,
        query: Content | Vectors,
        k: int = 10,
        *,
        where: Mapping[str, Any] | None = None,
        offset: int = 0,
        by: str | Sequence[str] | None = None,
        explain: bool = False,
        exclude: str | Iterable[str] = (),
        rerank: Rerank | None = None,
        sort: str | None = None,
        near: NearTo | None = None,
        spelling: bool = True,
    ) -> Results:
        """The `k` best items from `offset` on, best first.

        `query` is a text, an `Image`, `Parts` of both, or `Vectors` of one row. `where` is a
        filter (see docs/filters.md). `by` picks the lists to rank by: "text", "image" (the
        vectors of these parts) and "words" (BM25); all that apply by default. The first k of
        a longer list are the same k. With `explain` each hit tells its rank, score and share
        in every list. `exclude` is an id, or ids, that are never found; the others are ranked as
        if these were not there, and k of them are given. Ids that are not stored do no harm. The
        item that a query is `like` is left out too.

        `rerank` is the name or the folder of a reranker, or a loaded `Reranker`, for a query that
        is a text: it scores the text of each of the first 20 candidates, and the score is a mix
        of its standard score and the one before (docs/reranking.md). By default none, or the one
        that `reranking` keeps, for queries that are texts; "" for none.

        `sort` is a field ("price", or "-price" for the most first), or "distance" from `near`: the
        hits are the best matches alone, sorted and not reranked, `Results.sorted_among` of `total`
        (docs/ranking.md); `browse` sorts all. `near` is a place, {"lat": 52.52, "lon": 13.40,
        "km": 10}: only what lies so near is found; without "km" nothing is left out.
        Typing errors are mended (see `spelling`), and `Results.did_you_mean` says so; with
        `spelling=False` the query is taken as it was typed.

        Raises `BadFilter`, `BadArgument`, `BadItem`, `SpaceMismatch`, `ModelNotFound` for a
        reranker, and `ItemNotFound` for `Parts(like=...)` of an item that is not stored.

        >>> import cospace as cs
        >>> shop = cs.open(":memory:", model="starter")
        >>> _ = shop.add(ids=["MK-1", "MK-2"], documents=["Red velvet armchair", "Green armchair"])
        >>> shop.search(cs.Parts(like="MK-1", text="but in green")).ids
        ['MK-2']
        """
        place = self._place(near)
        node = self._where(where if place is None else place.within(where))
        meant = respelt([query], self, by) if spelling else {}
        [asked] = self._queries_of([query], by, node, exclude, meant)
        if sort is not None:
            if rerank:
                raise BadArgument("give sort or rerank, not both: both say what comes first")
            order = order_of(sort, self.store.schema, place)
            found = sorted_matches(self.store, asked, order, (offset, k), explain=explain)
        else:
            [found] = self._answers([asked], [query], rerank, k=k, offset=offset, explain=explain)
            found.total = findable(self.store, asked) if asked.exclude else None
        found.did_you_mean = meant.get(0)
        return found

    @steady
    def search_many(  # noqa: PLR0913 - as above
        self,
        queries: Iterable[Content | Vectors] | Vectors,
        k: int = 10,
        *,
        where: Mapping[str, Any] | None = None,
        offset: int = 0,
        by: str | Sequence[str] | None = None,
        explain: bool = False,
        exclude: str | Iterable[str] = (),
        rerank: Rerank | None = None,
        spelling: bool = True,
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
        given = queries if isinstance(queries, Vectors) else listed(queries)
        meant = respelt(given, self, by) if spelling else {}
        asked = self._queries_of(given, by, self._where(where), exclude, meant)
        answered = self._answers(asked, given, rerank, k=k, offset=offset, explain=explain)
        for place, found in enumerate(answered):
            found.did_you_mean = meant.get(place)
        return answered

    def _queries_of(
        self,
        given: Sequence[Content | Vectors] | Vectors,
        by: str | Sequence[str] | None,
        where: Node | None,
        exclude: str | Iterable[str],
        meant: Mapping[int, DidYouMean],
    ) -> list[Query]:
        used = {place: one for place, one in meant.items() if one.used}
        return queries_of(given, self, by, where, excluded(exclude), used)

    def _answers(
        self,
        asked: Sequence[Query],
        given: Sequence[Content | Vectors] | Vectors,
        rerank: Rerank | None,
        **span: Any,
    ) -> list[Results]:
        """The answer to each query, reranked where that is asked for."""
        ready = isinstance(given, Vectors) or all(isinstance(one, Vectors) for one in given)
        kept = self.reranking if rerank is None and not ready else None
        by = reranking_of(rerank, kept, self._rerankers)
        if by is None:
            return ask_many(self.store, asked, **span)
        texts = texts_of(given, asked_for=rerank is not None)
        return answers(self.store, asked, texts, by, **span)

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
        tokens = check_count("tokens", tokens)
        stored = self.count(where)
        hits = self.search(question, k, where=where) if stored else ()
        sizes = sizes_of(self.model)
        return gathered(question, hits, sizes, tokens=tokens, stored=stored)

    def ask(
        self,
        question: str,
        *,
        tokens: int = 2000,
        where: Mapping[str, Any] | None = None,
        chat: Writer | None = None,
        least: float = 0.0,
        tell: Callable[[str], object] | None = None,
    ) -> Answer:
        """The answer to a question, each sentence with a citation, or that none was found.

        Its sentences are the passages' own, of a `context` of so many `tokens`; before it says
        that there is none, twice as many are read. `least` is the score that an answer needs:
        more makes fewer answers wrong, and more questions unanswered.

        With `chat`, such as `cospace.encode.hosted.chat.Chat(url, model)`, that model writes it
        from the passages; each sentence is then held against the passages that it cites
        (docs/documents.md), and marked where they do not hold it. `tell` is given its pieces.

        Raises `BadArgument`, `BadItem`, and what the chat model's service raises.

        >>> import cospace as cs
        >>> shop = cs.open(":memory:", model="starter")
        >>> _ = shop.add(ids=["r", "h"], documents=["Return it in 30 days.", "We open at 9."])
        >>> print(shop.ask("When do you open?"))
        We open at 9. [1]
        """
        check_number("least", least)
        if chat is not None and not callable(chat):
            raise BadArgument(f"chat is a chat model, such as Chat(url, model), not {chat!r:.60}")
        return answered(self, question, Wished(tokens, where, chat, least, tell))

    @steady
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
        found: Mapping[str, float] | None = self._kept("weights")
        return found

    @property
    def part_weights(self) -> Mapping[str, float] | None:
        """What each part counts in a query of all of these kinds; None: all the same."""
        found: Mapping[str, float] | None = self._kept("part_weights")
        return found

    @property
    def reranking(self) -> Mapping[str, Any] | None:
        """The reranker that queries go through which are texts; None: no reranker."""
        found: Mapping[str, Any] | None = self._kept("reranking")
        return found

    def _kept(self, name: str) -> Any:
        """What the store keeps under a name of `Remembers`; None where it keeps nothing.

        Asked for itself: whether a store is a `Remembers` reads all that it keeps from disk.
        """
        return getattr(self.store, name, None)

    def tune_rerank(
        self, judged: Judged, reranker: str | Reranker, *, seed: int = 0
    ) -> RerankTuning:
        """Whether a reranker makes the answers better, on judged queries; see `tune` for these.

        Each query is ranked with the share of the reranker that is best for the other four fifths
        of the queries, or without it where that is best. Nothing is changed:
        `shop.reranking = tuning.setting` puts it to use where `tuning.better`, None takes it back.

        Raises `BadArgument` for fewer than 20 queries with a right item that is stored, and what
        `load_reranker` raises.
        """
        by = reranking_of(reranker, None, self._rerankers)
        if by is None:
            raise BadArgument("tune_rerank takes the name of a reranker, or a Reranker")
        return tune_rerank(self, judged, by.reranker, seed=seed)

    def tune_weights(self, labelled: Iterable[Composed], *, seed: int = 0) -> PartTuning:
        """Weights of a query's parts fitted on labelled queries, and what they gave held out.

        Each of `labelled` is `(Parts, right)` or `(Parts, right, exclude)`: a query of several
        parts, all of the same kinds; the right ids, or grades by id; and ids that are not to be
        found. As `tune`: each query is ranked by weights chosen without its own fifth, nothing is
        changed, `shop.part_weights = tuning.weights` puts them to use where `tuning.better`.

        Raises `BadArgument` for fewer than 20 queries with a right item that is stored.
        """
        return tune_parts(self, labelled, seed=seed)

    def tune(self, judged: Judged | None = None, *, seed: int = 0) -> Tuning:
        """Weights of the lists fitted on judged queries, and what they gave on held-out ones.

        `judged` holds for each query, a text, the grades of items by their ids, or a list of the
        right ids; by default it is what `judge` has kept. Each query is ranked with the weights
        that are best for the other four fifths
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
        return tune(self, self.judgments if judged is None else judged, seed=seed)
