"""Whatever happens to the cache, it is rebuilt by itself and gives the same answers.

Damage to the truth is never repaired in silence: it is found, and named.
"""

import logging
import os
import shutil
from pathlib import Path
from typing import Any

import apsw
import pytest

import cospace as cs
from cospace.errors import CospaceError, DataDamaged, NotACollection
from cospace.store import cache
from cospace.store.truth import Truth

from .shops import answers, copy, fill, make, metadata, rows, texts


@pytest.fixture
def shop(fast_path: Path) -> Path:
    return make(fast_path / "shop.cospace")


@pytest.fixture
def expected(shop: Path, caplog: pytest.LogCaptureFixture) -> list[Any]:
    """What the whole collection answers; its cache is opened as it was sealed."""
    with caplog.at_level(logging.WARNING, "cospace.store"), cs.open(shop) as whole:
        found = answers(whole)
    assert [] == caplog.messages
    return found


def shard(shop: Path) -> Path:
    return cache.Cache(shop / "cache", None).shard  # type: ignore[arg-type]


def check(
    shop: Path, expected: list[Any], caplog: pytest.LogCaptureFixture, *, rebuilt: int
) -> None:
    """The same answers, with one log line for a rebuild; and again, from the new cache."""
    caplog.clear()
    with caplog.at_level(logging.WARNING, "cospace.store"):
        with cs.open(shop) as again:
            assert expected == answers(again)
        assert rebuilt == sum("rebuilding the search index" in line for line in caplog.messages)
        caplog.clear()
        with cs.open(shop) as again:
            assert expected == answers(again)
        assert [] == caplog.messages
    truth = Truth(shop / "truth.sqlite", read_only=True)
    assert [] == truth.verify()
    truth.close()


def test_a_deleted_cache_is_built_again(
    shop: Path, expected: list[Any], caplog: pytest.LogCaptureFixture
) -> None:
    shutil.rmtree(shop / "cache")
    check(shop, expected, caplog, rebuilt=0)


def kinds(folder: Path) -> list[Path]:
    """One file of each kind: of each path once its numbers and names of segments are left out."""
    found: dict[str, Path] = {}
    for path in sorted(p for p in folder.rglob("*") if p.is_file() and p.stat().st_size):
        found.setdefault("/".join(path.relative_to(folder).parts[3:]) or path.name, path)
    return list(found.values())


@pytest.mark.parametrize("damage", ["flipped", "truncated", "emptied", "deleted", "longer"])
def test_damage_to_each_kind_of_file(
    damage: str, shop: Path, expected: list[Any], caplog: pytest.LogCaptureFixture
) -> None:
    # Many times: each file alone, for a flipped byte; all other damages on every fourth.
    some = kinds(shop / "cache")
    assert len(some) > 20
    for number, path in enumerate(some):
        if damage != "flipped" and number % 4:
            continue
        if damage == "deleted" and path.name == "tracker_journal.dat":
            continue  # the engine itself deletes it
        size = path.stat().st_size
        data = path.read_bytes().rstrip(b"\x00") or b"\x00"
        if damage == "flipped":
            with path.open("r+b") as file:
                file.seek(len(data) // 2)
                file.write(bytes([data[len(data) // 2] ^ 0x10]))
        elif damage == "deleted":
            path.unlink()
        else:
            os.truncate(path, {"truncated": size // 2, "emptied": 0, "longer": size + 1}[damage])
        caplog.clear()
        with caplog.at_level(logging.WARNING, "cospace.store"), cs.open(shop) as again:
            assert expected == answers(again), path
        # The engine's own configuration is written anew at each opening; all else is checked.
        if path.name != "edge_config.json":
            assert 1 == len(caplog.messages), path
        # The rebuild gave the segments new names.
        some[number + 1 :] = kinds(shop / "cache")[number + 1 :]
    check(shop, expected, caplog, rebuilt=0)


def test_the_engines_configuration_is_not_believed(
    shop: Path, expected: list[Any], caplog: pytest.LogCaptureFixture
) -> None:
    path = shard(shop) / "edge_config.json"
    whole = path.read_bytes()
    others = [whole.replace(b"8", b"9"), whole.replace(b"Cosine", b"Euclid"), b"{}", b"", b"\xff"]
    others += [whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :] for at in range(9, 400, 97)]
    for damaged in others:
        path.write_bytes(damaged)
        with cs.open(shop) as again:
            assert expected == answers(again), damaged
    check(shop, expected, caplog, rebuilt=0)


@pytest.mark.parametrize(
    "seal", [None, b"", b"\x00" * 40, b"[]", b"{}", b'{"crc": 1}', b"7", b"\xff\xfe"]
)
def test_a_seal_that_is_missing_or_garbage(
    seal: bytes | None, shop: Path, expected: list[Any], caplog: pytest.LogCaptureFixture
) -> None:
    path = shop / "cache" / "seal.json"
    path.unlink()
    if seal is not None:
        path.write_bytes(seal)
    check(shop, expected, caplog, rebuilt=1)


def test_every_bit_of_the_seal_counts(shop: Path) -> None:
    from cospace.store.seal import Seal, read_seal

    path = shop / "cache" / "seal.json"
    whole = path.read_bytes()
    assert isinstance(read_seal(shop / "cache", shard(shop)), Seal)
    for at in range(0, len(whole), 11):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        assert isinstance(read_seal(shop / "cache", shard(shop)), str), whole[at - 5 : at + 5]


def test_a_cache_of_another_engine_is_built_again(
    shop: Path,
    expected: list[Any],
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(cache, "ENGINE", "qdrant-edge 0.8.0")
        with cs.open(shop) as older:
            assert expected == answers(older)
        assert "qdrant-edge-0.8.0" == shard(shop).name
    check(shop, expected, caplog, rebuilt=0)
    assert ["qdrant-edge-0.9.0"] == [p.name for p in (shop / "cache").iterdir() if p.is_dir()]


def test_a_cache_sealed_by_another_version_of_the_engine_is_built_again(
    shop: Path, expected: list[Any], caplog: pytest.LogCaptureFixture
) -> None:
    from cospace.store.seal import Seal, checksums, read_seal, write_seal

    seal = read_seal(shop / "cache", shard(shop))
    assert isinstance(seal, Seal)
    write_seal(shop / "cache", seal._replace(engine="qdrant-edge 0.8.0"), checksums(shard(shop)))
    check(shop, expected, caplog, rebuilt=1)


def test_caches_of_two_collections_that_were_swapped(
    shop: Path, expected: list[Any], fast_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    other = make(fast_path / "other.cospace", seed=1)
    with cs.open(other) as one:
        others = answers(one, seed=1)
    (shop / "cache").rename(fast_path / "away")
    (other / "cache").rename(shop / "cache")
    (fast_path / "away").rename(other / "cache")
    check(shop, expected, caplog, rebuilt=1)
    with cs.open(other) as again:
        assert others == answers(again, seed=1)


def test_an_older_truth_that_was_put_back(
    shop: Path, fast_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Also when it has gone on since, up to the very commit that the newer cache was sealed at."""
    older = copy(shop, fast_path / "older.cospace")
    with cs.open(shop) as one:
        one.delete(["id-0", "id-1"])
        one.add_vectors(["new"], rows(1, 9), texts=["a kettle"], metadata=[{"price": 1}])
        seq = one.store._truth.seq  # type: ignore[attr-defined]
    shutil.copy(older / "truth.sqlite", shop / "truth.sqlite")
    with cs.open(shop) as one:
        one.delete("id-5")
        one.delete("id-6")
        assert seq == one.store._truth.seq  # type: ignore[attr-defined]
        found = answers(one)
    assert sum("rebuilding" in line for line in caplog.messages) == 1
    shutil.rmtree(shop / "cache")
    check(shop, found, caplog, rebuilt=0)


def test_a_cache_that_goes_while_the_collection_is_open(
    shop: Path, expected: list[Any], caplog: pytest.LogCaptureFixture
) -> None:
    with cs.open(shop) as one:
        assert expected == answers(one)
        shutil.rmtree(shop / "cache")
        one.delete("id-3")
        one.add_vectors(["id-3"], rows(60)[3:4], metadata=metadata(60)[3:4], texts=texts(60)[3:4])
    with cs.open(shop) as again:
        found = answers(again)
    assert {i for hits in expected if isinstance(hits, list) for i, _ in hits} == {
        i for hits in found if isinstance(hits, list) for i, _ in hits
    }


def test_a_field_that_came_while_the_cache_was_away_is_indexed(shop: Path) -> None:
    """As when a process is killed between its commit and the catching up of the cache."""
    with cs.open(shop) as one:
        store = one.store
        row = store.get(["id-3"], vectors=True)[0]
        assert row is not None
        row.metadata = {**row.metadata, "colour": "red"}
        schema = store.schema.copy()
        schema.add(schema.learn(row.metadata, row.id))
        store.extend(None, schema)
        store.write([row], replace=True)
    with cs.open(shop) as again:
        assert 1 == again.count({"colour": "red"})
        edge = again.store._edge()  # type: ignore[attr-defined]
        assert {f.slot for f in again.store.schema.fields.values()} == set(
            edge._shard.info().payload_schema
        )


# --- the truth ---


def find(path: Path, sql: str) -> bytes:
    db = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
    try:
        value = db.execute(sql).fetchone()[0]
    finally:
        db.close()
    return value if isinstance(value, bytes) else str(value).encode()


def flip(path: Path, what: bytes, at: int, bit: int) -> None:
    data = path.read_bytes()
    assert 1 == data.count(what), what
    place = data.index(what) + at
    path.write_bytes(data[:place] + bytes([data[place] ^ bit]) + data[place + 1 :])


@pytest.mark.parametrize("bit", [0x01, 0x80])  # 0x80 makes it no UTF-8 any more
@pytest.mark.parametrize("column", ["text", "metadata", "vector"])
def test_a_flipped_byte_in_an_item_is_named(column: str, bit: int, shop: Path) -> None:
    path = shop / "truth.sqlite"
    table = "vectors" if column == "vector" else "items"
    n = find(path, "SELECT n FROM items WHERE id='id-7'").decode()
    what = find(path, f"SELECT {column} FROM {table} WHERE n={n}")
    flip(path, what, 4, bit)
    truth = Truth(path, read_only=True)
    [fault] = truth.verify()
    assert "'id-7'" in fault
    truth.close()
    shutil.rmtree(shop / "cache")
    with cs.open(shop) as damaged:
        with pytest.raises(DataDamaged, match="id-7") as caught:
            damaged.store.get(["id-6", "id-7"], vectors=True)
        assert ["id-7"] == caught.value.ids
        with pytest.raises(DataDamaged, match="id-7"):
            list(damaged.store.scan(vectors=True))
        with pytest.raises(DataDamaged, match="id-7"):
            damaged.search(rows(1), k=3)
        assert damaged.get("id-6") != [None]


def test_a_flipped_byte_in_the_record_of_the_space_is_damage(shop: Path) -> None:
    path = shop / "truth.sqlite"
    flip(path, b'{"name": "faults"', 11, 0x01)
    truth = Truth(path, read_only=True)
    assert ["the record 'space' fails its checksum"] == truth.verify()
    truth.close()
    with pytest.raises(DataDamaged, match="'space'"):
        cs.open(shop)
    path.write_bytes(path.read_bytes().replace(b'{"name": "g', b'{"name": "f'))


def test_any_flipped_byte_is_an_error_of_ours_and_never_another_answer(
    shop: Path, expected: list[Any], fast_path: Path
) -> None:
    """Bytes all over the file: reading gives the whole truth, or a typed error."""
    whole = (shop / "truth.sqlite").read_bytes()
    shutil.rmtree(shop / "cache")
    for at in [*range(0, 100, 7), *range(100, len(whole), len(whole) // 60)]:
        one = fast_path / "one.cospace"
        one.mkdir()
        damaged = whole[:at] + bytes([whole[at] ^ 0x40]) + whole[at + 1 :]
        (one / "truth.sqlite").write_bytes(damaged)
        try:
            with cs.open(one, create=False) as opened:
                assert expected == answers(opened), at
        except CospaceError:
            pass
        shutil.rmtree(one)


@pytest.mark.parametrize("size", [0, 1, 50, 100, 4096, 8192, 8193, -8192])
def test_a_truth_that_is_cut_off(size: int, shop: Path) -> None:
    path = shop / "truth.sqlite"
    os.truncate(path, size % path.stat().st_size)
    before = path.read_bytes()
    with pytest.raises((DataDamaged, NotACollection)), cs.open(shop) as cut:
        answers(cut)
        faults = cut.store._truth.verify()  # type: ignore[attr-defined]
        if faults:  # nothing of it was read above
            raise DataDamaged(faults[0])
    assert before == path.read_bytes()


def test_filling_again_after_a_rebuild(shop: Path, expected: list[Any]) -> None:
    """A rebuilt collection is as good as a new one."""
    (shop / "cache" / "seal.json").unlink()
    with cs.open(shop) as again:
        again.delete([f"id-{i}" for i in range(60)])
        assert 0 == len(again.search(rows(1), k=5))
        fill(again)
        assert expected == answers(again)
