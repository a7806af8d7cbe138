"""Chunks: a long text in pieces of whole sentences, each with the headings that it stands under.

A chunk is a slice of its document, to the character. What is stored, embedded and found by word is
its headings, a line break, and the slice; `passage_of` gives the slice back.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from cospace.encode.sizes import Sizes
from cospace.errors import BadItem
from cospace.item import Item, Parts
from cospace.outline import Heading, Outline
from cospace.read.sentences import bare, sentences
from cospace.read.texts import is_blank

__all__ = ["FIELDS", "Chunk", "chunk_items", "chunks_of", "number_of", "passage_of"]

# The tokens of a chunk, its headings among them, where the model reads as many; docs/documents.md
# says on what this was chosen. Neighbours share whole sentences of at most so many tokens.
TOKENS = 96
OVERLAP = 20
# Headings take at most this part of a chunk.
_HEADINGS = 3
# Characters of a chunk at the most: a model may take a long word without meaning for one token.
_MOST = 20_000

# What the metadata of a chunk says of its place.
FIELDS = ("document", "start", "end", "heading", "page")
_BETWEEN = " > "


class Chunk(NamedTuple):
    """The slice `text[start:end]` of a document, the headings above it, and its page, if any."""

    start: int
    end: int
    heading: str = ""
    page: int | None = None

    def stored(self, text: str) -> str:
        """What is stored and embedded of it."""
        slice_ = text[self.start : self.end]
        return f"{self.heading}\n{slice_}" if self.heading else slice_


def chunks_of(
    text: str, outline: Outline, sizes: Sizes, *, tokens: int = TOKENS, overlap: int = OVERLAP
) -> list[Chunk]:
    """The chunks of a text, in order; together they hold all of it but space and headings.

    None is longer than the model reads, its headings included.

    >>> from cospace.encode.sizes import sizes_of
    >>> from cospace.testing.tiny import tiny_model
    >>> text = "We take it back. " * 20
    >>> found = chunks_of(text, Outline(), sizes_of(tiny_model()))
    >>> len(found), text[found[0].start : found[0].end][:17]
    (2, 'We take it back. ')
    """
    room = min(tokens, sizes.most - sizes.frame) if sizes.most else tokens
    found: list[Chunk] = []
    for section in _sections(text, outline.headings):
        heading = _heading(section.path, sizes, room // _HEADINGS)
        left = max(1, room - (sizes.of([heading + "\n"])[0] if heading else 0))
        spans = _packed(text, section, sizes, left, overlap)
        found += [Chunk(start, end, heading, outline.page(start)) for start, end in spans]
    return _fitting(text, found, sizes)


class _Section(NamedTuple):
    """A stretch of text under one heading, and the titles above it."""

    start: int
    end: int
    path: tuple[str, ...]


def _sections(text: str, headings: tuple[Heading, ...]) -> Iterator[_Section]:
    """The text between headings. A heading with nothing under it is a section of its own."""
    above: list[Heading] = []
    place = 0
    for number in range(len(headings) + 1):
        end = headings[number].start if number < len(headings) else len(text)
        path = tuple(one.title for one in above)
        if not is_blank(text[place:end]):
            yield _Section(place, end, path)
        elif above and (number == len(headings) or headings[number].level <= above[-1].level):
            yield _Section(above[-1].start, above[-1].end, path[:-1])
        if number < len(headings):
            above = [one for one in above if one.level < headings[number].level]
            above.append(headings[number])
            place = headings[number].end


def _heading(path: tuple[str, ...], sizes: Sizes, most: int) -> str:
    """The titles in one line: of many the last that have room, of a long one its start."""
    for first in range(len(path)):
        line = _BETWEEN.join(path[first:])
        if sizes.of([line])[0] <= most:
            return line
    line = path[-1] if path else ""
    while line and sizes.of([line])[0] > most:
        line = line[: len(line) // 2].rstrip()
    return line


def _packed(
    text: str, section: _Section, sizes: Sizes, room: int, overlap: int
) -> Iterator[tuple[int, int]]:
    """The spans of chunks of one section: as many sentences as fit, the last ones shared."""
    base = section.start
    whole = [(base + a, base + b) for a, b in sentences(text[base : section.end])]
    spans, counts = _short(text, whole, sizes, room)
    first = 0
    while first < len(spans):
        last, held = first, counts[first]
        while last + 1 < len(spans) and held + counts[last + 1] <= room:
            last += 1
            held += counts[last]
        yield spans[first][0], spans[last][1]
        if last + 1 == len(spans):
            return
        following, shared = last + 1, 0
        while following - 1 > first and shared + counts[following - 1] <= overlap:
            following -= 1
            shared += counts[following]
        first = following if shared + counts[last + 1] <= room else last + 1


def _short(
    text: str, spans: list[tuple[int, int]], sizes: Sizes, room: int
) -> tuple[list[tuple[int, int]], list[int]]:
    """The spans, those of more tokens than `room` in halves of halves, and their tokens."""
    done: dict[tuple[int, int], int] = {}
    left = spans
    while left:
        counts = sizes.of([text[start:end] for start, end in left])
        again: list[tuple[int, int]] = []
        for span, count in zip(left, counts, strict=True):
            length = span[1] - span[0]
            if (count <= room and length <= _MOST) or length < 2:
                done[span] = count
            else:
                again += halves(text, *span)
        left = again
    return sorted(done), [done[span] for span in sorted(done)]


def halves(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """A span in two, at the space nearest to its middle, or in its middle; without blank halves."""
    middle = (start + end) // 2
    before = next((i for i in range(middle, start, -1) if text[i].isspace()), None)
    after = next((i for i in range(middle, end - 1) if text[i].isspace()), None)
    near = [place for place in (before, after) if place is not None]
    cut = min(near, key=lambda place: abs(place - middle), default=middle)
    return [span for a, b in ((start, cut), (cut, end)) if (span := bare(text, a, b)) is not None]


def _fitting(text: str, chunks: list[Chunk], sizes: Sizes) -> list[Chunk]:
    """The chunks, those that are too long as a whole in halves: tokens of parts need not add up."""
    done: list[Chunk] = []
    left = chunks
    while left:
        again: list[Chunk] = []
        for chunk, size in zip(left, sizes.of([one.stored(text) for one in left]), strict=True):
            fits = sizes.fits(size) and chunk.end - chunk.start <= _MOST
            if fits or (chunk.end - chunk.start < 2 and not chunk.heading):
                done.append(chunk)
            elif chunk.end - chunk.start < 2:
                again.append(chunk._replace(heading=""))
            else:
                spans = halves(text, chunk.start, chunk.end)
                again += [chunk._replace(start=start, end=end) for start, end in spans]
        left = again
    return sorted(done, key=lambda one: (one.start, one.end))


def chunk_items(item: Item, sizes: Sizes) -> list[Item]:
    """The items that are stored of one with an outline; its other parts go with the first.

    An item without a text, or with one that cannot be read, is given as it is.

    Raises `BadItem` where its own metadata has a field that chunks need.
    """
    text = item.parts.text
    if item.outline is None or text is None or is_blank(text):
        return [item]
    taken = sorted(set(FIELDS) & set(item.metadata))
    if taken:
        raise BadItem(
            item.id,
            f"its metadata has a field {taken[0]!r}, which is what a chunk says of its place;"
            " rename the column, or name those to keep without it, with metadata=[...]",
        )
    others = {name: part for name, part in item.parts.items() if name != "text"}
    made = []
    for number, chunk in enumerate(chunks_of(text, item.outline, sizes), start=1):
        place: dict[str, Any] = {"document": item.id, "start": chunk.start, "end": chunk.end}
        place |= {"heading": chunk.heading} if chunk.heading else {}
        place |= {} if chunk.page is None else {"page": chunk.page}
        parts = Parts(**{"text": chunk.stored(text), **others})
        others = {}
        made.append(Item(f"{item.id}#{number}", parts, {**item.metadata, **place}))
    return made


def number_of(id: str, metadata: Mapping[str, Any]) -> int | None:
    """The number of a chunk among those of its document, or None for what is no chunk."""
    document, sign, number = id.rpartition("#")
    is_chunk = sign and number.isdecimal() and metadata.get("document") == document
    return int(number) if is_chunk else None


def passage_of(id: str, text: str, metadata: Mapping[str, Any]) -> str:
    """The slice of its document that a stored chunk is; of any other item the whole text."""
    if number_of(id, metadata) is None:
        return text
    start, end = metadata.get("start"), metadata.get("end")
    if not (isinstance(start, int) and isinstance(end, int) and 0 < end - start <= len(text)):
        return text
    return text[len(text) - (end - start) :]
