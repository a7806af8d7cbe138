"""`check_engine`: what every engine of a remote store must do, and one in memory that does it."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cospace.errors import BadArgument, NotACollection
from cospace.store.payload import DATES
from cospace.store.remote.engine import PHOTOS, Ask, Engine, Hit, Point, Traits
from cospace.store.remote.filters import Leaf, leaf_slot, rendered, valued
from cospace.store.schema import Field, Schema
from cospace.store.where import TESTS, Compare, Exists, In, Near, Node, distance_km, matches, parse

__all__ = ["MemoryEngine", "check_engine"]

_DIM = 16
_FORMATS = '{"mark": "of the suite", "odd": "it\'s \\u00e4 \\"quote\\""}'


class MemoryEngine:
    """An engine in a dict that several may share, as a server is shared: `places` by field."""

    def __init__(self, server: dict[str, Any] | None = None) -> None:
        self.server: dict[str, Any] = {} if server is None else server

    @property
    def traits(self) -> Traits:
        """See `Engine`."""
        return Traits("an engine in memory", 1 << 62, 4_096, 10_000, 40_000)

    def read_mark(self) -> str | None:
        """See `Engine`."""
        if self.server and "mark" not in self.server:
            raise NotACollection("what is there has no mark of cospace; it was left untouched")
        mark: str | None = self.server.get("mark")
        return mark

    def write_mark(self, mark: str) -> None:
        """See `Engine`."""
        self.server["mark"] = mark

    def prepare(self, dim: int, fields: Sequence[str]) -> None:
        """See `Engine`."""
        if dim > self.traits.max_dim:
            raise BadArgument(f"vectors of {dim} numbers; expected up to {self.traits.max_dim}")
        for field in fields:
            self.server.setdefault(f"place {field}", {})

    def lacks(self, fields: Sequence[str]) -> list[str]:
        """See `Engine`."""
        return [field for field in fields if f"place {field}" not in self.server]

    def learn(self, fields: Sequence[Field]) -> None:
        """See `Engine`."""

    def put(self, field: str, points: Sequence[Point]) -> None:
        """See `Engine`."""
        self._place(field).update((point.number, point) for point in points)

    def drop(self, field: str, numbers: Sequence[int]) -> None:
        """See `Engine`."""
        for number in numbers:
            self._place(field).pop(number, None)

    def count(self, field: str) -> int:
        """See `Engine`."""
        return len(self._place(field))

    def _place(self, field: str) -> dict[int, Point]:
        place: dict[int, Point] = self.server[f"place {field}"]
        return place

    def nearest(self, asked: Sequence[Ask]) -> list[list[Hit]]:
        """See `Engine`."""
        return [self._nearest(one) for one in asked]

    def _nearest(self, ask: Ask) -> list[Hit]:
        form = rendered(ask.where, _leaf, _every, _some) if ask.where else None
        if f"place {ask.field}" not in self.server or (form and form.nothing):
            return []
        passes = form.form if form and form.form else lambda _: True
        hits = [
            Hit(number, float(point.vector @ ask.vector))
            for number, point in self._place(ask.field).items()
            if passes(point.values)
        ]
        return sorted(hits, key=lambda hit: -hit.score)[: ask.limit]

    def says(self, where: Node) -> bool:
        """See `Engine`."""
        return rendered(where, _leaf, _every, _some).exact

    def optimize(self) -> None:
        """See `Engine`."""

    def remove(self) -> None:
        """See `Engine`."""
        self.server.clear()

    def close(self) -> None:
        """See `Engine`."""


_Test = Callable[[dict[str, list[Any]]], bool]


def _leaf(leaf: Leaf, negated: bool) -> tuple[_Test, bool]:
    def passes(values: dict[str, list[Any]]) -> bool:
        return any(map(holds, values.get(leaf_slot(leaf), []))) is not negated

    def holds(value: Any) -> bool:
        match leaf:
            case Exists():
                return True
            case In():
                return value in leaf.values
            case Near():
                return distance_km(leaf.lat, leaf.lon, value["lat"], value["lon"]) <= leaf.km
            case Compare():
                return bool(TESTS[leaf.op](value, leaf.value))

    return passes, True


def _every(parts: Sequence[_Test]) -> _Test:
    return lambda values: all(part(values) for part in parts)


def _some(parts: Sequence[_Test]) -> _Test:
    return lambda values: any(part(values) for part in parts)


# --- the suite ---


def check_engine(make: Callable[[], Engine]) -> None:
    """Run every check on a fresh place from `make`; each is taken away again.

    Raises `AssertionError` that begins with the name and the property of the check that failed.

    >>> check_engine(MemoryEngine)
    """
    for check in _CHECKS:
        engine = make()
        try:
            check(engine)
        except AssertionError as error:
            raise AssertionError(f"{check.__name__}: {check.__doc__} {error}") from error
        finally:
            engine.remove()
            engine.close()


def _vectors(n: int, seed: int = 0) -> NDArray[np.float32]:
    rows = np.random.default_rng(seed).normal(size=(n, _DIM)).astype(np.float32)
    unit: NDArray[np.float32] = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return unit


def _begun(engine: Engine, n: int = 0) -> NDArray[np.float32]:
    assert engine.read_mark() is None
    engine.write_mark(_FORMATS)
    engine.prepare(_DIM, ["image", "text"])
    vectors = _vectors(n)
    engine.put("text", [Point(i * PHOTOS, vectors[i], {}) for i in range(n)])
    return vectors


def _numbers(hits: Sequence[Hit]) -> list[int]:
    return [hit.number for hit in hits]


def a_mark_is_kept(engine: Engine) -> None:
    """A mark comes back as it was written last, and goes with `remove`."""
    _begun(engine)
    assert engine.read_mark() == _FORMATS
    engine.write_mark("x" * 1_999)
    assert engine.read_mark() == "x" * 1_999
    engine.remove()
    assert engine.read_mark() is None
    engine.remove()  # what is not there is no error


def nothing_is_there(engine: Engine) -> None:
    """Places without points find nothing, nor does a field without a place."""
    _begun(engine)
    query = _vectors(1)[0]
    found = engine.nearest([Ask("text", query, 5), Ask("sound", query, 5), Ask("image", query, 5)])
    assert found == [[], [], []]
    assert engine.nearest([]) == []
    engine.drop("text", [1, 2])
    engine.put("text", [])
    assert engine.count("text") == 0


def nearest_is_cosine(engine: Engine) -> None:
    """The nearest are those of the highest cosine, best first, as soon as they are put."""
    vectors = _begun(engine, 60)
    for seed, limit in ((5, 10), (6, 60), (7, 200), (8, 1)):
        query = _vectors(1, seed)[0]
        [hits] = engine.nearest([Ask("text", query, limit)])
        cosines = vectors @ query
        order = np.argsort(-cosines)[:limit]
        assert _numbers(hits) == [int(i) * PHOTOS for i in order]
        assert np.allclose([hit.score for hit in hits], cosines[order], atol=1e-5)


def many_are_asked_at_once(engine: Engine) -> None:
    """Several questions of several fields are answered in their order."""
    _begun(engine, 40)
    engine.put("image", [Point(7 * PHOTOS + 3, _vectors(1, 3)[0], {})])
    queries = _vectors(9, 4)
    asked = [
        Ask("image" if i % 3 == 0 else "text", query, i + 1) for i, query in enumerate(queries)
    ]
    together = engine.nearest(asked)
    alone = [engine.nearest([one])[0] for one in asked]
    assert list(map(_numbers, together)) == list(map(_numbers, alone))
    assert [len(hits) for hits in together] == [1, 2, 3, 1, 5, 6, 1, 8, 9]


def points_are_replaced(engine: Engine) -> None:
    """A point that is put again takes the place of the old one, also many times over."""
    vectors = _begun(engine, 50)
    for turn in range(1, 13):
        moved = np.roll(vectors, turn, axis=0)
        engine.put("text", [Point(i * PHOTOS, moved[i], {"f0": [turn]}) for i in range(50)])
    assert engine.count("text") == 50
    [hits] = engine.nearest([Ask("text", moved[0], 50)])
    assert len(hits) == 50
    assert hits[0].number == 0


def dropped_points_are_gone(engine: Engine) -> None:
    """What is dropped is not found any more; dropping it again does nothing."""
    vectors = _begun(engine, 40)
    gone = [i * PHOTOS for i in range(0, 40, 2)]
    engine.drop("text", gone)
    engine.drop("text", [*gone, 10**12])
    [hits] = engine.nearest([Ask("text", vectors[0], 40)])
    assert sorted(_numbers(hits)) == [i * PHOTOS for i in range(1, 40, 2)]
    assert engine.count("text") == 20


def large_numbers_are_kept(engine: Engine) -> None:
    """Numbers of points up to 2**52 come back as they are."""
    _begun(engine)
    numbers = [0, 1, 2**31, 2**32 + 1, 2**52 - 1, 2**52]
    vectors = _vectors(len(numbers), 2)
    pairs = zip(numbers, vectors, strict=True)
    engine.put("text", [Point(number, vector, {}) for number, vector in pairs])
    [hits] = engine.nearest([Ask("text", vectors[4], 10)])
    assert hits[0].number == 2**52 - 1
    assert sorted(_numbers(hits)) == numbers


def fields_are_apart(engine: Engine) -> None:
    """The same number in two fields is two points; preparing again takes nothing away."""
    vectors = _begun(engine, 5)
    engine.put("image", [Point(0, vectors[1], {})])
    engine.prepare(_DIM, ["image", "text"])
    engine.drop("text", [0])
    assert (engine.count("text"), engine.count("image")) == (4, 1)


def what_has_no_place_is_told(engine: Engine) -> None:
    """A field lacks its place until it is prepared and has points, and after the removal."""
    assert engine.lacks(["text", "audio"]) == ["text", "audio"]
    _begun(engine, 3)
    assert engine.lacks(["text", "audio"]) == ["audio"]
    engine.remove()
    assert engine.lacks(["text", "audio"]) == ["text", "audio"]


def too_many_numbers_are_refused(engine: Engine) -> None:
    """Vectors of more numbers than it takes are refused before anything is made."""
    engine.write_mark("of the suite")
    try:
        engine.prepare(engine.traits.max_dim + 1, ["text"])
    except BadArgument:
        return
    raise AssertionError("expected BadArgument")


_METADATA: list[dict[str, Any]] = [
    {"price": 9},
    {"city": "B"},
    {"price": 1, "city": "K"},
    {},
    {"price": [2.5, 30], "city": ["B", 'it\'s "x" \\ \n ä']},
    {"price": -0.0, "new": True, "day": "2026-01-31"},
    {"price": 2**53 + 1, "new": False, "day": "2026-02-01T12:00:00+02:00"},
    {"price": 2.5, "new": [True, False], "day": ["soon", "2025-12-31"]},
    {"at": {"lat": 53.1, "lon": 8.8}, "city": "True"},
    {"at": [{"lat": 0.0, "lon": 179.9}, {"lat": -53.0, "lon": 8.0}], "city": ""},
    {"at": {"lat": 89.99, "lon": -120.0}, "price": 1e22},
    {"a": {"b.c": 4, "d": "x"}, "price": 0, "city": []},
]

_FILTERS: list[dict[str, Any]] = [
    {"price": 9},
    {"price": {"$ne": 9}},
    {"price": {"$lt": 3}},
    {"$not": {"price": {"$gt": 2}}},
    {"price": {"$gte": 2.5, "$lt": 31}},
    {"price": {"$in": [1, 2.5]}},
    {"price": {"$nin": [9, 30]}},
    {"price": {"$in": []}},
    {"price": {"$nin": []}},
    {"price": 2**53 + 1},
    {"price": {"$gt": 2**53}},
    {"price": {"$exists": True}},
    {"price": {"$exists": False}},
    {"city": "B"},
    {"city": {"$ne": "B"}},
    {"city": {"$in": ["B", "K"]}},
    {"city": {"$nin": ["B"]}},
    {"city": 'it\'s "x" \\ \n ä'},
    {"city": ""},
    {"city": "True"},
    {"new": True},
    {"new": {"$ne": True}},
    {"new": {"$in": [True, False]}},
    {"day": {"$gte": "2026-01-01"}},
    {"day": {"$lt": "2026-02-01"}},
    {"$not": {"day": {"$gte": "2026-02-01T10:00:00Z"}}},
    {"at": {"$near": [53.0, 8.8], "$km": 20}},
    {"at": {"$near": [0.0, -179.9], "$km": 50}},
    {"at": {"$near": [89.9, 60.0], "$km": 100}},
    {"$not": {"at": {"$near": [53.0, 8.8], "$km": 20}}},
    {"$or": [{"price": {"$lt": 2}}, {"city": "B"}]},
    {"$and": [{"price": {"$gt": 0}}, {"$not": {"$or": [{"city": "K"}, {"new": True}]}}]},
    {"$not": {"$and": [{"price": {"$exists": True}}, {"city": {"$exists": True}}]}},
    {"a.d": "x"},
    {},
]


def filters_let_through_what_passes(engine: Engine) -> None:
    """Each filter lets through every row that passes it, and no other where it says so."""
    schema = Schema()
    for i, metadata in enumerate(_METADATA):
        schema.add(schema.learn(metadata, str(i)))
    _begun(engine)
    engine.learn(list(schema.fields.values()))
    vectors = _vectors(len(_METADATA))
    rows = [valued(metadata, schema.fields) for metadata in _METADATA]
    assert any(slot.endswith(DATES) for row in rows for slot in row)
    points = zip(range(len(rows)), vectors, rows, strict=True)
    engine.put("text", [Point(i * PHOTOS, vector, values) for i, vector, values in points])
    for where in _FILTERS:
        node = parse(where, schema)
        passing = {i for i, metadata in enumerate(_METADATA) if matches(node, metadata)}
        [hits] = engine.nearest([Ask("text", vectors[0], len(rows), node)])
        found = {number // PHOTOS for number in _numbers(hits)}
        assert passing <= found, f"{where} left out {sorted(passing - found)}"
        if engine.says(node):
            assert passing == found, f"{where} let through {sorted(found - passing)}"


def scores_are_finite(engine: Engine) -> None:
    """Opposite and equal vectors have the cosines -1 and 1."""
    _begun(engine)
    one = _vectors(1, 12)[0]
    engine.put("text", [Point(1, one, {}), Point(2, -one, {})])
    [hits] = engine.nearest([Ask("text", one, 5)])
    assert _numbers(hits) == [1, 2]
    assert all(math.isclose(abs(hit.score), 1, abs_tol=1e-5) for hit in hits)


_CHECKS: list[Callable[[Engine], None]] = [
    a_mark_is_kept,
    nothing_is_there,
    nearest_is_cosine,
    many_are_asked_at_once,
    points_are_replaced,
    dropped_points_are_gone,
    large_numbers_are_kept,
    fields_are_apart,
    what_has_no_place_is_told,
    too_many_numbers_are_refused,
    filters_let_through_what_passes,
    scores_are_finite,
]
