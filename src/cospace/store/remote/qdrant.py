"""Qdrant: the points of each field are a collection there, `NAME-FIELD`; the mark is in `NAME`.

In all of them the vectors are called "cospace": by that they are known as ours.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

from cospace.errors import BadArgument, NotACollection, StorageError, StoreUnreachable
from cospace.need import need
from cospace.store.payload import DATES
from cospace.store.remote.address import Address
from cospace.store.remote.engine import Ask, Hit, Point, Traits
from cospace.store.remote.qdrant_forms import (
    INDEXES,
    OURS,
    batches,
    condition,
    differs,
    hits,
    question,
    vectors,
)
from cospace.store.remote.qdrant_wire import KEY, Wire, is_here
from cospace.store.schema import Field
from cospace.store.where import Node

__all__ = ["EXACT_BELOW", "EXTRA", "OPTIONS", "Qdrant", "connect"]

EXTRA = "qdrant"
OPTIONS = ("tls",)
# Up to this many points of a field a search compares with every one of them. Above, it walks
# Qdrant's graph.
EXACT_BELOW = 20_000

_DIM, _HITS, _VALUES = 65_536, 100_000, 1_000_000
_IDS = 10_000  # of one message
_ASKS = 100  # of one message

_models: Any = need("qdrant_client.models", extra=EXTRA)


def connect(address: Address) -> Qdrant:
    """The engine at an address such as `qdrant://localhost:6333/market`; nothing is sent yet.

    `?tls=1` encrypts the connection. The key is that of QDRANT_API_KEY. It is not sent to another
    machine unencrypted, unless the address says `?tls=0`: raises `BadArgument`.

    >>> from cospace.store.remote.address import read_address
    >>> engine = connect(read_address("qdrant://localhost/market", options=OPTIONS))
    >>> engine.close()
    """
    tls = address.options.get("tls", "")
    if tls not in ("", "0", "1"):
        raise BadArgument(f"{address}: tls={tls!r:.20}; expected tls=1, or tls=0 for none")
    key = os.environ.get(KEY, "")
    if key and not tls and not is_here(address):
        raise BadArgument(
            f"{address}: the key in {KEY} would go over the network unencrypted; add ?tls=1, or"
            " ?tls=0 where the network is your own"
        )
    return Qdrant(Wire(address, key, tls == "1"))


class Qdrant:
    """A collection's place in Qdrant; see `Engine`."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._name = wire.address.name
        self._learned: dict[str, str] = {}  # by slot, how it is indexed
        self._marked = False  # whether the mark's collection was seen to be ours
        self._bare: set[str] = set()  # slots that have no index, since there are too many
        # By field: how many points there are at least, and whether there may be more.
        self._least: dict[str, int] = {}
        self._grows: set[str] = set()

    @property
    def traits(self) -> Traits:
        """What it can take."""
        version = ".".join(map(str, self._wire.version))
        return Traits(f"Qdrant {version}", EXACT_BELOW, _DIM, _HITS, _VALUES)

    # --- the mark ---

    def read_mark(self) -> str | None:
        """The mark. Raises `NotACollection` where a collection of others has its name."""
        self._wire.reach()
        points = self._wire.find("retrieve", self._name, [0])
        mark = (points[0].payload or {}).get(OURS) if points else None
        if mark is None and (info := self._info(self._name)) is not None:
            self._check(self._name, 1, info)
        return None if mark is None else str(mark)

    def write_mark(self, mark: str) -> None:
        """Keep the mark. Where there was none, points that stayed behind are taken away."""
        point = _models.PointStruct(id=0, vector={OURS: [1.0]}, payload={OURS: mark})
        if self._marked and self._wire.find("upsert", self._name, [point]) is not None:
            return
        info = self._info(self._name)
        if info is None:
            for place in self._places():
                self._delete(place)
            info = self._created(self._name, 1)
        self._check(self._name, 1, info)
        self._wire("upsert", self._name, [point])
        self._marked = True

    # --- places ---

    def prepare(self, dim: int, fields: Sequence[str]) -> None:
        """Make the collections of those fields that have none.

        Raises `BadArgument` for a dimension that Qdrant does not take, `NotACollection` where one
        was made otherwise.
        """
        if not 1 <= dim <= _DIM:
            raise BadArgument(f"Qdrant takes vectors of 1 to {_DIM} numbers, not of {dim}")
        for field in fields:
            place = self._place(field)
            info = self._info(place) or self._created(place, dim)
            self._check(place, dim, info)
            self._index(place, info)

    def lacks(self, fields: Sequence[str]) -> list[str]:
        """Those of the fields that have no collection."""
        return [field for field in fields if self._info(self._place(field)) is None]

    def learn(self, fields: Sequence[Field]) -> None:
        """Index the slots of those metadata fields in every place.

        Clusters of Qdrant's own service take 100 indexes a place, and no filter without one. The
        slots beyond are left out of filters, so that more may pass.
        """
        for field in fields:
            self._learned[field.slot] = INDEXES[field.type]
            if field.type == "string":
                self._learned[field.slot + DATES] = INDEXES["number"]
        for place, info in self._places().items():
            self._index(place, info)

    def optimize(self) -> None:
        """Ask for the graphs where Qdrant waits to be asked; otherwise it builds them by itself."""
        for place, info in self._places().items():
            if info.status == "grey":
                self._wire("update_collection", place, _models.OptimizersConfigDiff())

    def remove(self) -> None:
        """Take the places and then the mark away; collections of others stay."""
        for place in self._places():
            self._delete(place)
        info = self._info(self._name)
        if info is not None and differs(info, 1) is None:
            self._delete(self._name)
        self._bare.clear()

    def close(self) -> None:
        """Let go of the connection."""
        self._wire.close()

    def _place(self, field: str) -> str:
        return f"{self._name}-{field}"

    def _places(self) -> dict[str, Any]:
        """The collections of our fields that are there, and what is said of each."""
        known = self._wire("get_collections").collections
        names = [one.name for one in known if one.name.startswith(self._place(""))]
        found = [(name, self._info(name)) for name in names]
        return {name: info for name, info in found if info is not None and vectors(info)}

    def _info(self, place: str) -> Any:
        return self._wire.find("get_collection", place)

    def _check(self, place: str, dim: int, info: Any) -> None:
        """Raises `NotACollection` where the collection was made by others, or otherwise."""
        told = differs(info, dim)
        if told:
            raise NotACollection(
                f"{self._wire.address}: the collection {place!r} in Qdrant was not made by cospace"
                f" for this: {told}. It was left as it is; choose another name"
            )

    def _created(self, place: str, dim: int) -> Any:
        """What is said of the collection that was made."""
        held = {OURS: _models.VectorParams(size=dim, distance=_models.Distance.COSINE)}
        try:
            self._wire("create_collection", place, held)
        except StoreUnreachable:
            raise
        except StorageError:  # an earlier try, or another process, made it
            if self._info(place) is None:
                raise
        info = self._info(place)
        if info is None:
            raise StorageError(f"{self._wire.address}: {place!r} was made, and is gone again")
        return info

    def _delete(self, place: str) -> None:
        self._wire("delete_collection", place)
        self._least.clear()
        self._grows.clear()

    def _index(self, place: str, info: Any) -> None:
        for slot, kind in self._learned.items():
            if slot in info.payload_schema:
                continue
            try:
                self._wire("create_payload_index", place, slot, kind)
            except StorageError as error:
                if "maximum number of payload ind" not in str(error):
                    raise
                self._bare.add(slot)

    # --- points ---

    def put(self, field: str, points: Sequence[Point]) -> None:
        """Insert or replace points; each message ends within the time limit."""
        for batch in batches(points):
            self._grows.add(field)
            self._wire("upsert", self._place(field), batch)

    def drop(self, field: str, numbers: Sequence[int]) -> None:
        """Forget points by number."""
        for start in range(0, len(numbers), _IDS):
            ids = list(numbers[start : start + _IDS])
            self._least[field] = max(0, self._least.get(field, 0) - len(ids))
            self._grows.add(field)
            self._wire.find("delete", self._place(field), _models.PointIdsList(points=ids))

    def count(self, field: str) -> int:
        """How many points the place of the field holds."""
        counted = self._wire.find("count", self._place(field), exact=True)
        self._least[field] = 0 if counted is None else int(counted.count)
        self._grows.discard(field)
        return self._least[field]

    def _is_small(self, field: str) -> bool:
        """Whether a search may compare with every point. Counts only where that is open."""
        least = self._least.get(field)
        if least is None or (least <= EXACT_BELOW and field in self._grows):
            least = self.count(field)
        return least <= EXACT_BELOW

    # --- asking ---

    def says(self, where: Node) -> bool:
        """Whether Qdrant's form of the filter means just that."""
        return condition(where, self._bare).exact

    def nearest(self, asked: Sequence[Ask]) -> list[list[Hit]]:
        """The hits of each Ask: one message to each place.

        A filter can cut the graph into islands. What found fewer points there than it asked for
        is compared with every point, which cannot miss.
        """
        found: list[list[Hit]] = [[] for _ in asked]
        for field in dict.fromkeys(one.field for one in asked):
            exact = self._is_small(field)
            posed = [at for at, one in enumerate(asked) if one.field == field and one.limit > 0]
            self._query(field, {at: asked[at] for at in posed}, exact, found)
            if not exact:
                short = [
                    at
                    for at in posed
                    if asked[at].where is not None and len(found[at]) < asked[at].limit
                ]
                self._query(field, {at: asked[at] for at in short}, True, found)
        return found

    def _query(
        self, field: str, asked: Mapping[int, Ask], exact: bool, found: list[list[Hit]]
    ) -> None:
        """Put the hits of each Ask into its place of `found`."""
        version = self._wire.version
        posed = {at: question(one, exact, version, self._bare) for at, one in asked.items()}
        places = [at for at, one in posed.items() if one is not None]
        for start in range(0, len(places), _ASKS):
            part = places[start : start + _ASKS]
            requests = [posed[at] for at in part]
            answers = self._wire.find("query_batch_points", self._place(field), requests)
            for at, answer in zip(part, answers or [], strict=answers is not None):
                found[at] = hits(answer.points)
