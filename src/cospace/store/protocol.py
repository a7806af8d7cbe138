"""Store: the narrow protocol of a backend, and the row that goes in and comes out.

A backend keeps rows and answers four queries: which rows, how many, which lie nearest to a
vector, which hold these words. Everything else (encoding, fusion, paging, files) is outside.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, NamedTuple, Protocol, TypeAlias, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from cospace.read.reading import Failure
from cospace.space import Space
from cospace.store.schema import Schema
from cospace.store.where import Node

__all__ = [
    "Failure",
    "Found",
    "Lexical",
    "Migrating",
    "Nearest",
    "Promises",
    "Remembers",
    "Request",
    "Row",
    "Sampled",
    "Store",
    "StoreInfo",
    "one_by_one",
]


@dataclass(slots=True)
class Row:
    """One stored item. `vectors` are unit float32 [dim] by field: "text", "image", ...

    An item of several photos has "image", "image 2", "image 3", ... without a gap, in `vectors`
    and the paths in `media` alike: `item.kind_of` gives the field that they are searched in.

    `hash` identifies the content, so that a second run encodes only what changed. `reason`
    says which part of the item could not be encoded, and why.
    """

    id: str
    text: str | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)
    media: Mapping[str, str] = field(default_factory=dict)
    vectors: Mapping[str, NDArray[np.float32]] = field(default_factory=dict)
    hash: bytes = b""
    reason: str = ""


class Found(NamedTuple):
    """Rows by key, best first, with their scores. Keys belong to the store; `rows` reads them.

    For words: `spread` is about how many rows hold one of the query's words. `names` are rows
    that hold what identifies them (a code, a brand), with its part of the query, 0 to 1; they
    need not be among the best.
    """

    keys: list[int]
    scores: list[float]
    spread: float = 0.0
    names: Mapping[int, float] = MappingProxyType({})


class Nearest(NamedTuple):
    """A request for what `Store.nearest` gives for the same arguments."""

    field: str
    vector: NDArray[np.float32]
    k: int
    where: Node | None = None
    among: Sequence[int] | None = None


class Lexical(NamedTuple):
    """A request for what `Store.lexical` gives for the same arguments."""

    text: str
    k: int
    where: Node | None = None
    among: Sequence[int] | None = None
    unknown: Collection[str] | None = None
    meant: str = ""


Request: TypeAlias = Nearest | Lexical


class Migrating(NamedTuple):
    """A second set of vectors in a store: its space, and how many of `of` items it has as they are.

    With `switched` it is that of the older model, which is kept for the way back.
    """

    space: Space
    switched: bool
    items: int
    of: int


@dataclass(frozen=True, slots=True)
class StoreInfo:
    """What a store holds: counts, spaces, schema, and what is not indexed yet.

    `quantization` is how its index makes vectors smaller: "none", "int8" or "binary".
    `language` is that of its words, "" before it is told or recognised. `fields` counts vectors,
    `holders` items that have some: fewer, where items have several photos. `migrating` is the
    second set of vectors, where there is one: docs/migrate.md.
    """

    items: int
    fields: Mapping[str, int]
    space: Space | None
    schema: Schema
    indexed: int
    failures: int
    bytes: int
    engine: str
    quantization: str = "none"
    language: str = ""
    holders: Mapping[str, int] = field(default_factory=dict)
    migrating: Migrating | None = None


class Promises(NamedTuple):
    """What a store holds to; `check_store` tests what is promised, `cospace info` shows it.

    `exact_rows`: so many rows at most are all compared with the question, and nothing is missed.
    Above that the nearest are found by an index, which may miss some.
    """

    atomic: bool = True  # a write happens as a whole or not at all
    read_your_writes: bool = True  # the next search finds what was written
    exact_counts: bool = True  # `count` counts, it does not estimate
    snapshots: bool = True  # no reader sees a write half
    ordered_scan: bool = True  # `scan` gives the oldest first
    several_writers: bool = False  # other processes may write at the same time
    exact_rows: int = 0


class Store(Protocol):
    """A backend. `check_store` in cospace.testing is the suite that each one passes.

    Scores are cosines in [-1, 1] for `nearest`, and BM25 for `lexical`; higher is better.
    """

    def write(self, rows: Sequence[Row], *, replace: bool, failures: Sequence[Failure] = ()) -> int:
        """The number of rows that replaced older ones; all rows are durable on return, or none.

        Raises `DuplicateId` when an id is there twice in `rows`, or stored and not `replace`.
        """
        ...

    def delete(self, ids: Sequence[str]) -> int:
        """How many of the ids were there; they are gone for good on return."""
        ...

    def get(self, ids: Sequence[str], *, vectors: bool = False) -> list[Row | None]:
        """The rows of the ids, in their order; None for an id that is not there."""
        ...

    def rows(self, keys: Sequence[int]) -> dict[int, Row]:
        """The rows of keys that a search gave, by key, without vectors; absent once deleted."""
        ...

    def scan(
        self, *, where: Node | None = None, vectors: bool = False, after: str | None = None
    ) -> Iterator[Row]:
        """Every row that `where` matches, oldest first; with `after` those behind that id.

        Raises `ItemNotFound` for an `after` that is not stored.
        """
        ...

    def count(self, where: Node | None = None) -> int:
        """How many rows `where` matches."""
        ...

    def nearest(
        self,
        field: str,
        vector: NDArray[np.float32],
        k: int,
        *,
        where: Node | None = None,
        among: Sequence[int] | None = None,
    ) -> Found:
        """The `k` rows whose `field` lies nearest to the unit `vector`; exact within `among`.

        A row with several vectors in the field is found once, by the nearest of them.
        """
        ...

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
        """The `k` rows that hold the words of `text`, by BM25; rows that hold none are absent.

        `unknown` are words, folded as `cospace.read.terms.fold` does, that the model does not
        know: they may be names. With `among` no names are told. `meant` are more words, which
        were probably meant: they count as those of the text do, but for its names.
        """
        ...

    def find(self, requests: Sequence[Request]) -> list[Found]:
        """What `nearest` and `lexical` give for each request, in their order.

        A search asks all that it wants to know at once, and so do many searches together: a
        backend that is far away answers in one message. `one_by_one` is the simplest form.
        """
        ...

    def optimize(self) -> None:
        """Bring the index up to date, and build what makes search fast where that is due."""
        ...

    def info(self) -> StoreInfo:
        """Counts, space, schema."""
        ...

    @property
    def promises(self) -> Promises:
        """What this store holds to."""
        ...

    @property
    def revision(self) -> int:
        """The number of the last commit that changed items; larger after each."""
        ...

    @property
    def space(self) -> Space | None:
        """The space of the vectors, or None before the first `extend`."""
        ...

    @property
    def schema(self) -> Schema:
        """The types of the metadata fields; not to be changed by the caller."""
        ...

    def hashes(self, ids: Sequence[str]) -> dict[str, bytes]:
        """The content hashes of those ids that are stored."""
        ...

    def extend(self, space: Space | None, schema: Schema) -> None:
        """Record a wider space or schema; the caller has checked that it only adds."""
        ...

    def close(self) -> None:
        """Release files and locks; calling it twice does no harm."""
        ...


@runtime_checkable
class Remembers(Protocol):
    """What a store may offer besides: it keeps templates of texts, weights, a reranker."""

    @property
    def templates(self) -> list[list[str]]:
        """Each template and its columns, in the order of their first use.

        One is ["{title}. {description}", "title", "description"].
        """
        ...

    def remember(self, template: list[str]) -> None:
        """Keep one template more; durable on return."""
        ...

    @property
    def weights(self) -> dict[str, float] | None:
        """What each list counts for queries that are texts; None by default."""
        ...

    def weigh(self, weights: dict[str, float] | None) -> None:
        """Keep other weights, or none; durable on return."""
        ...

    @property
    def part_weights(self) -> dict[str, float] | None:
        """What each part counts in a query of all of these kinds; None by default."""
        ...

    def weigh_parts(self, weights: dict[str, float] | None) -> None:
        """Keep other weights of parts, or none; durable on return."""
        ...

    @property
    def reranking(self) -> dict[str, Any] | None:
        """Which reranker queries go through, and with which share; None by default."""
        ...

    def keep_reranking(self, setting: dict[str, Any] | None) -> None:
        """Keep another reranker, or none; durable on return."""
        ...


@runtime_checkable
class Sampled(Protocol):
    """What a store may offer besides: vectors that were picked blindly."""

    def sampled(self) -> Mapping[str, NDArray[np.float32]]:
        """Up to 256 of the vectors of each field, from all over the collection: [n, dim] each.

        They need not be of the latest commit: what they say of a kind changes slowly.
        """
        ...


def one_by_one(store: Store, requests: Sequence[Request]) -> list[Found]:
    """What each request finds, each asked alone: `find` for a backend that has no batches.

    >>> from cospace.store.memory import MemoryStore
    >>> [found.keys for found in one_by_one(MemoryStore(), [Lexical("armchair", 5)])]
    [[]]
    """
    found = []
    for one in requests:
        if isinstance(one, Nearest):
            found.append(store.nearest(*one[:3], where=one.where, among=one.among))
        else:
            more: dict[str, Any] = {"meant": one.meant} if one.meant else {}
            found.append(
                store.lexical(
                    *one[:2], where=one.where, among=one.among, unknown=one.unknown, **more
                )
            )
    return found
