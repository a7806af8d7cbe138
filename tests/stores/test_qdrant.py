"""Qdrant: the real client against the real engine, behind a door of ours (see qdrant_server)."""

from __future__ import annotations

import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings

import cospace as cs
from cospace.errors import BadArgument, NotACollection, StorageError, StoreUnreachable
from cospace.store.local import LocalStore
from cospace.store.protocol import Nearest
from cospace.store.remote import qdrant
from cospace.store.remote.address import read_address
from cospace.store.remote.engine import PHOTOS, Ask, Point
from cospace.store.remote.filters import valued
from cospace.store.remote.qdrant_forms import condition
from cospace.store.remote.store import RemoteStore
from cospace.store.where import matches, parse
from cospace.testing.engine import check_engine
from cospace.testing.rows import fill, sample, unit
from cospace.testing.store import check_store
from stores.qdrant_server import HNSW, MOST, OPTIMIZERS, QdrantServer, serving
from stores.rows_and_filters import FIELDS, FILTERS, ROWS, SCHEMA, check_filter, points_of, units

DIM = 8
NAMES = count()
Connect = Callable[..., qdrant.Qdrant]


@pytest.fixture(scope="module")
def server() -> Iterator[QdrantServer]:
    with serving() as server:
        yield server
        # None of what a test did left a collection behind.
        assert {} == server.collections


@pytest.fixture
def alone() -> Iterator[QdrantServer]:
    """A server that a test may stop."""
    with serving() as server:
        yield server


def opened(server: QdrantServer, name: str = "", more: str = "") -> qdrant.Qdrant:
    name = name or f"c{next(NAMES)}"
    text = f"qdrant://127.0.0.1:{server.port}/{name}{more}"
    return qdrant.connect(read_address(text, options=qdrant.OPTIONS))


def made(server: QdrantServer, name: str = "", more: str = "") -> qdrant.Qdrant:
    """An engine with a mark, and a place for texts of `DIM` numbers."""
    engine = opened(server, name, more)
    engine.write_mark("made")
    engine.prepare(DIM, ["text"])
    engine.learn(FIELDS)
    return engine


@pytest.fixture
def engine(server: QdrantServer) -> Iterator[qdrant.Qdrant]:
    engine = made(server)
    yield engine
    server.mishaps.clear()
    engine.remove()
    engine.close()


def points(n: int, seed: int = 0, first: int = 0) -> list[Point]:
    vectors = units(n, DIM, seed)
    return [Point((first + i) * PHOTOS, vectors[i], {"slot": [i]}) for i in range(n)]


def found(engine: qdrant.Qdrant, point: Point, limit: int = 1) -> list[int]:
    (hits,) = engine.nearest([Ask("text", point.vector, limit)])
    return [hit.number for hit in hits]


# --- what every engine does ---


def test_the_engine_keeps_the_protocol(server: QdrantServer) -> None:
    check_engine(lambda: opened(server))


def test_the_store_keeps_the_protocol(fast_path: Path) -> None:
    with serving() as server:

        def make() -> RemoteStore:
            name = f"c{next(NAMES)}"
            return RemoteStore(fast_path / f"{name}.cospace", opened(server, name), name)

        check_store(make)


def test_a_store_finds_what_a_local_one_does(
    fast_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where the graph is walked, and rows are written again."""
    monkeypatch.setattr("cospace.store.remote.store._FEW", 5)  # else all is compared here
    monkeypatch.setattr(qdrant, "EXACT_BELOW", 100)
    monkeypatch.setitem(HNSW, "full_scan_threshold", 1)
    monkeypatch.setitem(OPTIMIZERS, "indexing_threshold", 1)
    filters = [{}, {"new": True}, {"price": {"$lt": 3}}, {"city": {"$ne": "Kiel"}}, {"tags": "t1"}]
    with serving() as server:
        local = LocalStore(fast_path / "a")
        remote = RemoteStore(fast_path / "b", opened(server, "shop"), "shop")
        rows = sample(400)
        schema = fill(local, rows)
        fill(remote, rows)
        remote.write(rows[100:300], replace=True)
        local.write(rows[100:300], replace=True)
        remote.optimize()  # what was written goes to the engine
        server.collections["shop-text"].status = "grey"
        remote.optimize()
        info = server.collections["shop-text"].shard.info()
        assert 300 < info.points_count == info.indexed_vectors_count
        for where in filters:
            for k in (1, 10, 350):
                one = Nearest("text", unit(1, k)[0], k, parse(where, schema))
                [here], [there] = local.find([one]), remote.find([one])
                assert here.keys == there.keys, where
                assert np.allclose(here.scores, there.scores, atol=1e-6)
        local.close()
        remote.close()


def test_a_collection_is_opened_by_its_address(fast_path: Path) -> None:
    with serving() as server:
        options = f"folder={fast_path}/market&timeout=0.5"
        address = f"qdrant://127.0.0.1:{server.port}/market?{options}"
        with cs.open(address, model="starter") as market:
            market.add(
                [
                    cs.Item("a", "a red velvet armchair", {"price": 120}),
                    cs.Item("b", "a diesel engine", {"price": 900}),
                ]
            )
            assert "a" == market.search("seating", k=1)[0].id
            assert "Qdrant 1.20.0" in market.info().engine
        with cs.open(address, model="starter") as market:
            market.add([cs.Item("c", "a wooden chair", {"price": 30})])
            server.stop()
            with pytest.raises(StoreUnreachable):
                market.search("seating", k=2)
            assert 3 == len(market)
            server.start()
            assert {"a", "c"} == {hit.id for hit in market.search("seating", k=2)}
        assert {"market", "market-image", "market-text"} == set(server.collections)


# --- points ---


def test_the_nearest_come_best_first_with_their_cosines(engine: qdrant.Qdrant) -> None:
    held = points(60)
    engine.put("text", held)
    query = units(1, DIM, seed=9)[0]
    (hits,) = engine.nearest([Ask("text", query, 10)])
    cosines = {p.number: float(p.vector @ query) for p in held}
    assert sorted(cosines, key=lambda n: -cosines[n])[:10] == [hit.number for hit in hits]
    assert [cosines[hit.number] for hit in hits] == pytest.approx([h.score for h in hits], abs=1e-6)


def test_several_questions_go_in_one_message(server: QdrantServer, engine: qdrant.Qdrant) -> None:
    held = points(20)
    engine.put("text", held)
    found(engine, held[0])
    before = len(server.asked)
    answers = engine.nearest([Ask("text", p.vector, 1) for p in held])
    assert [[p.number] for p in held] == [[h.number for h in hits] for hits in answers]
    assert 1 == len(server.asked) - before


def test_fields_are_apart_and_one_without_a_place_has_none(engine: qdrant.Qdrant) -> None:
    engine.prepare(DIM, ["image"])
    text, image = points(2), points(2, seed=5, first=7)
    engine.put("text", text)
    engine.put("image", image)
    asked = [
        Ask("image", image[1].vector, 9),
        Ask("audio", text[0].vector, 9),
        Ask("text", text[0].vector, 0),
        Ask("text", text[0].vector, 9),
    ]
    counts = [len(hits) for hits in engine.nearest(asked)]
    assert [2, 0, 0, 2] == counts
    assert [2, 2, 0] == [engine.count(field) for field in ("text", "image", "audio")]


def test_own_writes_are_seen(engine: qdrant.Qdrant) -> None:
    old, new = points(5), points(5, seed=1)
    engine.put("text", old)
    assert [4 * PHOTOS] == found(engine, old[4])
    engine.put("text", new)
    (hits,) = engine.nearest([Ask("text", new[2].vector, 1)])
    assert 2 * PHOTOS == hits[0].number
    assert 1 == pytest.approx(hits[0].score, abs=1e-6)
    engine.drop("text", [2 * PHOTOS, 999])
    assert 2 * PHOTOS not in found(engine, new[2], 9)
    assert 4 == engine.count("text")
    engine.drop("audio", [1])


def test_photos_of_a_row_are_points_of_their_own(engine: qdrant.Qdrant) -> None:
    vectors = units(2, DIM)
    far = 2**52 // PHOTOS  # a key
    engine.put("text", [Point(far * PHOTOS + i, vectors[i], {}) for i in range(2)])
    assert {far * PHOTOS, far * PHOTOS + 1} == set(found(engine, Point(0, vectors[0], {}), 5))


def test_a_write_by_one_is_seen_by_another(server: QdrantServer, engine: qdrant.Qdrant) -> None:
    other = opened(server, engine._name)
    held = points(3)
    assert [] == found(other, held[0])
    engine.put("text", held)
    assert [0] == found(other, held[0])
    assert "made" == other.read_mark()
    other.close()


def test_what_was_written_again_and_again_is_all_found(engine: qdrant.Qdrant) -> None:
    held = points(50)
    for _ in range(30):
        engine.put("text", held)
    assert 50 == len(found(engine, held[0], 50)) == engine.count("text")


def test_messages_stay_below_what_a_body_may_have(server: QdrantServer) -> None:
    engine = opened(server)
    engine.write_mark("made")
    engine.prepare(4096, ["text"])
    vectors = np.repeat(units(1, 4096), 400, axis=0)
    before = len(server.asked)
    texts = {"slot": ["\u0001" * 9_000]}
    engine.put("text", [Point(i, vectors[i], texts) for i in range(400)])
    sizes = [size for _, _, size in server.asked[before:]]
    assert len(sizes) > 1
    assert MOST / 8 < max(sizes) < MOST
    assert 400 == engine.count("text")
    engine.remove()
    engine.close()


def test_a_score_that_is_no_number_is_told(server: QdrantServer, engine: qdrant.Qdrant) -> None:
    held = points(2)
    engine.put("text", held)
    engine.count("text")
    server.mishaps.append("nan")
    with pytest.raises(StorageError):
        found(engine, held[0])


# --- filters ---


@settings(max_examples=150)
@given(rows=ROWS, where=FILTERS)
def test_filters_let_through_what_they_must(
    engine: qdrant.Qdrant, rows: list[dict[str, Any]], where: dict[str, Any]
) -> None:
    engine.drop("text", [i * PHOTOS for i in range(1, 9)])
    engine.put("text", points_of(rows, DIM))
    check_filter(engine, rows, where, condition(parse(where, SCHEMA)).exact)


ROWS_OF_ALL = [
    {"price": 9},
    {"price": 2.5, "city": "B", "new": True},
    {"price": 1, "city": "K", "new": False},
    {},
    {"price": [1, 2.5], "city": ["B", "K"], "new": [True, False]},
    {"price": 2**53 + 1, "city": "2026-01-31"},
    {"price": 2**53, "city": "2026-01-31T12:00:00Z"},
    {"shop": {"at": {"lat": 53.07, "lon": 8.8}}},
    {"shop": {"at": {"lat": 0, "lon": 179.99}}},
    {"shop": {"at": {"lat": 90, "lon": 0}}},
    {"shop": {"at": [{"lat": -90, "lon": 0}, {"lat": 53.1, "lon": 8.8}]}},
    {"city": 'it\'s "B"\\\n日本語 🙂'},
]
EXACT = [
    {"price": {"$ne": 9}},
    {"$not": {"price": {"$gt": 2}}},
    {"city": {"$nin": ["B"]}},
    {"price": {"$in": [1, 2.5]}},
    {"price": {"$in": []}},
    {"price": {"$nin": []}},
    {"price": {"$exists": False}},
    {"new": True},
    {"new": {"$ne": False}},
    {"price": {"$lt": 1e22}, "$not": {"city": "B"}},
    {"$or": [{"price": {"$in": []}}, {"city": {"$in": []}}]},
    {"$or": [{"price": {"$in": []}}, {"city": "K"}]},
    {"city": {"$gte": "2026-01-31", "$lt": "2026-02-01"}},
    {"city": {"$gt": "2026-01-31"}},
    {"city": 'it\'s "B"\\\n日本語 🙂'},
    {"city": {"$eq": "2026-01-31"}},
]
WIDER = [
    {"price": 2**53 + 1},
    {"price": {"$ne": 2**53 + 1}},
    {"price": {"$gt": 2**53}},
    {"$not": {"price": {"$gte": 2**53 + 1}}},
    {"price": {"$nin": [2**53, 9]}},
    {"shop.at": {"$near": [53.07, 8.8], "$km": 5}},
    {"shop.at": {"$near": [0, -179.99], "$km": 5}},
    {"shop.at": {"$near": [89.9999, 120], "$km": 5}},
    {"shop.at": {"$near": [90, 0], "$km": 1e-9}},
    {"shop.at": {"$near": [-90, 77], "$km": 0.001}},
    {"shop.at": {"$near": [10, 10], "$km": 30_000}},
    {"$not": {"shop.at": {"$near": [10, 10], "$km": 30_000}}},
    {"$not": {"shop.at": {"$near": [53.07, 8.8], "$km": 5}}},
    {"$not": {"shop.at": {"$near": [53.07, 8.8], "$km": 1e-9}}},
]


@pytest.mark.parametrize("where", EXACT + WIDER, ids=str)
def test_filters_mean_what_is_asked(engine: qdrant.Qdrant, where: dict[str, Any]) -> None:
    engine.put("text", points_of(ROWS_OF_ALL, DIM))
    exact = where in EXACT
    assert exact or not condition(parse(where, SCHEMA)).exact
    check_filter(engine, ROWS_OF_ALL, where, exact)


def test_a_circle_lets_through_few_others(engine: qdrant.Qdrant) -> None:
    engine.put("text", points_of(ROWS_OF_ALL, DIM))
    for where in WIDER:
        if "shop.at" in where:
            check_filter(engine, ROWS_OF_ALL, where, True)


def test_what_no_filter_named_at_first_is_indexed_later(engine: qdrant.Qdrant) -> None:
    """In strict mode, as clusters of Qdrant's own service have it, a slot needs its index."""
    schema = SCHEMA.copy()
    late = schema.learn({"late": "x"}, "late")
    schema.add(late)
    node = parse({"late": "x"}, schema)
    engine.put("text", [Point(7, units(1, DIM)[0], valued({"late": "x"}, schema.fields))])
    with pytest.raises(StorageError, match="Index required"):
        engine.nearest([Ask("text", units(1, DIM)[0], 1, node)])
    engine.learn(late)
    (hits,) = engine.nearest([Ask("text", units(1, DIM)[0], 1, node)])
    assert [7] == [hit.number for hit in hits]
    engine.prepare(DIM, ["image"])
    assert [[]] == engine.nearest([Ask("image", units(1, DIM)[0], 1, node)])


def test_fields_beyond_the_number_of_indexes_are_left_out_of_filters(
    engine: qdrant.Qdrant,
) -> None:
    schema = SCHEMA.copy()
    row = {f"field{i}": f"{i}" for i in range(60)}  # each has an index for dates, too
    late = schema.learn(row, "late")
    schema.add(late)
    engine.learn(late)
    engine.learn(late)
    engine.put("text", [Point(7, units(1, DIM)[0], valued(row, schema.fields))])
    for where, passes in (
        ({"field0": "0"}, True),
        ({"field0": "1"}, False),
        ({"field59": "59"}, True),
        ({"field59": "0"}, True),
        ({"field59": {"$ne": "59"}}, True),
        ({"field59": "0", "field0": "1"}, False),
    ):
        (hits,) = engine.nearest([Ask("text", units(1, DIM)[0], 1, parse(where, schema))])
        assert passes is bool(hits), where


# --- above what is compared with every point ---


@pytest.fixture
def graph(
    server: QdrantServer, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[qdrant.Qdrant, list[Point]]]:
    monkeypatch.setattr(qdrant, "EXACT_BELOW", 100)
    monkeypatch.setitem(HNSW, "full_scan_threshold", 10)
    monkeypatch.setitem(OPTIMIZERS, "indexing_threshold", 1)
    engine = opened(server)
    engine.write_mark("made")
    engine.prepare(32, ["text"])
    engine.learn(FIELDS)
    vectors = units(3_000, 32)
    slot = SCHEMA.fields["price"].slot
    held = [Point(i, vectors[i], {slot: [i % 100]}) for i in range(3_000)]
    engine.put("text", held)
    server.collections[f"{engine._name}-text"].status = "grey"
    engine.optimize()
    yield engine, held
    engine.remove()
    engine.close()


def test_a_graph_is_walked(server: QdrantServer, graph: tuple[qdrant.Qdrant, list[Point]]) -> None:
    engine, held = graph
    info = server.collections[f"{engine._name}-text"].info()
    assert ("green", 3_000) == (info["status"], info["indexed_vectors_count"])
    assert 100 == engine.traits.exact_rows
    queries = units(40, 32, seed=3)
    vectors = np.stack([p.vector for p in held])
    for where, passing in ((None, range(3_000)), ({"price": {"$lt": 3}}, range(3))):
        node = None if where is None else parse(where, SCHEMA)
        rows = [i for i in range(3_000) if i % 100 in passing or where is None]
        answers = engine.nearest([Ask("text", query, 10, node) for query in queries])
        best = np.argsort(-(queries @ vectors[rows].T), axis=1)[:, :10]
        recalls = [
            len({rows[i] for i in row} & {h.number for h in hits}) / 10
            for row, hits in zip(best, answers, strict=True)
        ]
        assert np.mean(recalls) > 0.95
    node = parse({"price": 7}, SCHEMA)
    (hits,) = engine.nearest([Ask("text", queries[0], 50, node)])
    assert 30 == len(hits)  # short at first, then compared with every one


def test_whether_all_are_compared_follows_the_count(
    server: QdrantServer, engine: qdrant.Qdrant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(qdrant, "EXACT_BELOW", 20)
    held = points(30)

    def asked() -> list[str]:
        before = len(server.asked)
        found(engine, held[0])
        return [path.rpartition("points/")[2] for _, path, _ in server.asked[before:]]

    assert 20 == engine.traits.exact_rows
    engine.put("text", held)
    assert ["count", "query/batch"] == asked()
    assert ["query/batch"] == asked()
    engine.put("text", held)
    assert ["query/batch"] == asked()  # it cannot have become less
    engine.drop("text", [p.number for p in held[:15]])
    assert ["count", "query/batch"] == asked()


# --- whose it is ---


def test_the_mark_is_kept(server: QdrantServer) -> None:
    engine = opened(server)
    assert engine.read_mark() is None
    for mark in ("one", "", 'x "\\\n日本語' * 100):
        engine.write_mark(mark)
        assert mark == engine.read_mark()
    engine.remove()
    assert engine.read_mark() is None
    engine.remove()
    engine.close()
    engine.close()


OTHERS: dict[str, dict[str, Any]] = {
    "one vector without a name": {"vectors": {"size": 1, "distance": "Cosine"}},
    "a name of their own": {"vectors": {"text": {"size": 1, "distance": "Cosine"}}},
    "two vectors": {
        "vectors": {name: {"size": 1, "distance": "Cosine"} for name in ("cospace", "b")}
    },
}


@pytest.mark.parametrize("body", OTHERS.values(), ids=OTHERS)
@pytest.mark.parametrize("holds", [0, 1])
def test_a_collection_of_others_is_left_as_it_is(
    server: QdrantServer, body: dict[str, Any], holds: int
) -> None:
    engine = opened(server)
    name, theirs = engine._name, f"{engine._name}-text"
    for one in (name, theirs):
        server.create(one, body)
        vectors = body["vectors"]
        vector = [1.0] if "size" in vectors else {key: [1.0] for key in vectors}
        point = {"id": 0, "vector": vector, "payload": {"theirs": "1"}}
        server.collections[one].upsert({"points": [point] * holds})
    with pytest.raises(NotACollection, match="left as it is"):
        engine.read_mark()
    with pytest.raises(NotACollection, match=name):
        engine.write_mark("mine")
    server.delete(name)
    engine.write_mark("mine")
    with pytest.raises(NotACollection, match=theirs):
        engine.prepare(1, ["text"])
    engine.learn(FIELDS)
    engine.remove()
    assert [theirs] == list(server.collections)
    assert {} == server.collections[theirs].info()["payload_schema"]
    assert holds == server.collections[theirs].shard.info().points_count
    server.delete(theirs)
    engine.close()


def test_a_place_that_was_made_otherwise_is_refused(server: QdrantServer) -> None:
    engine = opened(server)
    engine.write_mark("mine")
    place = f"{engine._name}-text"
    several = {"multivector_config": {"comparator": "max_sim"}}
    for held, what in (
        ({"size": DIM + 1, "distance": "Cosine"}, f"{DIM + 1} numbers, expected {DIM}"),
        ({"size": DIM, "distance": "Euclid"}, "Euclid, expected Cosine"),
        ({"size": DIM, "distance": "Cosine", **several}, "several vectors"),
    ):
        server.create(place, {"vectors": {"cospace": held}})
        with pytest.raises(NotACollection, match=what):
            engine.prepare(DIM, ["text"])
        server.delete(place)
    engine.remove()
    engine.close()


def test_names_that_begin_alike_are_apart(server: QdrantServer) -> None:
    first, second = made(server, "shop"), made(server, "shop_text")
    first.put("text", points(3))
    first.remove()
    assert "made" == second.read_mark()
    assert 0 == second.count("text")
    second.remove()
    first.close()
    second.close()


def test_points_without_a_mark_are_not_taken_over(server: QdrantServer) -> None:
    engine = made(server)
    engine.put("text", points(3))
    server.delete(engine._name)
    assert engine.read_mark() is None
    engine.write_mark("new")
    engine.prepare(DIM, ["text"])
    assert 0 == engine.count("text")
    engine.remove()
    engine.close()


@pytest.mark.parametrize("dim", [0, 65_537])
def test_a_dimension_that_it_does_not_take(
    server: QdrantServer, engine: qdrant.Qdrant, dim: int
) -> None:
    before = len(server.asked)
    with pytest.raises(BadArgument, match=f"65536.*{dim}"):
        engine.prepare(dim, ["image"])
    assert before == len(server.asked)


# --- what fails ---


def test_a_server_that_is_not_there() -> None:
    with serving() as server:
        pass
    engine = opened(server, more="?timeout=0.3")
    with pytest.raises(StoreUnreachable, match=r"no answer within 0\.3 s"):
        engine.read_mark()
    with pytest.raises(StoreUnreachable):
        _ = engine.traits
    engine.close()


def test_a_server_that_goes_and_comes(alone: QdrantServer) -> None:
    engine = made(alone, more="?timeout=0.5")
    held = points(9)
    engine.put("text", held)
    alone.stop()
    with pytest.raises(StoreUnreachable):
        found(engine, held[0])
    with pytest.raises(StoreUnreachable):
        engine.put("text", held)
    alone.start()
    assert [0] == found(engine, held[0])
    engine.close()


def test_it_is_waited_for_within_the_limit(alone: QdrantServer) -> None:
    engine = made(alone, more="?timeout=30")
    held = points(9)
    engine.put("text", held)
    alone.stop()
    came: list[list[int]] = []
    waits = threading.Thread(target=lambda: came.append(found(engine, held[0])))
    waits.start()
    alone.start()
    waits.join(60)
    assert [[0]] == came
    engine.close()


@pytest.mark.timeout(50)
@pytest.mark.parametrize("mishap", ["silent", "drips"])
def test_a_server_that_answers_late(alone: QdrantServer, mishap: str) -> None:
    """It would take a minute, or drip a byte at a time: the limit is on the whole answer."""
    engine = made(alone, more="?timeout=0.5")
    held = points(9)
    engine.put("text", held)
    alone.mishaps += [mishap] * 20
    with pytest.raises(StoreUnreachable):
        found(engine, held[0], 9)
    assert not alone.over.is_set()
    engine.close()


def test_a_lock_is_no_matter_of_the_key(server: QdrantServer, engine: qdrant.Qdrant) -> None:
    server.mishaps.append("locked")
    with pytest.raises(StorageError, match="Storage locked") as told:
        engine.put("text", points(1))
    assert not isinstance(told.value, StoreUnreachable)


@pytest.mark.parametrize("mishap", ["cut", "lost", "408", "429", "502", "503", "504", "html"])
def test_what_passes_is_tried_again(
    server: QdrantServer, engine: qdrant.Qdrant, mishap: str
) -> None:
    held = points(9)
    for act in (
        lambda: engine.put("text", held),
        lambda: engine.drop("text", [PHOTOS]),
        lambda: found(engine, held[0]),
        lambda: engine.write_mark("new"),
        lambda: engine.prepare(DIM, ["image"]),
        engine.remove,
    ):
        server.mishaps += ["", mishap] if act == engine.remove else [mishap]
        act()
        assert [] == server.mishaps


def test_a_collection_that_was_made_before_the_answer_was_lost(server: QdrantServer) -> None:
    engine = opened(server)
    server.mishaps += ["", "", "lost"]  # two look, the third makes
    engine.write_mark("one")
    assert "one" == engine.read_mark()
    server.mishaps += ["", "lost"]
    engine.prepare(DIM, ["text"])
    assert 0 == engine.count("text")
    server.mishaps += ["", "", "", "lost"]
    engine.remove()
    engine.close()


def test_a_busy_server_is_asked_again(server: QdrantServer, engine: qdrant.Qdrant) -> None:
    server.mishaps.append("busy")
    engine.put("text", points(2))
    assert 2 == engine.count("text")


def test_a_change_that_only_waits_in_a_queue_is_no_success(
    server: QdrantServer, engine: qdrant.Qdrant
) -> None:
    server.mishaps += ["queued", ""]
    before = len(server.asked)
    engine.put("text", points(2))
    assert 2 == len(server.asked) - before


def test_what_it_refuses_is_told_in_its_words(engine: qdrant.Qdrant) -> None:
    with pytest.raises(StorageError, match="expected dim: 8, got 3"):
        engine.put("text", [Point(1, units(1, 3)[0], {})])
    with pytest.raises(StorageError, match="did not match any variant"):
        engine.put("text", [Point(1, np.full(DIM, np.nan, np.float32), {})])
    with pytest.raises(StorageError, match="not a valid point ID"):
        engine.put("text", [Point(-1, units(1, DIM)[0], {})])
    with pytest.raises(StorageError, match="doesn't exist"):
        engine.put("audio", points(1))
    with pytest.raises(StorageError, match="expected dim: 8, got 3"):
        engine.nearest([Ask("text", units(1, 3)[0], 1)])


def test_a_place_is_gone_only_where_qdrant_says_so(
    server: QdrantServer, engine: qdrant.Qdrant
) -> None:
    """A 404 of something between, such as a proxy, does not say that a collection is not there."""
    engine.put("text", points(3))
    for act in (lambda: engine.count("text"), engine.read_mark, engine.remove):
        server.mishaps += ["gone"]
        with pytest.raises(StorageError, match="404: no such page"):
            act()
    assert 3 == engine.count("text")


@pytest.mark.parametrize("mishap", ["other", "strange", "gone"])
def test_another_server_at_the_address(server: QdrantServer, mishap: str) -> None:
    engine = opened(server)
    server.mishaps.append(mishap)
    with pytest.raises(StoreUnreachable, match="not Qdrant"):
        engine.read_mark()
    engine.close()


def test_a_server_that_is_too_old() -> None:
    with serving(version="1.9.7") as server:
        engine = opened(server)
        with pytest.raises(StorageError, match=r"1\.9\.7 is too old"):
            engine.read_mark()
        engine.close()


# --- keys ---


def test_a_key(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(key="right") as server:
        for key in ("", "wrong"):
            monkeypatch.setenv("QDRANT_API_KEY", key)
            engine = opened(server)
            with pytest.raises(StoreUnreachable, match=r"did not take the key.*QDRANT_API_KEY"):
                engine.read_mark()
            engine.close()
        monkeypatch.setenv("QDRANT_API_KEY", "right")
        engine = made(server)
        assert "made" == engine.read_mark()
        engine.remove()
        engine.close()


def test_a_key_goes_out_encrypted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QDRANT_API_KEY", "secret")
    for text in (
        "qdrant://db.example:6333/market",
        "qdrant://10.0.0.7/market",
        "qdrant://127.a.example/m",
    ):
        with pytest.raises(BadArgument, match="unencrypted") as told:
            qdrant.connect(read_address(text, options=qdrant.OPTIONS))
        assert "secret" not in str(told.value)
        for more in ("?tls=1", "?tls=0"):
            engine = qdrant.connect(read_address(text + more, options=qdrant.OPTIONS))
            scheme = "https" if more == "?tls=1" else "http"
            assert engine._wire._client.http.client.host.startswith(f"{scheme}://")
            engine.close()
    with pytest.raises(BadArgument, match="tls='yes'"):
        qdrant.connect(read_address("qdrant://h/market?tls=yes", options=qdrant.OPTIONS))


def test_what_is_for_this_machine_goes_through_no_proxy(
    server: QdrantServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    engine = opened(server)
    assert engine.read_mark() is None
    engine.close()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate of this machine's own, and its key, in one file."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    place = tmp_path_factory.mktemp("tls") / "both.pem"
    subject = ["-subj", "/CN=loopback", "-addext", "subjectAltName=IP:127.0.0.1"]
    files = ["-keyout", str(place), "-out", f"{place}.crt"]
    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
    subprocess.run([*made, *subject, *files], check=True, capture_output=True)
    with place.open("a") as both:
        both.write(Path(f"{place}.crt").read_text())
    return place


def test_tls(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QDRANT_API_KEY", "right")
    with serving(key="right", certificate=certificate) as server:
        stranger = opened(server, more="?tls=1&timeout=0.3")
        with pytest.raises(StoreUnreachable, match="CERTIFICATE_VERIFY_FAILED"):
            stranger.read_mark()
        stranger.close()
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        engine = made(server, more="?tls=1")
        held = points(3)
        engine.put("text", held)
        assert [0] == found(engine, held[0])
        engine.remove()
        engine.close()


def test_tls_where_none_is_spoken(server: QdrantServer) -> None:
    engine = opened(server, more="?tls=1&timeout=0.3")
    with pytest.raises(StoreUnreachable):
        engine.read_mark()
    engine.close()


def test_the_engine_is_matched_by_what_it_is_compared_to() -> None:
    """The rows of the table above are no accident: each filter finds some, and leaves some."""
    split = [sum(matches(parse(w, SCHEMA), row) for row in ROWS_OF_ALL) for w in EXACT + WIDER]
    assert 20 < sum(0 < n < len(ROWS_OF_ALL) for n in split)
