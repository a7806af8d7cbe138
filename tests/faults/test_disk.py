"""A full disk: writes are refused whole, deletes and searches go on, and room makes it work again.

The full disk is a real one of a few megabytes, where a test may mount one.
"""

import os
import resource
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import cospace as cs
from cospace import files
from cospace.errors import CollectionBusy, CospaceError, DiskFull, DurabilityError, StorageError
from cospace.limits import override
from cospace.store.protocol import Row
from cospace.store.truth import Truth

from .shops import SPACE, answers, fill, make, metadata, rows, texts

PLENTY = 1 << 50


def contents(folder: Path) -> list[tuple[object, ...]]:
    truth = Truth(folder / "truth.sqlite", read_only=True)
    try:
        assert [] == truth.verify()
        items = [(key, row.id, row.text) for key, row in truth.scan(vectors=True)]
        assert truth.counts()[1] == ({"text": len(items)} if items else {})
        return items
    finally:
        truth.close()


# --- the floor of limits.py ---


def test_below_the_floor_writes_are_refused_and_all_else_works(fast_path: Path) -> None:
    folder = make(fast_path / "shop.cospace")
    with cs.open(folder) as shop:
        expected, before = answers(shop), contents(folder)
        with override(free_bytes=PLENTY):
            for write in (
                lambda: fill(shop, seed=3),
                lambda: shop.add_vectors(["new"], rows(1)),
                lambda: shop.add_vectors(["id-1"], rows(1), replace=True),
            ):
                with pytest.raises(CospaceError) as caught:
                    write()
                assert isinstance(caught.value, DiskFull)
                assert caught.value.free is not None
                assert caught.value.need is not None
            assert before == contents(folder)
            assert expected == answers(shop)
            assert 2 == shop.delete(["id-1", "id-2"])
            assert "id-1" not in shop.search(rows(60)[1:2], k=10).ids
            assert 58 == len(shop)
        # There is room again: the same object goes on, nothing is reopened.
        shop.add_vectors(
            ["id-1", "id-2"], rows(60)[1:3], metadata=metadata(60)[1:3], texts=texts(60)[1:3]
        )
        assert "id-1" == shop.search(rows(60)[1:2], k=1)[0].id
    with cs.open(folder) as again:
        assert 60 == len(again)


def test_below_the_floor_a_sealed_collection_opens_and_answers(fast_path: Path) -> None:
    folder = make(fast_path / "shop.cospace")
    with override(free_bytes=PLENTY), cs.open(folder) as shop:
        assert 61 == shop.delete([f"id-{i}" for i in range(60)]) + 1
        assert [] == shop.search(rows(1), k=5).ids
        with pytest.raises(DiskFull):
            shop.store.compact()  # type: ignore[attr-defined]
    with cs.open(folder) as shop:
        shop.store.compact()  # type: ignore[attr-defined]
        assert 0 == len(shop)


def test_below_the_floor_no_collection_is_begun(fast_path: Path) -> None:
    with cs.open(fast_path / "new.cospace") as shop, override(free_bytes=PLENTY):
        with pytest.raises(DiskFull):
            fill(shop)
        assert 0 == len(shop)
        assert [] == shop.search(rows(1)).ids


# --- a disk that is really full ---


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 24 MB of its own: ext4 in a file, since memory has no holes when it is full."""
    place, image = tmp_path / "disk", tmp_path / "disk.img"
    place.mkdir()
    if sys.platform != "linux" or os.geteuid() != 0 or not shutil.which("mkfs.ext4"):
        pytest.skip("mounting a small disk needs Linux, root and mkfs.ext4")
    with image.open("wb") as file:
        file.truncate(24_000_000)
    make = ["mkfs.ext4", "-q", "-m", "0", "-O", "^has_journal", str(image)]
    for command in (make, ["mount", "-o", "loop", str(image), str(place)]):
        done = subprocess.run(command, capture_output=True, check=False)
        if done.returncode:
            pytest.skip(f"no small disk can be mounted here: {done.stderr.decode().strip()}")
    (place / "lost+found").rmdir()
    yield place
    subprocess.run(["umount", "--lazy", str(place)], check=True)


def hog(disk: Path, *, leave: int = 0) -> Path:
    """A file that takes all the room of `disk` but `leave` bytes."""
    path = disk / "hog"
    with path.open("ab", buffering=0) as file:
        block = bytes(4096)
        while files.free_bytes(disk) > leave:
            try:
                file.write(block)
            except OSError:
                break
    return path


def test_writing_until_the_disk_is_full(small_disk: Path) -> None:
    """With no floor at all: SQLite's own ENOSPC. Batches are there whole or not at all."""
    folder = small_disk / "shop.cospace"
    with override(free_bytes=0), cs.open(folder) as shop:
        fill(shop)
        taken = hog(small_disk, leave=600_000)
        done = 0
        with pytest.raises(DiskFull):
            for batch in range(1000):
                ids = [f"more-{batch}-{i}" for i in range(50)]
                shop.store.extend(SPACE, shop.store.schema)
                shop.store.write(_rows(ids), replace=False)
                done += 50
        assert 60 + done == len(contents(folder))
        assert 60 + done == len(shop)
        taken.unlink()
        shop.store.write(_rows([f"late-{i}" for i in range(50)]), replace=False)
        assert 110 + done == len(shop)
        shop.delete([f"id-{i}" for i in range(60)])
        assert 50 + done == len(contents(folder))


def _rows(ids: list[str]) -> list[Row]:
    unit = rows(len(ids), 5).normalized
    return [
        Row(id, f"a lamp {id} " + "x" * 200, {"price": 3}, {}, {"text": v})
        for id, v in zip(ids, unit, strict=True)
    ]


def test_a_collection_on_a_disk_that_somebody_else_filled(small_disk: Path) -> None:
    """Not a byte is left: searches answer, and writes fail with the reason."""
    folder = make_small(small_disk)
    with cs.open(folder) as shop:
        expected = answers(shop)
        taken = hog(small_disk)
        with pytest.raises(CollectionBusy):
            cs.open(folder)
        assert expected == answers(shop)
        for write in (
            lambda: shop.add_vectors(["new"], rows(1)),
            lambda: shop.store.write(_rows(["new"]), replace=True),
        ):
            with pytest.raises(DiskFull):
                write()
        with override(free_bytes=0), pytest.raises(DiskFull):
            for i in range(2000):
                shop.store.write(_rows([f"x{i}-{j}" for j in range(20)]), replace=True)
        taken.unlink()
        shop.delete([row.id for row in shop.store.scan() if row.id.startswith("x")])
        with override(free_bytes=0):
            assert expected == answers(shop)
    taken = hog(small_disk)
    with pytest.raises(DiskFull):
        cs.open(folder)
    taken.unlink()
    with override(free_bytes=0), cs.open(folder) as shop:
        assert expected == answers(shop)
        shop.add_vectors(["new"], rows(1))
        assert 61 == len(shop)
    contents(folder)


def make_small(disk: Path) -> Path:
    with override(free_bytes=0):
        return make(disk / "shop.cospace")


@pytest.mark.parametrize("leave", [0, 40_000, 400_000, 3_000_000])
def test_building_the_cache_on_a_full_disk(small_disk: Path, leave: int) -> None:
    """The engine maps its files: running out of room under a map would end the process."""
    folder = make_small(small_disk)
    shutil.rmtree(folder / "cache")
    taken = hog(small_disk, leave=leave)
    script = (  # with no floor but the engine's own
        "import os; os.environ['COSPACE_LIMIT_FREE_BYTES'] = '0'\n"
        "import sys; from pathlib import Path; sys.path.insert(0, sys.argv[2])\n"
        "import cospace as cs; from tests.faults.shops import rows, answers\n"
        "try:\n"
        "    with cs.open(sys.argv[1]) as shop: answers(shop)\n"
        "except cs.errors.DiskFull: print('full')\n"
    )
    root = str(Path(__file__).parents[2])
    done = subprocess.run(
        [sys.executable, "-c", script, str(folder), root], capture_output=True, check=False
    )
    assert (0, b"full\n") == (done.returncode, done.stdout), done.stderr[-500:]
    taken.unlink()
    with override(free_bytes=0), cs.open(folder) as shop:
        assert 60 == answers(shop)[0]


# --- a limit on the size of files, which any user can set ---


def test_a_file_that_may_not_grow(fast_path: Path) -> None:
    """RLIMIT_FSIZE, as a quota would: typed, nothing half written, and works again after."""
    folder = make(fast_path / "shop.cospace")
    before = contents(folder)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    size = (folder / "truth.sqlite").stat().st_size
    with cs.open(folder) as shop:
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
        try:
            with pytest.raises(StorageError):
                for n in range(100):
                    shop.store.write(_rows([f"{n}-{i}" for i in range(100)]), replace=True)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        done = len(contents(folder)) - len(before)
        assert 0 == done % 100
        shop.store.write(_rows(["after"]), replace=True)
        assert len(before) + done + 1 == len(contents(folder))


# --- our own files ---


def test_a_write_that_fails_midway_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "a.bin"
    files.write_bytes(path, b"old")
    with pytest.raises(RuntimeError), files.writing(path) as file:
        file.write(b"new")
        raise RuntimeError
    assert (b"old", [path]) == (path.read_bytes(), list(tmp_path.iterdir()))


def test_a_full_disk_leaves_the_old_file(small_disk: Path) -> None:
    path = small_disk / "a.bin"
    files.write_bytes(path, b"old")
    hog(small_disk)
    with pytest.raises(DiskFull) as caught:
        files.write_bytes(path, bytes(1_000_000))
    assert caught.value.free is not None
    assert {"a.bin", "hog"} == {p.name for p in small_disk.iterdir()}
    assert b"old" == path.read_bytes()


def test_an_export_to_a_full_disk_leaves_nothing(small_disk: Path, fast_path: Path) -> None:
    with cs.open(make(fast_path / "shop.cospace")) as shop:
        hog(small_disk)
        with pytest.raises(DiskFull):
            shop.export(small_disk / "out.parquet")
        assert ["hog"] == [p.name for p in small_disk.iterdir()]


def test_a_disk_that_does_not_confirm_raises(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """fsync gives EIO: the write is not counted on, and the old file stands."""
    path = tmp_path / "a.bin"
    files.write_bytes(path, b"old")

    def fsync(descriptor: int) -> None:
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", fsync)
        with pytest.raises(DurabilityError):
            files.write_bytes(path, b"new")
    assert (b"old", [path]) == (path.read_bytes(), list(tmp_path.iterdir()))
