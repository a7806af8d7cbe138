"""The search index between writes: kept up, sealed when there is time, built once for many."""

import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

import cospace as cs
from cospace.errors import CollectionClosed, DuplicateId
from cospace.store import edge, seal
from cospace.store.apart import Builder
from cospace.store.local import LocalStore

DIM = 8
SPACE = cs.Space.of("upkeep", DIM)


def rows(numbers: range) -> cs.Vectors:
    return cs.Vectors(np.random.default_rng(numbers.start).normal(size=(len(numbers), DIM)), SPACE)


def add(shop: cs.Collection, numbers: range) -> None:
    shop.add_vectors([f"id-{i}" for i in numbers], rows(numbers))


def local(shop: cs.Collection) -> LocalStore:
    assert isinstance(shop.store, LocalStore)
    return shop.store


class Counts:
    """How many files were read for a seal, and how many graphs were built."""

    files = 0
    graphs = 0


@pytest.fixture
def counts(monkeypatch: pytest.MonkeyPatch) -> Counts:
    """Counted beside the work itself, which is done as always."""
    counts, checksum = Counts(), seal._checksum
    tidy, build = edge.Edge.tidy, Builder.build

    def counted_checksum(path: Path) -> str:
        counts.files += 1
        return checksum(path)

    def counted_tidy(self: edge.Edge) -> None:
        counts.graphs += 1
        tidy(self)

    def counted_build(self: Builder, shard: Path) -> None:
        counts.graphs += 1
        build(self, shard)

    monkeypatch.setattr(seal, "_checksum", counted_checksum)
    monkeypatch.setattr(edge.Edge, "tidy", counted_tidy)
    monkeypatch.setattr(Builder, "build", counted_build)
    return counts


@pytest.fixture
def small_graphs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(edge, "EXACT_BELOW", 100)


@pytest.fixture
def path(fast_path: Path) -> Path:
    return fast_path / "shop.cospace"


def sealed(path: Path) -> bool:
    return (path / "cache" / "seal.json").is_file()


def until_sealed(path: Path) -> None:
    for _ in range(2_000):
        if sealed(path):
            return
        time.sleep(0.01)
    raise AssertionError("it was never sealed")


@pytest.fixture
def no_rebuild(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    with caplog.at_level(logging.WARNING, "cospace.store"):
        yield
    assert [] == caplog.messages


def test_a_write_reads_no_file_of_the_index(path: Path, counts: Counts) -> None:
    with cs.open(path) as shop:
        for start in range(0, 50, 10):
            add(shop, range(start, start + 10))
            shop.search(rows(range(start, start + 1)), k=1)
        shop.delete("id-3")
        assert 0 == counts.files
        assert not sealed(path)
    assert counts.files
    assert sealed(path)


def test_what_is_written_is_found_at_once_all_the_same(path: Path, no_rebuild: None) -> None:
    for start in range(0, 40, 10):
        with cs.open(path) as shop:
            add(shop, range(start, start + 10))
            assert [f"id-{start}"] == shop.search(rows(range(start, start + 10))[:1], k=1).ids


def test_an_index_that_nobody_changes_is_sealed_once(path: Path, counts: Counts) -> None:
    with cs.open(path) as shop:
        add(shop, range(10))
    counts.files = 0
    with cs.open(path) as shop:
        shop.search(rows(range(1)), k=1)
        checked = counts.files  # to open it
        assert checked
        shop.optimize()
    assert checked == counts.files


def test_it_is_sealed_when_nothing_was_written_for_a_while(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cospace.store.local.SEAL_AFTER", 0.02)
    with cs.open(path) as shop:
        for start in (0, 10):
            add(shop, range(start, start + 10))
            until_sealed(path)
        shop.delete("id-1")  # the truth alone: the seal tells up to which commit it holds
        assert sealed(path)
        shop.search(rows(range(1)), k=1)
        until_sealed(path)


WRITER = """
import sys, time
import numpy as np
import cospace as cs
import cospace.store.local as local
local.SEAL_AFTER = 0.02
shop = cs.open(sys.argv[1])
space = cs.Space.of("upkeep", 8)
shop.add_vectors(["a", "b"], cs.Vectors(np.eye(8)[:2], space))
print("added", flush=True)
time.sleep(600)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="needs SIGKILL")
def test_a_process_that_is_killed_after_it_leaves_an_index(path: Path, no_rebuild: None) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE
    ) as writer:
        assert writer.stdout is not None
        assert b"added\n" == writer.stdout.readline()
        until_sealed(path)
        os.kill(writer.pid, signal.SIGKILL)
    with cs.open(path) as shop:
        assert ["b"] == shop.search(cs.Vectors(np.eye(8)[1:2], SPACE), k=1).ids


def test_a_write_during_the_sealing_is_not_sealed_away(path: Path, no_rebuild: None) -> None:
    with cs.open(path) as shop:
        add(shop, range(10))
        cache = local(shop)._cache
        draft = cache.draft()
        assert draft is not None
        sums = seal.checksums(cache.shard)
        add(shop, range(10, 20))
        cache.seal(draft, sums)
        assert not cache.sealed
        assert not sealed(path)
    with cs.open(path) as shop:
        assert ["id-10"] == shop.search(rows(range(10, 20))[:1], k=1).ids


def test_a_search_during_the_sealing_changes_nothing(path: Path, no_rebuild: None) -> None:
    with cs.open(path) as shop:
        add(shop, range(10))
        cache = local(shop)._cache
        draft = cache.draft()
        assert draft is not None
        shop.search(rows(range(1)), k=1)
        cache.seal(draft, seal.checksums(cache.shard))
        assert cache.sealed
        assert cache.draft() is None
    with cs.open(path) as shop:
        assert 10 == len(shop.search(rows(range(1)), k=10))


def test_searches_and_writes_beside_the_sealing(
    path: Path, monkeypatch: pytest.MonkeyPatch, no_rebuild: None
) -> None:
    monkeypatch.setattr("cospace.store.local.SEAL_AFTER", 0.0)
    with cs.open(path) as shop:
        for start in range(0, 300, 10):
            add(shop, range(start, start + 10))
            found = shop.search(rows(range(start, start + 10))[:1], k=1)
            assert [f"id-{start}"] == found.ids
        until_sealed(path)
    with cs.open(path) as shop:
        assert ["id-0"] == shop.search(rows(range(10))[:1], k=1).ids


# --- many writes, one graph ---


def test_bulk_builds_one_graph(path: Path, counts: Counts, small_graphs: None) -> None:
    with cs.open(path) as shop:
        with shop.bulk():
            for start in range(0, 1000, 200):
                add(shop, range(start, start + 200))
            assert 0 == counts.graphs
            assert 1000 == len(shop)
        assert 1 == counts.graphs
        assert 1000 == shop.info().indexed
        assert ["id-200"] == shop.search(rows(range(200, 400))[:1], k=1).ids


def test_without_bulk_each_write_may_build_one(
    path: Path, counts: Counts, small_graphs: None
) -> None:
    with cs.open(path) as shop:
        for start in range(0, 1000, 200):
            add(shop, range(start, start + 200))
    assert counts.graphs > 1


def test_bulk_makes_each_write_durable_and_visible(path: Path) -> None:
    with cs.open(path) as shop, shop.bulk():
        add(shop, range(10))
        with cs.Collection(LocalStoreCopy(path).store) as copy:
            assert 10 == len(copy)
        assert ["id-0"] == shop.search(rows(range(10))[:1], k=1).ids
        add(shop, range(10, 20))
        assert ["id-10"] == shop.search(rows(range(10, 20))[:1], k=1).ids


class LocalStoreCopy:
    """The collection as it would be found were the process killed now."""

    def __init__(self, path: Path) -> None:
        copy = path.parent / "copy.cospace"
        copy.mkdir()
        for end in ("", "-wal"):
            name = f"truth.sqlite{end}"
            (copy / name).write_bytes((path / name).read_bytes())
        self.store = LocalStore(copy)


def test_bulk_may_be_nested(path: Path, counts: Counts, small_graphs: None) -> None:
    with cs.open(path) as shop:
        with shop.bulk():
            with shop.bulk():
                add(shop, range(200))
            assert 0 == counts.graphs
            add(shop, range(200, 400))
        assert 1 == counts.graphs


def test_bulk_of_several_threads(path: Path, counts: Counts, small_graphs: None) -> None:
    with cs.open(path) as shop:

        def fill(start: int) -> None:
            with shop.bulk():
                add(shop, range(start, start + 50))

        with shop.bulk():
            threads = [threading.Thread(target=fill, args=(i * 50,)) for i in range(8)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            assert 0 == counts.graphs
        assert 1 == counts.graphs
        assert 400 == shop.info().indexed


def test_what_was_written_before_an_error_in_bulk_is_there(path: Path) -> None:
    with cs.open(path) as shop:
        with pytest.raises(DuplicateId), shop.bulk():
            add(shop, range(10))
            add(shop, range(5, 15))
        assert 10 == len(shop)
        assert ["id-0"] == shop.search(rows(range(10))[:1], k=1).ids
        add(shop, range(20, 30))  # and the next write keeps the index up again
        assert 20 == local(shop)._cache.rows


def test_bulk_of_a_collection_that_is_closed_inside(path: Path) -> None:
    shop = cs.open(path)
    with pytest.raises(CollectionClosed), shop.bulk():
        shop.close()


def test_bulk_in_memory() -> None:
    with cs.open(":memory:") as shop:
        with shop.bulk():
            add(shop, range(10))
        assert 10 == len(shop)


# --- reading beside writing ---


@pytest.mark.parametrize("place", ["folder", ":memory:"])
def test_iterating_beside_writing_threads(path: Path, place: str) -> None:
    with cs.open(path if place == "folder" else place) as shop:
        add(shop, range(3_000))  # more than one page
        over = threading.Event()

        def write() -> None:
            start = 3_000
            while not over.is_set():
                add(shop, range(start, start + 20))
                shop.delete([f"id-{i}" for i in range(start, start + 10)])
                start += 20

        with ThreadPoolExecutor(1) as pool:
            job = pool.submit(write)
            try:
                for _ in range(15):
                    ids = [item.id for item in shop]
                    assert [f"id-{i}" for i in range(3_000)] == ids[:3_000]
                    assert len(ids) == len(set(ids))
            finally:
                over.set()
            job.result()


def test_exporting_beside_searching_and_writing_threads(path: Path) -> None:
    with cs.open(path) as shop:
        add(shop, range(3_000))
        over = threading.Event()

        def write() -> None:
            start = 3_000
            while not over.is_set():
                add(shop, range(start, start + 5))
                start += 5

        def search() -> None:
            while not over.is_set():
                assert ["id-0"] == shop.search(rows(range(3_000))[:1], k=1).ids

        with ThreadPoolExecutor(2) as pool:
            jobs = [pool.submit(write), pool.submit(search)]
            try:
                for i in range(8):
                    assert shop.export(path.parent / f"{i}.parquet") >= 3_000
            finally:
                over.set()
            for job in jobs:
                job.result()


@pytest.mark.parametrize("place", ["folder", ":memory:"])
def test_an_iterator_that_is_open_at_the_close(path: Path, place: str) -> None:
    shop = cs.open(path if place == "folder" else place)
    add(shop, range(10))
    items = iter(shop)
    assert "id-0" == next(items).id
    shop.close()
    with pytest.raises(CollectionClosed, match="this collection was closed"):
        next(items)
    with pytest.raises(CollectionClosed):
        list(shop)
