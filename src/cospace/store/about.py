"""What is recorded about a collection: one row a record, each under a checksum."""

from __future__ import annotations

import json
import secrets
import zlib
from pathlib import Path
from typing import Any, NamedTuple

import apsw

from cospace.errors import DataDamaged
from cospace.item import kind_of
from cospace.read.reading import Failure
from cospace.space import Space
from cospace.store.judged import judged, put
from cospace.store.schema import Schema
from cospace.store.sqlite import sqlite_errors

__all__ = ["About", "Language"]


class Language(NamedTuple):
    """A language of words, whether it was told, and how many rows there were when recognised."""

    name: str
    told: bool
    rows: int = 0


class About:
    """The records in the table `about`: the part of the truth that is not items."""

    path: Path | None
    read_only: bool
    _db: apsw.Connection
    _records: dict[str, str | None]
    _records_at: int  # changes that the connection had made by then

    @property
    def space(self) -> Space | None:
        """The space of the vectors, or None before the first one."""
        record = self._about("space")
        return None if record is None else Space.from_json(json.loads(record))

    @property
    def schema(self) -> Schema:
        """The types of the metadata fields."""
        return Schema.from_json(json.loads(self._about("schema") or "[]"))

    def extend(self, space: Space | None, schema: Schema) -> None:
        """Record a space and a schema."""
        with sqlite_errors(self.path), self._db:
            if space is not None:
                self._set("space", json.dumps(space.to_json()))
            self._set("schema", json.dumps(schema.to_json()))

    @property
    def token(self) -> str:
        """What the seal of the index in use must hold; "" before the first seal."""
        return self._about(self.index) or ""

    @property
    def index(self) -> str:
        """The name of the folder of the search index in use."""
        raise NotImplementedError

    def new_token(self) -> str:
        """A new `token`, in place of the old one."""
        return self.new_token_of(self.index)

    def new_token_of(self, index: str) -> str:
        """A new token for the index of this name."""
        token = secrets.token_hex(8)
        with sqlite_errors(self.path), self._db:
            self._set(index, token)
        return token

    @property
    def identity(self) -> str:
        """What tells this collection from every other; made when it is first asked for."""
        known = self._about("identity")
        if known is None:
            known = secrets.token_hex(8)
            with sqlite_errors(self.path), self._db:
                self._set("identity", known)
        return known

    @property
    def follower(self) -> str:
        """The token that the mark in an engine elsewhere must hold; "" before the first."""
        return self._about("follower") or ""

    @follower.setter
    def follower(self, token: str) -> None:
        with sqlite_errors(self.path), self._db:
            self._set("follower", token)

    @property
    def compacted(self) -> int:
        """The last commit before which it is not recorded any more which rows were deleted."""
        return int(self._about("compacted") or 0)

    @property
    def quantization(self) -> str:
        """How the cache makes its vectors smaller."""
        return self._about("quantization") or "int8"

    @quantization.setter
    def quantization(self, name: str) -> None:
        with sqlite_errors(self.path), self._db:
            self._set("quantization", name)

    @property
    def several(self) -> frozenset[str]:
        """The fields in which rows have had more than one vector."""
        return frozenset(json.loads(self._about("several") or "[]"))

    def _note_several(self, names: set[str]) -> None:
        several, known = {kind_of(name) for name in names if kind_of(name) != name}, self.several
        if several - known:
            self._set("several", json.dumps(sorted(several | known)))

    @property
    def language(self) -> Language | None:
        """The language of the words; None before it was told or recognised."""
        found = self._about("language")
        return None if found is None else Language(*json.loads(found))

    def speak(self, language: Language) -> None:
        """Record the language of the words."""
        with sqlite_errors(self.path), self._db:
            self._set("language", json.dumps(language))

    @property
    def templates(self) -> list[list[str]]:
        """The templates that texts of items were made by."""
        found: list[list[str]] = json.loads(self._about("templates") or "[]")
        return found

    def remember(self, template: list[str]) -> None:
        """Record one template more."""
        known = self.templates
        if template not in known:
            with sqlite_errors(self.path), self._db:
                self._set("templates", json.dumps([*known, template]))

    @property
    def weights(self) -> dict[str, float] | None:
        """What each list counts for queries that are texts; None by default."""
        found: dict[str, float] | None = json.loads(self._about("weights") or "null")
        return found

    def weigh(self, weights: dict[str, float] | None) -> None:
        """Record other weights, or none."""
        with sqlite_errors(self.path), self._db:
            self._set("weights", json.dumps(weights))

    @property
    def part_weights(self) -> dict[str, float] | None:
        """What each part counts in a query of all of these kinds; None by default."""
        found: dict[str, float] | None = json.loads(self._about("part_weights") or "null")
        return found

    def weigh_parts(self, weights: dict[str, float] | None) -> None:
        """Record other weights of parts, or none."""
        with sqlite_errors(self.path), self._db:
            self._set("part_weights", json.dumps(weights))

    @property
    def reranking(self) -> dict[str, Any] | None:
        """Which reranker queries go through; None by default."""
        found: dict[str, Any] | None = json.loads(self._about("reranking") or "null")
        return found

    def keep_reranking(self, setting: dict[str, Any] | None) -> None:
        """Record another reranker, or none."""
        with sqlite_errors(self.path), self._db:
            self._set("reranking", json.dumps(setting))

    def failures(self, at_most: int = 1000, offset: int = 0) -> list[Failure]:
        """Items that could not be stored, and why."""
        with sqlite_errors(self.path):
            sql = "SELECT name, reason FROM failures ORDER BY name LIMIT ? OFFSET ?"
            return [
                Failure(str(name), str(why))
                for name, why in self._db.execute(sql, (at_most, offset))
            ]

    def partial(self, at_most: int, offset: int) -> tuple[int, list[Failure]]:
        """How many items were kept without a part, and some of them, by id, with the reason."""
        with sqlite_errors(self.path):
            [(count,)] = self._db.execute("SELECT count(*) FROM items WHERE reason <> ''")
            sql = "SELECT id, reason FROM items WHERE reason <> '' ORDER BY id LIMIT ? OFFSET ?"
            return count, [
                Failure(str(name), str(why))
                for name, why in self._db.execute(sql, (at_most, offset))
            ]

    def judge(self, query: str, id: str, grade: int | None) -> None:
        """Record a judgment, or take it away."""
        with sqlite_errors(self.path), self._db:
            put(self._db, query, id, grade)

    @property
    def judgments(self) -> dict[str, dict[str, int]]:
        """The grades by id, by question. Raises `DataDamaged`."""
        found: dict[str, dict[str, int]] = {}
        with sqlite_errors(self.path):
            for query, id, grade, whole in judged(self._db):
                if not whole:
                    raise DataDamaged(
                        f"{self.path}: the judgment of {id!r} for {query!r:.80} fails its"
                        " checksum; run: cospace verify"
                    )
                found.setdefault(query, {})[id] = grade
        return found

    def _about(self, key: str) -> str | None:
        """A record. Every search asks for some: where nobody else writes they are kept."""
        with sqlite_errors(self.path):
            changes = self._db.total_changes()
            if self.read_only or self._db.in_transaction:  # which may be rolled back
                return self._read(key)
            if changes != self._records_at:
                self._records, self._records_at = {}, changes
            if key not in self._records:
                self._records[key] = self._read(key)
            return self._records[key]

    def _read(self, key: str) -> str | None:
        row = self._db.execute("SELECT value, crc FROM about WHERE key=?", (key,)).fetchone()
        if row is None:
            return None
        value, crc = row
        if zlib.crc32(value.encode()) != crc:
            raise DataDamaged(
                f"{self.path}: the record {key!r} fails its checksum; restore a backup"
            )
        return str(value)

    def _set(self, key: str, value: object) -> None:
        text = str(value)
        self._db.execute(
            "INSERT OR REPLACE INTO about VALUES (?,?,?)", (key, text, zlib.crc32(text.encode()))
        )
