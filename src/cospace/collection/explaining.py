"""What explains an answer: why an item is there, why another is not, and what is in it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cospace.collection.composed import Searched
from cospace.collection.conceptual import concepts
from cospace.collection.explained import Explanation, explained
from cospace.collection.places import NearTo, Place, place_of
from cospace.collection.steady import steady
from cospace.collection.whynot import WhyNot, why_not
from cospace.explain import Concepts
from cospace.item import Content
from cospace.store.where import Node, parse
from cospace.vectors import Vectors

__all__ = ["Explaining"]


class Explaining(Searched):
    """What can be asked of a collection about its answers."""

    @steady
    def explain(self, query: Content, id: str) -> Explanation:
        """Why an item answers a query: words of both, a region of its photo, its place.

        `text_shares` has for every word its share in the cosine, where the model's vector is a sum
        over words, and what the cosine loses without it; `query` the same for the words of the
        query. `region` has the squares of its photo without which it would be less like it. All
        is measured by leaving out, in batches: some texts, and 137 small pictures.

        Raises `ItemNotFound`, and as `search` does.

        >>> import cospace as cs
        >>> shop = cs.open(":memory:", model="starter")
        >>> _ = shop.add(ids=["MK-1"], documents=["Velvet armchair, from a loft"])
        >>> found = shop.explain("a comfortable seat", "MK-1")
        >>> best = max(found.words, key=lambda word: word.weight)
        >>> found.text[best.start:best.end], found.rank
        ('armchair', 1)
        """
        return explained(self, query, id)

    @steady
    def why_not(
        self,
        query: Content | Vectors,
        id: str,
        *,
        k: int = 10,
        where: Mapping[str, Any] | None = None,
        near: NearTo | None = None,
        by: str | list[str] | None = None,
    ) -> WhyNot:
        """Why an item is not among the `k` answers to a query, as `search` gives them.

        `reason` is one of `cospace.collection.whynot.REASONS`; `told` says it in a sentence. All
        vectors that pass the filter are compared, so `exact` ranks are those of no index.

        Raises as `search` does; an item that is not stored is an answer here, not an error.

        >>> import cospace as cs
        >>> shop = cs.open(":memory:", model="starter")
        >>> _ = shop.add(ids=["MK-1", "MK-2"], documents=["Velvet armchair", "Rake"],
        ...              metadatas=[{"price": 120}, {"price": 9}])
        >>> found = shop.why_not("a seat", "MK-1", where={"price": {"$lt": 100}})
        >>> print(found.told)
        MK-1 does not pass the filter: price is 120, and not below 100.
        """
        place = self._place(near)
        given = where if place is None else place.within(where)
        return why_not(self, query, id, k=k, where=given, by=by)

    @steady
    def concepts(
        self,
        content: Content,
        *,
        vocabulary: list[str] | None = None,
        terms: int = 8,
    ) -> dict[str, Concepts]:
        """By kind, a stored item (its id), a text or a photo as a weighted sum of words.

        The words are those of `vocabulary`, or the collection's own. A `str` that is the id of a
        stored item is that item; any other is a text.

        Raises `BadArgument`, `BadItem`.

        >>> import cospace as cs
        >>> shop = cs.open(":memory:", model="starter")
        >>> _ = shop.add(ids=["MK-1"], documents=["Velvet armchair"])
        >>> words = ["armchair", "velvet", "bicycle", "rake"]
        >>> found = shop.concepts("MK-1", vocabulary=words, terms=2)["text"]
        >>> [one.word for one in found.words]
        ['armchair', 'velvet']
        """
        return concepts(self, content, vocabulary, terms)

    def _place(self, near: NearTo | None) -> Place | None:
        return None if near is None else place_of(near, self.store.schema)

    def _where(self, where: Mapping[str, Any] | None) -> Node | None:
        nothing = where is None or (isinstance(where, dict) and not where)
        return None if nothing or where is None else parse(where, self.store.schema)
