"""Several processes search one collection, beside the one that owns it and writes."""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import cospace as cs
from cospace.cli.main import main
from cospace.errors import BadArgument, CollectionNotFound, CollectionReadOnly, NotACollection
from cospace.store.reader import LocalReader

from .shops import answers, fill, make, rows

READER = """
import json
import sys
sys.path.insert(0, sys.argv[2])
import cospace as cs
from tests.faults.shops import answers
shop = cs.open(sys.argv[1], read_only=True)
for line in sys.stdin:
    n, seed = json.loads(line)
    print(json.dumps(answers(shop, n, seed)), flush=True)
shop.close()
"""

WRITER = """
import sys
sys.path.insert(0, sys.argv[2])
import cospace as cs
from tests.faults.shops import rows
shop = cs.open(sys.argv[1])
shop.search(rows(1), k=1)
for n, _ in enumerate(sys.stdin, start=1):
    shop.add_vectors([f"more-{n}"], rows(1, n), metadata=[{"batch": n}])
    if n % 3 == 0:
        shop.delete([f"more-{n - 1}"])
    print(n, flush=True)
"""


class Process:
    """Another process that has the collection open."""

    def __init__(self, script: str, folder: Path) -> None:
        root = str(Path(__file__).parents[2])
        self.process = subprocess.Popen(
            [sys.executable, "-c", script, str(folder), root],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def ask(self, value: Any) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(value) + "\n")
        self.process.stdin.flush()

    def line(self) -> Any:
        assert self.process.stdout is not None
        return json.loads(self.process.stdout.readline())

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate()


@pytest.fixture
def own_temp(fast_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for temporary files that only this test uses."""
    folder = fast_path / "temporary"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr(tempfile, "tempdir", None)
    return folder


@pytest.fixture
def folder(fast_path: Path, own_temp: Path) -> Path:
    return make(fast_path / "shop.cospace")


@pytest.fixture
def processes() -> Iterator[list[Process]]:
    made: list[Process] = []
    yield made
    for one in made:
        one.kill()


def told(value: Any) -> Any:
    """As it comes through JSON."""
    return json.loads(json.dumps(value))


def test_four_processes_answer_as_the_owner_does(folder: Path, processes: list[Process]) -> None:
    with cs.open(folder) as owner:
        processes += [Process(READER, folder) for _ in range(4)]
        for n, seed in ((60, 0), (90, 3), (40, 5)):
            owner.delete([item.id for item in owner])
            fill(owner, n, seed)
            for one in processes:
                one.ask((n, seed))
            expected = told(answers(owner, n, seed))
            assert [expected] * 4 == [one.line() for one in processes]


def test_readers_need_no_owner(folder: Path, processes: list[Process]) -> None:
    processes += [Process(READER, folder) for _ in range(2)]
    for one in processes:
        one.ask((60, 0))
    found = [one.line() for one in processes]
    with cs.open(folder) as owner:
        assert [told(answers(owner))] * 2 == found


def test_an_owner_that_is_killed_leaves_its_readers_right(
    folder: Path, processes: list[Process]
) -> None:
    reader = cs.open(folder, read_only=True)
    for _ in range(3):
        writer = Process(WRITER, folder)
        processes.append(writer)
        while True:
            writer.ask("")
            n = writer.line()
            # What was acknowledged there is found here.
            assert reader.get([f"more-{n}"])[0] is not None
            assert 1 == reader.count({"batch": n})
            if n > 8:
                break
        writer.kill()
        late = cs.open(folder, read_only=True)  # while nobody has folded the journal in
        for query in (rows(1, n), rows(1, n - 1)):
            assert reader.search(query, k=20).ids == late.search(query, k=20).ids
        late.close()
        with cs.open(folder) as owner:
            assert {item.id for item in owner} == {item.id for item in reader}
            assert owner.search(rows(1), k=20).ids == reader.search(rows(1), k=20).ids
            owner.delete([item.id for item in owner if item.id.startswith("more")])
    reader.close()


def test_a_reader_that_is_killed_harms_nothing(
    folder: Path, own_temp: Path, processes: list[Process]
) -> None:
    with cs.open(folder) as owner:
        one = Process(READER, folder)
        processes.append(one)
        one.ask((60, 0))
        assert told(answers(owner)) == one.line()
        one.kill()
        assert "later-1" not in owner
        owner.add_vectors(["later-1"], rows(1, 9))
        assert ["later-1"] == owner.search(rows(1, 9), k=1).ids
    (left,) = own_temp.glob("cospace-reader-*")
    # The next reader clears it away, once it is surely no newborn one.
    with cs.open(folder, read_only=True):
        assert left.exists()
    before = time.time() - 120
    os.utime(left, (before, before))
    with cs.open(folder, read_only=True) as reader:
        assert not left.exists()
        assert 1 == len(list(own_temp.glob("cospace-reader-*")))
        assert ["later-1"] == reader.search(rows(1, 9), k=1).ids
    assert not list(own_temp.iterdir())


def test_the_copy_of_a_reader_at_work_is_not_cleared_away(folder: Path, own_temp: Path) -> None:
    with cs.open(folder, read_only=True) as first:
        expected = answers(first)
        (own,) = own_temp.glob("cospace-reader-*")
        before = time.time() - 9_000
        os.utime(own, (before, before))
        with cs.open(folder, read_only=True) as second:
            assert expected == answers(second) == answers(first)
        assert own.exists()


def test_nothing_is_written_by_a_reader(folder: Path) -> None:
    with cs.open(folder, read_only=True) as shop:
        expected = answers(shop)
        for write in (
            lambda: shop.add_vectors(["new"], rows(1)),
            lambda: shop.add_vectors(["id-1"], rows(1), replace=True),
            lambda: shop.delete(["id-1"]),
            lambda: shop.delete(where={"price": 1}),
            lambda: shop.update("id-1", price=2),
        ):
            with pytest.raises(CollectionReadOnly, match="read_only=True"):
                write()
        assert expected == answers(shop)


def test_the_cache_is_copied_where_it_is_sealed(folder: Path, monkeypatch: Any) -> None:
    def none(*_: object) -> None:
        raise AssertionError("a row was read to build the index")

    with cs.open(folder) as owner:
        expected = answers(owner)
    with monkeypatch.context() as patch:
        patch.setattr("cospace.store.truth.Truth.changes", none)
        with cs.open(folder, read_only=True) as reader:
            assert expected == answers(reader)
    with cs.open(folder) as owner:
        owner.add_vectors(["more"], rows(1, 4))
        owner.search(rows(1), k=1)  # from here on the cache has no seal
        with cs.open(folder, read_only=True) as reader:
            assert ["more"] == reader.search(rows(1, 4), k=1).ids
            assert 61 == len(reader)


@pytest.mark.parametrize("harm", ["cut", "changed", "mixed"])
def test_a_copy_of_a_cache_in_change_is_not_used(
    folder: Path, harm: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The owner may write into its files while they are copied."""
    with cs.open(folder, read_only=True) as reader:
        expected = answers(reader)
    import cospace.store.reader as module

    copy = module.copy_folder

    def torn(source: Path, target: Path) -> None:
        copy(source, target)
        largest = max(target.rglob("*"), key=lambda p: p.stat().st_size)
        if harm == "cut":
            with largest.open("rb+") as file:
                file.truncate(100)
        elif harm == "changed":
            with largest.open("rb+") as file:
                file.write(b"torn")
        else:
            (target / "seal.json").write_text("{}")

    monkeypatch.setattr(module, "copy_folder", torn)
    with cs.open(folder, read_only=True) as reader:
        assert expected == answers(reader)


def test_a_compacted_collection_loses_what_was_deleted(folder: Path) -> None:
    with cs.open(folder, read_only=True) as reader, cs.open(folder) as owner:
        assert ["id-5"] == reader.search(rows(60)[5:6], k=1).ids
        owner.delete(["id-5"])
        assert isinstance(reader.store, LocalReader)
        owner.store.compact()  # type: ignore[attr-defined]
        assert ["id-5"] != reader.search(rows(60)[5:6], k=1).ids
        assert answers(owner) == answers(reader)


def test_an_emptied_collection_may_have_other_types(folder: Path) -> None:
    with cs.open(folder, read_only=True) as reader, cs.open(folder) as owner:
        assert 1 == reader.count({"price": 5})
        owner.delete([item.id for item in owner])
        assert 0 == len(reader) == len(reader.search(rows(1), k=3))
        owner.add_vectors(["a", "b"], rows(2), metadata=[{"price": "low"}, {"price": "high"}])
        assert 1 == reader.count({"price": "low"})
        assert ["a"] == reader.search(rows(2)[:1], k=2, where={"price": "low"}).ids


def test_a_reader_of_a_new_and_empty_collection(fast_path: Path, own_temp: Path) -> None:
    folder = fast_path / "new.cospace"
    with cs.open(folder) as owner, cs.open(folder, read_only=True) as reader:
        assert 0 == len(reader) == len(reader.search("anything", by="words"))
        fill(owner)
        assert answers(owner) == answers(reader)


def test_what_cannot_be_read(fast_path: Path, folder: Path) -> None:
    with pytest.raises(CollectionNotFound):
        cs.open(fast_path / "missing.cospace", read_only=True)
    assert not (fast_path / "missing.cospace").exists()
    other = fast_path / "photos"
    other.mkdir()
    (other / "a.txt").write_text("a")
    with pytest.raises(NotACollection):
        cs.open(other, read_only=True)
    with pytest.raises(BadArgument, match="quantization"):
        cs.open(folder, read_only=True, quantization="binary")
    with pytest.raises(BadArgument, match="read_only"):
        cs.open(":memory:", read_only=True)


def test_the_command_searches_beside_an_owner(folder: Path, capsys: Any) -> None:
    with cs.open(folder) as owner:
        owner.add_vectors(["z"], rows(1, 8), texts=["zebra crossing"])
        assert 0 == main(["search", str(folder), "zebra", "--by", "words", "--json"])
    found = json.loads(capsys.readouterr().out)
    assert ["z"] == [hit["id"] for hit in found["hits"]]


def test_the_command_searches_where_nothing_can_be_written(folder: Path, capsys: Any) -> None:
    with cs.open(folder) as owner:
        owner.add_vectors(["z"], rows(1, 8), texts=["zebra crossing"])
    (folder / "lock").unlink()
    (folder / "lock").mkdir()  # as on a disk that is read-only: nobody can take it
    assert 0 == main(["search", str(folder), "zebra", "--by", "words", "--json"])
    found = json.loads(capsys.readouterr().out)
    assert ["z"] == [hit["id"] for hit in found["hits"]]
    assert 6 == main(["delete", str(folder), "z"])
