import json
import os
import socket
from pathlib import Path

import pytest

from cospace.errors import CollectionBusy, StorageError
from cospace.store.lock import Lock


def test_it_is_held_until_released(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    first = Lock(path)
    record = json.loads(path.read_text())
    assert (os.getpid(), socket.gethostname()) == (record["pid"], record["host"])
    with pytest.raises(CollectionBusy, match=f"this process .pid {os.getpid()}"):
        Lock(path)
    first.release()
    first.release()
    second = Lock(path)
    first.release()  # not its lock any more
    with pytest.raises(CollectionBusy):
        Lock(path)
    second.release()


def test_a_busy_lock_leaks_no_descriptor(tmp_path: Path) -> None:
    held = Lock(tmp_path / "lock")
    before = len(os.listdir("/dev/fd"))
    for _ in range(50):
        with pytest.raises(CollectionBusy):
            Lock(tmp_path / "lock")
    assert before == len(os.listdir("/dev/fd"))
    held.release()


def test_a_longer_record_of_before_leaves_nothing_behind(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    path.write_bytes(b"x" * 5000)
    one = Lock(path)
    assert os.getpid() == json.loads(path.read_text())["pid"]
    one.release()


def test_what_cannot_be_a_lock_file(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    for path in (tmp_path / "folder", tmp_path / "no" / "lock"):
        with pytest.raises(StorageError):
            Lock(path)
