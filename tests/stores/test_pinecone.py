"""Pinecone: the real SDK against an index on this machine that refuses what the service refuses."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings

from cospace.errors import BadArgument, NotACollection, StorageError, StoreUnreachable
from cospace.store.remote import flat, pinecone
from cospace.store.remote.address import read_address
from cospace.store.remote.engine import PHOTOS, Ask, Point
from cospace.store.remote.store import RemoteStore
from cospace.store.where import parse
from cospace.testing.engine import check_engine
from cospace.testing.store import SPACE, check_store
from stores.pinecone_server import KEY, MAX_BODY, Index, Server, serving
from stores.rows_and_filters import FILTERS, ROWS, SCHEMA, check_filter, points_of, units

pytest.importorskip("pinecone")
DIM = 8
NAMES = count()
OPENED: list[pinecone.Pinecone] = []


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("PINECONE_API_KEY", KEY)
    yield
    while OPENED:
        OPENED.pop().close()


@pytest.fixture
def server() -> Iterator[Server]:
    with serving(Index(DIM)) as server:
        yield server


@pytest.fixture(scope="module")
def shared() -> Iterator[Server]:
    with serving(Index(DIM)) as server:
        yield server


def opened(server: Server, name: str = "market", *, timeout: float = 10) -> pinecone.Pinecone:
    OPENED.append(pinecone.connect(read_address(server.address(name, timeout=timeout))))
    return OPENED[-1]


@pytest.fixture
def engine(server: Server) -> pinecone.Pinecone:
    engine = opened(server)
    engine.write_mark("first")
    engine.prepare(DIM, ["text", "image"])
    return engine


def plain(n: int, seed: int = 0) -> list[Point]:
    vectors = units(n, DIM, seed)
    return [Point((i + 1) * PHOTOS, vectors[i], {}) for i in range(n)]


# --- the suites ---


def test_it_keeps_the_protocol() -> None:
    with serving(Index(16)) as server:
        check_engine(lambda: opened(server))


def test_the_store_before_it_keeps_the_protocol(tmp_path: Path) -> None:
    with serving(Index(SPACE.dim)) as server:

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


def test_no_request_is_too_large(server: Server, engine: pinecone.Pinecone) -> None:
    values = {"f0": ["é" * 3_000]}  # 6 kB
    engine.put("text", [point._replace(values=values) for point in plain(1_100)])
    engine.put("image", plain(1_500))
    assert (1_100, 1_500) == (engine.count("text"), engine.count("image"))
    assert max(server.sizes) > MAX_BODY / 2
    engine.drop("image", [point.number for point in plain(1_500)])
    assert 0 == engine.count("image")


def test_values_of_the_largest_size_fit(engine: pinecone.Pinecone) -> None:
    most = engine.traits.max_value_bytes
    numbers: dict[str, list[Any]] = {f"f{i}": [i / 7] for i in range(most // 30)}
    short: dict[str, list[Any]] = {f"f{i}": [1] for i in range(most // 13)}
    (one, two, *_) = plain(2)
    engine.put("text", [one._replace(values=numbers), two._replace(values=short)])
    assert 2 == engine.count("text")


# --- filters ---


@pytest.mark.parametrize("missing_differs", [True, False])
@settings(max_examples=60)
@given(rows=ROWS, where=FILTERS)
@example(rows=[{"price": 2**53}], where={"price": {"$ne": 2**53 + 1}})
@example(rows=[{"price": 2**53 + 1}], where={"price": {"$gt": 2**53}})
@example(rows=[{"price": -0.0}], where={"price": {"$eq": 0}})
@example(rows=[{"price": [1, 9]}], where={"price": {"$not": {"$gt": 2}}})
@example(
    rows=[{"shop": {"at": {"lat": 0, "lon": -180}}}],
    where={"shop.at": {"$near": [0, 180], "$km": 5}},
)
def test_filters_mean_the_same(
    shared: Server, missing_differs: bool, rows: list[dict[str, Any]], where: dict[str, Any]
) -> None:
    """Whether or not $nin matches what is missing: the pages of Pinecone do not tell."""
    shared.index.missing_differs = missing_differs
    engine = opened(shared, f"filters{next(NAMES)}")
    engine.put("text", points_of(rows, DIM))
    said = flat.said(parse(where, SCHEMA), pinecone._Filters())
    check_filter(engine, rows, where, said.exact)
    OPENED.pop().close()


def test_a_lone_surrogate_is_in_no_row(engine: pinecone.Pinecone) -> None:
    rows: list[dict[str, Any]] = [{"city": "a"}, {}]
    engine.put("text", points_of(rows, DIM))
    for where in (
        {"city": "\ud800"},
        {"city": {"$ne": "\ud800"}},
        {"city": {"$in": ["\ud800", "a"]}},
    ):
        check_filter(engine, rows, where, exact=False)


def test_nothing_is_asked_where_nothing_can_match(server: Server) -> None:
    engine = opened(server)
    before = len(server.asked)
    node = parse({"price": {"$in": []}}, SCHEMA)
    assert [[]] == engine.nearest([Ask("text", units(1, DIM)[0], 3, node)])
    assert before == len(server.asked)


# --- late reads ---


def test_a_write_is_waited_for(server: Server, engine: pinecone.Pinecone) -> None:
    server.index.lag = 3
    points = plain(20)
    engine.put("text", points)
    (hits,) = engine.nearest([Ask("text", points[0].vector, 100)])
    assert 20 == len(hits)
    engine.drop("text", [points[0].number])
    (hits,) = engine.nearest([Ask("text", points[0].vector, 100)])
    assert 19 == len(hits)
    engine.write_mark("later")
    assert "later" == engine.read_mark()
    engine.remove()
    assert engine.read_mark() is None


def test_a_write_that_never_shows_is_told(server: Server, engine: pinecone.Pinecone) -> None:
    engine.put("text", plain(3))
    server.index.lag = 10**9
    late = opened(server, timeout=0.4)
    with pytest.raises(StoreUnreachable, match=r"within 0.4 s .*does not show yet"):
        late.put("text", plain(1))
    with pytest.raises(StoreUnreachable, match="does not show yet"):
        late.drop("text", [PHOTOS])
    with pytest.raises(StoreUnreachable, match="does not show yet"):
        late.write_mark("new")


def test_an_index_that_numbers_no_writes_is_refused(
    server: Server, engine: pinecone.Pinecone
) -> None:
    server.index.numbers_writes = False
    with pytest.raises(StorageError, match="LSN"):
        engine.put("text", plain(1))


# --- mishaps ---


@pytest.mark.parametrize("step", ["cut", "done, then cut", 500, 503, 429, 408])
def test_what_passes_is_tried_again(
    server: Server, engine: pinecone.Pinecone, step: str | int
) -> None:
    asks = [Ask("text", plain(1)[0].vector, 5)]
    server.script = [step]
    engine.put("text", plain(2))
    server.script = [step]
    assert 2 == len(engine.nearest(asks)[0])
    server.script = [step]
    engine.drop("text", [PHOTOS])
    assert 1 == engine.count("text")


def test_the_sdk_makes_no_tries_of_its_own(server: Server, engine: pinecone.Pinecone) -> None:
    before = len(server.asked)
    server.script = [503]
    engine.count("text")
    assert 2 == len(server.asked) - before


@pytest.mark.parametrize("step", ["late", "cut", 503])
def test_a_server_that_does_not_answer_is_told(server: Server, step: str | int) -> None:
    engine = opened(server, timeout=0.3)
    server.script = [step] * 100
    asks = [Ask("text", units(1, DIM)[0], 3)]
    for call in (lambda: engine.nearest(asks), engine.read_mark):
        with pytest.raises(StoreUnreachable, match=r"no answer within 0.3 s"):
            call()


def test_a_dead_server_is_told(server: Server) -> None:
    engine = opened(server, timeout=0.3)
    engine.write_mark("here")
    server.stop()
    for call in (lambda: engine.put("text", plain(1)), lambda: opened(server, timeout=0.3).traits):
        with pytest.raises(StoreUnreachable, match=r"no answer within 0.3 s"):
            call()


def test_a_server_that_comes_back_is_found_again(server: Server, engine: pinecone.Pinecone) -> None:
    engine.put("text", plain(3))
    server.stop()
    again = Server(server.index, server.port)
    try:
        assert 3 == len(engine.nearest([Ask("text", plain(1)[0].vector, 5)])[0])
        engine.put("text", plain(4))
        assert 4 == engine.count("text")
    finally:
        again.stop()


def test_a_key_is_needed_and_must_be_right(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    for wrong in ("another", "with a newline\n"):
        monkeypatch.setenv("PINECONE_API_KEY", wrong)
        with pytest.raises(StoreUnreachable) as told:
            opened(server).read_mark()
        assert "PINECONE_API_KEY" in str(told.value)
        assert wrong not in str(told.value)
    monkeypatch.delenv("PINECONE_API_KEY")
    with pytest.raises(StoreUnreachable, match="PINECONE_API_KEY"):
        opened(server)


def test_what_is_refused_is_told_in_its_words(engine: pinecone.Pinecone) -> None:
    with pytest.raises(StorageError, match="does not match the dimension") as told:
        engine.put("text", [Point(PHOTOS, units(1, 3)[0], {})])
    assert not isinstance(told.value, StoreUnreachable)
    with pytest.raises(StorageError):
        engine.put("text", [Point(PHOTOS, np.full(DIM, np.nan, np.float32), {})])


def test_a_score_that_is_no_number_is_told(
    server: Server, engine: pinecone.Pinecone, monkeypatch: pytest.MonkeyPatch
) -> None:
    def answer(_: Any) -> tuple[Any, dict[str, str]]:
        return b'{"matches": [{"id": "1024", "score": 1e999}]}', {}

    monkeypatch.setattr(server.index, "query", answer)
    with pytest.raises(StorageError):
        engine.nearest([Ask("text", units(1, DIM)[0], 3)])


# --- what is there already ---


def test_an_index_of_another_kind_is_refused(server: Server) -> None:
    with pytest.raises(NotACollection, match=r"dimension 8, and the collection 16"):
        opened(server).prepare(16, ["text"])
    with pytest.raises(BadArgument, match="20000"):
        opened(server).prepare(20_001, ["text"])
    server.index.metric = "euclidean"
    with pytest.raises(NotACollection, match="metric 'euclidean'"):
        opened(server).read_mark()


@pytest.mark.parametrize("name", ["market", "market.text"])
def test_what_others_made_is_left_as_it_is(server: Server, name: str) -> None:
    body = {"namespace": name, "vectors": [{"id": "1", "values": [1.0] * DIM, "metadata": {}}]}
    server.index.upsert(body)
    server.index.upsert({**body, "namespace": "marketing"})
    with pytest.raises(NotACollection, match=repr(name)):
        opened(server).read_mark()
    assert {name: 1, "marketing": 1} == {n: len(log) for n, log in server.index.logs.items()}


def test_remove_takes_what_is_its_own(server: Server, engine: pinecone.Pinecone) -> None:
    other = opened(server, "market_2")
    other.write_mark("other")
    other.put("text", plain(2))
    engine.put("text", plain(2))
    engine.remove()
    engine.remove()
    assert {"market_2", "market_2.text"} == set(server.index.logs)
    assert engine.read_mark() is None
    engine.close()
    engine.close()
