"""Outline: where the headings and the pages of a document stand in its text."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from typing import NamedTuple

__all__ = ["Heading", "Outline"]


class Heading(NamedTuple):
    """A heading: its title, its level from 1, and the place of its line, `text[start:end]`."""

    title: str
    level: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Outline:
    """The headings of a text, in order, and the places at which its pages begin; none by default.

    >>> Outline(pages=(0, 120)).page(130), Outline().page(130)
    (2, None)
    """

    headings: tuple[Heading, ...] = ()
    pages: tuple[int, ...] = ()

    def page(self, place: int) -> int | None:
        """The number, from 1, of the page that the character at `place` stands on."""
        return bisect_right(self.pages, place) if self.pages else None
