"""What a page of search needs beside the search: facets, browsing, spelling, completions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cospace.collection.explaining import Explaining
from cospace.collection.facets import Facets, facets_of
from cospace.collection.places import NearTo
from cospace.collection.sorting import browsed, order_of
from cospace.collection.spelling import completions, spelling
from cospace.errors import BadArgument
from cospace.read.texts import check_text
from cospace.results import DidYouMean, Results
from cospace.store.columnar import columnar
from cospace.store.columns import Columns

__all__ = ["Browsing"]


class Browsing(Explaining):
    """What can be asked of a collection without a question, and about one."""

    def facets(
        self,
        where: Mapping[str, Any] | None = None,
        fields: Sequence[str] | str | None = None,
        *,
        near: NearTo | None = None,
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
        named = [fields] if isinstance(fields, str) else fields
        return facets_of(self._columns(), self.store.schema, where, named, place)

    def browse(
        self,
        where: Mapping[str, Any] | None = None,
        *,
        sort: str | None = None,
        near: NearTo | None = None,
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
        if isinstance(text, str) and not text.strip():
            return []
        return completions(self, check_text(text, "the text"))

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
