import errno
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from cospace import files
from cospace.errors import DiskFull, DurabilityError, StorageError
from cospace.limits import override


def names(folder: Path) -> list[str]:
    return sorted(p.name for p in folder.iterdir())


def test_a_file_appears_whole_at_the_end(tmp_path: Path) -> None:
    path = tmp_path / "a"
    with files.writing(path) as file:
        file.write(b"one")
        file.flush()
        assert not path.exists()
    assert (b"one", ["a"]) == (path.read_bytes(), names(tmp_path))
    files.write_bytes(path, b"two")
    assert b"two" == path.read_bytes()


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt, OSError])
def test_a_block_that_fails_leaves_what_was(error: type[BaseException], tmp_path: Path) -> None:
    path = tmp_path / "a"
    for before in ([], ["a"]):
        with pytest.raises(error), files.writing(path) as file:
            file.write(b"x")
            raise error
        assert before == names(tmp_path)
        files.write_bytes(path, b"old")
    assert b"old" == path.read_bytes()


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        (errno.ENOSPC, DiskFull),
        (errno.EDQUOT, DiskFull),
        (errno.EIO, DurabilityError),
        (errno.EROFS, StorageError),
        (errno.EACCES, StorageError),
        (errno.EFBIG, StorageError),
        (errno.EINTR, InterruptedError),
        (errno.EPIPE, BrokenPipeError),
    ],
)
def test_the_systems_errors_become_ours(number: int, expected: type[Exception]) -> None:
    with pytest.raises(expected) as caught, files.storage_errors(Path("/x")):
        raise OSError(number, os.strerror(number))
    assert expected is type(caught.value)


@pytest.mark.parametrize("stage", ["fsync", "replace", "sync_folder"])
def test_a_failure_at_every_stage_leaves_no_temporary_file(
    stage: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a"
    files.write_bytes(path, b"old")

    def fail(*_: object) -> None:
        raise OSError(errno.EIO, "broken")

    with monkeypatch.context() as patch:
        if stage == "fsync":
            patch.setattr(os, "fsync", fail)
        elif stage == "replace":
            patch.setattr(Path, "replace", fail)
        else:
            patch.setattr(files, "sync_folder", fail)
        with pytest.raises(DurabilityError):
            files.write_bytes(path, b"new")
    assert ["a"] == names(tmp_path)
    assert path.read_bytes() == (b"new" if stage == "sync_folder" else b"old")


def test_folders_are_made_with_their_parents(tmp_path: Path) -> None:
    files.make_folder(tmp_path / "a" / "b")
    files.make_folder(tmp_path / "a" / "b")
    assert (tmp_path / "a" / "b").is_dir()
    files.write_bytes(tmp_path / "file", b"")
    for path in (tmp_path / "file", tmp_path / "file" / "b", tmp_path / ("x" * 300)):
        with pytest.raises(StorageError, match="cannot be written"):
            files.make_folder(path)


def test_remove_takes_files_folders_and_links_but_not_what_they_lead_to(tmp_path: Path) -> None:
    files.make_folder(tmp_path / "a" / "b")
    files.write_bytes(tmp_path / "a" / "b" / "c", b"x")
    (tmp_path / "link").symlink_to(tmp_path / "a")
    files.remove(tmp_path / "link")
    assert ["a"] == names(tmp_path)
    files.remove(tmp_path / "a" / "b" / "c")
    files.remove(tmp_path / "a")
    files.remove(tmp_path / "a")
    assert [] == names(tmp_path)


def test_room_is_checked_against_the_need_and_the_floor(tmp_path: Path) -> None:
    free = files.free_bytes(tmp_path / "not" / "there" / "yet")
    assert free > 0
    with override(free_bytes=0):
        files.check_room(tmp_path, 1)
        with pytest.raises(DiskFull, match="nothing was written") as caught:
            files.check_room(tmp_path, 1 << 60)
        assert 1 << 60 == caught.value.need
    with override(free_bytes=1 << 60):
        with pytest.raises(DiskFull, match="COSPACE_LIMIT_FREE_BYTES"):
            files.check_room(tmp_path)
        files.check_room(tmp_path, floor=0)


def test_a_folder_takes_the_place_of_another_or_leaves_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, target = tmp_path / "made", tmp_path / "model"
    for folder in (made, target):
        folder.mkdir()
        (folder / "name").write_text(folder.name)
    rename = Path.rename

    def refuses(self: Path, to: Path) -> Path:
        if self == made:
            raise OSError(errno.EACCES, "not now")
        return rename(self, to)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", refuses)
        with pytest.raises(StorageError):
            files.move_folder(made, target)
    assert "model" == (target / "name").read_text(), "what was there stands as before"
    files.move_folder(made, target)
    assert "made" == (target / "name").read_text()
    assert ["model"] == names(tmp_path)


def at_once(work: Callable[[int], None], workers: int = 4) -> None:
    """`work` of each number, in as many threads that begin together."""
    barrier = threading.Barrier(workers)

    def run(number: int) -> None:
        barrier.wait()
        work(number)

    with ThreadPoolExecutor(workers) as pool:
        for done in [pool.submit(run, number) for number in range(workers)]:
            done.result()


def test_threads_may_write_one_path(tmp_path: Path) -> None:
    path = tmp_path / "a"
    whole = [bytes([number]) * 100_000 for number in range(4)]

    def write(number: int) -> None:
        for _ in range(20):
            files.write_bytes(path, whole[number])
            assert path.read_bytes() in whole

    at_once(write)
    assert ["a"] == names(tmp_path)


def test_writers_of_one_path_do_not_see_each_other(tmp_path: Path) -> None:
    """One that fails takes away what it wrote, and nothing of the other's."""
    path = tmp_path / "a"
    with files.writing(path) as one:
        one.write(b"one")
        with pytest.raises(RuntimeError), files.writing(path) as two:
            two.write(b"two")
            raise RuntimeError
        with files.writing(path) as three:
            three.write(b"three")
        assert b"three" == path.read_bytes()
    assert (b"one", ["a"]) == (path.read_bytes(), names(tmp_path))


def test_threads_may_move_folders_to_one_place(tmp_path: Path) -> None:
    target = tmp_path / "model"

    def move(number: int) -> None:
        for turn in range(20):
            made = tmp_path / f"made-{number}-{turn}"
            made.mkdir()
            for name in ("first", "second"):
                (made / name).write_text(made.name)
            files.move_folder(made, target)

    at_once(move)
    assert ["model"] == names(tmp_path)
    assert ["first", "second"] == names(target)
    assert (target / "first").read_text() == (target / "second").read_text()


def test_a_name_beside_a_path_is_nobody_elses(tmp_path: Path) -> None:
    made = {files.hidden(tmp_path / "a", "tmp") for _ in range(1000)}
    assert 1000 == len(made)
    assert {tmp_path} == {path.parent for path in made}
    assert all(path.name.startswith(".a.") and path.suffix == ".tmp" for path in made)


def test_what_a_killed_writer_left_goes_when_the_next_begins(tmp_path: Path) -> None:
    path = tmp_path / "items.parquet"
    killed = (
        "import os, sys; from pathlib import Path; from cospace.files import writing\n"
        "with writing(Path(sys.argv[1])) as file:\n"
        "    file.write(b'half'); file.flush(); os.kill(os.getpid(), 9)"
    )
    subprocess.run([sys.executable, "-c", killed, str(path)], check=False)
    [left] = names(tmp_path)
    assert left.startswith(".items.parquet.") and left.endswith(".tmp")
    others = {
        ".items.parquet.tmp", ".items.parquet.0123456z.tmp", ".other.parquet.01234567.tmp",
        "items.parquet.01234567.tmp", ".items.parquet.01234567.tmp.old",
    }  # fmt: skip
    for name in others:
        (tmp_path / name).write_bytes(b"of somebody")
    (tmp_path / ".items.parquet.89abcdef.tmp").mkdir()
    files.write_bytes(path, b"whole")
    assert {*others, ".items.parquet.89abcdef.tmp", "items.parquet"} == set(names(tmp_path))


def test_a_file_that_is_being_written_is_left(tmp_path: Path) -> None:
    path = tmp_path / "a"
    with files.writing(path) as first:
        first.write(b"first")
        files.write_bytes(path, b"second")
        assert 2 == len(names(tmp_path))
    assert (b"first", ["a"]) == (path.read_bytes(), names(tmp_path))


def test_a_file_taken_away_before_it_was_locked_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fcntl = pytest.importorskip("fcntl", reason="there are no such locks here")
    lock, asked = fcntl.flock, []

    def late(file: int, how: int) -> None:
        asked.append(how)
        if len(asked) == 1:
            files.remove_left(tmp_path / "a")
        lock(file, how)

    monkeypatch.setattr(fcntl, "flock", late)
    files.write_bytes(tmp_path / "a", b"whole")
    assert (b"whole", ["a"]) == ((tmp_path / "a").read_bytes(), names(tmp_path))


def test_a_folder_that_a_killed_writer_left_goes_when_the_next_begins(tmp_path: Path) -> None:
    pytest.importorskip("fcntl", reason="there are no such locks here")
    held = (
        "import sys; from pathlib import Path; from cospace import files\n"
        "with files.folder_beside(Path(sys.argv[1]), 'cospace-backup') as made:\n"
        "    (made / 'half').write_bytes(b'half'); print(made.name, flush=True); sys.stdin.read()"
    )
    others = [".a.89abcdef.tmp", ".a.cospace-backup", "a.89abcdef.cospace-backup"]
    for name in others:
        (tmp_path / name).mkdir()
    writer = subprocess.Popen(
        [sys.executable, "-c", held, str(tmp_path / "monday")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert writer.stdout is not None
    with writer:
        left = writer.stdout.readline().strip()
        with files.folder_beside(tmp_path / "tuesday", "cospace-backup"):
            assert left in names(tmp_path), "it is being written"
        writer.kill()
    with files.folder_beside(tmp_path / "tuesday", "cospace-backup") as made:
        assert sorted([*others, made.name]) == names(tmp_path)
    assert sorted(others) == names(tmp_path)


def test_a_folder_taken_away_before_it_was_locked_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fcntl = pytest.importorskip("fcntl", reason="there are no such locks here")
    lock, asked = fcntl.flock, []

    def late(file: int, how: int) -> None:
        asked.append(how)
        if len(asked) == 1:
            for left in tmp_path.iterdir():
                left.rmdir()
        lock(file, how)

    monkeypatch.setattr(fcntl, "flock", late)
    with files.folder_beside(tmp_path / "a", "new") as made:
        assert [made.name] == names(tmp_path)
