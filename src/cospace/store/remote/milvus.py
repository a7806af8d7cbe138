"""Milvus: each field of a collection is a collection there, and one more row keeps the mark.

`milvus://host:19530/market` holds `cospace_market` (the mark), `cospace_market_TEXT` (a field)
and so on. Names of collections have no capitals, so no two collections share a place.
The key is that of MILVUS_TOKEN: `user:password`, or a token. `?tls=1` encrypts the connection.
"""

from __future__ import annotations

import json
import math
import os
import re
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from cospace.errors import BadArgument, NotACollection, StorageError
from cospace.store.remote import milvus_messages as messages
from cospace.store.remote.address import Address
from cospace.store.remote.calls import Calls
from cospace.store.remote.engine import Ask, Engine, Hit, Point, Traits
from cospace.store.remote.milvus_filters import expression, stored
from cospace.store.remote.milvus_messages import (
    NUMBER,
    VECTOR,
    Messages,
    Refused,
    Search,
    Unanswered,
)
from cospace.store.schema import Field
from cospace.store.where import Node

__all__ = ["EXTRA", "OPTIONS", "Milvus", "connect"]

T = TypeVar("T")

EXTRA = messages.EXTRA
OPTIONS: tuple[str, ...] = ("tls",)

_PORT = 19530
_EXACT_ROWS = 1 << 62  # a FLAT index compares with all
_MAX_DIM = 32_768
_MAX_HITS = 16_384
# Milvus takes 65,536 bytes of a row's values; ours grow up to four times (see `stored`).
_MAX_VALUE_BYTES = 16_384
_MESSAGE_BYTES = 8_000_000  # of the 64 MiB that a server takes: one is done within a second
_MESSAGE_ROWS = 2_000
_MESSAGE_HITS = 1_000_000
_MESSAGE_DROPS = 10_000
_MARK = 0  # the number of the row that keeps the mark
_FLAT = "FLAT"


def connect(address: Address) -> Engine:
    """The engine at an address. Raises `StoreUnreachable` where no server answers in time."""
    if address.options.get("tls", "0") not in ("0", "1"):
        raise BadArgument(f"{address}: tls= is 1, or 0 for a connection that is not encrypted")
    engine = Milvus(
        address,
        Messages(
            f"{address.host}:{address.port or _PORT}",
            token=os.environ.get("MILVUS_TOKEN", ""),
            tls=address.options.get("tls") == "1",
        ),
    )
    try:
        engine.reach()
    except BaseException:
        engine.close()
        raise
    return engine


class Milvus:
    """One collection of cospace on a Milvus server; see `Engine`."""

    def __init__(self, address: Address, connection: Messages) -> None:
        self._address, self._connection = address, connection
        self._calls = Calls(
            address,
            passes=messages.passes,
            refused=messages.key_refused,
            keys="set MILVUS_TOKEN to user:password, or to the token",
        )
        self._base = f"cospace_{address.name}"
        self._version = ""
        self._since: dict[str, int] = {}  # the timestamp of our last write to each place
        self._start = 1  # writes up to here are seen in every place

    def reach(self) -> None:
        """Ask the server for its version, and from where on its writes are to be seen."""
        told = self._say("GetVersion").version.removeprefix("v")
        self._version = told.replace("milvus_lite-", "Lite ")
        self._see_all()

    @property
    def traits(self) -> Traits:
        """What Milvus takes."""
        name = f"Milvus {self._version}"
        return Traits(name, _EXACT_ROWS, _MAX_DIM, _MAX_HITS, _MAX_VALUE_BYTES)

    # --- the mark ---

    def read_mark(self) -> str | None:
        """The last mark; what others wrote before it is seen from here on."""
        if not self._described(self._base):
            return None
        self._see_all()
        found = self._query(self._base, f"{NUMBER} == {_MARK}", "mark")
        held = [json.loads(one) for field in found for one in field.scalars.json_data.data]
        return str(held[0]["mark"]) if held else None

    def write_mark(self, mark: str) -> None:
        """Keep the mark; places that a removal left behind go first."""
        if not self._described(self._base):
            self._drop_places()
            self._make(self._base, 2, there=False)
        encoded = json.dumps({"mark": mark}, ensure_ascii=False).encode()
        self._upsert(self._base, [_MARK], np.ones((1, 2), np.float32), [encoded])

    # --- places ---

    def prepare(self, dim: int, fields: Sequence[str]) -> None:
        """Make the places of fields; one that is there must be as we would make it."""
        if dim > _MAX_DIM:
            raise BadArgument(
                f"{self._address}: Milvus takes vectors of up to {_MAX_DIM} dimensions, not {dim}"
            )
        for field in fields:
            place = self._place(field)
            held = self._described(place)
            found = dim if held is None else messages.dim_of(held.schema)
            if found != dim:
                raise NotACollection(
                    f"{self._address}: {place} there holds vectors of {found} dimensions, and"
                    f" these have {dim}; it is left as it is"
                )
            self._make(place, dim, there=held is not None)

    def lacks(self, fields: Sequence[str]) -> list[str]:
        """Those of the fields that have no collection."""
        return [field for field in fields if self._described(self._place(field)) is None]

    def learn(self, fields: Sequence[Field]) -> None:
        """Nothing: Milvus finds values without an index."""

    def _place(self, field: str) -> str:
        if not re.fullmatch(r"[a-z][a-z0-9_]{0,39}", field):
            raise BadArgument(f"{field!r:.60} is no name of a field for Milvus")
        return f"{self._base}_{field.upper()}"

    def _described(self, place: str) -> Any | None:
        """What is at a place of ours, or None. Raises `NotACollection` where it is not ours."""
        held = self._ask("DescribeCollection", collection_name=place)
        if held is not None and messages.dim_of(held.schema) is None:
            raise NotACollection(
                f"{self._address}: the server holds a collection {place} that cospace did not make;"
                " it is left as it is. Choose another name"
            )
        return held

    def _make(self, place: str, dim: int, *, there: bool) -> None:
        """Make a place, or what is missing of one; loaded it is 3 s later: the first read waits."""
        if not there:
            made = messages.schema(place, f"{self._address.name} of cospace", dim)
            self._say("CreateCollection", collection_name=place, schema=made, shards_num=1)
        held = self._ask("DescribeIndex", collection_name=place, field_name=VECTOR)
        if held is None or not held.index_descriptions:
            flat = messages.index(_FLAT, {})
            self._say("CreateIndex", collection_name=place, field_name=VECTOR, extra_params=flat)
        else:
            pairs = {one.key: one.value for one in held.index_descriptions[0].params}
            if pairs.get("metric_type") != "COSINE":
                raise NotACollection(
                    f"{self._address}: {place} there compares by {pairs.get('metric_type')}, and"
                    " cospace by COSINE; it is left as it is"
                )
        self._say("LoadCollection", **_load(place))

    # --- points ---

    def put(self, field: str, points: Sequence[Point]) -> None:
        """Upsert points; of those with one number the last counts."""
        place = self._place(field)
        for batch in _batches(list({point.number: point for point in points}.values())):
            self._upsert(
                place,
                [point.number for point, _ in batch],
                np.stack([point.vector for point, _ in batch]),
                [values for _, values in batch],
            )

    def _upsert(
        self, place: str, numbers: Sequence[int], vectors: NDArray[np.float32], values: list[bytes]
    ) -> None:
        given = messages.rows(numbers, vectors, values)
        self._wrote(place, self._say("Upsert", collection_name=place, **given))

    def drop(self, field: str, numbers: Sequence[int]) -> None:
        """Delete points by number."""
        place = self._place(field)
        for first in range(0, len(numbers), _MESSAGE_DROPS):
            some = [int(number) for number in numbers[first : first + _MESSAGE_DROPS]]
            which = f"{NUMBER} in {json.dumps(some)}"
            self._wrote(place, self._say("Delete", collection_name=place, expr=which))

    def count(self, field: str) -> int:
        """How many points there are, by Milvus' own count; 0 for a field without a place."""
        found = self._query(self._place(field), "", "count(*)")
        return sum(one for held in found for one in held.scalars.long_data.data)

    def _query(self, place: str, where: str, wanted: str) -> Any:
        asked = {"collection_name": place, "expr": where, "output_fields": [wanted]}
        seen = messages.seen(self._seen(place))
        answer = self._read(
            {place}, lambda seconds: self._connection.ask("Query", seconds, **asked, **seen)
        )
        return [] if answer is None else answer.fields_data

    # --- searching ---

    def nearest(self, asked: Sequence[Ask]) -> list[list[Hit]]:
        """One message for all that ask the same place under the same filter, all at once."""
        hits: list[list[Hit]] = [[] for _ in asked]
        sent: list[tuple[Search, list[int]]] = []
        for (place, where, limit), members in self._alike(asked).items():
            most = max(1, _MESSAGE_HITS // limit)
            for first in range(0, len(members), most):
                some = members[first : first + most]
                vectors = np.stack([asked[at].vector for at in some])
                sent.append((Search(place, vectors, limit, where, self._seen(place)), some))
        asking = [one for one, _ in sent]
        answers = self._read(
            {one.place for one in asking},
            lambda seconds: self._connection.search(asking, seconds),
        )
        for answer, (_, members) in zip(answers, sent, strict=True):
            if answer is not None:
                for at, held in zip(members, self._hits(answer.results), strict=True):
                    hits[at] = held
        return hits

    def _alike(self, asked: Sequence[Ask]) -> dict[tuple[str, str, int], list[int]]:
        """Which of them can go in one message, by place, filter and limit."""
        groups: dict[tuple[str, str, int], list[int]] = {}
        for at, one in enumerate(asked):
            where = expression(one.where)
            if not where.nothing and one.limit > 0:
                key = (self._place(one.field), where.form or "", min(one.limit, _MAX_HITS))
                groups.setdefault(key, []).append(at)
        return groups

    def says(self, where: Node) -> bool:
        """Whether Milvus means just that by its form of the filter."""
        return expression(where).exact

    def _hits(self, results: Any) -> list[list[Hit]]:
        numbers, scores = list(results.ids.int_id.data), list(results.scores)
        if any(math.isnan(score) for score in scores):
            raise StorageError(f"{self._address}: Milvus found a vector that is no number")
        hits, at = [], 0
        for length in results.topks:
            end = at + length
            found = map(Hit, numbers[at:end], scores[at:end])
            hits.append(sorted(found, key=lambda hit: (-hit.score, hit.number)))
            at = end
        return hits

    # --- upkeep ---

    def optimize(self) -> None:
        """Write to disk and clear away old versions of rows."""
        for place, held in self._places():
            self._say("Flush", collection_names=[place])
            self._compact(place, held.collectionID)

    def _compact(self, place: str, number: int) -> None:
        started = self._say("ManualCompaction", collection_name=place, collectionID=number)
        while started.compactionID > 0:
            state = self._say("GetCompactionState", compactionID=started.compactionID)
            if state.executingPlanNo == 0:
                return
            time.sleep(0.1)

    def remove(self) -> None:
        """Drop the mark, then all places."""
        if self._described(self._base):
            self._say("DropCollection", collection_name=self._base)
        self._drop_places()

    def _drop_places(self) -> None:
        for place, _ in self._places():
            self._say("DropCollection", collection_name=place)
        self._since.clear()

    def _places(self) -> list[tuple[str, Any]]:
        """The places of fields that are ours, described; what others named alike is left out."""
        ours = re.compile(rf"{self._base}_[A-Z][A-Z0-9_]*")
        found = []
        for name in filter(ours.fullmatch, self._say("ShowCollections").collection_names):
            held = self._ask("DescribeCollection", collection_name=name)
            if held is not None and messages.dim_of(held.schema) is not None:
                found.append((name, held))
        return found

    def close(self) -> None:
        """Let go of the connection."""
        self._connection.close()

    # --- messages ---

    def _say(self, name: str, **given: Any) -> Any:
        return self._calls(lambda seconds: self._connection.say(name, seconds, **given))

    def _ask(self, name: str, **given: Any) -> Any | None:
        return self._calls(lambda seconds: self._connection.ask(name, seconds, **given))

    def _read(self, places: Collection[str], call: Callable[[float], T]) -> T:
        """What `call` reads; places that the server holds but has not loaded are loaded."""

        def once(seconds: float) -> T:
            end = time.monotonic() + seconds
            try:
                return call(seconds)
            except Refused as error:
                for place in places if error.code in messages.NOT_LOADED else ():
                    left = max(end - time.monotonic(), 0.001)
                    self._connection.ask("LoadCollection", left, **_load(place))
                raise

        return self._calls(once)

    def _see_all(self) -> None:
        """Let each read from here on see all that anybody wrote until now."""

        def call(seconds: float) -> int:
            try:
                return int(self._connection.say("AllocTimestamp", seconds).timestamp)
            except Unanswered as error:
                if messages.unknown_message(error):  # Milvus Lite, where reads see every write
                    return 1
                raise

        self._start = self._calls(call)

    def _wrote(self, place: str, answer: Any) -> None:
        if answer.timestamp:
            self._since[place] = answer.timestamp
        else:  # a deletion, of which 2.3.5 does not tell when it was
            self._see_all()

    def _seen(self, place: str) -> int:
        return max(self._start, self._since.get(place, 0))


def _load(place: str) -> dict[str, Any]:
    return {"collection_name": place, "replica_number": 1}


def _batches(points: Sequence[Point]) -> Iterator[list[tuple[Point, bytes]]]:
    """Points and their stored values, cut to what one message holds."""
    batch: list[tuple[Point, bytes]] = []
    size = 0
    for point in points:
        values = stored(point.values)
        more = len(values) + point.vector.nbytes + 32
        if batch and (size + more > _MESSAGE_BYTES or len(batch) == _MESSAGE_ROWS):
            yield batch
            batch, size = [], 0
        batch.append((point, values))
        size += more
    if batch:
        yield batch
