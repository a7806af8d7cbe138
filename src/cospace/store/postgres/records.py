"""What is recorded about a collection in PostgreSQL: one row a record."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import Any

from cospace.errors import BadItem
from cospace.item import kind_of
from cospace.space import Space
from cospace.store.about import Language
from cospace.store.postgres.filters import plain, written
from cospace.store.postgres.link import Link
from cospace.store.postgres.tables import place_for
from cospace.store.protocol import Failure
from cospace.store.schema import Schema

__all__ = ["Records", "State"]

LOCK = "SELECT seq, next, items, worded FROM state FOR UPDATE"


class State:
    """The row of `state`: the last commit, the next key, how many items, how many with words."""

    __slots__ = ("items", "next", "seq", "worded")

    def __init__(self, seq: int, next: int, items: int, worded: int) -> None:
        self.seq, self.next, self.items, self.worded = seq, next, items, worded


class Records:
    """The table `about`, failures and judgments: the part of the truth that is not items.

    Each change is made under the lock of `state`, from what stands there then: of two that change
    a record at once none is lost.
    """

    link: Link
    _taught: str | None

    # --- space and schema ---

    @property
    def space(self) -> Space | None:
        """The space of the vectors, or None before the first one."""
        return _space(self._about("space"))

    @property
    def schema(self) -> Schema:
        """The types of the metadata fields."""
        return _schema(self._about("schema"))

    def space_and_schema(self) -> tuple[Space | None, Schema]:
        """Both, of one commit."""
        rows = self.link.ask("SELECT key, value FROM about WHERE key IN ('space', 'schema')")
        found: dict[str, str] = dict(rows)
        return _space(found.get("space")), _schema(found.get("schema"))

    def extend(self, space: Space | None, schema: Schema) -> tuple[Space | None, Schema]:
        """Widen space and schema by what is new in these; what then stands there.

        Raises `SpaceMismatch` and `BadItem` when others have meanwhile made them something else.
        """
        with self.link.writing():
            self.link.ask(LOCK)
            known, fields = self.space_and_schema()
            if space is not None and known is not None and space != known:
                known.check(space, what=self.link.address.name, stored=True)
                space = known.merged(space)
            wider = _joined(fields, schema)
            if space is not None and space != known:
                self._set("space", space.to_json())
                for kind in space.kinds or ("text",):
                    place_for(self.link, kind, space.dim)
            if wider.fields != fields.fields:
                self._set("schema", wider.to_json())
                self._taught = json.dumps(wider.to_json())
            else:
                self._taught = json.dumps(fields.to_json())
            return space or known, wider

    # --- small records ---

    @property
    def compacted(self) -> int:
        """The last commit before which it is not recorded any more which rows were deleted."""
        return int(self._about("compacted") or 0)

    @property
    def several(self) -> frozenset[str]:
        """The fields in which rows have had more than one vector."""
        return frozenset(self._json("several") or ())

    def _note_several(self, names: set[str]) -> None:
        """Within `writing`."""
        more = {kind_of(name) for name in names if kind_of(name) != name}
        if more and more - (known := self.several):
            self._set("several", sorted(more | known))

    def note_indexed(self, fields: set[str]) -> None:
        """Record whose vectors have an index."""
        self._change("indexed", lambda known: sorted(fields.union(known or ())))

    @property
    def language(self) -> Language | None:
        """The language of the words; None before it was told or recognised."""
        found = self._json("language")
        return None if found is None else Language(*found)

    @property
    def templates(self) -> list[list[str]]:
        """The templates that texts of items were made by."""
        found: list[list[str]] = self._json("templates") or []
        return found

    def remember(self, template: list[str]) -> None:
        """Record one template more."""
        self._change("templates", lambda known: _with(known or [], template))

    @property
    def weights(self) -> dict[str, float] | None:
        """What each list counts for queries that are texts; None by default."""
        found: dict[str, float] | None = self._json("weights")
        return found

    def weigh(self, weights: dict[str, float] | None) -> None:
        """Record other weights, or none."""
        self._change("weights", lambda _: weights)

    @property
    def part_weights(self) -> dict[str, float] | None:
        """What each part counts in a query of all of these kinds; None by default."""
        found: dict[str, float] | None = self._json("part_weights")
        return found

    def weigh_parts(self, weights: dict[str, float] | None) -> None:
        """Record other weights of parts, or none."""
        self._change("part_weights", lambda _: weights)

    @property
    def reranking(self) -> dict[str, Any] | None:
        """Which reranker queries go through; None by default."""
        found: dict[str, Any] | None = self._json("reranking")
        return found

    def keep_reranking(self, setting: dict[str, Any] | None) -> None:
        """Record another reranker, or none."""
        self._change("reranking", lambda _: setting)

    # --- failures and judgments ---

    def failures(self, at_most: int = 1000, offset: int = 0) -> list[Failure]:
        """Items that could not be stored, and why."""
        text = 'SELECT name, reason FROM failures ORDER BY name COLLATE "C" LIMIT %s OFFSET %s'
        return _failures(self.link.ask(text, [at_most, offset]))

    def partial(self, at_most: int, offset: int) -> tuple[int, list[Failure]]:
        """How many items were kept without a part, and some of them, by id, with the reason."""
        text = "SELECT id, reason FROM items WHERE reason <> '' ORDER BY id LIMIT %s OFFSET %s"
        count = "SELECT count(*) FROM items WHERE reason <> ''"
        [[(number,)], rows] = self.link.ask_all([(count, []), (text, [at_most, offset])])
        return number, _failures(rows)

    def judge(self, query: str, id: str, grade: int | None) -> None:
        """Record a judgment, or take it away."""
        key = digest(query + "\0" + id)
        with self.link.writing():
            if grade is None:
                self.link.do("DELETE FROM judged WHERE key = %s", [key])
                return
            self.link.do(
                "INSERT INTO judged VALUES (%s, %s, %s, %s)"
                " ON CONFLICT (key) DO UPDATE SET grade = excluded.grade",
                [key, written(query), written(id), grade],
            )

    @property
    def judgments(self) -> dict[str, dict[str, int]]:
        """The grades by id, by question."""
        found: dict[str, dict[str, int]] = {}
        text = 'SELECT query, id, grade FROM judged ORDER BY query COLLATE "C", id COLLATE "C"'
        for query, id, grade in self.link.ask(text):
            found.setdefault(plain(query), {})[plain(id)] = grade
        return found

    # --- inside ---

    def _about(self, key: str) -> str | None:
        rows = self.link.ask("SELECT value FROM about WHERE key = %s", [key])
        return rows[0][0] if rows else None

    def _json(self, key: str) -> Any:
        return json.loads(self._about(key) or "null")

    def _set(self, key: str, value: Any) -> None:
        """Within `writing`."""
        self.link.do(
            "INSERT INTO about VALUES (%s, %s) ON CONFLICT (key) DO UPDATE SET value ="
            " excluded.value",
            [key, json.dumps(value)],
        )

    def _change(self, key: str, change: Callable[[Any], Any]) -> None:
        with self.link.writing():
            self.link.ask(LOCK)
            known = self._json(key)
            value = change(known)
            if value != known:
                self._set(key, value)


def digest(text: str) -> bytes:
    """What a row is found by whose text may be longer than an index takes."""
    return hashlib.sha256(text.encode()).digest()


def _joined(known: Schema, given: Schema) -> Schema:
    """Both schemas in one; the slots of fields that others have recorded stay."""
    wider = known.copy()
    slots = {field.slot for field in known.fields.values()}
    for name, field in given.fields.items():
        there = known.fields.get(name)
        if there is None:
            slot = field.slot if field.slot not in slots else f"{field.type}:{name}"
            wider.add([field if slot == field.slot else type(field)(name, field.type, slot)])
            slots.add(slot)
        elif there.type != field.type:
            raise BadItem(
                "", f"metadata {name!r} is a {field.type} here, and a {there.type} elsewhere"
            )
    return wider


def _with(known: list[Any], one: Any) -> list[Any]:
    return known if one in known else [*known, one]


def _space(record: str | None) -> Space | None:
    return None if record is None else Space.from_json(json.loads(record))


def _schema(record: str | None) -> Schema:
    return Schema.from_json(json.loads(record or "[]"))


def _failures(rows: list[tuple[Any, ...]]) -> list[Failure]:
    return [Failure(plain(name), plain(reason)) for name, reason in rows]
