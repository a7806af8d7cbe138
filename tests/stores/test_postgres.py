"""The PostgreSQL store, on a real server: every promise of `Store`, several writers, failures."""

from __future__ import annotations

import csv
import json
import multiprocessing
import os
import threading
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

import cospace as cs
from cospace.cli.main import main
from cospace.errors import (
    BadArgument,
    BadItem,
    CollectionClosed,
    CollectionNotFound,
    CollectionReadOnly,
    FormatTooNew,
    ItemNotFound,
    NotACollection,
    SpaceMismatch,
    StorageError,
    StoreUnreachable,
)
from cospace.space import Space, Tower
from cospace.store.memory import MemoryStore
from cospace.store.protocol import Failure, Row
from cospace.store.remote.address import read_address
from cospace.store.schema import Schema
from cospace.store.where import matches, parse
from cospace.testing.rows import DIM, SPACE, fill, sample, unit
from cospace.testing.store import FILTERS, check_store
from stores.postgres_server import PACKAGE, PostgresServer, binaries

pytestmark = pytest.mark.skipif(binaries() is None, reason=f"{PACKAGE} is not installed")
if binaries() is not None:
    from cospace.store.postgres import OPTIONS, asking, connect, upkeep
    from cospace.store.postgres.store import PostgresStore

MARKET = Path(__file__).parents[2] / "examples/marketplace"
NUMBER = count()


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    before = os.environ.get("PGUSER")
    os.environ["PGUSER"] = "postgres"
    made = PostgresServer()
    try:
        yield made
    finally:
        made.stop()
        if before is None:
            del os.environ["PGUSER"]
        else:
            os.environ["PGUSER"] = before


def opened(
    server: PostgresServer,
    name: str,
    more: str = "",
    *,
    create: bool = True,
    language: str | None = None,
) -> PostgresStore:
    address = read_address(server.address(name, more), options=OPTIONS)
    store = connect(address, create=create, language=language)
    assert isinstance(store, PostgresStore)
    return store


@pytest.fixture
def name() -> str:
    return f"c{next(NUMBER)}"


@pytest.fixture
def store(server: PostgresServer, name: str) -> Iterator[PostgresStore]:
    made = opened(server, name)
    yield made
    made.close()


def row(id: str, seed: int = 0, **metadata: Any) -> Row:
    return Row(id, f"thing {id}", metadata, {}, {"text": unit(1, seed)[0]}, hash=id.encode())


# --- the protocol ---


def test_too_many_numbers_are_refused_before_anything_is_written(store: PostgresStore) -> None:
    with pytest.raises(BadArgument, match="up to 16,000 numbers"):
        store.extend(Space.of("large", 16_001), Schema())
    assert store.space is None


def test_it_keeps_the_protocol(server: PostgresServer) -> None:
    check_store(lambda: opened(server, f"check{next(NUMBER)}"))


NAMES = [f"id-{n}" for n in range(9)]
VECTORS = np.random.default_rng(5).normal(size=(4, 3, DIM)).astype(np.float32)
VECTORS /= np.linalg.norm(VECTORS, axis=-1, keepdims=True)
texts = st.one_of(
    st.none(), st.text(max_size=12), st.sampled_from(["oak armchair", "KX-4410 lamp", "a\0b\x1a0"])
)
values = {
    "price": st.one_of(
        st.integers(-5, 5),
        st.floats(allow_nan=False, allow_infinity=False),
        st.sampled_from([1e22, -0.0, 2**53 + 1, 10**23, 1e23]),
    ),
    "city": st.one_of(st.text(max_size=4), st.sampled_from(["Kiel", "it's", "2026-01-31", "\0"])),
    "tags": st.lists(st.sampled_from(["a", "b", 'c"']), max_size=3),
    "new": st.booleans(),
    "at": st.fixed_dictionaries({"lat": st.floats(-90, 90), "lon": st.floats(-180, 180)}),
}
metadata = st.fixed_dictionaries({}, optional=values)
conditions = st.one_of(
    values["price"].flatmap(
        lambda x: st.sampled_from([{"price": x}, {"price": {"$gt": x}}, {"price": {"$ne": x}}])
    ),
    values["city"].map(lambda x: {"city": {"$in": [x, "Kiel"]}}),
    st.sampled_from(["a", 'c"']).map(lambda x: {"$not": {"tags": x}}),
    st.booleans().map(lambda x: {"new": {"$exists": x}}),
    st.tuples(st.floats(-90, 90), st.floats(-180, 180)).map(
        lambda at: {"at": {"$near": list(at), "$km": 3000}}
    ),
    st.just({"city": {"$gte": "2026-01-30"}}),
)


class Twins(RuleBasedStateMachine):
    """What is done to one store is done to the other: then both answer the same."""

    make: Callable[[], PostgresStore]

    def __init__(self) -> None:
        super().__init__()
        self.stores = (MemoryStore(language="english"), type(self).make())
        schema = Schema()
        whole = {"price": 1, "city": "x", "tags": ["a"], "new": True, "at": {"lat": 1, "lon": 2}}
        schema.add(schema.learn(whole, ""))
        self.whole = schema
        for store in self.stores:
            store.extend(SPACE, schema)

    @rule(ids=st.lists(st.sampled_from(NAMES), min_size=1, max_size=4, unique=True), data=st.data())
    def upsert(self, ids: list[str], data: st.DataObject) -> None:
        rows = []
        for id in ids:
            photos = data.draw(st.integers(0, 3))
            names = ["text", "image", "image 2"][:photos]
            which = data.draw(st.integers(0, 3))
            vectors = dict(zip(names, VECTORS[which], strict=False))
            rows.append(
                Row(id, data.draw(texts), data.draw(metadata), {"image": "a.jpg"}, vectors, b"h")
            )
        failures = [Failure("gone.jpg", "no photo")]
        said = {store.write(rows, replace=True, failures=failures) for store in self.stores}
        assert len(said) == 1
        for store in self.stores:
            store.extend(SPACE, self.whole)

    @rule(ids=st.lists(st.sampled_from(NAMES), max_size=3))
    def delete(self, ids: list[str]) -> None:
        assert len({store.delete(ids) for store in self.stores}) == 1
        for store in self.stores:
            store.extend(SPACE, self.whole)

    @rule(where=conditions, which=st.integers(0, 3), k=st.integers(1, 5))
    def ask(self, where: dict[str, Any], which: int, k: int) -> None:
        node = parse(where, self.whole)
        one, other = self.stores
        assert one.count(node) == other.count(node), where
        for field in ("text", "image"):
            for filter in (None, node):
                a = one.nearest(field, VECTORS[which, 0], k, where=filter)
                b = other.nearest(field, VECTORS[which, 0], k, where=filter)
                assert np.allclose(a.scores, b.scores, atol=1e-6)
        for text in ("armchair kx4410", "thing a b"):
            a, b = one.lexical(text, k, where=node), other.lexical(text, k, where=node)
            assert (a.keys, dict(a.names)) == (b.keys, pytest.approx(dict(b.names)))
            assert np.allclose(a.scores, b.scores, rtol=1e-5)
            assert a.spread == pytest.approx(b.spread)

    @invariant()
    def both_hold_the_same(self) -> None:
        one, other = ([*store.scan(vectors=True)] for store in self.stores)
        for a, b in zip(one, other, strict=True):
            assert (a.id, a.text, a.media, a.hash) == (b.id, b.text, b.media, b.hash)
            assert repr(a.metadata) == repr(b.metadata)  # -0.0, 1.0 and the order of keys
            assert a.vectors.keys() == b.vectors.keys()
            assert all(np.array_equal(a.vectors[f], b.vectors[f]) for f in a.vectors)
        a, b = (store.info() for store in self.stores)
        assert (a.items, a.fields, a.holders, a.failures) == (
            b.items, b.fields, b.holders, b.failures,
        )  # fmt: skip

    def teardown(self) -> None:
        for store in self.stores:
            store.close()


def test_it_answers_as_the_store_in_memory(server: PostgresServer) -> None:
    class Here(Twins):
        make = staticmethod(lambda: opened(server, f"twin{next(NUMBER)}", language="english"))

    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        Here, settings=settings(max_examples=25, stateful_step_count=12, derandomize=True)
    )


def test_the_marketplace_is_found_as_in_a_folder(server: PostgresServer, name: str) -> None:
    table = (MARKET / "listings.csv").read_text(encoding="utf-8")
    rows = list(csv.DictReader(table.splitlines()))
    items = [
        cs.Item(
            one["sku"],
            f"{one['title']}. {one['description']}",
            {"price": float(one["price"]), "city": one["city"], "condition": one["condition"]},
        )
        for one in rows
    ]
    lines = (MARKET / "queries.jsonl").read_text(encoding="utf-8").splitlines()
    queries = [json.loads(line)["text"] for line in lines]
    model = cs.load("starter")
    memory = cs.open(":memory:", model=model)
    with memory, cs.open(server.address(name), model=model) as shop:
        assert memory.add(items).added == shop.add(items).added == len(items)
        for query in queries:
            assert memory.search(query).ids == shop.search(query).ids
        for where in ({"price": {"$lt": 100}}, {"city": "Berlin"}):
            assert memory.search(query, where=where).ids == shop.search(query, where=where).ids
        assert memory.facets(fields=["city"]) == shop.facets(fields=["city"])
        assert shop.upsert(items[:3]).unchanged == 3
        assert shop.delete(items[0].id) == 1
        assert shop.search(items[0].id).ids != [items[0].id]
    again = cs.open(server.address(name), create=False)  # it knows its model
    assert again.search(queries[0]).ids
    again.close()
    with pytest.raises(SpaceMismatch):
        cs.open(server.address(name), model=cs.load("starter", dim=64))


def test_what_it_promises(store: PostgresStore) -> None:
    assert store.promises.several_writers
    assert 20_000 == store.promises.exact_rows
    store.extend(Space.of("large", 4001), Schema())
    assert store.promises.exact_rows > 10**12  # no index takes so many dimensions
    vectors = np.eye(3, 4001, dtype=np.float32)
    rows = [Row(f"id-{i}", None, {}, {}, {"text": vectors[i]}) for i in range(3)]
    store.write(rows, replace=False)
    assert [2] == store.nearest("text", vectors[1], 1).keys
    assert np.array_equal(vectors[2], store.get(["id-2"], vectors=True)[0].vectors["text"])


def test_odd_texts_and_numbers_come_back(store: PostgresStore) -> None:
    field = 'a "b" \U0001f6b2 \\ % $ é'
    odd = {
        field: [1, 2.5],
        "big": 1e22,
        "minus": -0.0,
        "whole": 2**53 + 1,
        "one": 1.0,
        "z": 1,
        "a": ["\0", "\x1a0"],
    }
    rows = [Row("a", "nul \0 and \x1a0", odd, {"image": "\0.jpg"}, {}, b"", "why \0")]
    fill(store, rows)
    [back] = store.get(["a"])
    assert repr(rows[0]) == repr(back)
    assert store.count(parse({"a": "\0"}, store.schema)) == 1
    assert store.count(parse({field: {"$gt": 2}}, store.schema)) == 1
    assert store.count(parse({field: {"$gt": 2.5}}, store.schema)) == 0
    assert store.count(parse({"big": 10**22, "whole": {"$gt": 2**53}}, store.schema)) == 1


# --- many rows ---


def test_an_index_finds_what_comparing_finds(
    server: PostgresServer, store: PostgresStore, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (asking, upkeep):
        monkeypatch.setattr(module, "EXACT_BELOW", 50)
    monkeypatch.setattr(asking, "_FEW", 50)
    vectors = unit(600, 40)
    rows = [
        Row(f"id-{i}", None, {"part": i % 100, "half": i % 2}, {}, {"text": vector})
        for i, vector in enumerate(vectors)
    ]
    schema = fill(store, rows)
    store.optimize()
    assert store._link.ask("SELECT value FROM about WHERE key = 'indexed'") == [('["text"]',)]
    few, half = (parse(where, schema) for where in ({"part": 7}, {"half": 1}))
    for query in unit(20, 41):
        scores = vectors @ query
        for where, passing in (
            (None, range(600)),
            (few, range(7, 600, 100)),  # compared with all that pass
            (half, range(1, 600, 2)),  # by the index
        ):
            best = sorted(passing, key=lambda i: -scores[i])[:10]
            found = store.nearest("text", query, 10, where=where)
            assert [f"id-{i}" for i in best] == [store.rows([k])[k].id for k in found.keys]
        assert len(store.nearest("text", query, 600).keys) == 600  # the index alone gives fewer
    with server.connect() as db:  # as when the making of the index was cut short
        index = f"indexrelid = '{name}.near_text'::regclass"
        db.execute(f"UPDATE pg_index SET indisvalid = false WHERE {index}")
        db.execute(f"DELETE FROM {name}.about WHERE key = 'indexed'")
        store.optimize()
        assert [(True,)] == db.execute(f"SELECT indisvalid FROM pg_index WHERE {index}").fetchall()
    again = row("id-3", 77)
    store.write([again], replace=True)
    store.delete(["id-4"])
    best = store.nearest("text", again.vectors["text"], 1)
    assert store.rows(best.keys)[best.keys[0]].id == "id-3"
    assert 599 == len(store.nearest("text", vectors[4], 600).keys)


# --- several writers ---


def _write(address: str, mine: str, rounds: int) -> None:
    store = connect(read_address(address, options=OPTIONS), create=True)
    for i in range(rounds):
        rows = [row(f"{mine}-{i}", i, **{mine: i}), row("shared", i, both=mine)]
        schema = store.schema.copy()
        for one in rows:
            schema.add(schema.learn(one.metadata, one.id))
        store.extend(SPACE, schema)
        store.write(rows, replace=True)
    store.close()


def test_two_processes_write_and_extend_at_once(server: PostgresServer, name: str) -> None:
    spawn = multiprocessing.get_context("spawn")
    both = [spawn.Process(target=_write, args=(server.address(name), m, 30)) for m in "ab"]
    for process in both:
        process.start()
    for process in both:
        process.join()
    assert [0, 0] == [process.exitcode for process in both]
    store = opened(server, name, create=False)
    assert {"a", "b", "both"} == set(store.schema.fields)
    slots = [field.slot for field in store.schema.fields.values()]
    assert len(slots) == len(set(slots))
    assert 61 == store.count() == len([*store.scan()]) == store.info().items
    assert 60 == store.revision
    assert 1 == store.count(parse({"b": 29}, store.schema))
    fresh = MemoryStore(language="english")
    fill(fresh, [*store.scan(vectors=True)])
    assert fresh.lexical("thing a", 99).scores == pytest.approx(store.lexical("thing a", 99).scores)
    store.close()


def test_a_writers_commit_is_in_the_others_next_search(
    server: PostgresServer, store: PostgresStore, name: str
) -> None:
    other = opened(server, name, create=False)
    assert other.space is None
    for i in range(5):
        fill(store, [row(f"id-{i}", i, **{f"field{i}": i})])
        found = other.nearest("text", unit(1, i)[0], 1)
        assert [f"id-{i}"] == [other.rows([key])[key].id for key in found.keys]
        assert i + 1 == len(other.lexical("thing", 9).keys)
        assert f"field{i}" in other.schema.fields
        assert i + 1 == len(other.columns().keys)
    assert SPACE == other.space
    other.close()


def test_a_reader_writes_nothing(server: PostgresServer, store: PostgresStore, name: str) -> None:
    fill(store, sample())
    with server.connect() as db:
        db.execute(f"CREATE ROLE reader_{name} LOGIN")
        db.execute(f"GRANT USAGE ON SCHEMA {name} TO reader_{name}")
        db.execute(f"GRANT SELECT ON ALL TABLES IN SCHEMA {name} TO reader_{name}")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PGUSER", f"reader_{name}")
        shop = cs.open(server.address(name), model=None, read_only=True)
        reader = shop.store
        assert 5 == len(reader.nearest("text", unit(1)[0], 5).keys)
        assert reader.lexical("armchair", 5) == store.lexical("armchair", 5)
        store.delete(["id-1"])
        assert 59 == reader.count() == len(reader.columns().keys)  # type: ignore[attr-defined]
        for write in (
            lambda: reader.write([row("a")], replace=True),
            lambda: reader.delete(["id-1"]),
            lambda: reader.extend(SPACE, Schema()),
            lambda: reader.weigh(None),  # type: ignore[attr-defined]
            lambda: reader.judge("a", "b", 1),  # type: ignore[attr-defined]
        ):
            with pytest.raises(CollectionReadOnly, match=f"/{name}"):
                write()
        reader.optimize()
        shop.close()
        with pytest.raises(CollectionNotFound):
            cs.open(server.address(f"{name}_not"), read_only=True)


def test_what_others_have_recorded_is_not_undone(
    server: PostgresServer, store: PostgresStore, name: str
) -> None:
    other = opened(server, name)
    mine, theirs = Schema(), Schema()
    mine.add(mine.learn({"price": 1, "city": "x"}, ""))
    theirs.add(theirs.learn({"brand": "x", "city": "x"}, ""))
    store.extend(SPACE, mine)
    other.extend(None, theirs)
    assert {"price", "city", "brand"} == set(store.schema.fields) == set(other.schema.fields)
    wrong = Schema()
    wrong.add(wrong.learn({"price": "cheap"}, ""))
    with pytest.raises(BadItem, match="'price' is a string here, and a number elsewhere"):
        other.extend(None, wrong)
    with pytest.raises(SpaceMismatch):
        other.extend(Space("other", DIM, towers=(Tower("text", "another"),)), theirs)
    with pytest.raises(SpaceMismatch):
        other.extend(Space.of("check", DIM + 1), theirs)
    store.remember(["{a}", "a"])
    other.remember(["{b}", "b"])
    assert [["{a}", "a"], ["{b}", "b"]] == store.templates
    fill(store, [row("a", price=1)])
    other.delete(["a"])  # the types of the fields are forgotten
    assert {} == store.schema.fields
    store.write([row("a", price=1)], replace=False)  # taught before that
    assert {"price"} == set(other.schema.fields)
    other.close()


def test_threads_search_and_write_together(store: PostgresStore) -> None:
    fill(store, sample())
    errors: list[Exception] = []

    def work(seed: int) -> None:
        try:
            for i in range(10):
                if seed == 0:
                    store.write([row(f"new-{i}", i)], replace=True)
                assert 5 == len(store.nearest("text", unit(1, seed)[0], 5).keys)
                assert store.lexical("armchair", 5).keys
        except Exception as error:  # noqa: BLE001
            errors.append(error)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [] == errors


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_forked_process_must_open_it_again(store: PostgresStore) -> None:
    fill(store, [row("a")])
    child = os.fork()
    if child == 0:
        try:
            store.count()
        except CollectionClosed:
            os._exit(0)
        os._exit(1)
    assert 0 == os.waitpid(child, 0)[1]
    assert 1 == store.count()


# --- failures ---


@pytest.fixture
def fragile(server: PostgresServer) -> Iterator[PostgresServer]:
    """A server that a test may kill."""
    made = PostgresServer()
    try:
        yield made
    finally:
        made.stop()


def test_what_was_acknowledged_survives_kill_9(fragile: PostgresServer) -> None:
    store = opened(fragile, "market")
    store.extend(SPACE, Schema())
    there = threading.Event()
    kept = 0

    def kill() -> None:
        there.wait()
        fragile.kill()

    killer = threading.Thread(target=kill)
    killer.start()
    with pytest.raises(StoreUnreachable):
        for i in range(100_000):
            store.write([row(f"{i}-{j}", i) for j in range(20)], replace=False)
            kept = i + 1
            if kept == 20:
                there.set()
    killer.join()
    with pytest.raises(StoreUnreachable, match="Is the server running"):
        store.count()
    fragile.start()
    assert store.count() in (20 * kept, 20 * kept + 20)  # the last one, or it was lost whole
    assert all(store.get([f"{i}-{j}" for i in range(kept) for j in range(20)]))
    assert 20 == len(store.lexical(f"thing {kept - 1}", 20).keys)
    store.write([row("next")], replace=False)
    store.close()


def test_a_read_is_asked_again_after_a_restart(fragile: PostgresServer) -> None:
    store = opened(fragile, "market")
    fill(store, sample())
    before = store.nearest("text", unit(1)[0], 5)
    fragile.kill()
    fragile.start()
    assert before == store.nearest("text", unit(1)[0], 5)
    fragile.kill()
    fragile.start()
    assert 1 == store.write([row("id-1")], replace=True)  # nothing had been sent yet
    store.close()


def test_a_server_that_is_silent_is_given_up_in_time(fragile: PostgresServer) -> None:
    store = opened(fragile, "market", "&timeout=0.5")
    fill(store, [row("a")])
    with fragile.connect() as holder:
        holder.execute("BEGIN")
        holder.execute("SELECT * FROM market.state FOR UPDATE")
        with pytest.raises(StoreUnreachable, match=r"no answer within 0\.5 s"):
            store.write([row("b")], replace=False)
        holder.execute("ROLLBACK")
    assert 1 == store.count()
    fragile.freeze(store._link.ask("SELECT pg_backend_pid()")[0][0])
    with pytest.raises(StoreUnreachable, match=r"no answer within 0\.5 s"):
        store.nearest("text", unit(1)[0], 1)
    assert 1 == store.count()  # on another connection
    store.close()


def test_where_there_is_no_server(server: PostgresServer, tmp_path: Path) -> None:
    address = read_address(f"postgresql://localhost/market?socket={tmp_path}", options=OPTIONS)
    with pytest.raises(StoreUnreachable, match="Is the server running"):
        connect(address, create=True)
    with pytest.raises(BadArgument, match="is no option of this store"):
        read_address("postgresql://localhost/market?user=x", options=OPTIONS)


def test_a_wrong_password_and_a_wrong_database(
    server: PostgresServer, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with server.connect() as db:
        db.execute("CREATE EXTENSION IF NOT EXISTS vector")  # which this role may not
        db.execute("CREATE ROLE guarded LOGIN PASSWORD 'right' IN ROLE pg_read_all_data")
        db.execute("CREATE SCHEMA AUTHORIZATION guarded")
    monkeypatch.setenv("PGUSER", "guarded")
    monkeypatch.setenv("PGPASSWORD", "wrong")
    with pytest.raises(StoreUnreachable, match=r"password authentication failed.*PGPASSWORD"):
        opened(server, "guarded")
    monkeypatch.setenv("PGPASSWORD", "right")
    opened(server, "guarded").close()  # an empty schema that was made for it
    with pytest.raises(StorageError, match="permission denied"):
        opened(server, name)
    monkeypatch.setenv("PGUSER", "postgres")
    with pytest.raises(StoreUnreachable, match='"nowhere" does not exist'):
        connect(
            read_address(
                f"postgresql://x/{name}?socket={server.folder}&database=nowhere", options=OPTIONS
            ),
            create=True,
        )


def test_a_database_without_pgvector(server: PostgresServer, name: str) -> None:
    with server.connect() as db:
        db.execute("CREATE DATABASE bare")
        db.execute("CREATE ROLE maker LOGIN")
    with server.connect(dbname="bare") as db:
        db.execute("CREATE SCHEMA AUTHORIZATION maker")
    bare = f"postgresql://x/maker?socket={server.folder}&database=bare"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PGUSER", "maker")
        with pytest.raises(StorageError, match=r"no pgvector.*CREATE EXTENSION vector"):
            connect(read_address(bare, options=OPTIONS), create=True)
    with pytest.raises(CollectionNotFound, match="no collection here"):
        connect(read_address(bare, options=OPTIONS), create=False)
    store = connect(read_address(bare, options=OPTIONS), create=True)  # who may, adds it
    fill(store, sample())
    assert 5 == len(store.nearest("text", unit(1)[0], 5).keys)
    store.close()


def test_what_others_made_is_left_alone(server: PostgresServer, name: str) -> None:
    with server.connect() as db:
        db.execute(f"CREATE SCHEMA {name}")
        db.execute(f"CREATE TABLE {name}.about (key text, value text)")
        with pytest.raises(NotACollection, match="tables of something else"):
            opened(server, name)
        tables = f"SELECT tablename FROM pg_tables WHERE schemaname = '{name}'"
        assert [("about",)] == db.execute(tables).fetchall()
    with pytest.raises(NotACollection):
        opened(server, "information_schema")
    with pytest.raises(CollectionNotFound, match="no collection here"):
        opened(server, f"{name}_not", create=False)


def test_a_newer_format_and_a_collection_that_was_dropped(
    server: PostgresServer, store: PostgresStore, name: str
) -> None:
    with server.connect() as db:
        # A table of the same name elsewhere is not taken for ours.
        db.execute("CREATE TABLE IF NOT EXISTS public.state (items int)")
        db.execute(f"UPDATE {name}.about SET value = '2' WHERE key = 'format'")
        with pytest.raises(FormatTooNew, match="written in format 2"):
            opened(server, name)
        db.execute(f"DROP SCHEMA {name} CASCADE")
        with pytest.raises(CollectionNotFound):
            store.count()


def test_a_refused_command_leaves_no_tables(
    server: PostgresServer, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("heading.csv").write_text("id,title\n")
    Path("things.csv").write_text("id,title\na,an armchair\n,nameless\n")
    schemas = f"SELECT nspname FROM pg_namespace WHERE nspname LIKE '{name}%'"
    tables = f"SELECT count(*) FROM pg_tables WHERE schemaname = '{name}'"
    with server.connect() as db:
        assert 2 == main(["index", "heading.csv", "--into", server.address(name)])
        assert [] == db.execute(schemas).fetchall()
        db.execute(f"CREATE SCHEMA {name}")
        assert 2 == main(["index", "heading.csv", "--into", server.address(name)])
        assert [(name,)] == db.execute(schemas).fetchall()  # which was there before
        assert [(0,)] == db.execute(tables).fetchall()
        # What was stored stays.
        assert 0 == main(["index", "things.csv", "--into", server.address(name)])
        assert 0 == main(["facets", server.address(name)])
        assert 2 == main(["index", "things.csv", "--into", server.address(name), "--id", "no"])
        assert [(1,)] == db.execute(f"SELECT items FROM {name}.state").fetchall()


def test_a_language_that_is_told_makes_words_anew(server: PostgresServer, name: str) -> None:
    store = opened(server, name)
    fill(store, [row("a"), Row("b", "die schönen Wohnungen", {}, {}, {})])
    assert "english" == store.language
    assert [] == store.lexical("Wohnung", 5).keys
    store.close()
    store = opened(server, name, language="german")
    assert 1 == len(store.lexical("Wohnung", 5).keys)
    store.close()
    store = opened(server, name, language="auto")
    assert "english" == store.language
    assert [] == store.lexical("Wohnung", 5).keys
    store.close()


def test_filters_read_what_the_rows_hold(store: PostgresStore) -> None:
    rows = sample()
    schema = fill(store, rows)
    for where in FILTERS:
        node = parse(where, schema)
        passing = {one.id for one in rows if matches(node, one.metadata)}
        assert passing == {one.id for one in store.scan(where=node)}
        assert len(passing) == store.count(node)


def test_what_was_deleted_is_known_until_it_is_compacted(store: PostgresStore) -> None:
    fill(store, sample())
    before = store.revision
    [gone] = store.nearest("text", sample()[1].vectors["text"], 1).keys
    store.delete(["id-1"])
    assert [gone] == store._truth.deleted_since(before)
    assert 59 == len(store.columns().keys) == len(store._truth.page(0, vectors=False))
    assert ["id-59"] == [one.id for one in store.scan(after="id-58")]
    with pytest.raises(ItemNotFound):
        next(store.scan(after="id-1"))
    store.compact()
    assert [] == store._truth.deleted_since(0)
    store.delete(["id-2"])
    assert 58 == int(store.columns().alive.sum())
    store.judge("lamp", "id-3", 2)
    store.judge("lamp", "id-4", 1)
    store.judge("lamp", "id-4", None)
    assert {"lamp": {"id-3": 2}} == store.judgments
    assert {"text", "image"} == set(store.sampled())


def test_a_statement_that_fails_leaves_the_rest_as_it_was(store: PostgresStore) -> None:
    fill(store, sample())
    wrong = np.ones(DIM + 1, np.float32)
    with pytest.raises(StorageError, match="different vector dimensions"):
        store.nearest("text", wrong, 3)
    before = store.revision
    with pytest.raises(StorageError):
        store.write(
            [row("new"), Row("bad", "x", {}, {}, {"text": unit(1)[0] * np.nan})], replace=True
        )
    assert (before, 60) == (store.revision, store.count())
    assert 3 == len(store.nearest("text", unit(1)[0], 3).keys)
