"""A filter over a graph: what passes is found, also by a field that came after the graph."""

from collections.abc import Iterator

import numpy as np
import pytest

from cospace.space import Space
from cospace.store import edge
from cospace.store.local import LocalStore
from cospace.store.protocol import Nearest, Row
from cospace.store.where import matches, parse

DIM, ROWS, LATE = 32, 6_000, 200
SPACE = Space.of("filtered", DIM)
QUERIES = np.random.default_rng(1).normal(size=(40, DIM)).astype(np.float32)
QUERIES /= np.linalg.norm(QUERIES, axis=1, keepdims=True)


def add(store: LocalStore, rows: list[Row]) -> None:
    schema = store.schema.copy()
    for row in rows:
        schema.add(schema.learn(row.metadata, row.id))
    store.extend(SPACE, schema)
    store.write(rows, replace=True)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalStore]:
    """6,000 rows in a graph; then the last 200 get a field that no row had before."""
    patch = pytest.MonkeyPatch()
    patch.setattr("cospace.store.opened.EXACT_BELOW", 100)
    patch.setattr(edge, "EXACT_BELOW", 100)
    vectors = np.random.default_rng(0).normal(size=(ROWS, DIM)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    rows = [
        Row(f"id-{i}", None, {"hundredth": i % 100}, {}, {"text": vectors[i]}) for i in range(ROWS)
    ]
    made = LocalStore(tmp_path_factory.mktemp("filtered") / "shop.cospace")
    add(made, rows)
    made.optimize()
    assert ROWS == made.info().indexed
    late = [Row(r.id, None, {**r.metadata, "late": True}, {}, r.vectors) for r in rows[-LATE:]]
    add(made, late)
    yield made
    made.close()
    patch.undo()


FILTERS = [
    {"hundredth": {"$lt": 3}},
    {"hundredth": {"$lt": 10}},
    {"hundredth": {"$gte": 70}},
    {"hundredth": {"$lt": 50}},
    {"hundredth": {"$ne": 7}},
    {"late": True},
    {"late": {"$exists": False}},
    {"$or": [{"late": True}, {"hundredth": {"$lt": 20}}]},
]


def recall(store: LocalStore, where: dict[str, object], k: int) -> float:
    """The part of the true nearest among the rows that pass which the store finds."""
    node = parse(where, store.schema)
    rows = [row for row in store.scan(vectors=True) if matches(node, row.metadata)]
    scores = QUERIES @ np.stack([row.vectors["text"] for row in rows]).T
    best = [{rows[i].id for i in one} for one in np.argsort(-scores, axis=1)[:, :k]]
    found = store.find([Nearest("text", query, k, node) for query in QUERIES])
    ids = store.rows([key for one in found for key in one.keys])
    return float(
        np.mean(
            [
                len(true & {ids[key].id for key in one.keys}) / min(k, len(rows))
                for true, one in zip(best, found, strict=True)
            ]
        )
    )


@pytest.mark.parametrize("where", FILTERS, ids=str)
def test_what_passes_is_found(store: LocalStore, where: dict[str, object]) -> None:
    assert recall(store, where, 10) >= 0.92, where


@pytest.mark.parametrize("where", FILTERS, ids=str)
def test_a_filter_over_a_graph_never_starves_k(store: LocalStore, where: dict[str, object]) -> None:
    node = parse(where, store.schema)
    passing = store.count(node)
    for k in {min(passing, 100), min(passing, 300), min(passing, 1_000)}:
        found = store.find([Nearest("text", query, k, node) for query in QUERIES[:10]])
        assert [k] * 10 == [len(set(one.keys)) for one in found]


def test_islands_of_the_graph_never_starve_k(tmp_path_factory: pytest.TempPathFactory) -> None:
    """The rows that pass lie far from the query, behind thousands that do not."""
    patch = pytest.MonkeyPatch()
    patch.setattr("cospace.store.opened.EXACT_BELOW", 100)
    patch.setattr(edge, "EXACT_BELOW", 100)
    rng = np.random.default_rng(2)
    centres = rng.normal(size=(9, DIM)).astype(np.float32) * 6
    island = np.minimum(np.arange(ROWS) // 200, 8)  # eight of 200 rows, and the rest
    vectors = rng.normal(size=(ROWS, DIM)).astype(np.float32) + centres[island]
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    rows = [
        Row(f"id-{i}", None, {"island": int(island[i])}, {}, {"text": vectors[i]})
        for i in range(ROWS)
    ]
    made = LocalStore(tmp_path_factory.mktemp("islands") / "shop.cospace")
    add(made, rows)
    made.optimize()
    for number in range(8):
        node = parse({"island": number}, made.schema)
        for k in (10, 100, 200):
            found = made.find([Nearest("text", one, k, node) for one in vectors[-10:]])
            assert [k] * 10 == [len(one.keys) for one in found], number
    made.close()
    patch.undo()
