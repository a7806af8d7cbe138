"""One process owns a collection; a second one is refused at once, and readers read on."""

import contextlib
import json
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import cospace as cs
from cospace.cli.main import main
from cospace.errors import CollectionBusy, CollectionClosed, CospaceError
from cospace.store.truth import Truth

from .shops import answers, fill, make, rows

OWNER = """
import sys
sys.path.insert(0, sys.argv[2])
import cospace as cs
from tests.faults.shops import rows
shop = cs.open(sys.argv[1])
print("open", flush=True)
for n, line in enumerate(sys.stdin):
    shop.add_vectors([f"more-{n}"], rows(1, n))
    print("added", flush=True)
"""


class Owner:
    """Another process that has the collection open, and adds an item each time it is asked."""

    def __init__(self, folder: Path) -> None:
        root = str(Path(__file__).parents[2])
        self.process = subprocess.Popen(
            [sys.executable, "-c", OWNER, str(folder), root],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        assert "open\n" == self.process.stdout.readline()

    def add(self) -> None:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        assert "added\n" == self.process.stdout.readline()

    def end(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            self.process.kill()
        self.process.communicate()


@pytest.fixture
def shop(fast_path: Path) -> Path:
    return make(fast_path / "shop.cospace")


@pytest.fixture
def owner(shop: Path) -> Iterator[Owner]:
    made = Owner(shop)
    yield made
    made.end()


def test_opened_twice_in_one_process(shop: Path) -> None:
    with cs.open(shop) as first:
        with pytest.raises(CollectionBusy, match=rf"this process \(pid {os.getpid()}, since "):
            cs.open(shop)
        assert 60 == len(first)
    cs.open(shop).close()


def test_opened_by_another_process_is_refused_at_once_by_pid_and_host(
    shop: Path, owner: Owner
) -> None:
    started = time.monotonic()
    for _ in range(20):
        with pytest.raises(CollectionBusy) as caught:
            cs.open(shop)
    assert time.monotonic() - started < 2
    assert f"pid {owner.process.pid} on host {socket.gethostname()}" in str(caught.value)
    assert "commands that only read, such as cospace search" in str(caught.value)


def test_the_lock_ends_with_its_owner(shop: Path, owner: Owner) -> None:
    owner.add()
    owner.process.send_signal(signal.SIGKILL)
    owner.process.wait()
    with cs.open(shop) as again:
        assert 61 == len(again)
        assert "more-0" in again.search(rows(1, 0), k=2).ids


@pytest.mark.parametrize("record", [b"", b"{", b"[]", b'{"pid": 1}', b"\xff" * 50, b"7"])
def test_a_lock_file_that_says_nothing_is_still_a_lock(
    record: bytes, shop: Path, owner: Owner
) -> None:
    (shop / "lock").write_bytes(record)
    with pytest.raises(CollectionBusy, match="has it open"):
        cs.open(shop)


def test_a_lock_file_of_the_dead_is_none(shop: Path) -> None:
    (shop / "lock").write_bytes(b'{"pid": 1, "host": "elsewhere", "since": "1970"}')
    cs.open(shop).close()


def test_others_read_while_one_writes(
    shop: Path, owner: Owner, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for n in range(1, 4):
        owner.add()
        assert 0 == main(["info", str(shop), "--json"])
        assert 60 + n == json.loads(capsys.readouterr().out)["items"]
        assert 0 == main(["verify", str(shop), "--json"])
        assert json.loads(capsys.readouterr().out)["sound"]
        out = tmp_path / f"{n}.parquet"
        assert 0 == main(["export", str(shop), str(out), "--json"])
        assert 60 + n == json.loads(capsys.readouterr().out)["items"]
    with cs.open(tmp_path / "copy.cospace") as copy:
        assert 63 == copy.restore(tmp_path / "3.parquet")
        assert "more-2" in copy
    assert 0 == main(["search", str(shop), "kettle", "--by", "words", "--json"])
    assert 10 == len(json.loads(capsys.readouterr().out)["hits"])
    assert 5 == main(["delete", str(shop), "id-1"])
    assert str(owner.process.pid) in capsys.readouterr().err


def test_a_reader_sees_one_state_while_another_process_writes(shop: Path, owner: Owner) -> None:
    truth = Truth(shop / "truth.sqlite", read_only=True)
    owner.add()
    items, fields, _ = truth.counts()
    assert (61, {"text": 61}) == (items, fields)
    assert 61 == sum(1 for _ in truth.scan(vectors=True))
    truth.close()


def in_child(task: Callable[[], object], end: Callable[[int], object] = os._exit) -> str:
    """What became of `task` in a forked child: the name of its error, or its result."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            said = str(task())
        except BaseException as error:  # noqa: BLE001 - sent to the parent
            said = f"{type(error).__name__}: {error}"
        os.write(writing, said.encode())
        os.close(writing)
        end(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as file:
        said = file.read().decode()
    assert 0 == os.waitpid(child, 0)[1]
    return said


def test_a_forked_child_is_refused_and_the_parent_goes_on(shop: Path) -> None:
    with cs.open(shop) as one:
        expected = answers(one)
        tasks: list[Callable[[], object]] = [
            lambda: one.search(rows(1)),
            lambda: one.get("id-1"),
            lambda: one.delete("id-1"),
            lambda: one.add_vectors(["new"], rows(1)),
            lambda: list(one),
            one.count,
            lambda: one.count({"price": 1}),
            one.optimize,
            one.info,
        ]
        for task in tasks:
            said = in_child(task)
            assert said.startswith(f"CollectionClosed: {shop}: opened by process {os.getpid()}")
        assert "None" == in_child(one.close)
        assert in_child(lambda: cs.open(shop)).startswith("CollectionBusy")
        assert expected == answers(one)
    cs.open(shop).close()


def test_a_child_that_lives_on_does_not_keep_the_lock(shop: Path) -> None:
    reading, writing = os.pipe()
    one = cs.open(shop)
    child = os.fork()
    if child == 0:
        os.close(writing)
        os.read(reading, 1)  # until the parent closes its end
        os._exit(0)
    os.close(reading)
    one.close()
    with cs.open(shop) as again:  # while the child is still there
        assert 60 == len(again)
    os.close(writing)
    os.waitpid(child, 0)


CALLS: list[Callable[[cs.Collection], object]] = [
    lambda c: c.search(rows(1)),
    lambda c: c.search("kettle", by="words"),
    lambda c: c.add_vectors(["new"], rows(1)),
    lambda c: c.delete("id-1"),
    lambda c: c.get("id-1"),
    lambda c: "id-1" in c,
    len,
    list,
    lambda c: c.count(),
    lambda c: c.count({"price": 1}),
    lambda c: c.info(),
    lambda c: c.optimize(),
]


@pytest.mark.parametrize("filled", [True, False])
@pytest.mark.parametrize("memory", [True, False])
def test_a_closed_collection_says_so(filled: bool, memory: bool, fast_path: Path) -> None:
    one = cs.open(":memory:" if memory else fast_path / "shop.cospace")
    if filled:
        fill(one)
    one.close()
    one.close()
    for n, call in enumerate(CALLS):
        if not filled and n in (1, 9):
            continue  # no such list, no such field: seen first
        with pytest.raises(CollectionClosed, match="closed"):
            call(one)
    assert "closed" in repr(one)


def test_closing_while_others_search_ends_them_with_an_error_of_ours(shop: Path) -> None:
    one = cs.open(shop)
    started = threading.Barrier(5)
    wrong: list[BaseException] = []

    def search(seed: int) -> None:
        started.wait()
        try:
            while True:
                one.search(rows(1, seed), k=5, where={"price": {"$lt": 30}})
                one.search("kettle", by="words", k=5)
        except CospaceError:
            return
        except BaseException as error:  # noqa: BLE001 - reported at the end
            wrong.append(error)

    threads = [threading.Thread(target=search, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    started.wait()
    for n in range(5):
        one.add_vectors([f"more-{n}"], rows(1, n))
    one.close()
    for thread in threads:
        thread.join()
    assert [] == wrong


@pytest.mark.parametrize("memory", [True, False])
def test_eight_threads_leave_what_a_dict_would_hold(  # noqa: C901 - one story
    memory: bool, fast_path: Path
) -> None:
    """Each thread has ids of its own, so that the end is known whatever the order was."""
    one = cs.open(":memory:" if memory else fast_path / "shop.cospace")
    fill(one)
    started = threading.Barrier(8)
    expected: dict[str, int] = {f"id-{i}": i for i in range(60)}
    wrong: list[BaseException] = []
    guard = threading.Lock()

    def work(seed: int) -> None:
        at = random.Random(seed)
        mine: dict[str, int] = {}
        started.wait()
        try:
            for n in range(25):
                what = at.random()
                if what < 0.4:
                    name, price = f"t{seed}-{at.randrange(8)}", at.randrange(100)
                    one.add_vectors(
                        [name], rows(1, 1000 * seed + price), metadata=[{"price": price}],
                        texts=[f"kettle {name}"], replace=True,
                    )  # fmt: skip
                    mine[name] = price
                    # Two names of one price have one vector.
                    best = one.search(rows(1, 1000 * seed + price), k=8)
                    assert (name in best.ids, price) == (True, best[0].metadata["price"])
                elif what < 0.6 and mine:
                    name = at.choice(sorted(mine))
                    assert 1 == one.delete(name)
                    del mine[name]
                    assert name not in one
                elif what < 0.9:
                    hits = one.search(rows(1, n), k=10, where={"price": {"$gte": 0}})
                    # What others delete between the search and the reading is no hit any more.
                    assert 10 - 7 <= len(hits) == len(set(hits.ids)) <= 10
                    one.search(f"kettle t{seed}", k=5, by="words")
                elif memory or n % 2:
                    one.optimize()
                else:
                    one.store.compact()  # type: ignore[attr-defined]
        except BaseException as error:  # noqa: BLE001 - reported at the end
            wrong.append(error)
        with guard:
            expected.update(mine)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [] == wrong
    assert expected == {item.id: item.metadata["price"] for item in one}
    assert len(expected) == one.count({"price": {"$gte": 0}})
    one.close()
    if not memory:
        truth = Truth(fast_path / "shop.cospace" / "truth.sqlite", read_only=True)
        assert [] == truth.verify()
        truth.close()


def test_an_exception_inside_with_closes_the_collection(shop: Path) -> None:
    with pytest.raises(RuntimeError), cs.open(shop):
        raise RuntimeError
    cs.open(shop).close()


def test_an_opening_that_fails_leaves_no_lock(shop: Path) -> None:
    with pytest.raises(cs.errors.SpaceMismatch):
        other = cs.Space.of("other", 8)

        class Encoder:
            space = other

        cs.open(shop, model=Encoder())  # type: ignore[arg-type]
    whole = (shop / "truth.sqlite").read_bytes()
    (shop / "truth.sqlite").write_bytes(whole[:-8192])
    with pytest.raises(CospaceError), cs.open(shop) as cut:
        answers(cut)
    (shop / "truth.sqlite").write_bytes(whole)
    with cs.open(shop) as again:
        assert 60 == len(again)
