import os
from pathlib import Path

import pytest

from cospace.store.seal import (
    Seal,
    _checksum,
    break_seal,
    checksums,
    read_seal,
    renew_seal,
    write_seal,
)

SEAL = Seal("engine 1", ["image", "text"], 7, 3, "token", "int8")


@pytest.fixture
def cache(fast_path: Path) -> Path:
    shard = fast_path / "shard"
    (shard / "deep").mkdir(parents=True)
    (shard / "a.dat").write_bytes(b"a" * 1000)
    (shard / "deep" / "b.dat").write_bytes(os.urandom(600_000))
    with (shard / "holes.dat").open("wb") as file:
        file.truncate(40_000_000)
        file.seek(20_000_000)
        file.write(b"x")
    (shard / "empty.dat").touch()
    write_seal(fast_path, SEAL, checksums(shard))
    return fast_path


def test_a_whole_cache_is_read_back(cache: Path) -> None:
    assert SEAL == read_seal(cache, cache / "shard")


def test_every_change_is_named(cache: Path) -> None:
    shard = cache / "shard"
    places = [("a.dat", 0), ("a.dat", 999), ("deep/b.dat", 300_000)]
    for name, at in [*places, *(("holes.dat", at) for at in (1, 20_000_000, 39_999_999))]:
        with (shard / name).open("r+b") as file:
            file.seek(at)
            old = file.read(1)
            file.seek(at)
            file.write(b"!")
            file.flush()
            assert f"{name} has changed" == read_seal(cache, shard), at
            file.seek(at)
            file.write(old)
    assert SEAL == read_seal(cache, shard)  # zeros where a hole was are the same content
    (shard / "new.dat").touch()
    assert "new.dat has changed" == read_seal(cache, shard)
    (shard / "new.dat").unlink()
    os.truncate(shard / "holes.dat", 40_000_001)
    assert "holes.dat has changed" == read_seal(cache, shard)
    os.truncate(shard / "holes.dat", 40_000_000)
    (shard / "empty.dat").unlink()
    assert "empty.dat has changed" == read_seal(cache, shard)


def test_two_files_that_change_places_are_seen(cache: Path) -> None:
    shard = cache / "shard"
    (shard / "a.dat").rename(shard / "c.dat")
    assert isinstance(read_seal(cache, shard), str)


def test_blocks_that_change_places_are_seen(tmp_path: Path) -> None:
    one, two = b"1" * (1 << 18), b"2" * (1 << 18)
    zero = bytes(1 << 18)
    sums = set()
    for blocks in ((one, two), (two, one), (one, zero, two), (zero, one, two), (one, two, zero)):
        (tmp_path / "a").write_bytes(b"".join(blocks))
        sums.add(_checksum(tmp_path / "a"))
    assert 5 == len(sums)


def test_a_broken_seal_is_gone(cache: Path) -> None:
    break_seal(cache)
    break_seal(cache)
    assert "it was not closed" == read_seal(cache, cache / "shard")


def test_the_engines_own_files_may_go_but_not_change(cache: Path) -> None:
    shard = cache / "shard"
    (shard / "tracker_journal.dat").write_bytes(b"x")
    (shard / "edge_config.json").write_bytes(b"{}")
    write_seal(cache, SEAL, checksums(shard))
    (shard / "edge_config.json").write_bytes(b"{ }")
    assert SEAL == read_seal(cache, shard)
    (shard / "tracker_journal.dat").write_bytes(b"y")
    assert "tracker_journal.dat has changed" == read_seal(cache, shard)
    (shard / "tracker_journal.dat").unlink()
    assert SEAL == read_seal(cache, shard)


def test_a_missing_shard_or_cache_has_no_seal(tmp_path: Path, cache: Path) -> None:
    assert "it was not closed" == read_seal(tmp_path, tmp_path / "shard")
    assert isinstance(read_seal(cache, cache / "nothing"), str)


def test_what_a_load_has_written_is_sealed_anew(cache: Path) -> None:
    shard = cache / "shard"
    renew_seal(cache, shard)
    before = (cache / "seal.json").read_bytes()
    (shard / "a.dat").write_bytes(b"b" * 1000)
    (shard / "empty.dat").unlink()
    (shard / "new.dat").write_bytes(b"new")
    with (shard / "holes.dat").open("r+b") as file:
        file.write(b"y")  # 40 MB long, and a few kilobytes large
    assert isinstance(read_seal(cache, shard), str)
    renew_seal(cache, shard)
    assert SEAL == read_seal(cache, shard)
    assert before != (cache / "seal.json").read_bytes()


def test_a_large_file_is_not_sealed_anew(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cospace.store.seal._SMALL", 100_000)
    shard = cache / "shard"
    with (shard / "deep" / "b.dat").open("r+b") as file:
        file.write(b"damaged")
    renew_seal(cache, shard)
    assert "deep/b.dat has changed" == read_seal(cache, shard)
