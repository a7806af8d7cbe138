"""Results: ordered hits, and how each score came about."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple, overload

if TYPE_CHECKING:
    from typing import Self

    from cospace.item import Item

__all__ = ["DidYouMean", "Hit", "Note", "Results", "Why"]


class Note(str):
    """A sentence on what to know of an answer. Its `code` and what it was `given` are for
    programs, such as a page that says it in another language.

    >>> note = Note("no item is stored", code="nothing_stored")
    >>> note, note.code
    ('no item is stored', 'nothing_stored')
    """

    __slots__ = ("code", "given")

    code: str
    given: dict[str, Any]

    def __new__(cls, text: str, *, code: str = "", **given: Any) -> Self:
        """The sentence as a note."""
        note = super().__new__(cls, text)
        note.code, note.given = code, given
        return note


@dataclass(frozen=True, slots=True)
class Why:
    """One list's share in a hit: its rank there (from 1) and its own score, before fusion.

    `rank` is None where the list did not hold the item among its candidates and the score
    was computed afterwards; `share` is what the list added to the fused score.
    """

    list: str
    rank: int | None
    score: float
    share: float


@dataclass(frozen=True, slots=True)
class DidYouMean:
    """A question as it was probably meant: its text, (typed, meant) of each word that differs, and
    whether the search used it."""

    text: str
    words: tuple[tuple[str, str], ...]
    used: bool = True

    def to_json(self) -> dict[str, Any]:
        """A record of plain types."""
        return {"text": self.text, "used": self.used, "words": [list(pair) for pair in self.words]}

    def __str__(self) -> str:
        return self.text


_NOTHING: Mapping[str, Any] = MappingProxyType({})


class Hit(NamedTuple):
    """An id, a score (higher is better), the item's metadata, and how the score came about."""

    id: str
    score: float
    text: str | None = None
    metadata: Mapping[str, Any] = _NOTHING
    media: Mapping[str, str] = _NOTHING
    why: tuple[Why, ...] = ()

    @property
    def item(self) -> Item:
        """The hit as an `Item`: its text, its images' paths, its metadata."""
        from cospace.item import Image, Item, Parts, kind_of

        photos = [Image(path) for name, path in self.media.items() if kind_of(name) == "image"]
        parts = Parts(text=self.text, image=photos)
        return Item(self.id, parts, self.metadata)

    def to_json(self) -> dict[str, Any]:
        """A record of plain types."""
        record: dict[str, Any] = {
            "id": self.id,
            "score": self.score,
            "text": self.text,
            "metadata": dict(self.metadata),
            "media": dict(self.media),
        }
        if self.why:
            record["why"] = [
                {"list": w.list, "rank": w.rank, "score": w.score, "share": w.share}
                for w in self.why
            ]
        return record


class Results(Sequence[Hit]):
    """Hits in order, best first. `score` says what the scores are, `notes` what to know.

    `did_you_mean` is the question with its typing errors mended, `sorted_among` how many best
    matches were sorted, and `total` of how many items, or how many there are to browse, or to find
    where the question leaves items out, as what it is like; None elsewhere.
    """

    __slots__ = ("_hits", "did_you_mean", "notes", "score", "sorted_among", "total")

    def __init__(
        self,
        hits: Sequence[Hit],
        *,
        score: str,
        notes: Sequence[str] = (),
        sorted_among: int | None = None,
        total: int | None = None,
    ) -> None:
        self._hits = tuple(hits)
        self.score = score
        self.notes = tuple(notes)
        self.sorted_among = sorted_among
        self.total = total
        self.did_you_mean: DidYouMean | None = None

    @property
    def ids(self) -> list[str]:
        """The ids in order."""
        return [hit.id for hit in self._hits]

    @overload
    def __getitem__(self, index: int) -> Hit: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Hit, ...]: ...
    def __getitem__(self, index: int | slice) -> Hit | tuple[Hit, ...]:
        return self._hits[index]

    def __len__(self) -> int:
        return len(self._hits)

    def __iter__(self) -> Iterator[Hit]:
        return iter(self._hits)

    def to_json(self) -> dict[str, Any]:
        """A record of plain types."""
        record: dict[str, Any] = {
            "score": self.score,
            "notes": list(self.notes),
            "hits": [hit.to_json() for hit in self._hits],
        }
        if self.notes:  # of each its code, and what it was given
            record["note_codes"] = [
                {"code": getattr(note, "code", ""), **getattr(note, "given", {})}
                for note in self.notes
            ]
        for name in ("sorted_among", "total"):
            if getattr(self, name) is not None:
                record[name] = getattr(self, name)
        if self.did_you_mean is not None:
            record["did_you_mean"] = self.did_you_mean.to_json()
        return record

    def __repr__(self) -> str:
        lines = [f"{hit.score:7.3f}  {hit.id}  {(hit.text or '')[:60]}" for hit in self._hits[:10]]
        return "\n".join([f"Results({len(self._hits)}, {self.score})", *lines])
