"""The follower: keeps an engine elsewhere up with the truth, and says in a mark how far it is.

Each step may be made twice, so a process that is killed goes on from the last mark. What is in
doubt is built anew: another collection's life, a truth that is older than the engine.
"""

from __future__ import annotations

import json
import logging
import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any, NamedTuple

from cospace.errors import BadArgument, NotACollection
from cospace.item import kind_of
from cospace.space import Space
from cospace.store.remote.engine import PHOTOS, Engine, Point
from cospace.store.remote.filters import valued
from cospace.store.schema import Field, Schema
from cospace.store.truth import Change, Truth
from cospace.store.where import Any_, In, Node

__all__ = ["Follower"]

log = logging.getLogger("cospace.store")

_FORMAT = 1
_END = 1 << 62  # behind every key
# The slot of a point whose values are too large for its engine: it passes every filter there, and
# is matched here.
_LARGE = Field("", "bool", "large")


class Mark(NamedTuple):
    """What the engine keeps beside the points. `photos`: the most vectors of a row in a field."""

    owner: str  # the collection's identity
    token: str  # of the truth's record; another one is of another life of the collection
    seq: int  # all commits up to this one are there
    last: int  # the largest key that was ever put
    photos: int
    large: bool  # whether a point has values that are too large
    space: str
    dim: int
    format: int = _FORMAT


class Follower:
    """Keeps `engine` up with `truth`. Guarded by the store's mutex, but for `where`."""

    def __init__(self, engine: Engine, truth: Truth, name: str) -> None:
        self.engine = engine
        self._truth = truth
        self._name = name
        self._mark: Mark | None = None
        self._fields: tuple[str, ...] = ()
        self._slots: set[str] = set()

    def follow(self, space: Space | None, schema: Schema) -> bool:
        """Bring all commits into the engine; False where there is nothing to search.

        Raises `StoreUnreachable`, `StorageError`, `NotACollection`, `BadArgument`.
        """
        if space is None:
            return False
        if self._mark is not None and self._mark.seq == self._truth.seq:
            return True  # as for every search but the first
        if self._mark is None or not self._is_there():
            self._fields, self._slots = (), set()
            self._begin(space)
        mark = self._mark
        assert mark is not None
        # A switch to another model writes no row anew, so its number alone does not tell.
        if mark.dim != space.dim or mark.space != space.anchor or self._forgotten(mark):
            self._anew(space, "the vectors are of another model, or deletions were forgotten")
        elif lost := self._lost(mark, space):
            self._anew(space, f"somebody else took away what it holds of {', '.join(lost)}")
        self._prepare(space, schema)
        self._catch_up(schema)
        return True

    def recover(self, space: Space) -> bool:
        """After a failure: whether a place is gone, which the next `follow` makes anew."""
        if self._mark is None or not self._lost(self._mark, space):
            return False
        self._mark = None
        return True

    def where(self, where: Node | None) -> Node | None:
        """The filter for the engine: rows whose values are not all there pass it too."""
        if where is None or self._mark is None or not self._mark.large:
            return where
        return Any_((where, In(_LARGE, (True,))))

    def check(self, space: Space) -> None:
        """Before anything is stored here: whether the engine can take it.

        Raises `BadArgument` for vectors that are too long for it, `NotACollection` where it holds
        those of another collection.
        """
        self._fit(space)
        if self._mark is None:
            self._found()

    def _fit(self, space: Space) -> None:
        traits = self.engine.traits
        if space.dim > traits.max_dim:
            raise BadArgument(
                f"{self._name}: {traits.name} takes vectors of up to {traits.max_dim:,} numbers;"
                f" {space.name} makes {space.dim:,}. Load the model with a smaller dim=, or take"
                " another store"
            )

    def is_whole(self, counts: Mapping[str, int]) -> bool:
        """Whether the engine holds as many vectors of each field, once it has followed."""
        return all(self.engine.count(field) == counts.get(field, 0) for field in self._fields)

    def make_anew(self, space: Space, schema: Schema) -> None:
        """Take away what the engine holds, and bring all of it there again."""
        self._anew(space, "it lacks vectors, or has too many")
        self.follow(space, schema)

    # --- the mark ---

    def _begin(self, space: Space) -> None:
        """Take over what is there, or begin anew."""
        self._fit(space)
        found = self._found()
        if found is None:
            self._make(space)
            return
        if found.token != self._truth.follower or found.seq > self._truth.seq:
            self._anew(space, "it is not of the collection's last state")
            return
        # A copy of the folder that is restored later must not go on from what this process does.
        token = secrets.token_hex(8)
        self._truth.follower = token
        self._write(found._replace(token=token))

    def _found(self) -> Mark | None:
        """The mark that is there, if it is this collection's."""
        text = self.engine.read_mark()
        found = None if text is None else self._read(text)
        if found is not None and found.owner != self._truth.identity:
            raise NotACollection(
                f"{self._name}: it belongs to another collection, of another folder, and was left"
                " untouched; choose another name, or open it with the folder that it was made with"
            )
        return found

    def _is_there(self) -> bool:
        """Whether the engine holds what was left in it: its server may have lost or restored it."""
        text = self.engine.read_mark()
        return text is not None and self._read(text) == self._mark

    def _read(self, text: str) -> Mark:
        try:
            mark = Mark(**json.loads(text))
        except (TypeError, ValueError) as error:
            raise NotACollection(
                f"{self._name}: what is there was not made by this cospace ({error}); it was left"
                " untouched"
            ) from error
        if mark.format != _FORMAT:
            raise NotACollection(
                f"{self._name}: written in format {mark.format}, this cospace writes {_FORMAT};"
                " upgrade, or choose another name"
            )
        return mark

    def _write(self, mark: Mark) -> None:
        self.engine.write_mark(json.dumps(mark._asdict()))
        self._mark = mark

    def _make(self, space: Space) -> None:
        token = secrets.token_hex(8)
        self._truth.follower = token
        self._fields, self._slots = (), set()
        self._write(Mark(self._truth.identity, token, 0, 0, 1, False, space.anchor, space.dim))

    def _anew(self, space: Space, why: str) -> None:
        log.warning("%s: building it anew (%s)", self._name, why)
        self.engine.remove()
        self._make(space)

    def _lost(self, mark: Mark, space: Space) -> list[str]:
        """The fields of which points were put, and whose places are gone."""
        lacks = self.engine.lacks(_fields_of(space)) if mark.last else []
        return [field for field in lacks if self._truth.holds(field, mark.seq)]

    def _forgotten(self, mark: Mark) -> bool:
        return mark.last > 0 and mark.seq < self._truth.compacted

    # --- rows to points ---

    def _prepare(self, space: Space, schema: Schema) -> None:
        fields = _fields_of(space)
        if fields != self._fields:
            self.engine.prepare(space.dim, fields)
            self._fields = fields
        new = [
            field for field in (*schema.fields.values(), _LARGE) if field.slot not in self._slots
        ]
        if new:
            self.engine.learn(new)
            self._slots |= {field.slot for field in new}

    def _catch_up(self, schema: Schema) -> None:
        assert self._mark is not None
        target, since = self._truth.seq, self._mark.seq
        gone = self._truth.deleted_since(since)
        self._drop([key for key in gone if key <= self._mark.last], {})
        seq, after = since, _END
        while page := self._truth.changed(seq, after, vectors=True):
            self._put([change for change, _ in page], schema)
            seq, after = page[-1][1], page[-1][0].key
            # The commit of the last row may go on in the next page.
            self._write(self._mark._replace(seq=min(seq - 1, target)))
        self._write(self._mark._replace(seq=target))

    def _put(self, changes: Sequence[Change], schema: Schema) -> None:
        assert self._mark is not None
        points: dict[str, list[Point]] = {}
        there: dict[int, set[tuple[str, int]]] = {}
        large = False
        for key, row in changes:
            values = valued(row.metadata, schema.fields)
            if _size(values) > self.engine.traits.max_value_bytes:
                values, large = {_LARGE.slot: [True]}, True
            there[key] = set()
            for field, names in groupby(_ordered(row.vectors), key=kind_of):
                for photo, name in enumerate(names):
                    number = key * PHOTOS + photo
                    points.setdefault(field, []).append(Point(number, row.vectors[name], values))
                    there[key].add((field, photo))
        self._drop([key for key in there if key <= self._mark.last], there)
        # Before the points are there: a process that is killed between must know of them.
        photos = max((photo + 1 for held in there.values() for _, photo in held), default=1)
        mark = self._mark._replace(
            last=max([self._mark.last, *there]),
            photos=max(self._mark.photos, photos),
            large=self._mark.large or large,
        )
        if mark != self._mark:
            self._write(mark)
        for field, some in points.items():
            self.engine.put(field, some)

    def _drop(self, keys: Sequence[int], there: Mapping[int, set[tuple[str, int]]]) -> None:
        """Drop what the engine may hold of rows, but for the vectors that they have now."""
        assert self._mark is not None
        if not keys:
            return
        for field in self._fields:
            numbers = [
                key * PHOTOS + photo
                for key in keys
                for photo in range(self._mark.photos)
                if (field, photo) not in there.get(key, ())
            ]
            if numbers:
                self.engine.drop(field, numbers)


def _fields_of(space: Space) -> tuple[str, ...]:
    return tuple(sorted(space.kinds) or ["text"])


def _ordered(names: Iterable[str]) -> Iterator[str]:
    """Names of vectors by field; within one "image" before "image 2" before "image 10"."""
    yield from sorted(names, key=lambda name: (kind_of(name), len(name), name))


def _size(values: Mapping[str, Any]) -> int:
    return len(json.dumps(values, ensure_ascii=False).encode()) if values else 0
