"""Weaviate: the real SDK against a server on this machine that refuses what the service refuses."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings

from cospace.errors import BadArgument, NotACollection, StorageError, StoreUnreachable
from cospace.store.remote import flat
from cospace.store.remote import weaviate as engines
from cospace.store.remote.address import read_address
from cospace.store.remote.engine import PHOTOS, Ask, Point
from cospace.store.remote.store import RemoteStore
from cospace.store.schema import Field
from cospace.store.where import parse
from cospace.testing.engine import check_engine
from cospace.testing.store import check_store
from stores.rows_and_filters import (
    FIELDS,
    FILTERS,
    ROWS,
    SCHEMA,
    check_filter,
    points_of,
    units,
)

weaviate = pytest.importorskip("weaviate")

from stores.weaviate_server import KEY, MAX_MESSAGE, Class, Server, serving  # noqa: E402

DIM = 8
NAMES = count()
OPENED: list[engines.Weaviate] = []


@pytest.fixture(autouse=True)
def all_are_closed(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.delenv("WEAVIATE_API_KEY", raising=False)
    yield
    while OPENED:
        OPENED.pop().close()


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as server:
        yield server


@pytest.fixture(scope="module")
def shared() -> Iterator[Server]:
    with serving() as server:
        yield server


def opened(server: Server, name: str = "market", **options: object) -> engines.Weaviate:
    address = read_address(server.address(name, **options), options=engines.OPTIONS)
    OPENED.append(engines.connect(address))
    return OPENED[-1]


@pytest.fixture
def engine(server: Server) -> engines.Weaviate:
    engine = opened(server)
    engine.write_mark("first")
    engine.prepare(DIM, ["text", "image"])
    return engine


def plain(n: int, seed: int = 0) -> list[Point]:
    vectors = units(n, DIM, seed)
    return [Point((i + 1) * PHOTOS, vectors[i], {}) for i in range(n)]


# --- the suites ---


def test_it_keeps_the_protocol(server: Server) -> None:
    check_engine(lambda: opened(server))


def test_the_store_before_it_keeps_the_protocol(server: Server, tmp_path: Path) -> None:
    def make() -> RemoteStore:
        name = f"check{next(NAMES)}"
        return RemoteStore(tmp_path / name, opened(server, name), name)

    check_store(make)


# --- points ---


def test_it_keeps_a_mark(server: Server) -> None:
    engine = opened(server)
    assert engine.read_mark() is None
    engine.write_mark('a mark: {"ü": 1}' + "x" * 1_900)
    engine.write_mark("second")
    assert "second" == engine.read_mark() == opened(server).read_mark()
    assert opened(server, "other").read_mark() is None
    assert "Weaviate 1.34.0" == engine.traits.name


def test_any_limit_and_a_field_without_a_place(engine: engines.Weaviate) -> None:
    engine.put("text", plain(50))
    query = units(1, DIM, seed=9)[0]
    assert 50 == len(engine.nearest([Ask("text", query, 10_000)])[0])
    assert [[]] == engine.nearest([Ask("text", query, 0)])
    engine.drop("video", [1])
    assert 0 == engine.count("video")


def test_no_message_is_too_large(server: Server, engine: engines.Weaviate) -> None:
    values: dict[str, list[Any]] = {"f0": [str(n) for n in range(400)]}
    points = plain(1_300)
    engine.put("text", [point._replace(values=values) for point in points[:600]])
    engine.put("image", points)
    assert (600, 1_300) == (engine.count("text"), engine.count("image"))
    assert MAX_MESSAGE / 2 < max(server.sizes) < MAX_MESSAGE
    engine.drop("image", [point.number for point in points])
    assert 0 == engine.count("image")


def test_values_of_the_largest_size_fit(engine: engines.Weaviate) -> None:
    most = engine.traits.max_value_bytes
    values: dict[str, list[Any]] = {"f0": list(range(most // 8)), "f1": ["x" * most]}
    engine.put("text", [plain(1)[0]._replace(values=values)])
    assert 1 == engine.count("text")


# --- filters ---


@settings(max_examples=50)
@given(rows=ROWS, where=FILTERS)
@example(rows=[{"price": 2**53}], where={"price": {"$ne": 2**53 + 1}})
@example(rows=[{"price": 2**53 + 1}], where={"price": {"$gt": 2**53}})
@example(rows=[{"price": -0.0}], where={"price": {"$gte": 0}})
@example(rows=[{"price": 0}], where={"price": {"$lte": -0.0}})
@example(rows=[{"city": "a "}], where={"city": {"$ne": "a"}})
@example(rows=[{"city": ""}], where={"city": ""})
@example(rows=[{"price": [1, 9]}], where={"price": {"$not": {"$gt": 2}}})
@example(
    rows=[{"shop": {"at": {"lat": 0, "lon": -180}}}],
    where={"shop.at": {"$near": [0, 180], "$km": 5}},
)
def test_filters_mean_the_same(
    shared: Server, rows: list[dict[str, Any]], where: dict[str, Any]
) -> None:
    engine = opened(shared, f"filters{next(NAMES)}")
    engine.prepare(DIM, ["text"])
    half = len(rows) // 2
    engine.put("text", points_of(rows, DIM)[:half])  # older than the properties
    engine.learn(FIELDS)
    engine.put("text", points_of(rows, DIM)[half:])
    words = engines._Filters(weaviate.classes.query.Filter, engine._known["text"])
    check_filter(engine, rows, where, flat.said(parse(where, SCHEMA), words).exact)
    engine.remove()
    OPENED.pop().close()


def test_a_field_that_no_point_has_lets_all_through(engine: engines.Weaviate) -> None:
    rows: list[dict[str, Any]] = [{"city": "a"}, {}]
    engine.put("text", points_of(rows, DIM))
    for where in ({"price": 1}, {"price": {"$ne": 1}}, {"city": {"$ne": "\ud800"}}):
        check_filter(engine, rows, where, exact=False)


def test_what_is_learnt_is_known_to_all_places(server: Server, engine: engines.Weaviate) -> None:
    engine.learn([Field("price", "number", "f0")])
    engine.prepare(DIM, ["text", "video"])
    engine.learn([Field("new", "bool", "f1")])
    for name in ("Market_Text", "Market_Video"):
        assert {"f0", "f0_low", "f0_high", "f1"} == set(server.classes[name].types)
    for one in server.classes["Market_Text"].config["properties"]:
        assert not one["indexSearchable"]
        assert one["indexRangeFilters"] == (one["dataType"] == ["number"])


# --- mishaps ---


@pytest.mark.parametrize("step", ["cut", "done, then cut", 503])
def test_what_passes_is_tried_again(server: Server, step: str | int) -> None:
    engine = opened(server)
    asks = [Ask("text", plain(1)[0].vector, 5)]
    for call in (
        engine.read_mark,
        lambda: engine.write_mark("first"),
        lambda: engine.prepare(DIM, ["text"]),
        lambda: engine.learn(FIELDS),
        lambda: engine.put("text", plain(2)),
        lambda: engine.nearest(asks),
        lambda: engine.drop("text", [PHOTOS]),
        engine.remove,
    ):
        server.script = [step]
        call()
        assert [] == server.script
    assert {} == server.classes


def test_each_request_of_a_call_may_fail_once(server: Server) -> None:
    engine = opened(server)
    for made in range(9):
        server.script = [""] * made + ["done, then cut"]
        engine.write_mark("again")
        engine.prepare(DIM, [f"field{made}"])
        engine.put(f"field{made}", points_of([{"price": 1, "city": "a"}], DIM))
        assert 1 == engine.count(f"field{made}")
    assert "again" == engine.read_mark()


def test_the_sdk_makes_no_tries_of_its_own(server: Server, engine: engines.Weaviate) -> None:
    engine.count("text")
    before = len(server.asked)
    server.script = [503]
    engine.count("text")
    assert 2 == len(server.asked) - before


@pytest.mark.parametrize("step", ["late", "cut"])
def test_a_server_that_does_not_answer_is_told(server: Server, step: str) -> None:
    engine = opened(server, timeout=0.5)
    engine.prepare(DIM, ["text"])
    asks = [Ask("text", units(1, DIM)[0], 3)]
    server.script = [step] * 100
    for call in (
        lambda: engine.nearest(asks),
        lambda: engine.put("text", plain(1)),
        engine.read_mark,
        lambda: opened(server, timeout=0.5).traits,
    ):
        with pytest.raises(StoreUnreachable, match=r"no answer within 0.5 s"):
            call()


def test_a_dead_server_is_told(server: Server) -> None:
    engine = opened(server, timeout=0.5)
    engine.write_mark("here")
    engine.prepare(DIM, ["text"])
    server.stop()
    asks = [Ask("text", units(1, DIM)[0], 3)]
    for call in (
        lambda: engine.nearest(asks),
        lambda: engine.put("text", plain(1)),
        engine.read_mark,
        lambda: opened(server, timeout=0.5).traits,
    ):
        with pytest.raises(StoreUnreachable, match=r"no answer within 0.5 s"):
            call()


def test_a_server_that_comes_back_is_found_again(server: Server, engine: engines.Weaviate) -> None:
    engine.put("text", plain(3))
    asks = [Ask("text", plain(1)[0].vector, 5)]
    server.stop()
    again = Server(ports=(server.port, server.grpc_port))
    try:
        again.classes = server.classes
        assert 3 == len(engine.nearest(asks)[0])
        engine.put("text", plain(4))
        assert "first" == engine.read_mark()
        assert 4 == engine.count("text")
    finally:
        again.stop()


def test_a_key_is_sent_and_must_be_right(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(key=KEY) as server:
        monkeypatch.setenv("WEAVIATE_API_KEY", KEY)
        engine = opened(server)
        engine.write_mark("here")
        assert "here" == engine.read_mark()
        for wrong in (None, "another"):
            if wrong:
                monkeypatch.setenv("WEAVIATE_API_KEY", wrong)
            else:
                monkeypatch.delenv("WEAVIATE_API_KEY")
            with pytest.raises(StoreUnreachable, match="WEAVIATE_API_KEY") as told:
                opened(server).read_mark()
            assert "another" not in str(told.value)
        server.key = "was changed"
        with pytest.raises(StoreUnreachable, match="did not take the key"):
            engine.prepare(DIM, ["text"])
        with pytest.raises(StoreUnreachable, match="did not take the key"):
            engine.write_mark("there")


def test_what_is_refused_is_told_in_its_words(server: Server, engine: engines.Weaviate) -> None:
    engine.put("text", plain(1))
    for call in (
        lambda: engine.put("text", [Point(1, units(1, 3)[0], {})]),
        lambda: engine.put("text", [*plain(1), Point(1, units(1, 3)[0], {})]),
        lambda: engine.nearest([Ask("text", units(1, 3)[0], 3)]),
    ):
        with pytest.raises(StorageError, match="vector lengths don't match") as told:
            call()
        assert not isinstance(told.value, StoreUnreachable)
    with pytest.raises(StorageError, match="NaN"):
        engine.put("text", [Point(PHOTOS, np.full(DIM, np.nan, np.float32), {})])
    with pytest.raises(StorageError, match="no place for 'video'"):
        engine.put("video", plain(1))
    server.version = "1.26.1"
    with pytest.raises(StorageError, match=r"1\.27\.0 or higher"):
        opened(server).read_mark()


def test_a_distance_that_is_no_number_is_told(
    server: Server, engine: engines.Weaviate, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine.put("text", plain(1))
    monkeypatch.setattr(Class, "nearest", lambda self, *_: [(*[*self.objects][:1], np.nan, {})])
    with pytest.raises(StorageError, match="no number"):
        engine.nearest([Ask("text", plain(1)[0].vector, 3)])


# --- what is there already ---


def test_options_are_checked(server: Server) -> None:
    for option in (
        {"tls": "yes"},
        {"index": "ivf"},
        {"grpc": "high"},
        {"grpc": "70000"},
        {"grpc": server.port},
    ):
        with pytest.raises(BadArgument, match=next(iter(option))):
            opened(server, **option)
    elsewhere = opened(server, grpc=f"localhost:{server.grpc_port}")
    elsewhere.write_mark("by another host's name")
    assert elsewhere.traits.exact_rows > opened(server, index="hnsw").traits.exact_rows


def test_an_index_is_made_as_asked(server: Server) -> None:
    for index in ("flat", "hnsw"):
        opened(server, index, index=index).prepare(DIM, ["text"])
        config = server.classes[f"{index.capitalize()}_Text"].config
        assert index == config["vectorIndexType"]
        assert "cosine" == config["vectorIndexConfig"]["distance"]
        assert config["vectorIndexConfig"]["skipDefaultQuantization"] is True


def test_a_place_of_another_kind_is_refused(server: Server, engine: engines.Weaviate) -> None:
    with pytest.raises(NotACollection, match=r"8 dimensions' .* '.*16 dimensions'"):
        opened(server).prepare(16, ["text"])
    with pytest.raises(BadArgument, match="65535"):
        engine.prepare(65_536, ["text"])
    server.classes["Market_Text"].config["vectorIndexConfig"]["distance"] = "dot"
    with pytest.raises(NotACollection, match="metric dot"):
        opened(server).prepare(DIM, ["text"])


def test_what_others_made_is_left_as_it_is(server: Server) -> None:
    for name in ("Market", "Market_Text", "Market_text", "Marketing"):
        server.classes[name] = Class({"class": name, "vectorizer": "none"})
    engine = opened(server)
    for call in (engine.read_mark, lambda: engine.write_mark("ours"), engine.remove):
        with pytest.raises(NotACollection, match="'Market"):
            call()
    with pytest.raises(NotACollection, match="'Market_Text'"):
        engine.prepare(DIM, ["text"])
    assert {"Market", "Market_Text", "Market_text", "Marketing"} == set(server.classes)


def test_remove_takes_what_is_its_own(server: Server, engine: engines.Weaviate) -> None:
    other = opened(server, "market_2")
    other.write_mark("other")
    other.prepare(DIM, ["text"])
    server.classes["Market_Of"] = Class({"class": "Market_Of", "vectorizer": "none"})
    engine.remove()
    engine.remove()
    assert {"Market_2", "Market_2_Text", "Market_Of"} == set(server.classes)
    assert engine.read_mark() is None
    engine.close()
    engine.close()
