"""Document: what every reader of this folder gives."""

from __future__ import annotations

from typing import NamedTuple

from cospace.outline import Heading, Outline

__all__ = ["Document", "Writing"]


class Document(NamedTuple):
    """A text, its outline, and what of the file is not in it ("" where all is)."""

    text: str
    outline: Outline = Outline()
    lost: str = ""


class Writing:
    """A text put together of blocks, one a line; it remembers where headings and pages begin.

    >>> writing = Writing()
    >>> writing.add("Returns", level=1)
    >>> writing.add("Within 30 days.")
    >>> writing.done().text, writing.done().outline.headings[0].end
    ('Returns\\n\\nWithin 30 days.', 7)
    """

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._length = 0
        self._headings: list[Heading] = []
        self._pages: list[int] = []

    def add(self, block: str, *, level: int = 0, close: bool = False) -> None:
        """Add a block, a heading where it has a `level`; `close` to the one before, or apart."""
        if not block:
            return
        if self._parts:
            gap = "\n" if close else "\n\n"
            self._parts.append(gap)
            self._length += len(gap)
        start = self._length
        self._parts.append(block)
        self._length += len(block)
        if level:
            self._headings.append(Heading(" ".join(block.split()), level, start, self._length))

    def page(self) -> None:
        """What follows stands on a new page."""
        # The gap before the next block is of the page before.
        self._pages.append(self._length + 2 if self._parts else 0)

    def done(self, lost: str = "") -> Document:
        """The document that was written."""
        outline = Outline(tuple(self._headings), tuple(self._pages))
        return Document("".join(self._parts), outline, lost)
