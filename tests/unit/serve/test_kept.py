"""Small images on disk: the oldest go, and a folder that is taken away does no harm."""

import os
from pathlib import Path

from cospace.files import remove
from cospace.limits import override
from cospace.serve.kept import Thumbnails


def test_what_was_put_is_there_until_it_is_taken_away(tmp_path: Path):
    kept = Thumbnails(tmp_path / "small")
    assert None is kept.get("abcd")
    kept.put("abcd", b"one")
    assert b"one" == kept.get("abcd")
    remove(tmp_path / "small")
    assert None is kept.get("abcd")
    kept.put("abcd", b"two")
    assert b"two" == kept.get("abcd")


def test_the_oldest_go_where_there_are_too_many(tmp_path: Path):
    kept = Thumbnails(tmp_path)
    with override(thumbnail_bytes=1_000):
        for at in range(10):
            kept.put(f"{at:04d}", bytes(100))
            os.utime(tmp_path / "00" / f"{at:04d}", (at, at))
        assert bytes(100) == kept.get("0000")
        kept.put("new", bytes(100))
        there = [at for at in range(10) if kept.get(f"{at:04d}") is not None]
    assert list(range(3, 10)) == there
    assert bytes(100) == kept.get("new")


def test_those_of_an_earlier_run_count_too(tmp_path: Path):
    with override(thumbnail_bytes=250):
        Thumbnails(tmp_path).put("aa1", bytes(100))
        Thumbnails(tmp_path).put("bb2", bytes(100))
        Thumbnails(tmp_path).put("cc3", bytes(100))
    assert 2 == sum(path.is_file() for path in tmp_path.rglob("*"))


def test_a_folder_that_cannot_be_written_is_no_error(tmp_path: Path):
    (tmp_path / "file").write_bytes(b"")
    kept = Thumbnails(tmp_path / "file")
    kept.put("abcd", b"one")
    assert None is kept.get("abcd")
