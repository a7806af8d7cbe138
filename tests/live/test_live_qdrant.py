"""A real Qdrant: `QDRANT_URL=qdrant://localhost:6333/try pytest -m live tests/live`.

The address names a collection that is not there yet; it is made, and taken away at the end. A key
comes from QDRANT_API_KEY; an address of Qdrant's own service ends with `?tls=1`.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from cospace.errors import NotACollection, StorageError, StoreUnreachable
from cospace.store.remote.address import read_address
from cospace.store.remote.engine import PHOTOS, Ask, Point
from cospace.store.remote.filters import valued
from cospace.store.schema import Schema
from cospace.store.where import matches, parse

pytestmark = pytest.mark.live
DIM, ROWS = 64, 25_000

SCHEMA = Schema()
METADATA: list[dict[str, Any]] = [
    {"price": 9, "new": True},
    {"city": "B", "new": False, "price": [1, 2.5]},
    {"price": 2**53 + 1, "city": ["K", "2026-01-31"]},
    {"shop": {"at": {"lat": 53.07, "lon": 8.8}}},
    {"shop": {"at": {"lat": 0, "lon": 179.99}}, "city": 'it\'s "日本語" \\ 🙂'},
    {"shop": {"at": {"lat": 90, "lon": 0}}},
    {},
]
for row in METADATA:
    SCHEMA.add(SCHEMA.learn(row, "row"))
FILTERS: list[dict[str, Any]] = [
    {"price": {"$ne": 9}},
    {"$not": {"price": {"$gt": 2}}},
    {"price": 2.5},
    {"price": 2**53 + 1},
    {"city": {"$nin": ["B"]}},
    {"city": {"$gte": "2026-01-01"}},
    {"city": 'it\'s "日本語" \\ 🙂'},
    {"city": {"$exists": False}},
    {"new": True},
    {"new": {"$ne": True}},
    {"$or": [{"price": {"$in": []}}, {"city": "K"}]},
    {"shop.at": {"$near": [0, -179.99], "$km": 5}},
    {"shop.at": {"$near": [90, 120], "$km": 1}},
    {"$not": {"shop.at": {"$near": [53, 8.8], "$km": 20}}},
]


def text() -> str:
    return os.environ.get("QDRANT_URL", "")


@pytest.fixture
def engine(pytestconfig: pytest.Config) -> Iterator[Any]:
    if "live" not in pytestconfig.getoption("-m"):
        pytest.skip("asked for by name only: pytest -m live")
    if not text():
        pytest.skip("QDRANT_URL is not set")
    from cospace.store.remote import qdrant

    made = qdrant.connect(read_address(text(), options=qdrant.OPTIONS))
    if made.read_mark() is not None:
        made.close()
        pytest.skip(f"{text()} is there already; name one that is not")
    made.write_mark("live")
    made.prepare(DIM, ["text"])
    made.learn(list(SCHEMA.fields.values()))
    yield made
    made.remove()
    assert made.read_mark() is None
    made.close()


def units(n: int, seed: int) -> Any:
    drawn = np.random.default_rng(seed).normal(size=(n, DIM)).astype(np.float32)
    return drawn / np.linalg.norm(drawn, axis=1, keepdims=True)


def test_points_and_filters(engine: Any) -> None:
    vectors = units(len(METADATA), 0)
    held = [
        Point(i * PHOTOS, vectors[i], valued(row, SCHEMA.fields)) for i, row in enumerate(METADATA)
    ]
    engine.put("text", held)
    assert len(METADATA) == engine.count("text")
    (hits,) = engine.nearest([Ask("text", vectors[2], 3)])
    assert 2 * PHOTOS == hits[0].number
    assert 1 == pytest.approx(hits[0].score, abs=1e-5)
    for where in FILTERS:
        node = parse(where, SCHEMA)
        (hits,) = engine.nearest([Ask("text", vectors[0], 100, node)])
        found = {hit.number // PHOTOS for hit in hits}
        wanted = {i for i, row in enumerate(METADATA) if matches(node, row)}
        assert found >= wanted, where
        if "9007199254740993" not in str(where):
            assert found == wanted, where
    engine.drop("text", [p.number for p in held])
    assert 0 == engine.count("text")


def test_own_writes_are_seen(engine: Any) -> None:
    for seed in range(20):
        [vector] = units(1, seed)
        engine.put("text", [Point(seed, vector, {})])
        (hits,) = engine.nearest([Ask("text", vector, 1)])
        assert seed == hits[0].number
        engine.write_mark(f"mark {seed}")
        assert f"mark {seed}" == engine.read_mark()


def test_more_points_than_are_compared_one_by_one(engine: Any) -> None:
    vectors = units(ROWS, 1)
    held = [Point(i, vectors[i], {SCHEMA.fields["price"].slot: [i % 100]}) for i in range(ROWS)]
    engine.put("text", held)
    engine.optimize()
    assert ROWS == engine.count("text")
    assert ROWS > engine.traits.exact_rows
    queries = units(20, 2)
    for where, rows in ((None, np.arange(ROWS)), ({"price": 7}, np.arange(7, ROWS, 100))):
        node = None if where is None else parse(where, SCHEMA)
        answers = engine.nearest([Ask("text", query, 10, node) for query in queries])
        best = rows[np.argsort(-(queries @ vectors[rows].T), axis=1)[:, :10]]
        recalls = [
            len(set(row) & {hit.number for hit in hits}) / 10
            for row, hits in zip(best.tolist(), answers, strict=True)
        ]
        assert np.mean(recalls) > 0.9


def test_what_it_refuses(engine: Any) -> None:
    with pytest.raises(StorageError, match="dim"):
        engine.put("text", [Point(1, units(1, 0)[0][:5], {})])
    with pytest.raises(StorageError):
        engine.put("text", [Point(1, np.full(DIM, np.nan, np.float32), {})])
    with pytest.raises(NotACollection):
        engine.prepare(DIM + 1, ["text"])


def test_a_wrong_key(engine: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    if not os.environ.get("QDRANT_API_KEY"):
        pytest.skip("QDRANT_API_KEY is not set")
    from cospace.store.remote import qdrant

    monkeypatch.setenv("QDRANT_API_KEY", "wrong")
    other = qdrant.connect(read_address(text(), options=qdrant.OPTIONS))
    with pytest.raises(StoreUnreachable, match="did not take the key"):
        other.read_mark()
    other.close()
