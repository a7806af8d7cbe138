"""Passages: what hits say, each slice once, with its place in its document."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from cospace.collection.chunks import number_of, passage_of
from cospace.read.terms import fold
from cospace.results import Hit

__all__ = ["Passage", "joined", "near", "passage"]

# Of two texts as like as this only one is a passage: the share of their threes of words in common.
_ALIKE = 0.85
_WORDS = 3


@dataclass(frozen=True, slots=True)
class Passage:
    """A slice of a document, `document_text[start:end]`, that a citation [number] stands for.

    `id` is the stored item that was found (the best, where neighbours were joined), `score` its
    score; `items` are the ids of all that the passage holds. `heading` are the headings that it
    stands under, "" for none, and `page` the page that it begins on, or None.
    """

    number: int
    id: str
    document: str
    text: str
    start: int
    end: int
    heading: str = ""
    page: int | None = None
    score: float = 0.0
    items: tuple[str, ...] = ()

    @property
    def source(self) -> str:
        """Where it stands, in a line.

        >>> Passage(1, "care.pdf#2", "care.pdf", "Oil it.", 0, 7, "Care > Oak", 3).source
        'care.pdf, page 3, Care > Oak'
        """
        page = "" if self.page is None else f"page {self.page}"
        return ", ".join(part for part in (self.document, page, self.heading) if part)

    @property
    def cited(self) -> str:
        """The passage as it stands in a prompt: its number, where it stands, its text."""
        return f"[{self.number}] {self.source}\n{self.text}"

    def to_dict(self) -> dict[str, Any]:
        """A record of plain types."""
        names = (
            "id", "document", "text", "start", "end", "heading", "page", "score", "number",
        )  # fmt: skip
        return {name: getattr(self, name) for name in names}


def passage(hit: Hit, number: int = 0) -> Passage | None:
    """What a hit says; None for one without a text."""
    if not hit.text:
        return None
    found: Mapping[str, Any] = hit.metadata
    text = passage_of(hit.id, hit.text, found)
    if number_of(hit.id, found) is None:
        return Passage(number, hit.id, hit.id, text, 0, len(text), "", None, hit.score, (hit.id,))
    return Passage(
        number,
        hit.id,
        str(found["document"]),
        text,
        int(found.get("start", 0)),
        int(found.get("end", len(text))),
        str(found.get("heading", "")),
        found.get("page"),
        hit.score,
        (hit.id,),
    )


def joined(one: Passage, other: Passage) -> Passage | None:
    """Both as one continuous passage, where they overlap or touch; else None.

    It has the number, the id and the score of the first.
    """
    if one.document != other.document or one.heading != other.heading:
        return None
    first, second = (one, other) if one.start <= other.start else (other, one)
    if second.start > first.end:
        return None
    shared = first.end - second.start
    if first.text[len(first.text) - shared :] != second.text[:shared]:
        if second.end > first.end or second.text not in first.text:
            return None  # the document has changed between the two
        return replace(one, items=(*one.items, *other.items))
    return replace(
        one,
        text=first.text + second.text[shared:],
        start=first.start,
        end=max(first.end, second.end),
        page=first.page,
        items=(*one.items, *other.items),
    )


def near(text: str, others: Iterable[str]) -> bool:
    """Whether one of the others says nearly the same, word for word."""
    mine = _threes(text)
    for other in others:
        theirs = _threes(other)
        common = len(mine & theirs)
        if common and common >= _ALIKE * min(len(mine), len(theirs)) and _alike(mine, theirs):
            return True
    return False


def _alike(one: set[tuple[str, ...]], other: set[tuple[str, ...]]) -> bool:
    return len(one & other) >= _ALIKE * len(one | other)


def _threes(text: str) -> set[tuple[str, ...]]:
    words = fold(text).split()
    return {tuple(words[i : i + _WORDS]) for i in range(max(1, len(words) - _WORDS + 1))}
