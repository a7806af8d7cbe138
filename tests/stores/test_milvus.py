"""The Milvus engine on both servers: what it finds, what it refuses, and what it leaves alone."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from threading import Thread
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cospace as cs
from cospace.store.remote.address import Address
from cospace.store.remote.engine import Ask, Engine, Hit, Point
from cospace.store.remote.filters import valued
from cospace.store.remote.milvus import Milvus, connect
from cospace.store.remote.milvus_filters import stored
from cospace.store.remote.store import RemoteStore
from cospace.store.schema import Schema
from cospace.store.where import matches, parse
from cospace.testing.engine import check_engine
from cospace.testing.store import check_store
from stores.milvus_server import KEY, KINDS, Server

DIM = 16
RNG = np.random.default_rng(0)


@pytest.fixture(scope="session", autouse=True)
def key() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MILVUS_TOKEN", KEY)
        yield


@pytest.fixture(scope="module", params=KINDS)  # it takes its processor until it ends
def server(request: pytest.FixtureRequest, key: None, tmp_path_factory: Any) -> Iterator[Server]:
    started = KINDS[request.param](tmp_path_factory.mktemp("milvus"))
    started.start()
    yield started
    started.stop()


@pytest.fixture
def engine(server: Server) -> Iterator[Engine]:
    made = server.engine("market")
    yield made
    made.remove()
    made.close()


@pytest.fixture(scope="module")
def kept(server: Server) -> Iterator[Engine]:
    """An engine with a place that several tests write to, since making one takes seconds."""
    made = server.engine("kept")
    made.write_mark("kept")
    made.prepare(DIM, ["text"])
    yield made
    made.remove()
    made.close()


@pytest.fixture
def empty(kept: Engine) -> Iterator[Engine]:
    yield kept
    kept.drop("text", [hit.number for hit in nearest(kept, unit(1)[0], 16_384)])


def unit(rows: int, dim: int = DIM) -> np.ndarray:
    array = RNG.standard_normal((rows, dim)).astype(np.float32)
    return array / np.linalg.norm(array, axis=1, keepdims=True)


def points(vectors: np.ndarray, first: int = 0) -> list[Point]:
    return [Point(first + at, vector, {}) for at, vector in enumerate(vectors)]


def nearest(engine: Engine, vector: np.ndarray, limit: int, where: Any = None) -> list[Hit]:
    return engine.nearest([Ask("text", vector, limit, where)])[0]


def exact(vectors: np.ndarray, query: np.ndarray, limit: int) -> list[int]:
    return np.argsort(-(vectors @ query), kind="stable")[:limit].tolist()


# --- places and marks ---


def test_a_mark_is_kept_and_all_is_removed(server: Server, engine: Engine) -> None:
    assert engine.read_mark() is None
    engine.write_mark("first")
    engine.write_mark('{"seq": 7, "word": "größer"}')
    engine.prepare(DIM, ["text", "image"])
    engine.put("text", points(unit(3)))
    other = server.engine("market")
    assert '{"seq": 7, "word": "größer"}' == other.read_mark()
    assert [3, 0, 0] == [other.count(field) for field in ("text", "image", "audio")]
    assert 3 == len(nearest(other, unit(1)[0], 10))
    assert [[]] == other.nearest([Ask("audio", unit(1)[0], 10)])
    other.remove()
    assert other.read_mark() is None
    assert 0 == other.count("text")
    other.close()


def test_the_engine_passes_the_suite(server: Server) -> None:
    check_engine(lambda: server.engine("suite"))


def test_a_store_behind_it_passes_the_suite(server: Server, fast_path: Path) -> None:
    number = count()

    def make() -> RemoteStore:
        name = f"store_{next(number)}"
        engine = server.engine(name)
        made.append(server.address(name))
        return RemoteStore(fast_path / name, engine, name)

    made: list[Address] = []
    check_store(make)
    for address in made:
        engine = connect(address)
        engine.remove()
        engine.close()


def test_what_a_removal_left_behind_goes_before_a_new_mark(engine: Milvus) -> None:
    engine.write_mark("old")
    engine.prepare(DIM, ["text"])
    engine.put("text", points(unit(3)))
    engine._say("DropCollection", collection_name="cospace_market")  # and here it was killed
    engine.write_mark("new")
    engine.prepare(DIM, ["text"])
    assert 0 == engine.count("text")


def test_what_others_made_is_left_as_it_is(server: Server, engine: Milvus) -> None:
    from pymilvus import DataType, MilvusClient

    client = MilvusClient(f"http://127.0.0.1:{server.port}", token=KEY, timeout=30)
    names = ["cospace_market", "cospace_market_TEXT", "cospace_market_x"]
    schema = client.create_schema()
    schema.add_field("id", DataType.INT64, is_primary=True)
    schema.add_field("vector", DataType.FLOAT_VECTOR, dim=DIM)
    for name in names:
        client.create_collection(name, schema=schema)
    with pytest.raises(cs.errors.NotACollection, match="cospace did not make"):
        engine.read_mark()
    with pytest.raises(cs.errors.NotACollection, match="cospace did not make"):
        engine.write_mark("mine")
    with pytest.raises(cs.errors.NotACollection, match="cospace did not make"):
        engine.prepare(DIM, ["text"])
    with pytest.raises(cs.errors.NotACollection, match="cospace did not make"):
        engine.remove()
    client.drop_collection("cospace_market")
    engine.write_mark("mine")
    engine.remove()
    assert set(names[1:]) <= set(client.list_collections())
    for name in names[1:]:
        client.drop_collection(name)
    client.close()


def test_a_place_of_another_shape_is_refused(kept: Engine) -> None:
    kept.prepare(DIM, ["text"])
    with pytest.raises(cs.errors.NotACollection, match="of 16 dimensions, and these have 8"):
        kept.prepare(8, ["text"])


def test_a_place_with_another_metric_is_refused(engine: Milvus) -> None:
    from cospace.store.remote import milvus_messages as messages

    place = "cospace_market_TEXT"
    made = messages.schema(place, "", DIM)
    engine._say("CreateCollection", collection_name=place, schema=made)
    params = messages._pairs({"index_type": "FLAT", "metric_type": "L2", "params": "{}"})
    field = messages.VECTOR
    engine._say("CreateIndex", collection_name=place, field_name=field, extra_params=params)
    with pytest.raises(cs.errors.NotACollection, match="by L2, and cospace by COSINE"):
        engine.prepare(DIM, ["text"])


# --- points ---


def test_own_writes_are_seen_at_once(empty: Engine) -> None:
    vectors = unit(30)
    empty.put("text", points(vectors[:20]))
    assert list(range(20)) == sorted(h.number for h in nearest(empty, vectors[0], 100))
    empty.put("text", points(vectors[20:], first=5))
    found = nearest(empty, vectors[20], 1)
    assert [5] == [hit.number for hit in found]
    assert found[0].score == pytest.approx(1, abs=1e-6)
    empty.drop("text", [5, 6, 999])
    assert 18 == empty.count("text")
    assert {5, 6}.isdisjoint(hit.number for hit in nearest(empty, vectors[20], 100))


def test_of_points_with_one_number_the_last_counts(empty: Engine) -> None:
    vectors = unit(2)
    empty.put("text", [Point(1, vectors[0], {}), Point(1, vectors[1], {})])
    assert 1 == empty.count("text")
    [hit] = nearest(empty, vectors[1], 5)
    assert hit.score == pytest.approx(1, abs=1e-6)


def test_a_row_may_hold_what_traits_say(empty: Engine) -> None:
    most = empty.traits.max_value_bytes
    numbers = list(range(10)) * (most // 20 - 2)
    words = ["ä" * (most // 2 - 20)]
    places = [{"lat": 1, "lon": 2}] * (most // 20 - 5)
    for slot, held in {"f0": numbers, "f1": words, "f2": places}.items():
        empty.put("text", [Point(1, unit(1)[0], {slot: held})])
    empty.put("text", [Point(1, unit(1)[0], {f"f{at}": [1] for at in range(most // 12)})])
    assert 1 == empty.count("text")


def test_rows_that_change_all_day_are_all_found(empty: Engine) -> None:
    vectors = unit(50)
    for _ in range(650):
        empty.put("text", points(vectors))
    assert 50 == len(nearest(empty, vectors[0], 50))
    for query in unit(10):
        assert exact(vectors, query, 10) == [h.number for h in nearest(empty, query, 10)]


def test_a_filter_that_few_pass_finds_them_all(empty: Engine) -> None:
    vectors = unit(3_000)
    schema = Schema()
    schema.add(schema.learn({"n": 1}, ""))
    held = [
        Point(at, vector, valued({"n": at % 100}, schema.fields))
        for at, vector in enumerate(vectors)
    ]
    empty.put("text", held)
    node = parse({"n": 7}, schema)
    passing = np.arange(7, 3_000, 100)
    for query in unit(10):
        expected = passing[exact(vectors[passing], query, 10)].tolist()
        assert expected == [h.number for h in nearest(empty, query, 10, node)]


def test_many_questions_at_once(empty: Engine) -> None:
    vectors = unit(100)
    empty.put("text", points(vectors))
    asked = [Ask(field, query, 5) for query in unit(40) for field in ("text", "audio")]
    for one, hits in zip(asked, empty.nearest(asked), strict=True):
        wanted = exact(vectors, one.vector, 5) if one.field == "text" else []
        assert wanted == [hit.number for hit in hits]
    assert [] == empty.nearest([])


def test_a_vector_that_is_no_number_is_told(server: Server, empty: Engine) -> None:
    broken = np.full((1, DIM), np.nan, np.float32)
    with pytest.raises(cs.errors.StorageError):  # 2.3.5 refuses it, Lite finds it
        empty.put("text", points(broken))
        nearest(empty, unit(1)[0], 10)
    empty.drop("text", [0])


def test_a_vector_of_too_many_dimensions_is_refused_before_it_is_sent(kept: Engine) -> None:
    with pytest.raises(cs.errors.BadArgument, match="up to 32768 dimensions, not 32769"):
        kept.prepare(32_769, ["audio"])


def test_tidying_up_loses_nothing(empty: Engine) -> None:
    vectors = unit(200)
    for _ in range(3):
        empty.put("text", points(vectors))
    empty.drop("text", range(150, 200))
    empty.optimize()
    assert 150 == empty.count("text")
    assert exact(vectors[:150], vectors[3], 20) == [
        h.number for h in nearest(empty, vectors[3], 20)
    ]


# --- filters ---

NUMBERS = st.one_of(
    st.integers(-5, 5),
    st.floats(-5, 5, allow_nan=False),
    st.sampled_from([2**53, 2**53 + 1, -(2**60), 0.1, -0.0, 1e22, 5e-324]),
)
TEXTS = st.sampled_from(
    ["oak", "", "it's", 'a"b', "back\\slash", "new\nline", "nul\0", "日本語", "😀", "2026-01-31"]
)
PLACES = st.one_of(
    st.fixed_dictionaries({"lat": st.floats(-90, 90), "lon": st.floats(-180, 180)}),
    st.sampled_from([{"lat": a, "lon": b} for a in (-90, 0, 89.9, 90) for b in (-180, 0.0, 180)]),
)


def some(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(values, st.lists(values, max_size=3), st.none())


METADATA = st.fixed_dictionaries(
    {},
    optional={
        "n": some(NUMBERS),
        "t": some(TEXTS),
        "b": some(st.booleans()),
        "p": some(PLACES),
    },
)


def leaf() -> st.SearchStrategy[dict[str, Any]]:
    ranges = st.sampled_from(["$gt", "$gte", "$lt", "$lte"])
    dates = st.sampled_from(["2026-01-31", "2026-02-01", "0001-01-01", "9999-12-31"])
    one_of = st.sampled_from(["$in", "$nin"])
    return st.one_of(
        st.builds(lambda v: {"n": v}, NUMBERS),
        st.builds(lambda op, v: {"n": {op: v}}, ranges, NUMBERS),
        st.builds(lambda op, v: {"n": {op: v}}, one_of, st.lists(NUMBERS, max_size=3)),
        st.builds(lambda op, v: {"t": {op: v}}, ranges, dates),
        st.builds(lambda op, v: {"t": {op: v}}, one_of, st.lists(TEXTS, max_size=4)),
        st.builds(lambda v: {"b": v}, st.booleans()),
        st.builds(lambda name, v: {name: {"$exists": v}}, st.sampled_from("ntbp"), st.booleans()),
        st.builds(
            lambda p, km: {"p": {"$near": [p["lat"], p["lon"]], "$km": km}},
            PLACES,
            st.floats(0.001, 30_000),
        ),
    )


FILTERS = st.recursive(
    leaf(),
    lambda inner: st.one_of(
        st.builds(lambda parts: {"$and": parts}, st.lists(inner, min_size=1, max_size=3)),
        st.builds(lambda parts: {"$or": parts}, st.lists(inner, min_size=1, max_size=3)),
        st.builds(lambda part: {"$not": part}, inner),
    ),
    max_leaves=6,
)
SCHEMA = Schema()
SCHEMA.add(SCHEMA.learn({"n": 1, "t": "a", "b": True, "p": {"lat": 0, "lon": 0}}, ""))


@settings(max_examples=15)
@given(st.lists(METADATA, min_size=10, max_size=40), st.lists(FILTERS, min_size=15, max_size=25))
def test_a_filter_lets_through_what_matches(empty: Engine, rows: Any, filters: Any) -> None:
    vectors = unit(len(rows))
    empty.drop("text", range(100))
    empty.put(
        "text",
        [
            Point(at, vector, valued(row, SCHEMA.fields))
            for at, (vector, row) in enumerate(zip(vectors, rows, strict=True))
        ],
    )
    nodes = [parse(where, SCHEMA) for where in filters]
    found = empty.nearest([Ask("text", vectors[0], 100, node) for node in nodes])
    for where, node, hits in zip(filters, nodes, found, strict=True):
        numbers = {hit.number for hit in hits}
        wanted = {at for at, row in enumerate(rows) if matches(node, row)}
        assert wanted <= numbers, where
        assert wanted == numbers or not empty.says(node), where


def test_a_filter_may_be_long_and_deep(empty: Engine) -> None:
    values = valued({"t": "word 7"}, SCHEMA.fields)
    empty.put("text", [Point(1, unit(1)[0], values), Point(2, unit(1)[0], {})])
    where: dict[str, Any] = {"t": {"$in": [f"word {at}" for at in range(900)]}}
    for _ in range(4):
        where = {"$not": {"$or": [{"n": 3}, {"$not": where}]}}
    assert [1] == [h.number for h in nearest(empty, unit(1)[0], 10, parse(where, SCHEMA))]


@pytest.mark.parametrize("where", [{"t": {"$in": []}}, {"$and": [{"n": {"$in": []}}, {"b": True}]}])
def test_a_filter_that_nothing_passes_is_not_sent(kept: Engine, where: Any) -> None:
    assert [] == nearest(kept, unit(1)[0], 10, parse(where, SCHEMA))


# --- servers that do not answer ---


def test_nothing_listens(server: Server) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    address = server.address(timeout=0.5)._replace(port=port)
    with pytest.raises(cs.errors.StoreUnreachable, match=r"no answer within 0\.5 s"):
        connect(address)


def test_a_server_that_answers_late(server: Server) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = server.address(timeout=0.5)._replace(port=silent.getsockname()[1])
        with pytest.raises(cs.errors.StoreUnreachable, match=r"no answer within 0\.5 s"):
            connect(address)


@pytest.mark.parametrize("kind", KINDS)
def test_what_was_acknowledged_outlives_a_kill(kind: str, key: None, tmp_path: Path) -> None:
    if kind == "2.3.5" and "COSPACE_KILLS" not in os.environ:
        pytest.skip("it is ready a minute after a kill; run by make faults")
    server = KINDS[kind](tmp_path)
    server.start()
    try:
        engine = server.engine(timeout=1)
        engine.write_mark("before")
        engine.prepare(DIM, ["text"])
        vectors = unit(4_000)
        killer = Thread(target=server.kill)
        acknowledged = 0
        with pytest.raises(cs.errors.StoreUnreachable, match="no answer within 1 s"):
            for first in range(0, 4_000, 50):
                if first == 500:
                    killer.start()
                engine.put("text", points(vectors[first : first + 50], first))
                acknowledged = first + 50
        killer.join()
        assert acknowledged >= 500
        with pytest.raises(cs.errors.StoreUnreachable):
            nearest(engine, vectors[0], 10)
        server.launch()
        patient = server.engine(timeout=150)
        assert "before" == patient.read_mark()
        found = {hit.number for hit in nearest(patient, vectors[0], 4_000)}
        assert set(range(acknowledged)) <= found
        assert len(found) == patient.count("text")
        assert found == {hit.number for hit in nearest(engine, vectors[0], 4_000)}
        engine.close()
        patient.close()
    finally:
        server.stop()


def test_a_wrong_key(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    if server.kind.startswith("Milvus Lite"):
        pytest.skip("Milvus Lite has no keys")
    for wrong in ("root:wrong", ""):
        monkeypatch.setenv("MILVUS_TOKEN", wrong)
        with pytest.raises(cs.errors.StoreUnreachable, match="MILVUS_TOKEN"):
            connect(server.address())


def test_what_a_server_refuses_is_told_in_its_words(kept: Engine) -> None:
    with pytest.raises(cs.errors.StorageError, match=r"(?i)dim"):
        kept.put("text", points(unit(1, dim=8)))


def test_tls_is_one_or_nothing(server: Server) -> None:
    with pytest.raises(cs.errors.BadArgument, match="tls= is 1, or 0"):
        connect(server.address()._replace(options={"tls": "yes"}))


def test_values_are_stored_as_filters_find_them() -> None:
    assert b'{"f1_dates_least":0.0,"f1_dates_most":0.0}' == stored({"f1_dates": [0]})


# Last, since Milvus reads what was deleted too until it tidies up.
def test_many_are_cut_to_messages(empty: Engine) -> None:
    vectors = unit(5_000)
    text = "x" * 16_000
    held = [Point(at, vector, {"f0": [text]}) for at, vector in enumerate(vectors)]
    empty.put("text", held)  # 80 MB, of the 64 MiB that one message may have
    assert 5_000 == empty.count("text")
    empty.drop("text", range(5_000))
    assert 0 == empty.count("text")
