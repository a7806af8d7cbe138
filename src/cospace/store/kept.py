"""What a store keeps, read from its truth: the same in memory and in a folder."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cospace.space import Space
from cospace.store.columns import Columns
from cospace.store.followed import Followed
from cospace.store.gate import Gate
from cospace.store.lexicon import Lexicon
from cospace.store.protocol import Failure, Row
from cospace.store.schema import Schema
from cospace.store.sides import switched
from cospace.store.truth import Truth
from cospace.store.where import Node, matches

__all__ = ["Kept"]

_PICKED = 256  # vectors of a kind that tell what a cosine to it is worth


class Kept:
    """The part of a store that asks its truth alone, one thread at a time."""

    _gate: Gate
    _truth: Truth
    _space: Space | None
    _schema: Schema

    @property
    def space(self) -> Space | None:
        """See `Store`."""
        return self._space

    @property
    def schema(self) -> Schema:
        """See `Store`."""
        return self._schema

    def get(self, ids: Sequence[str], *, vectors: bool = False) -> list[Row | None]:
        """See `Store`."""
        with self._gate:
            return self._truth.get(ids, vectors=vectors)

    def scan(
        self, *, where: Node | None = None, vectors: bool = False, after: str | None = None
    ) -> Iterator[Row]:
        """See `Store`. Read in pages: rows that are written meanwhile may be among them."""
        with self._gate:
            last = 0 if after is None else self._truth.key_of(after)
            era = self._truth.era
        while True:
            with self._gate, self._truth.snapshot():
                page = self._truth.page(last, vectors=vectors)
                now = self._truth.era
            if not page:
                return
            if vectors and now != era:
                raise switched(self._gate.name)
            for _, row in page:
                self._gate.check()
                if where is None or matches(where, row.metadata):
                    yield row
            last = page[-1].key

    def rows(self, keys: Sequence[int]) -> dict[int, Row]:
        """See `Store`."""
        with self._gate:
            return self._truth.rows(keys)

    def hashes(self, ids: Sequence[str]) -> dict[str, bytes]:
        """The content hashes of those ids that are stored."""
        with self._gate:
            return self._truth.hashes(ids)

    @property
    def era(self) -> int:
        """How often the vectors were exchanged for others. An answer is of one era."""
        with self._gate:
            return self._truth.era

    @property
    def revision(self) -> int:
        """See `Store`."""
        with self._gate:
            return self._truth.seq

    @property
    def told_language(self) -> str:
        """The language of the words, where it was told; "" where it is recognised."""
        with self._gate:
            known = self._truth.language
        return known.name if known is not None and known.told else ""

    def failures(self, at_most: int = 1000, offset: int = 0) -> list[Failure]:
        """Items that could not be stored, and why."""
        with self._gate:
            return self._truth.failures(at_most, offset)

    def partial(self, at_most: int, offset: int) -> tuple[int, list[Failure]]:
        """How many items were kept without a part, and some of them, with the reason."""
        with self._gate:
            return self._truth.partial(at_most, offset)

    def judge(self, query: str, id: str, grade: int | None) -> None:
        """Keep a judgment, or take it away; durable on return."""
        with self._gate:
            self._truth.judge(query, id, grade)

    @property
    def judgments(self) -> dict[str, dict[str, int]]:
        """The grades by id, by question."""
        with self._gate:
            return self._truth.judgments

    def sampled(self) -> Mapping[str, NDArray[np.float32]]:
        """See `Sampled`: picked anew when the commits have doubled, and for another space."""
        with self._gate:
            space = self._truth.space
            when = self._truth.seq.bit_length(), None if space is None else space.fingerprint
            if when not in self._picked:
                # Those of another space are kept: a collection that is switched back has its own.
                self._picked = {w: v for w, v in self._picked.items() if w[1] != when[1]}
                self._picked[when] = self._truth.vectors_from_all_over(_PICKED)
            return self._picked[when]

    @cached_property
    def _picked(self) -> dict[tuple[int, str | None], Mapping[str, NDArray[np.float32]]]:
        return {}

    @cached_property
    def _columns(self) -> Followed[Columns]:
        return Followed(Columns)

    @property
    def language(self) -> str:
        """The language of the words; "" before it was told or recognised."""
        with self._gate:
            found = self._truth.language
        return "" if found is None else found.name

    def columns(self) -> Columns:
        """See `Columnar`."""
        return self._columns.now(self._gate, self._truth)

    @cached_property
    def _lexicon(self) -> Followed[Lexicon]:
        return Followed(Lexicon)

    def lexicon(self) -> Lexicon:
        """See `Columnar`."""
        return self._lexicon.now(self._gate, self._truth)

    @property
    def templates(self) -> list[list[str]]:
        """See `Remembers`."""
        with self._gate:
            return self._truth.templates

    def remember(self, template: list[str]) -> None:
        """See `Remembers`."""
        with self._gate:
            self._truth.remember(template)

    @property
    def weights(self) -> dict[str, float] | None:
        """See `Remembers`."""
        with self._gate:
            return self._truth.weights

    def weigh(self, weights: dict[str, float] | None) -> None:
        """See `Remembers`."""
        with self._gate:
            self._truth.weigh(weights)

    @property
    def part_weights(self) -> dict[str, float] | None:
        """See `Remembers`."""
        with self._gate:
            return self._truth.part_weights

    def weigh_parts(self, weights: dict[str, float] | None) -> None:
        """See `Remembers`."""
        with self._gate:
            self._truth.weigh_parts(weights)

    @property
    def reranking(self) -> dict[str, Any] | None:
        """See `Remembers`."""
        with self._gate:
            return self._truth.reranking

    def keep_reranking(self, setting: dict[str, Any] | None) -> None:
        """See `Remembers`."""
        with self._gate:
            self._truth.keep_reranking(setting)
