"""A large collection is several graphs: each is built alone, and a search asks them all."""

import logging
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from cospace.search import Query, ask
from cospace.store import cache, edge
from cospace.store.local import LocalStore
from cospace.store.protocol import Row
from cospace.store.where import parse

from .numbered import SPACE, VECTORS, add, first

ROWS, GRAPH = 2_000, 500


@pytest.fixture(autouse=True, scope="module")
def small() -> Iterator[None]:
    patch = pytest.MonkeyPatch()
    for module in (edge, cache):
        patch.setattr(module, "SEGMENT_ROWS", GRAPH)
    patch.setattr(cache, "_BATCH", 100)
    patch.setattr(edge, "EXACT_BELOW", 100)
    yield
    patch.undo()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("graphs") / "shop.cospace"
    store = LocalStore(place)
    add(store, range(ROWS))
    store.optimize()
    assert ROWS == store.info().indexed
    store.close()
    return place


@pytest.fixture
def store(folder: Path, caplog: pytest.LogCaptureFixture) -> Iterator[LocalStore]:
    with caplog.at_level(logging.WARNING, "cospace.store"):
        made = LocalStore(folder)
        yield made
        made.close()
    assert [] == caplog.messages  # opened as it was sealed


def graphs(store: LocalStore) -> int:
    """The engine's segments, less the one that takes what is new."""
    shard = store._edge()
    assert shard is not None
    return int(shard._shard.info().segments_count) - 1


def test_no_graph_is_larger_than_one_may_be(store: LocalStore) -> None:
    assert ROWS // GRAPH == graphs(store)


def test_nothing_is_kept_of_what_a_graph_replaced(tmp_path: Path) -> None:
    store = LocalStore(tmp_path / "shop.cospace")
    for start in range(0, ROWS, 700):
        add(store, range(start, min(start + 700, ROWS)))
        store.optimize()
    kept = list((store._cache.shard / "segments").iterdir())
    assert graphs(store) + 1 == len(kept)
    store.close()


def test_every_item_of_every_graph_finds_itself_first(store: LocalStore) -> None:
    some = range(0, ROWS, 23)
    assert [f"id-{i}" for i in some] == [first(store, i) for i in some]


def test_the_nearest_of_all_graphs_are_found(store: LocalStore) -> None:
    queries = VECTORS[ROWS : ROWS + 50]
    best = np.argsort(-(queries @ VECTORS[:ROWS].T), axis=1)[:, :10]
    found = [ask(store, Query({"text": query}), k=10).ids for query in queries]
    shared = [
        len({f"id-{i}" for i in true} & set(ids)) for true, ids in zip(best, found, strict=True)
    ]
    assert np.mean(shared) >= 9.5


def test_a_longer_list_begins_with_the_shorter_one_over_graphs(store: LocalStore) -> None:
    for query in VECTORS[ROWS : ROWS + 10]:
        long = ask(store, Query({"text": query}), k=300).ids
        assert len(long) == len(set(long)) == 300
        for k in (1, 19, 20, 21, 100, 101):
            assert long[:k] == ask(store, Query({"text": query}), k=k).ids


def test_a_filter_holds_over_graphs(store: LocalStore) -> None:
    node = parse({"n": 3}, store.schema)
    expected = sum(i % 7 == 3 for i in range(ROWS))
    assert expected == store.count(node)
    found = ask(store, Query({"text": VECTORS[ROWS]}, where=node), k=expected)
    assert {f"id-{i}" for i in range(3, ROWS, 7)} == set(found.ids)


def test_what_comes_later_is_found_and_what_is_deleted_is_not(folder: Path) -> None:
    store = LocalStore(folder)
    add(store, range(ROWS, ROWS + 300))
    store.optimize()
    assert ROWS + 300 == store.info().items
    assert [f"id-{ROWS + i}" for i in (0, 299)] == [first(store, ROWS + i) for i in (0, 299)]
    assert 2 == store.delete(["id-0", f"id-{ROWS}"])
    store.optimize()
    assert {"id-0", f"id-{ROWS}"}.isdisjoint({first(store, 0), first(store, ROWS)})
    assert "id-1" == first(store, 1)
    store.close()


def test_a_few_rows_that_are_written_again_all_day_do_not_fill_the_disk(tmp_path: Path) -> None:
    """The engine keeps each version of a row until it builds, also where no graph pays."""
    store = LocalStore(tmp_path / "few.cospace")
    add(store, range(20))
    schema = store.schema
    for turn in range(30):
        rows = [Row(f"id-{i}", None, {"n": 1}, {}, {"text": VECTORS[turn + i]}) for i in range(20)]
        store.extend(SPACE, schema)
        store.write(rows, replace=True)
        store.optimize()
    assert store._cache.unindexed <= 20 + edge.EXACT_BELOW / 2
    assert 20 == store.info().items
    assert "id-3" == ask(store, Query({"text": VECTORS[29 + 3]}), k=1)[0].id
    store.close()
