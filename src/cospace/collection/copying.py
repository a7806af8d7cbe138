"""A collection to another place, row by row with its vectors, and every row compared at the end.

What is there already, by id and hash, is not sent again: a copy that was ended goes on.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Protocol

import numpy as np

from cospace.errors import BadArgument, DataDamaged, SpaceMismatch
from cospace.progress import Meter, Watch, metered
from cospace.store.protocol import Remembers, Row, Store
from cospace.store.sides import switched

__all__ = ["Copied", "Difference", "copy_collection"]

_PAGE = 1000
_TOLD = 20  # differences that are kept to be shown
_TRIES = 3


@dataclass(frozen=True, slots=True)
class Difference:
    """An item that was not the same in both places, and what of it was not."""

    id: str
    what: str


@dataclass(frozen=True, slots=True)
class Copied:
    """What became of a copy: rows sent in this run, rows compared at the end, rows mended.

    `removed` were in the target alone. `differences` are the first of those that were mended.
    """

    sent: int
    there: int
    compared: int
    mended: int
    removed: int
    differences: tuple[Difference, ...]
    seconds: float

    def to_json(self) -> dict[str, Any]:
        """A record of plain types."""
        return {
            "sent": self.sent,
            "there": self.there,
            "compared": self.compared,
            "mended": self.mended,
            "removed": self.removed,
            "differences": [{"id": one.id, "what": one.what} for one in self.differences],
            "seconds": round(self.seconds, 3),
        }


class Held(Protocol):
    """A collection: its store, and its name."""

    store: Store
    name: str


def copy_collection(
    source: Held, target: Held, *, prune: bool = False, progress: Watch = None
) -> Copied:
    """Copy all items of `source`, with vectors and hashes, and what it remembers, into `target`.

    Nothing is encoded. Called again it goes on: only rows that the target lacks, or has with
    another hash, are sent. Then each row of both is compared: text, metadata, files, hash, reason
    and the bits of its vectors. What differs is named, sent again and compared again. With `prune`
    items that the target alone has are deleted.

    Raises `SpaceMismatch` for a target of another space, `BadArgument` for one that holds other
    items, `DataDamaged` when rows still differ in the end, and what the two stores raise.

    >>> import cospace as cs
    >>> from cospace.collection.copying import copy_collection
    >>> one, two = cs.open(":memory:", model="starter"), cs.open(":memory:")
    >>> _ = one.add(ids=["MK-1", "MK-2"], documents=["Armchair", "Rake"])
    >>> copied = copy_collection(one, two)
    >>> copied.sent, copied.compared, two.search("a seat", k=1).ids
    (2, 2, ['MK-1'])
    """
    started, era = time.monotonic(), getattr(source.store, "era", 0)
    run = _Copy(source, target)
    run.check(prune)
    run.speak()
    with metered(progress, 2 * source.store.info().items, "items") as meter:
        meter.stage = "copying"
        run.send(meter)
        removed = run.remove()
        meter.stage = "comparing"
        compared, differences = run.compare(meter)
    if era != getattr(source.store, "era", 0):
        raise switched(source.name)
    run.remember()
    target.store.optimize()
    return Copied(
        run.sent, run.there, compared, len(differences), removed,
        tuple(differences[:_TOLD]), time.monotonic() - started,
    )  # fmt: skip


class _Copy:
    """One run, from one store into another."""

    def __init__(self, source: Held, target: Held) -> None:
        self.name, self.source = source.name, source.store
        self.into, self.target = target.name, target.store
        self.sent = self.there = 0

    def check(self, prune: bool) -> None:
        """Raises when the target is of another space, or holds what the source does not."""
        mine, other = self.source.space, self.target.space
        if mine is not None and other is not None and (why := other.apart(mine)):
            raise SpaceMismatch(
                f"{self.into} holds {other}, and {self.name} {mine} ({why}): copy into an empty"
                " collection"
            )
        if prune:
            return
        foreign = list(islice(self._foreign(), 6))
        if foreign:
            shown = ", ".join(map(repr, foreign[:5])) + (" and more" if len(foreign) > 5 else "")
            raise BadArgument(
                f"{self.into} holds items that {self.name} lacks: {shown}. Copy into an empty"
                " collection, or have them removed: --prune (prune=True)"
            )

    def _foreign(self) -> Iterator[str]:
        for ids in _pages(row.id for row in self.target.scan()):
            known = self.source.hashes(ids)
            yield from (id for id in ids if id not in known)

    def speak(self) -> None:
        """The language of the words, where it was told: before the first row that is read so."""
        told = getattr(self.source, "told_language", "")
        tell = getattr(self.target, "tell_language", None)
        if told and tell is not None:
            tell(told)

    def send(self, meter: Meter) -> None:
        """Every row that the target lacks, or has with another hash."""
        for ids in _pages(row.id for row in self.source.scan()):
            mine, other = self.source.hashes(ids), self.target.hashes(ids)
            lacking = [id for id in ids if id in mine and mine[id] != other.get(id)]
            self._write(lacking)
            self.sent += len(lacking)
            self.there += len(ids) - len(lacking)
            meter.add(len(ids))

    def _write(self, ids: Sequence[str]) -> None:
        rows = [row for row in self.source.get(ids, vectors=True) if row is not None]
        if not rows:
            return
        schema = self.target.schema.copy()
        before = len(schema.fields) if self.target.space is not None else -1
        for row in rows:
            schema.add(schema.learn(row.metadata, row.id))
        mine, other = self.source.space, self.target.space
        space = mine if other is None or mine is None else other.merged(mine)
        if space != other or len(schema.fields) != before:
            self.target.extend(space, schema)
        self.target.write(rows, replace=True)

    def remove(self) -> int:
        """How many rows of the target were deleted, since the source has them no longer."""
        return sum(self.target.delete(ids) for ids in list(_pages(self._foreign())))

    def compare(self, meter: Meter) -> tuple[int, list[Difference]]:
        """How many rows were compared, and those that differed, and were sent again."""
        compared, found = 0, []
        for ids in _pages(row.id for row in self.source.scan()):
            different = self._different(ids)
            found += different
            for _ in range(_TRIES):
                if not different:
                    break
                self._write([one.id for one in different])
                different = self._different([one.id for one in different])
            if different:
                raise DataDamaged(
                    f"{self.into}: {len(different)} items are not what was sent, such as"
                    f" {different[0].id!r}: its {different[0].what}",
                    ids=[one.id for one in different],
                )
            compared += len(ids)
            meter.add(len(ids))
        return compared, found

    def _different(self, ids: Sequence[str]) -> list[Difference]:
        pairs = zip(
            ids,
            self.source.get(ids, vectors=True),
            self.target.get(ids, vectors=True),
            strict=True,
        )
        return [
            Difference(id, what)
            for id, mine, other in pairs
            if mine is not None and (what := _what_differs(mine, other))
        ]

    def remember(self) -> None:
        """Templates, weights, rerankers, judgments and failures, where both keep such things."""
        mine, other = self.source, self.target
        if isinstance(mine, Remembers) and isinstance(other, Remembers):
            for template in mine.templates:
                other.remember(template)
            other.weigh(mine.weights)
            other.weigh_parts(mine.part_weights)
            other.keep_reranking(mine.reranking)
        judge = getattr(other, "judge", None)
        if judge is not None:
            for query, grades in getattr(mine, "judgments", {}).items():
                for id, grade in grades.items():
                    judge(query, id, grade)
        failures = getattr(mine, "failures", None)
        start = 0
        while failures is not None and (page := failures(_PAGE, start)):
            other.write([], replace=True, failures=page)
            start += len(page)


def _what_differs(mine: Row, other: Row | None) -> str:
    """The first thing that is not the same; "" when all is."""
    if other is None:
        return "row is not there"
    for name in ("text", "hash", "reason"):
        if getattr(mine, name) != getattr(other, name):
            return name
    if dict(mine.metadata) != dict(other.metadata):
        return "metadata"
    if dict(mine.media) != dict(other.media):
        return "files"
    if set(mine.vectors) != set(other.vectors):
        return "kinds of vectors"
    for name, vector in mine.vectors.items():
        if np.asarray(vector, "<f4").tobytes() != np.asarray(other.vectors[name], "<f4").tobytes():
            return f"{name} vector"
    return ""


def _pages(ids: Iterable[str]) -> Iterator[list[str]]:
    rest = iter(ids)
    while page := list(islice(rest, _PAGE)):
        yield page
