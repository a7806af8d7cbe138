"""Engine: what a vector engine on a server does for a collection. Narrow, so that each is one file.

The engine is never the truth. It holds points: a number, a unit vector, and values to filter by.
The collection's truth follows each commit with `put` and `drop`, records in a mark how far it has
come, and builds the engine anew on any doubt. So each call may be made twice.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from cospace.store.schema import Field
from cospace.store.where import Node

__all__ = ["PHOTOS", "Ask", "Engine", "Hit", "Point", "Traits"]

# A point's number is the key of its row times this, plus which of the row's vectors in the field
# it is: 0 for most, more for the second photo of an item and so on.
PHOTOS = 1024


class Traits(NamedTuple):
    """What an engine is, and what it can take; checked before anything is sent to it."""

    name: str  # as its users know it, with the version that answered: "Milvus 2.3.5"
    exact_rows: int  # so many points of a field are all compared; above, some may be missed
    max_dim: int
    max_hits: int  # the largest `limit` of an Ask
    max_value_bytes: int  # of one point's values, as JSON in UTF-8


class Point(NamedTuple):
    """One vector of one row. `values` are its metadata by slot, each a list (see `valued`)."""

    number: int
    vector: NDArray[np.float32]  # [dim], of length 1
    values: Mapping[str, list[Any]]


class Ask(NamedTuple):
    """Which points of `field` lie nearest to the unit `vector` and pass `where`: `limit` of them.

    An engine may let through points that `where` does not (a box for a circle, or no filter at
    all for what it has no words for), never leave one out. See `filters.rendered`.
    """

    field: str
    vector: NDArray[np.float32]
    limit: int
    where: Node | None = None


class Hit(NamedTuple):
    """The number of a point, and the cosine of its vector to that of the Ask."""

    number: int
    score: float


class Engine(Protocol):
    """One collection's place in an engine. Made by the `connect` of the engine's module.

    Each field ("text", "image", ...) is a place of its own there: a collection, class or
    namespace. Nothing in it was made by others; what was is never touched.

    Every call ends within the time limit of its address, retries included, or raises
    `StoreUnreachable`. What the engine refuses raises `StorageError`, in its own words.
    `check_engine` in cospace.testing is the suite that each one passes.
    """

    @property
    def traits(self) -> Traits:
        """What it can take; known once it was reached."""
        ...

    def read_mark(self) -> str | None:
        """What `write_mark` wrote last, or None where nothing of this name is there.

        Raises `NotACollection` where something of this name is there that has no mark of ours.
        """
        ...

    def write_mark(self, mark: str) -> None:
        """Keep a short text (below 2,000 characters) in the engine, beside the points.

        It makes what keeps the mark, where that is not there yet. Durable on return.
        """
        ...

    def prepare(self, dim: int, fields: Sequence[str]) -> None:
        """Make the places of those fields that have none. Called after `write_mark`."""
        ...

    def lacks(self, fields: Sequence[str]) -> list[str]:
        """Those of the fields that have no place on the server now."""
        ...

    def learn(self, fields: Sequence[Field]) -> None:
        """Metadata fields that filters will name; an engine may index their slots."""
        ...

    def put(self, field: str, points: Sequence[Point]) -> None:
        """Insert points, or replace those of the same number. The next `nearest` finds them.

        Any number of them: the engine cuts them to what one message may hold.
        """
        ...

    def drop(self, field: str, numbers: Sequence[int]) -> None:
        """Forget points; a number that is not there is no error. The next `nearest` misses them."""
        ...

    def count(self, field: str) -> int:
        """How many points the place of the field holds; exact."""
        ...

    def nearest(self, asked: Sequence[Ask]) -> list[list[Hit]]:
        """For each Ask its hits, best first: in one message where the engine can.

        A field without a place has none. All that pass where `limit` is larger.
        """
        ...

    def says(self, where: Node) -> bool:
        """Whether its own form of the filter means just that: a hit that fails it is a fault."""
        ...

    def optimize(self) -> None:
        """Build what makes search fast and whole, where that is due."""
        ...

    def remove(self) -> None:
        """Take the places and the mark away; nothing else of the server is touched."""
        ...

    def close(self) -> None:
        """Let go of the connection; calling it twice does no harm."""
        ...
