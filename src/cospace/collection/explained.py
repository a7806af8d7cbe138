"""Why an item of a collection answers a question: words, a region, a stretch, its place.

What is looked at is in `cospace.explain`; here are the question as it is searched, the stored item
and its files, and where the search has put it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from cospace.collection.composed import Searched
from cospace.collection.query import queries_of, query_of
from cospace.collection.spelling import respelt
from cospace.errors import BadItem, ItemNotFound
from cospace.explain import Region, Shares, Stretches, region, sentence, shares, stretches
from cospace.explain.shares import word_spans
from cospace.item import Content, Image, Parts, check_id, kind_of
from cospace.read.images import decode
from cospace.read.regular import read_file
from cospace.read.terms import chains, fold
from cospace.results import Why
from cospace.search.ask import Query, ask
from cospace.store.language import ENGLISH, any_stop_words, stem
from cospace.store.protocol import Row

if TYPE_CHECKING:
    from PIL.Image import Image as PILImage

__all__ = ["Explanation", "Marked", "explained", "photos_of", "strangers_of"]

_LEAST = 0.1  # of the most that leaving one out costs: what costs less is not marked
_DEEP = 200  # hits among which the item's own place is looked for
_STRANGERS = 3  # photos of other items, whose content stands in for what is removed
_MOST = {"audio": "audio_bytes", "video": "video_bytes"}


class Marked(NamedTuple):
    """What stands from `start` to `end` of a text, and what it counts, 0 to 1.

    1 is what counts the most, and each word that the question has too (`exact`).
    """

    start: int
    end: int
    weight: float
    exact: bool = False


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why an item answers a question.

    `words` are the marked words of its text, `text_shares` what every word counts, and `query`,
    by the kind of the item's vector ("text", "image"), what each word of the question counts.
    `region` is of its photo, `stretches` of its recordings and videos. `rank` is its place among
    the answers, None beyond the first 200; `score` has the parts of its score, there the cosines
    alone; `sentence` says both in words. `notes` say what is missing.
    """

    id: str
    text: str | None
    words: tuple[Marked, ...]
    score: tuple[Why, ...]
    region: Region | None
    notes: tuple[str, ...] = ()
    rank: int | None = None
    sentence: str = ""
    asked: str = ""
    text_shares: Shares | None = None
    query: Mapping[str, Shares] = field(default_factory=dict)
    stretches: tuple[Stretches, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """A record of plain types."""
        of_text = self.text_shares
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
            "rank": self.rank,
            "sentence": self.sentence,
            "asked": self.asked,
            "text_shares": None if of_text is None else of_text.to_json(),
            "query": {kind: one.to_json() for kind, one in self.query.items()},
            "stretches": [one.to_json() for one in self.stretches],
        }


def explained(
    collection: Searched,
    question: Content,
    id: str,
    *,
    photos: Mapping[str, Image | BadItem] | None = None,
    strangers: Sequence[Image] | None = None,
) -> Explanation:
    """See `Collection.explain`.

    `photos` are the item's own where they were read already, by name, or why one was not, and
    `strangers` photos of other items; then no file of a photo is opened here.
    """
    meant = {at: one for at, one in respelt([question], collection).items() if one.used}
    query = query_of(question, collection, None, None, meant=meant)
    asked = meant[0].text if 0 in meant else Parts.of(question).text or ""
    row = row_of(collection, id)
    vectors = {**query.vectors, **query.others}
    notes: list[str] = []
    marked: tuple[Marked, ...] = ()
    of_text = None
    if row.text and "text" in vectors and "text" in row.vectors:
        of_text = shares(collection.model, row.text, vectors["text"])
        if of_text.read < len(row.text):
            notes.append(
                f"the model reads {of_text.read:,} of {len(row.text):,} characters of the text"
            )
        language = getattr(collection.store, "language", "") or ENGLISH
        exact = _stems(f"{query.words} {query.meant}", language)
        marked = _marked(row.text, of_text, exact, language)
    if not row.text and not row.media:
        notes.append("the item has neither a text nor files: only its vectors are stored")
    looked = _Looked(collection, row, vectors, notes)
    rank, score = _place(collection, query, row)
    return Explanation(
        row.id,
        row.text,
        marked,
        score,
        looked.region(photos, strangers),
        rank=rank,
        sentence=sentence(rank, score, _DEEP),
        asked=asked,
        text_shares=of_text,
        query=_of_query(collection, question, asked, row, vectors),
        stretches=looked.stretches(),
        notes=tuple(notes),
    )


def photos_of(collection: Searched, id: str) -> dict[str, Path]:
    """The files of the photos of an item, by name. Raises `ItemNotFound`."""
    media = row_of(collection, id).media
    return {name: Path(path) for name, path in media.items() if kind_of(name) == "image"}


def strangers_of(collection: Searched, id: str) -> list[Path]:
    """The files of photos of a few other items, the same each time."""
    found: list[Path] = []
    for row in collection.store.scan():
        if row.id != id and "image" in row.media:
            found.append(Path(row.media["image"]))
        if len(found) == _STRANGERS:
            break
    return found


def row_of(collection: Searched, id: str) -> Row:
    """The stored item, with its vectors. Raises `ItemNotFound`."""
    [row] = collection.store.get([check_id(id)], vectors=True)
    if row is None:
        raise ItemNotFound(f"{collection.name} holds no item {id!r}", id=id)
    return row


class _Looked:
    """What is seen and heard of an item's files; what cannot be read now is noted."""

    def __init__(
        self,
        collection: Searched,
        row: Row,
        vectors: Mapping[str, NDArray[np.float32]],
        notes: list[str],
    ) -> None:
        self._collection, self._row, self._vectors, self._notes = collection, row, vectors, notes

    def region(
        self, photos: Mapping[str, Image | BadItem] | None, strangers: Sequence[Image] | None
    ) -> Region | None:
        """That of the photo which lies nearest to the question."""
        name = self._nearest("image")
        if name is None:
            return None
        if strangers is None:
            strangers = [Image(path) for path in strangers_of(self._collection, self._row.id)]
        try:
            photo = Image(Path(self._row.media[name])) if photos is None else photos.get(name)
            if not isinstance(photo, Image):
                raise photo or BadItem(name, "it came while the others were read")
            pixels = decode(photo, name)
        except BadItem as error:
            self._gone(name, error)
            return None
        others = [one for other in strangers if (one := _readable(other)) is not None]
        model, vector = self._collection.model, self._vectors["image"]
        return region(model, pixels, vector, others=others, part=name)

    def stretches(self) -> tuple[Stretches, ...]:
        """Those of its recording and its video."""
        found = []
        for kind, most in _MOST.items():
            name = self._nearest(kind)
            if name is None:
                continue
            try:
                data = read_file(Path(self._row.media[name]), name, most=most)
                vector = self._vectors[kind]
                found.append(stretches(self._collection.model, kind, data, vector, part=name))
            except BadItem as error:
                self._gone(name, error)
        return tuple(found)

    def _nearest(self, kind: str) -> str | None:
        row, asked = self._row, self._vectors.get(kind)
        names = [name for name in row.vectors if kind_of(name) == kind and name in row.media]
        if not names or asked is None:
            return None
        return max(names, key=lambda name: float(row.vectors[name] @ asked))

    def _gone(self, name: str, error: BadItem) -> None:
        self._notes.append(f"{name} cannot be read now: {error.reason}")


def _readable(photo: Image) -> PILImage | None:
    try:
        return decode(photo)
    except BadItem:  # another item's photo, and no matter here
        return None


def _place(collection: Searched, query: Query, row: Row) -> tuple[int | None, tuple[Why, ...]]:
    """The item's place among the answers, and its score in parts."""
    for rank, hit in enumerate(ask(collection.store, query, k=_DEEP, explain=True), start=1):
        if hit.id == row.id:
            return rank, hit.why
    best: dict[str, float] = {}
    for name, vector in row.vectors.items():
        kind = kind_of(name)
        asked = query.vectors.get(kind, query.others.get(kind))
        if asked is not None:
            best[kind] = max(best.get(kind, -1.0), float(vector @ asked))
    return None, tuple(Why(kind, None, cosine, 0.0) for kind, cosine in best.items())


# --- words ---


def _of_query(
    collection: Searched,
    question: Content,
    asked: str,
    row: Row,
    vectors: Mapping[str, NDArray[np.float32]],
) -> dict[str, Shares]:
    """By the kind of the item's vector, what each word of the question counts in its cosine."""
    if not asked:
        return {}
    given = Parts.of(question)
    plain = len(given) == 1 and not given.composed
    found: dict[str, Shares] = {}
    for kind in ("text", "image"):
        names = [name for name in row.vectors if kind_of(name) == kind]
        if not names or kind not in vectors:
            continue
        name = max(names, key=lambda one: float(row.vectors[one] @ vectors[kind]))
        encode = None if plain else _composed(collection, given, kind)
        found[kind] = shares(
            collection.asker, asked, row.vectors[name], role="query", encode=encode
        )
    return found


def _composed(collection: Searched, given: Parts, kind: str) -> Any:
    """What makes the vectors of a question of several parts, with other texts in it."""

    def encode(texts: Sequence[str]) -> NDArray[np.float32]:
        asked = [
            Parts(
                **{**given, "text": text},
                weights=given.weights,
                combiner=given.combiner,
                unlike=given.unlike,
            )
            for text in texts
        ]
        made = queries_of(asked, collection, None, None)
        return np.array([{**one.others, **one.vectors}[kind] for one in made], np.float32)

    return encode


def _stems(text: str, language: str) -> set[str]:
    parts = {part for chain in chains(fold(text)) for part in chain}
    return {stem(part, language) for part in parts - any_stop_words()}


def _marked(text: str, found: Shares, exact: set[str], language: str) -> tuple[Marked, ...]:
    """The words that the question has too, and those that count a tenth of the most or more."""
    marked: dict[tuple[int, int], Marked] = {}
    for start, end in word_spans(text):
        if _stems(text[start:end], language) & exact:
            marked[start, end] = Marked(start, end, 1.0, True)
    tried = [one for one in found.words if one.loss is not None] or found.words
    most = max((one.counts for one in tried), default=0.0)
    for one in tried if most > 0 else ():
        weight = round(max(0.0, one.counts / most), 4)
        if weight < _LEAST:
            continue
        for start, end in word_spans(text[one.start : one.end]):
            span = one.start + start, one.start + end
            marked.setdefault(span, Marked(*span, weight))
    return tuple(sorted(marked.values()))
