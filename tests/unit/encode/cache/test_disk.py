"""The cache on disk: what is put is found, damage is not believed, the least used go first."""

from __future__ import annotations

import multiprocessing
import os
import sqlite3
from contextlib import closing
from pathlib import Path

import apsw
import numpy as np
import pytest

import cospace as cs
from cospace.encode.cache.disk import VectorCache, cache_home, cache_key
from cospace.errors import DataDamaged, DiskFull, FormatTooNew
from cospace.limits import override

SPACE = cs.Space.of("demo", 8)
ROWS = np.random.default_rng(0).standard_normal((100, 8)).astype(np.float32)
KEYS = [cache_key(SPACE, "document", str(i).encode()) for i in range(100)]


@pytest.fixture
def cache(tmp_path: Path) -> VectorCache:
    return VectorCache(tmp_path / "cache")


def fill(cache: VectorCache, numbers: range = range(100)) -> None:
    cache.put(SPACE, [(KEYS[i], ROWS[i], i % 3 == 0) for i in numbers])


def test_what_is_put_is_found_bit_for_bit(cache: VectorCache) -> None:
    fill(cache)
    cache.close()
    found = cache.get(KEYS)
    assert 100 == len(found)
    for i, key in enumerate(KEYS):
        row, cut = found[key]
        assert ROWS[i].tobytes() == row.tobytes()
        assert (i % 3 == 0) == cut


def test_keys_tell_spaces_roles_and_contents_apart() -> None:
    other = cs.Space.of("other", 8)
    keys = {
        cache_key(space, role, content)
        for space in (SPACE, other)
        for role in ("query", "document")
        for content in (b"a", b"b")
    }
    assert 8 == len(keys)


def test_an_unknown_key_is_not_found(cache: VectorCache) -> None:
    assert {} == cache.get(KEYS)
    fill(cache, range(5))
    assert 5 == len(cache.get(KEYS))


def test_putting_again_replaces_and_counts_once(cache: VectorCache) -> None:
    fill(cache)
    size = cache.info().bytes
    fill(cache)
    assert (100, size) == (cache.info().vectors, cache.info().bytes)


def test_asking_for_the_size_makes_no_file(cache: VectorCache) -> None:
    assert (0, 0) == (cache.info().vectors, cache.clear())
    assert not cache.path.exists()


def test_a_commit_is_durable_whatever_the_connection_began_with(
    cache: VectorCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every setting is made: SQLite's own values hide one that is left out."""
    wanted = {"journal_mode": "wal", "synchronous": 2, "fullfsync": 1, "checkpoint_fullfsync": 1}

    def weaken(db: apsw.Connection) -> None:
        db.execute("PRAGMA synchronous=OFF")
        assert 0 == db.execute("PRAGMA synchronous").get

    monkeypatch.setattr(apsw, "connection_hooks", [*apsw.connection_hooks, weaken])
    with cache._open() as db:
        assert wanted == {name: db.execute(f"PRAGMA {name}").get for name in wanted}


@pytest.mark.parametrize("column", ["vector", "key", "cut"])
def test_a_row_that_was_changed_is_not_believed(cache: VectorCache, column: str) -> None:
    fill(cache, range(1))
    cache.close()
    with closing(sqlite3.connect(cache.path)) as db, db:
        value = {"vector": os.urandom(32), "key": KEYS[1], "cut": 0}[column]
        db.execute(f"UPDATE vectors SET {column} = ?", (value,))
    assert {} == cache.get(KEYS)


def test_a_damaged_file_is_refused_and_can_be_emptied(cache: VectorCache) -> None:
    fill(cache)
    cache.close()
    cache.path.write_bytes(b"no database at all" * 1_000)
    with pytest.raises(DataDamaged, match="cospace cache clear"):
        cache.get(KEYS)
    assert 0 == cache.clear()
    fill(cache)
    assert 100 == len(cache.get(KEYS))


def test_a_newer_format_is_left_alone(cache: VectorCache) -> None:
    fill(cache)
    cache.close()
    with closing(sqlite3.connect(cache.path)) as db, db:
        db.execute("PRAGMA user_version=99")
    with pytest.raises(FormatTooNew):
        cache.get(KEYS)


def test_a_full_cache_drops_what_was_used_longest_ago(
    cache: VectorCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = iter(range(0, 10**12, 10**8))
    monkeypatch.setattr("cospace.encode.cache.disk._now", lambda: next(clock))
    for start in range(0, 100, 10):
        fill(cache, range(start, start + 10))
    cache.get(KEYS[:10])  # the oldest are used again
    size = cache.info().bytes
    with override(cache_bytes=size * 8 // 10):
        cache.put(SPACE, [(b"x" * 32, ROWS[0], False)])
    kept = cache.get(KEYS)
    assert set(KEYS[:10]) <= set(kept), "what was just used stays"
    assert KEYS[-1] in kept
    assert KEYS[10] not in kept
    assert cache.info().bytes <= size * 8 // 10
    assert cache.info().vectors == len(kept) + 1


def test_a_disk_without_room_is_disk_full(cache: VectorCache) -> None:
    with override(free_bytes=10**18), pytest.raises(DiskFull):
        fill(cache)


def test_one_space_is_dropped_and_the_others_stay(cache: VectorCache) -> None:
    fill(cache)
    other = cs.Space.of("other", 8)
    cache.put(other, [(cache_key(other, "query", b"a"), ROWS[0], False)])
    assert ["demo", "other"] == [row[0] for row in cache.info().spaces]
    assert 100 == cache.clear("demo")
    assert ["other"] == [row[0] for row in cache.info().spaces]
    assert 1 == cache.clear()
    assert (0, 0) == (cache.info().vectors, cache.info().bytes)


def _write(home: Path, start: int) -> None:
    cache = VectorCache(home)
    for i in range(start, 100, 4):
        cache.put(SPACE, [(KEYS[i], ROWS[i], False), (KEYS[0], ROWS[0], False)])


def test_processes_may_write_at_once(cache: VectorCache) -> None:
    home = cache.path.parent
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=_write, args=(home, i)) for i in range(2)]
    for worker in workers:
        worker.start()
    _write(home, 2)
    _write(home, 3)
    for worker in workers:
        worker.join(60)
        assert 0 == worker.exitcode
    assert 100 == len(cache.get(KEYS)) == cache.info().vectors


def test_the_cache_lies_where_the_system_keeps_caches(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("COSPACE_HOME", str(tmp_path))
    assert tmp_path / "cache" == cache_home()
    monkeypatch.delenv("COSPACE_HOME")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    monkeypatch.setattr("sys.platform", "linux")
    assert tmp_path / "xdg" / "cospace" == cache_home()
