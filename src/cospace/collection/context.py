"""Context: the passages of a collection that a question is answered from, under a budget."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from cospace.collection.passages import Passage, joined, near, passage
from cospace.encode.sizes import Sizes
from cospace.results import Hit

__all__ = ["Context", "gathered"]


@dataclass(frozen=True, slots=True)
class Context:
    """Passages for a question, best first, numbered from 1, each with its place.

    `read` of `stored` items were read: what the passages do not hold may still stand in the others.
    `tokens` is how many `text` has, for the collection's model.

    >>> import cospace as cs
    >>> shop = cs.open(":memory:", model="starter")
    >>> _ = shop.add(ids=["returns", "hours"], documents=["Send it back within 30 days.", "9 to 5"])
    >>> context = shop.context("how long can I return a chair?", tokens=14)
    >>> print(context.text)
    [1] returns
    Send it back within 30 days.
    >>> context.read, context.stored
    (1, 2)
    """

    question: str
    passages: tuple[Passage, ...]
    read: int
    stored: int
    tokens: int

    @property
    def text(self) -> str:
        """The passages as they go into a prompt: each with its number and where it stands."""
        return "\n\n".join(one.cited for one in self.passages)

    def to_dict(self) -> dict[str, Any]:
        """A record of plain types."""
        return {
            "question": self.question,
            "passages": [one.to_dict() for one in self.passages],
            "read": self.read,
            "stored": self.stored,
            "tokens": self.tokens,
        }

    def __str__(self) -> str:
        return self.text


def gathered(
    question: str, hits: Iterable[Hit], sizes: Sizes, *, tokens: int, stored: int
) -> Context:
    """The passages of hits, best first, that fit into `tokens`, together with their sources.

    Overlapping neighbours become one passage, and what says nearly the same is there once. A
    passage that does not fit is left out, and shorter ones after it may still come.
    """
    kept: list[Passage] = []
    held: list[int] = []  # the tokens of each
    read = 0
    for found in _passages(hits):
        one, places = _whole(kept, found)
        if not places and near(found.text, (other.text for other in kept)):
            read += 1
            continue
        number = places[0] if places else len(kept)
        one = replace(one, number=number + 1)
        size = sizes.of([one.cited + "\n\n"])[0]
        if sum(held) - sum(held[place] for place in places) + size > tokens:
            continue
        read += 1
        kept[number : number + bool(places)] = [one]
        held[number : number + bool(places)] = [size]
        for place in reversed(places[1:]):  # it was between two, and now all are one
            del kept[place], held[place]
    numbered = tuple(replace(one, number=n) for n, one in enumerate(kept, start=1))
    total = sizes.of(["\n\n".join(one.cited for one in numbered)])[0] if kept else 0
    return Context(question, numbered, read, stored, total)


def _passages(hits: Iterable[Hit]) -> Iterator[Passage]:
    return (found for hit in hits if (found := passage(hit)) is not None)


def _whole(kept: list[Passage], found: Passage) -> tuple[Passage, list[int]]:
    """`found` and the passages that it goes on in one, and the places of these, in order."""
    whole = found
    places: list[int] = []
    for place, other in enumerate(kept):
        both = joined(other if not places else whole, whole if not places else other)
        if both is not None:
            whole = both
            places.append(place)
    return whole, places
