"""Why an item answers a question: which words of its text, and which region of its photo.

Both are found by occlusion: one word, or one square of the photo, is left out at a time, and what
the likeness to the question loses by it is measured (Zeiler and Fergus, 2014; Li et al., 2016). It
is a measurement of one change at a time: two words of which either is enough lose nothing alone.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from cospace.collection.composed import Searched
from cospace.collection.query import query_of
from cospace.collection.spelling import respelt
from cospace.errors import BadItem, ItemNotFound
from cospace.item import Content, Image, check_id, kind_of
from cospace.read.images import decode
from cospace.read.terms import chains, fold
from cospace.results import Why
from cospace.search.ask import Query, ask
from cospace.store.language import ENGLISH, any_stop_words, stem
from cospace.store.protocol import Row

__all__ = ["Marked", "Reasons", "Region", "photo_of", "reasons"]

GRID = 7
# So many texts are encoded at most: in a longer one, neighbouring words are left out together.
_PIECES = 64
_LEAST = 0.1  # of the most that leaving one out costs: what costs less is not told
_SIDE = 336  # pixels of a photo's longer side, before it is cut into squares
_DEEP = 200  # hits among which the item's own score is looked for
_WORD = re.compile(r"[^\W_]+(?:['\u2019-][^\W_]+)*")


class Marked(NamedTuple):
    """What stands from `start` to `end` of a text, and what it counts, 0 to 1.

    1 is what costs the most to leave out, and each word that the question has too (`exact`).
    """

    start: int
    end: int
    weight: float
    exact: bool = False


@dataclass(frozen=True, slots=True)
class Region:
    """What each square of a photo counts, 0 to 1, from the top left: `heat` [rows][cols].

    0 is a square that can be covered without loss. All are 0 where none costs anything.
    """

    part: str
    heat: tuple[tuple[float, ...], ...]

    def to_json(self) -> dict[str, Any]:
        """A record of plain types."""
        heat = [list(row) for row in self.heat]
        return {"part": self.part, "rows": len(heat), "cols": len(heat[0]), "heat": heat}


@dataclass(frozen=True, slots=True)
class Reasons:
    """Why an item answers a question, as far as leaving things out can tell.

    `score` has the parts of its score, as `search` tells them with `explain`; where the item is not
    among the first 200, the cosines alone, without ranks and shares. `notes` say what is missing.
    """

    id: str
    text: str | None
    words: tuple[Marked, ...]
    score: tuple[Why, ...]
    region: Region | None
    notes: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """A record of plain types."""
        return {
            "id": self.id,
            "text": self.text,
            "words": [[one.start, one.end, one.weight] for one in self.words],
            "exact": [[one.start, one.end] for one in self.words if one.exact],
            "score": [
                {"list": w.list, "rank": w.rank, "score": w.score, "share": w.share}
                for w in self.score
            ],
            "region": None if self.region is None else self.region.to_json(),
            "notes": list(self.notes),
        }


def reasons(
    collection: Searched, question: Content, id: str, *, photo: Image | None = None
) -> Reasons:
    """See `Collection.why`; `photo` stands for the item's photo where it was read already."""
    meant = {at: one for at, one in respelt([question], collection).items() if one.used}
    query = query_of(question, collection, None, None, meant=meant)
    row = _row(collection, id)
    notes: list[str] = []
    vectors = {**query.vectors, **query.others}
    words: tuple[Marked, ...] = ()
    if row.text and "text" in vectors:
        language = collection.store.info().language or ENGLISH
        exact = _stems(f"{query.words} {query.meant}", language)
        words = _marked(collection, row.text, vectors["text"], exact, language)
    region = None
    name = _best_photo(row, vectors)
    if name is not None:
        try:
            pixels = decode(photo or Image(Path(row.media[name])), name)
            region = Region(name, _heat(collection, pixels, vectors["image"]))
        except BadItem as error:
            notes.append(f"{name} cannot be read now: {error.reason}")
    return Reasons(id, row.text, words, _score(collection, query, row), region, tuple(notes))


def photo_of(collection: Searched, id: str) -> Path | None:
    """The file of the first photo of an item. Raises `ItemNotFound`."""
    media = _row(collection, id).media
    return Path(media["image"]) if "image" in media else None


def _row(collection: Searched, id: str) -> Row:
    [row] = collection.store.get([check_id(id)], vectors=True)
    if row is None:
        raise ItemNotFound(f"{collection.name} holds no item {id!r}", id=id)
    return row


def _best_photo(row: Row, vectors: Any) -> str | None:
    """Of an item's photos the one that lies nearest to the question."""
    names = [n for n in row.vectors if kind_of(n) == "image" and n in row.media]
    if not names or "image" not in vectors:
        return None
    return max(names, key=lambda n: float(row.vectors[n] @ vectors["image"]))


def _score(collection: Searched, query: Query, row: Row) -> tuple[Why, ...]:
    for hit in ask(collection.store, query, k=_DEEP, explain=True):
        if hit.id == row.id:
            return hit.why
    best: dict[str, float] = {}
    for name, vector in row.vectors.items():
        kind = kind_of(name)
        asked = query.vectors.get(kind, query.others.get(kind))
        if asked is not None:
            best[kind] = max(best.get(kind, -1.0), float(vector @ asked))
    return tuple(Why(kind, None, cosine, 0.0) for kind, cosine in best.items())


# --- words ---


def _stems(text: str, language: str) -> set[str]:
    parts = {part for chain in chains(fold(text)) for part in chain}
    return {stem(part, language) for part in parts - any_stop_words()}


def _marked(
    collection: Searched, text: str, vector: NDArray[np.float32], exact: set[str], language: str
) -> tuple[Marked, ...]:
    spans = [match.span() for match in _WORD.finditer(text)]
    size = math.ceil(len(spans) / _PIECES) or 1
    groups = [spans[at : at + size] for at in range(0, len(spans), size)]
    losses = _losses(collection, text, [(group[0][0], group[-1][1]) for group in groups], vector)
    most = max(losses, default=0.0)
    found: list[Marked] = []
    for group, loss in zip(groups, losses, strict=True):
        weight = round(max(0.0, loss / most), 4) if most > 0 else 0.0
        same = [bool(_stems(text[a:b], language) & exact) for a, b in group]
        found += [Marked(a, b, 1.0, True) for (a, b), is_ in zip(group, same, strict=True) if is_]
        rest = [span for span, is_ in zip(group, same, strict=True) if not is_]
        if weight >= _LEAST:
            found += [Marked(a, b, weight) for a, b in rest]
    return tuple(sorted(found))


def _losses(
    collection: Searched,
    text: str,
    spans: Sequence[tuple[int, int]],
    vector: NDArray[np.float32],
) -> list[float]:
    """What the cosine loses without each span, all encoded in one batch."""
    without = [f"{text[:a]}{text[b:]}" for a, b in spans]
    texts = [text, *(one if one.strip() else "." for one in without)]
    rows = collection.model.encode_document(texts).normalized
    cosines = rows @ vector
    return [float(cosines[0] - one) for one in cosines[1:]]


# --- a region ---


def _heat(
    collection: Searched, pixels: Any, vector: NDArray[np.float32]
) -> tuple[tuple[float, ...], ...]:
    """What the cosine loses when each square is covered by the photo's mean colour, 0 to 1.

    A cover is half as wide again as its square, so that no edge of a thing gives it away.
    """
    small = pixels.copy()
    small.thumbnail((_SIDE, _SIDE))
    whole = np.asarray(small, np.uint8)
    height, width = whole.shape[:2]
    mean = whole.reshape(-1, 3).mean(axis=0).astype(np.uint8)
    images = [Image(whole)]
    for row in range(GRID):
        for column in range(GRID):
            covered = whole.copy()
            top, bottom = _span(row, height)
            left, right = _span(column, width)
            covered[top:bottom, left:right] = mean
            images.append(Image(covered))
    cosines = collection.model.encode_document(images).normalized @ vector
    losses = np.maximum(cosines[0] - cosines[1:], 0.0).reshape(GRID, GRID)
    most = float(losses.max())
    heat = losses / most if most > 1e-6 else losses * 0
    return tuple(tuple(round(float(one), 4) for one in row) for row in heat)


def _span(at: int, size: int) -> tuple[int, int]:
    """Where the cover of a square begins and ends."""
    step = size / GRID
    return max(0, math.floor((at - 0.25) * step)), min(size, math.ceil((at + 1.25) * step))
