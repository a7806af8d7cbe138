"""The in-memory store: the same truth without a file, and a search that compares with everything.

For tests, notebooks and small throw-away collections; also what the other backends are held to.
"""

from __future__ import annotations

import sys
from collections.abc import Collection, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cospace.item import kind_of
from cospace.space import Space
from cospace.store.counts import Counts
from cospace.store.gate import Gate
from cospace.store.kept import Kept
from cospace.store.language import AUTO, named, recognised
from cospace.store.protocol import (
    Failure,
    Found,
    Promises,
    Request,
    Row,
    StoreInfo,
    one_by_one,
)
from cospace.store.schema import Schema
from cospace.store.truth import Truth
from cospace.store.where import Node, matches
from cospace.store.words import asked, document
from cospace.topk import products

__all__ = ["MemoryStore"]


class _Snapshot(NamedTuple):
    """All rows as arrays, made anew after a change. `fields`: keys [n] and vectors [n, dim].

    A row of several vectors in a field has its key there as often.
    """

    rows: dict[int, Row]
    fields: dict[str, tuple[NDArray[np.int64], NDArray[np.float32]]]
    words: dict[int, dict[int, float]]
    counts: Counts
    language: str


class MemoryStore(Kept):
    """A store that lives as long as this object; `language` is that of its words, if told."""

    def __init__(self, *, language: str | None = None) -> None:
        self._truth = Truth(None)
        self._told = None if language is None or named(language) == AUTO else named(language)
        self._gate = Gate("the collection in memory", forks=True)
        self._space: Space | None = None
        self._schema = Schema()
        self._seen: tuple[int, _Snapshot] | None = None

    def write(self, rows: Sequence[Row], *, replace: bool, failures: Sequence[Failure] = ()) -> int:
        """See `Store`."""
        with self._gate:
            return self._truth.write(rows, replace=replace, failures=failures)

    def delete(self, ids: Sequence[str]) -> int:
        """See `Store`."""
        with self._gate:
            gone = self._truth.delete(ids)
            self._schema = self._truth.schema
            return gone

    def extend(self, space: Space | None, schema: Schema) -> None:
        """See `Store`."""
        with self._gate:
            self._truth.extend(space, schema)
            self._space, self._schema = space or self._space, schema.copy()

    @property
    def promises(self) -> Promises:
        """See `Store`."""
        return Promises(exact_rows=sys.maxsize)

    def count(self, where: Node | None = None) -> int:
        """See `Store`."""
        rows = self._snapshot().rows.values()
        return sum(where is None or matches(where, row.metadata) for row in rows)

    def nearest(
        self,
        field: str,
        vector: NDArray[np.float32],
        k: int,
        *,
        where: Node | None = None,
        among: Sequence[int] | None = None,
    ) -> Found:
        """See `Store`."""
        now = self._snapshot()
        if field not in now.fields:
            return Found([], [])
        keys, matrix = now.fields[field]
        allowed = self._allowed(now, where, among)
        if allowed is not None:
            mask = np.isin(keys, list(allowed))
            keys, matrix = keys[mask], matrix[mask]
        scores = np.clip(products(vector[None], matrix)[0], -1.0, 1.0)
        best = np.lexsort((keys, -scores))
        _, first = np.unique(keys[best], return_index=True)  # of each row its nearest vector
        best = best[np.sort(first)[:k]]
        return Found(keys[best].tolist(), scores[best].tolist())

    def lexical(
        self,
        text: str,
        k: int,
        *,
        where: Node | None = None,
        among: Sequence[int] | None = None,
        unknown: Collection[str] | None = None,
        meant: str = "",
    ) -> Found:
        """See `Store`."""
        now = self._snapshot()
        weights, spread, names = asked(text, now.counts, unknown, now.language, meant)
        allowed = self._allowed(now, where, among)
        scored: list[tuple[float, int]] = []
        named: dict[int, float] = {}
        for key, words in now.words.items():
            if allowed is not None and key not in allowed:
                continue
            if both := weights.keys() & words.keys():
                scored.append((-sum(weights[w] * words[w] for w in both), key))
            if among is None and (both := names.keys() & words.keys()):
                named[key] = sum(names[w] for w in both)
        scored.sort()
        best = scored[:k]
        return Found([key for _, key in best], [-score for score, _ in best], spread, named)

    def find(self, requests: Sequence[Request]) -> list[Found]:
        """See `Store`."""
        return one_by_one(self, requests)

    @property
    def told_language(self) -> str:
        """The language of the words, where it was told; "" where it is recognised."""
        return self._told or ""

    def tell_language(self, language: str) -> None:
        """Take this as the language of the words, from the next commit on."""
        self._told = named(language)

    @property
    def language(self) -> str:
        """The language of the words, as it was when they were last asked for."""
        return self._seen[1].language if self._seen else self._told or ""

    def optimize(self) -> None:
        """See `Store`; there is nothing to do."""
        self._gate.check()

    def info(self) -> StoreInfo:
        """See `Store`."""
        with self._gate:
            items, fields, holders, failures = self._truth.counted()
            space, schema = self._truth.space, self._truth.schema
        return StoreInfo(
            items, fields, space, schema, items, failures, 0, "memory",
            language=self.language, holders=holders,  # to count items reads no text
        )  # fmt: skip

    def close(self) -> None:
        """See `Store`."""
        with self._gate.closing():
            self._seen = None

    def _snapshot(self) -> _Snapshot:
        with self._gate:
            seq = self._truth.seq
            if self._seen is None or self._seen[0] != seq:
                self._seen = (seq, self._build())
            return self._seen[1]

    def _build(self) -> _Snapshot:
        rows: dict[int, Row] = {}
        words: dict[int, dict[int, float]] = {}
        by_field: dict[str, list[tuple[int, NDArray[np.float32]]]] = {}
        language = self._told or recognised(self._truth.sample(200))
        for key, row in self._truth.scan(vectors=True):
            rows[key] = row
            for field, vector in row.vectors.items():
                by_field.setdefault(kind_of(field), []).append((key, vector))
            found = document(row.id, row.text, row.metadata, language)
            if found:
                words[key] = found
        fields = {
            field: (np.array([k for k, _ in pairs]), np.stack([v for _, v in pairs]))
            for field, pairs in by_field.items()
        }
        counts = Counts()
        counts.add(words.values())
        return _Snapshot(rows, fields, words, counts, language)

    @staticmethod
    def _allowed(
        now: _Snapshot, where: Node | None, among: Sequence[int] | None
    ) -> set[int] | None:
        allowed = None if among is None else set(among)
        if where is not None:
            passing = {key for key, row in now.rows.items() if matches(where, row.metadata)}
            allowed = passing if allowed is None else allowed & passing
        return allowed
