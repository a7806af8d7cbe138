"""What a page of search needs beside the search: facets, browsing, spelling, completions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cospace.collection.composed import Searched
from cospace.collection.facets import Facets, facets_of
from cospace.collection.places import Place, place_of
from cospace.collection.sorting import browsed, order_of
from cospace.collection.spelling import completions, spelling
from cospace.collection.why import Reasons, reasons
from cospace.errors import BadArgument
from cospace.item import Content
from cospace.read.texts import check_text
from cospace.results import DidYouMean, Results
from cospace.store.columnar import columnar
from cospace.store.columns import Columns
from cospace.store.where import Node, parse

__all__ = ["Browsing"]


class Browsing(Searched):
    """What can be asked of a collection without a question, and about one."""

    def facets(
        self,
        where: Mapping[str, Any] | None = None,
        fields: Sequence[str] | None = None,
        *,
        near: Mapping[str, Any] | None = None,
    ) -> Facets:
        """How many items pass a filter, and of which values they are, field by field.

        A field's own counts leave its own condition out: of `{"city": "Graz"}` the cities are
        those of all items. `fields` names them; by default all that are worth it: texts of which
        several items share one, numbers, dates, places. `near` is a place, as `search` takes it.
        Columns of the metadata are kept in memory, and follow each write.

        Raises `BadFilter`, and `BadArgument` for a field that no item has.

        >>> import cospace as cs
        >>> shop = cs.open(":memory:", model="starter")
        >>> rows = [{"city": "Graz", "price": 9}, {"city": "Graz"}, {"city": "Bonn", "price": 5}]
        >>> _ = shop.add(ids=["1", "2", "3"], documents=["a rake", "a cup", "a lamp"],
        ...              metadatas=rows)
        >>> found = shop.facets({"city": "Graz"}, ["city"])
        >>> found.items, found["city"].values
        (2, (('Graz', 2), ('Bonn', 1)))
        """
        place = self._place(near)
        return facets_of(self._columns(), self.store.schema, where, fields, place)

    def browse(
        self,
        where: Mapping[str, Any] | None = None,
        *,
        sort: str | None = None,
        near: Mapping[str, Any] | None = None,
        offset: int = 0,
        k: int = 10,
    ) -> Results:
        """All items that pass a filter, in an order; `Results.total` says how many there are.

        `sort` is a field of the metadata ("price"), with a minus for the most first ("-price"), or
        "distance" from `near`. Equal items are oldest first, and so are all without `sort`; those
        that lack the field are at the end. Pages by `offset` are of one order.

        Raises `BadFilter`, `BadArgument`.

        >>> import cospace as cs
        >>> shop = cs.open(":memory:", model="starter")
        >>> _ = shop.add(ids=["1", "2"], documents=["a rake", "a cup"],
        ...              metadatas=[{"price": 9}, {"price": 5}])
        >>> shop.browse(sort="price").ids, shop.browse(sort="-price", k=1).ids
        (['2', '1'], ['1'])
        """
        place = self._place(near)
        order = None if sort is None else order_of(sort, self.store.schema, place)
        node = self._where(where if place is None else place.within(where))
        return browsed(self.store, self._columns(), node, order, (offset, k))

    def spelling(self, text: str) -> DidYouMean | None:
        """The text with its typing errors mended by the collection's own words; None without any.

        A word is changed only where no item holds it and the model's vocabulary has it not, to one
        that is one edit away (two from eight letters on): a letter more, less or another, or two
        swapped. Numbers, codes and words in capitals stay. `search` does this by itself.

        >>> import cospace as cs
        >>> shop = cs.open(":memory:", model="starter")
        >>> _ = shop.add(ids=["MK-1"], documents=["Rocking chair with arms"])
        >>> shop.spelling("chiar with arms").words
        (('chiar', 'chair'),)
        """
        return spelling(self, check_text(text, "the query"))

    def complete(self, text: str) -> list[str]:
        """Up to eight ways to go on from what was typed: the collection's words and phrases.

        >>> import cospace as cs
        >>> shop = cs.open(":memory:", model="starter")
        >>> _ = shop.add(ids=["MK-1"], documents=["Vintage lamp"])
        >>> shop.complete("vint")
        ['vintage', 'vintage lamp']
        """
        return completions(self, check_text(text, "the text")) if text.strip() else []

    def why(self, question: Content, id: str) -> Reasons:
        """Why an item answers a question: words of its text, a region of its photo, its score.

        `Reasons.words` are (start, end, weight, exact): the words that the question has too, and
        those without which the text would be less like it. `region` has the same for the squares
        of its photo. Each is left out alone, in one batch: some dozens of texts, and 50 photos.

        Raises `ItemNotFound`, and as `search` does.

        >>> import cospace as cs
        >>> shop = cs.open(":memory:", model="starter")
        >>> _ = shop.add(ids=["MK-1"], documents=["Velvet armchair, from a loft"])
        >>> best = max(shop.why("a comfortable seat", "MK-1").words, key=lambda word: word.weight)
        >>> "Velvet armchair, from a loft"[best.start:best.end]
        'armchair'
        """
        return reasons(self, question, id)

    @property
    def judgments(self) -> dict[str, dict[str, int]]:
        """The grades by id, by question, that `judge` has kept: what `tune` takes."""
        found: dict[str, dict[str, int]] = getattr(self.store, "judgments", {})
        return found

    def _columns(self) -> Columns:
        store = columnar(self.store)
        if store is None:
            raise BadArgument(f"{self.name}: this store keeps no columns of metadata")
        return store.columns()

    def _place(self, near: Mapping[str, Any] | None) -> Place | None:
        return None if near is None else place_of(near, self.store.schema)

    def _where(self, where: Mapping[str, Any] | None) -> Node | None:
        return None if where is None or where == {} else parse(where, self.store.schema)
