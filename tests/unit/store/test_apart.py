"""A graph is built in another process, while this one searches and writes."""

import errno
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cospace import files
from cospace.errors import CollectionClosed, DiskFull, StorageError
from cospace.files import remove
from cospace.search import Query, ask
from cospace.space import Space
from cospace.store import cache, edge, moving
from cospace.store.apart import Builder
from cospace.store.beside import Made
from cospace.store.cache import Aside, Cache
from cospace.store.local import LocalStore
from cospace.store.reader import LocalReader
from cospace.store.seal import checksums

from .numbered import DIM, VECTORS, add, first

ROWS = 600
BUILD = Builder.build


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(edge, "EXACT_BELOW", 100)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[LocalStore]:
    made = LocalStore(tmp_path / "shop.cospace")
    add(made, range(ROWS))
    yield made
    made.close()
    assert [] == left(tmp_path / "shop.cospace")


def left(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir() if path.name.endswith(".graph")]


def move(store: LocalStore) -> bool:
    """Whether the vectors of another model, each of them turned round, are in use now."""
    if store.beside is None:
        store.begin_beside(Space.of("other", DIM), "other")
    while page := store.stale((0, 0), sys.maxsize):
        made = [replace(one.row, vectors={"text": -VECTORS[int(one.row.id[3:])]}) for one in page]
        store.put_beside([Made(one.key, one.seq, row) for one, row in zip(page, made, strict=True)])
    store.index_beside()
    return store.exchange()


class Held:
    """The first graph begins to be built when it is let."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.begun, self.let = threading.Event(), threading.Event()
        self.count = 0
        monkeypatch.setattr(Builder, "build", self._build())

    def _build(self) -> Callable[[Builder, Path], None]:
        def build(builder: Builder, shard: Path) -> None:
            self.count += 1
            self.begun.set()
            assert self.count > 1 or self.let.wait(60)
            BUILD(builder, shard)

        return build


class Beside(threading.Thread):
    """Optimizes in a thread of its own; `join` gives what it raised."""

    def __init__(self, store: LocalStore) -> None:
        super().__init__()
        self.store = store
        self.raised: Exception | None = None
        self.start()

    def run(self) -> None:
        try:
            self.store.optimize()
        except (StorageError, CollectionClosed) as error:
            self.raised = error

    def ended(self) -> Exception | None:
        self.join(60)
        assert not self.is_alive()
        return self.raised


def begun(store: LocalStore, monkeypatch: pytest.MonkeyPatch) -> tuple[Held, Beside]:
    """A graph that is about to be built in another thread."""
    held = Held(monkeypatch)
    beside = Beside(store)
    assert held.begun.wait(60)
    return held, beside


def in_the_middle(monkeypatch: pytest.MonkeyPatch, task: Callable[[], None]) -> list[Aside]:
    """The copies that are made from now on; the task is done before the first of them."""
    copies, copy = [], Cache.copy

    def disturbed(self: Cache, aside: Aside) -> bool:
        copies.append(aside)
        if len(copies) == 1:
            task()
        return copy(self, aside)

    monkeypatch.setattr(Cache, "copy", disturbed)
    return copies


def test_searches_and_writes_go_on_while_a_graph_is_built(
    store: LocalStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    held, beside = begun(store, monkeypatch)
    assert "id-7" == first(store, 7)
    add(store, range(ROWS, ROWS + 5))
    assert f"id-{ROWS + 3}" == first(store, ROWS + 3)
    assert 1 == store.delete(["id-8"])
    assert "id-8" != first(store, 8)
    add(store, range(ROWS + 5, ROWS + 9))  # and nobody searches before it is built
    store.delete(["id-9"])
    held.let.set()
    assert beside.ended() is None
    assert 9 == store._cache.unindexed
    for i in (7, ROWS + 3, ROWS + 8):
        assert f"id-{i}" == first(store, i)
    assert {"id-8", "id-9"}.isdisjoint({first(store, 8), first(store, 9)})
    assert ROWS + 7 == store.count()
    assert ROWS + 7 == store._cache.rows


def test_what_was_built_is_sealed_and_opens_again(store: LocalStore) -> None:
    store.optimize()
    folder = store.folder
    assert 0 == store._cache.unindexed
    store.close()
    again = LocalStore(folder)
    assert "id-5" == first(again, 5)
    assert again._cache.sealed
    assert 0 == again._cache.unindexed
    again.close()


def test_of_several_threads_one_builds(store: LocalStore, monkeypatch: pytest.MonkeyPatch) -> None:
    held, beside = begun(store, monkeypatch)
    store.optimize()  # returns at once
    held.let.set()
    assert beside.ended() is None
    assert 1 == held.count


def test_what_came_meanwhile_gets_its_graph_too(
    store: LocalStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    held, beside = begun(store, monkeypatch)
    add(store, range(ROWS, 2 * ROWS))
    store.optimize()  # returns at once
    held.let.set()
    assert beside.ended() is None
    assert (2, 0) == (held.count, store._cache.unindexed)
    assert 2 * ROWS == store._cache.rows


def test_a_graph_that_a_large_write_made_meanwhile_stays(
    store: LocalStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    held, beside = begun(store, monkeypatch)
    monkeypatch.setattr(cache, "SEGMENT_ROWS", ROWS)
    add(store, range(ROWS, 2 * ROWS))
    store.optimize()
    assert 0 == store._cache.unindexed
    held.let.set()
    assert beside.ended() is None
    assert (2, 0) == (held.count, store._cache.unindexed)


def test_a_write_in_the_middle_of_the_copy_makes_another_one(
    store: LocalStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def write() -> None:
        add(store, range(ROWS, ROWS + 3))
        first(store, 0)  # which brings them into the shard

    copies = in_the_middle(monkeypatch, write)
    store.optimize()
    assert len(copies) == 2
    assert 0 == store._cache.unindexed
    assert f"id-{ROWS + 2}" == first(store, ROWS + 2)


def test_what_is_thrown_away_meanwhile_does_not_come_back(
    store: LocalStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    held, beside = begun(store, monkeypatch)
    store.delete([f"id-{i}" for i in range(50)])
    store.compact()
    assert "id-60" == first(store, 60)  # the index is built anew, and the copy is still there
    held.let.set()
    assert beside.ended() is None
    assert ROWS - 50 == store._cache.rows
    assert "id-3" != first(store, 3)


def test_a_close_ends_it(store: LocalStore, monkeypatch: pytest.MonkeyPatch) -> None:
    begin = Builder._begin

    def stopping(self: Builder, shard: Path) -> subprocess.Popen[bytes] | None:
        child = begin(self, shard)
        assert child is not None
        os.kill(child.pid, signal.SIGSTOP)  # it would never end by itself
        stopped.set()
        return child

    stopped = threading.Event()
    monkeypatch.setattr(Builder, "_begin", stopping)
    beside = Beside(store)
    assert stopped.wait(60)
    store.close()
    assert isinstance(beside.ended(), CollectionClosed)
    again = LocalStore(store.folder)
    assert "id-5" == first(again, 5)
    again.close()


def test_a_process_that_is_killed_is_told_and_costs_nothing(
    store: LocalStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Builder, "_begin", killed)
    with pytest.raises(StorageError, match=r"exit code -9 \(is there memory for it\?\)"):
        store.optimize()
    assert [] == left(store.folder)
    assert "id-5" == first(store, 5)
    monkeypatch.undo()
    store.optimize()
    assert "id-5" == first(store, 5)


def killed(self: Builder, shard: Path) -> subprocess.Popen[bytes]:
    code = "import os; print('begun', flush=True); os.kill(os.getpid(), 9)"
    return subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)


def test_one_that_is_killed_at_once_does_not_make_this_process_the_next(
    store: LocalStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def at_once(self: Builder, shard: Path) -> subprocess.Popen[bytes]:
        code = "import os; os.kill(os.getpid(), 9)"
        return subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)

    monkeypatch.setattr(Builder, "_begin", at_once)
    with pytest.raises(StorageError, match="exit code -9"):
        store.optimize()


def test_it_takes_its_code_from_where_this_process_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "cospace/store").mkdir(parents=True)
    (tmp_path / "cospace/__init__.py").touch()
    (tmp_path / "cospace/store/__init__.py").touch()
    (tmp_path / "cospace/store/apart.py").write_text("print('from here')")
    monkeypatch.syspath_prepend(tmp_path)
    child = Builder()._begin(tmp_path)
    assert child is not None
    assert b"from here" == child.communicate()[0].strip()


@pytest.mark.parametrize("program", ["", "/nowhere/python", "/bin/true", "/bin/false"])
def test_where_no_process_can_be_had_it_is_built_in_this_one(
    store: LocalStore, monkeypatch: pytest.MonkeyPatch, program: str
) -> None:
    monkeypatch.setattr(sys, "executable", program)
    store.optimize()
    assert 0 == store._cache.unindexed
    assert "id-5" == first(store, 5)


def test_an_error_of_the_engine_is_told(store: LocalStore, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(StorageError, match=r"exit code 1 .*qdrant-edge"):
        Builder().build(tmp_path / "empty")


def test_without_room_for_a_copy_nothing_is_begun(
    store: LocalStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    first(store, 0)
    monkeypatch.setattr("cospace.files.free_bytes", lambda _: 1_000_000)
    with pytest.raises(DiskFull):
        store.optimize()
    assert [] == left(store.folder)
    monkeypatch.undo()
    assert "id-5" == first(store, 5)


def test_a_copy_that_was_left_is_removed_at_the_next_opening(store: LocalStore) -> None:
    store.optimize()
    store.close()
    (store.folder / ".cache.0123abcd.graph/segments").mkdir(parents=True)
    (store.folder / ".cache-2.0123abcd.graph").mkdir()
    again = LocalStore(store.folder)
    first(again, 1)
    assert [".cache-2.0123abcd.graph"] == left(store.folder)  # of another index
    (store.folder / ".cache-2.0123abcd.graph").rmdir()
    assert again._cache.sealed
    again.close()


def test_what_is_left_of_a_second_index_goes_with_it(store: LocalStore) -> None:
    store.begin_beside(Space.of("other", DIM), "other")
    assert store.beside is not None
    (store.folder / f".{store.beside.folder}.0123abcd.graph/segments").mkdir(parents=True)
    store.drop_beside()
    assert [] == left(store.folder)


def test_models_are_exchanged_while_a_graph_is_built(
    store: LocalStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    held, beside = begun(store, monkeypatch)

    def ended_first(shard: Path) -> Mapping[str, str]:
        if shard.parent.name == "cache":  # the old index is sealed, and still open
            held.let.set()
            assert beside.ended() is None
        return checksums(shard)

    monkeypatch.setattr(moving, "checksums", ended_first)
    assert move(store)
    assert (store.folder / "cache/seal.json").exists()
    assert "id-7" == ask(store, Query({"text": -VECTORS[7]}), k=1)[0].id
    assert ROWS == store._cache.rows


def test_models_are_exchanged_in_the_middle_of_the_copy(
    store: LocalStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    moved = []
    copies = in_the_middle(monkeypatch, lambda: moved.append(move(store)))
    store.optimize()
    assert [True] == moved
    assert 1 == len(copies)
    assert store._second is not None
    assert -1 == store._second.cache.seq  # nobody opened it
    assert "id-7" == ask(store, Query({"text": -VECTORS[7]}), k=1)[0].id


def test_a_close_in_the_middle_of_the_copy_is_told_as_one(
    store: LocalStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = Cache.copy

    def closed(self: Cache, aside: Aside) -> bool:
        store.close()
        aside.folder.touch()  # the next owner removes the folder: there is no place any more
        return copy(self, aside)

    monkeypatch.setattr(Cache, "copy", closed)
    with pytest.raises(CollectionClosed):
        store.optimize()


def test_a_folder_that_goes_while_all_is_counted_is_left_out(
    store: LocalStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    part, scandir = store.folder / ".cache.0123abcd.graph/segments/7", os.scandir
    part.mkdir(parents=True)

    def going(path: object) -> object:
        if str(path) == str(part):
            remove(store.folder / ".cache.0123abcd.graph")
        return scandir(path)

    monkeypatch.setattr(os, "scandir", going)
    assert ROWS == store.info().items
    assert not part.exists()


def test_a_reader_copies_again_what_went_meanwhile(
    store: LocalStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.optimize()
    store.close()
    copied, copy = [], files._copy_sparse

    def going(source: Path, target: Path) -> None:
        copied.append(source)
        if len(copied) == 1:
            raise FileNotFoundError(errno.ENOENT, "gone", str(source))
        copy(source, target)

    monkeypatch.setattr(files, "_copy_sparse", going)
    reader = LocalReader(store.folder)
    assert "id-5" == ask(reader, Query({"text": VECTORS[5]}), k=1)[0].id
    assert 0 == reader._cache.unindexed
    reader.close()


@pytest.mark.parametrize("again", [False, True])
def test_an_index_whose_making_failed_is_begun_anew(
    store: LocalStore, monkeypatch: pytest.MonkeyPatch, again: bool
) -> None:
    def fails(self: edge.Edge, *given: Any) -> None:
        put(self, *given)
        raise StorageError("the disk failed")

    put = edge.Edge.put
    monkeypatch.setattr(edge.Edge, "put", fails)
    with pytest.raises(StorageError, match="the disk failed"):
        first(store, 0)
    monkeypatch.setattr(edge.Edge, "put", put)
    if again:
        store.close()
    opened = LocalStore(store.folder) if again else store
    opened.delete(["id-8"])  # which the index does not hear of
    first(opened, 0)
    assert ROWS - 1 == opened._cache.rows
    opened.close()


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere it works on, and harms nothing")
def test_it_ends_with_the_process_that_began_it(tmp_path: Path) -> None:
    code = (
        "import pathlib, subprocess, sys, time\n"
        "from cospace.store import apart\n"
        "from cospace.store.apart import Builder\n"
        "begin = Builder()._begin(pathlib.Path(sys.argv[1]))\n"
        "print(begin.pid, flush=True)\n"
        "time.sleep(60)\n"
    )
    fifo = tmp_path / "edge_config.json"
    os.mkfifo(fifo)  # who reads it waits
    with subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        time.sleep(1)
        os.kill(child, 0)
        parent.kill()
    for _ in range(500):
        try:
            os.kill(child, 0)
        except ProcessLookupError:
            return
        if Path(f"/proc/{child}/stat").read_text().split()[2] == "Z":
            return
        time.sleep(0.01)
    raise AssertionError("it goes on")
