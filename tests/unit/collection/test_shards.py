"""Shards: every row of a source is in them once, and a folder that is not so is not imported."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

import cospace as cs
from cospace.collection.shards import Manifest, Written, import_shards, write_shards
from cospace.errors import (
    BadArgument,
    BadInput,
    BadVector,
    DuplicateId,
    NotACollection,
    NotFound,
    SpaceMismatch,
)
from cospace.progress import Meter, Progress
from cospace.store.memory import MemoryStore
from cospace.testing.tiny import tiny_model

WORDS = "red chair", "blue bicycle", "green lamp", "old kettle", "yellow violin"


def rows(count: int) -> list[dict[str, Any]]:
    return [{"id": f"i{n}", "text": f"{WORDS[n % 5]} {n}", "price": n} for n in range(count)]


def written(table: Any, folder: Path, **options: Any) -> Written:
    return write_shards(tiny_model(), cs.read(table), folder, **{"shard_rows": 10, **options})


def read_all(folder: Path) -> list[dict[str, Any]]:
    files = sorted(folder.glob("*.parquet"))
    return [row for file in files for row in pq.read_table(file).to_pylist()]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three shards of 25 rows."""
    written(rows(25), tmp_path / "a.shards")
    return tmp_path / "a.shards"


# --- writing ---


ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "id": st.sampled_from(["", "a", "b", *(f"i{n}" for n in range(30))]),
            "text": st.one_of(st.none(), st.sampled_from(["", " ", "nan", "a\x00b", *WORDS])),
            "size": st.one_of(st.none(), st.integers(0, 9), st.just(float("nan"))),
        }
    ),
    max_size=30,
)


@given(ROWS, st.integers(1, 12))
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
def test_every_row_is_there_once_with_a_vector_or_a_reason(
    fast_path: Path, table: list[dict[str, Any]], size: int
) -> None:
    table = [{"id": "first", "text": "a chair", "size": 1}, *table]
    shutil.rmtree(fast_path / "x.shards", ignore_errors=True)
    reading = cs.read(table, id="id", text="text")
    done = write_shards(tiny_model(), reading, fast_path / "x.shards", shard_rows=size)
    found = read_all(fast_path / "x.shards")
    assert len(table) == len(found) == done.manifest.rows == done.vectors + len(done.failed)
    assert all((row["vector_text"] is None) == bool(row["reason"]) for row in found)
    ids = [row["id"] for row in found if row["vector_text"] is not None]
    assert len(ids) == len(set(ids)) == done.vectors
    for row, one in zip(found, table, strict=True):
        if row["vector_text"] is not None:
            assert (one["id"], one["text"]) == (row["id"], row["text"])
    shop = cs.open(":memory:")
    restored = shop.restore_shards(fast_path / "x.shards")
    assert (done.vectors, len(done.failed)) == (restored.stored, len(restored.failed))
    assert sorted(ids) == sorted(item.id for item in shop.get())


def test_a_missing_text_is_missing(tmp_path: Path) -> None:
    table = {"id": ["a", "b", "c"], "text": ["chair", None, "nan"], "price": [1.0, 2.0, None]}
    pq.write_table(pa.table(table), tmp_path / "t.parquet")
    done = written(tmp_path / "t.parquet", tmp_path / "t.shards")
    texts = [row["text"] for row in read_all(tmp_path / "t.shards")]
    assert ["chair", None, "nan"] == texts
    assert 1 == len(done.failed)
    assert 2 == done.vectors


def test_a_row_that_fails_leaves_its_neighbours_alone(tmp_path: Path) -> None:
    table = rows(12)
    table[4]["text"] = "a\x00b"
    table[7]["id"] = "i2"
    done = written(table, tmp_path / "a.shards")
    found = read_all(tmp_path / "a.shards")
    assert [n for n, row in enumerate(found) if row["vector_text"] is None] == [4, 7]
    assert "NUL" in found[4]["reason"]
    assert "row 3 of the source has the same id" in found[7]["reason"]
    assert (10, 2) == (done.vectors, len(done.failed))


def test_shards_hold_what_the_collection_would(tmp_path: Path) -> None:
    written(rows(25), tmp_path / "a.shards")
    shop, copy = (cs.open(":memory:", model=tiny_model()) for _ in range(2))
    shop.add(cs.read(rows(25)))
    copy.restore_shards(tmp_path / "a.shards")
    ids = [row["id"] for row in rows(25)]
    for one, other in zip(shop.get(ids, vectors=True), copy.get(ids, vectors=True), strict=True):
        assert one == other
        assert np.allclose(one.vectors["text"], other.vectors["text"], atol=1e-6)
    assert 25 == copy.upsert(cs.read(rows(25))).unchanged, "the content hash is the collection's"


def test_a_photo_that_fails_costs_itself(tmp_path: Path) -> None:
    (tmp_path / "bad.png").write_bytes(b"\x89PNG\r\n\x1a\n broken")
    Image.new("RGB", (9, 9), "red").save(tmp_path / "good.png")
    text = "id,title,photo\n1,Chair,bad.png\n2,Lamp,good.png\n3,,bad.png\n"
    (tmp_path / "t.csv").write_text(text)
    done = write_shards(
        tiny_model(), cs.read(tmp_path / "t.csv", image="photo"), tmp_path / "t.shards"
    )
    first, second, third = read_all(tmp_path / "t.shards")
    assert first["reason"].startswith("kept without its image")
    assert (None, "") == (first["vector_image"], second["reason"])
    assert "good.png" in json.loads(second["media"])["image"]
    assert "image" in third["reason"]
    assert (2, 1, 1) == (done.vectors, len(done.failed), len(done.partial))
    shop = cs.open(":memory:")
    assert (2, 1) == ((r := shop.restore_shards(tmp_path / "t.shards")).stored, len(r.failed))


def test_a_second_run_writes_what_is_missing(folder: Path) -> None:
    before = {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}
    assert 0 == written(rows(25), folder).written
    assert before == {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}
    whole = (folder / "0000000010.parquet").read_bytes()
    (folder / "0000000010.parquet").unlink()
    (folder / "0000000020.parquet").write_bytes(b"half a file")
    seen: list[Progress] = []
    done = written(rows(25), folder, progress=seen.append)
    assert (2, 25) == (done.written, done.vectors)
    assert whole == (folder / "0000000010.parquet").read_bytes()
    assert [20, 25] == [now.done for now in seen if not now.stage]
    changed = {
        path.name for path in folder.iterdir() if before[path.name] != path.stat().st_mtime_ns
    }
    assert {"0000000010.parquet", "0000000020.parquet"} == changed


def test_a_run_that_is_stopped_keeps_its_shards(tmp_path: Path) -> None:
    def stop(now: Progress) -> None:
        if not now.stage and now.done >= 20:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        written(rows(45), tmp_path / "a.shards", progress=stop)
    assert 3 == written(rows(45), tmp_path / "a.shards").written
    assert [f"i{n}" for n in range(45)] == [row["id"] for row in read_all(tmp_path / "a.shards")]


def test_another_model_or_source_is_refused(folder: Path) -> None:
    with pytest.raises(SpaceMismatch, match="was begun with"):
        write_shards(tiny_model(seed=1), cs.read(rows(25)), folder, shard_rows=10)
    changed = rows(25)
    changed[13]["text"] = "another text"
    dearer = [{**row, "price": 1 + row["price"]} for row in rows(25)]
    for table in (changed, dearer):
        with pytest.raises(BadInput, match="another source, or this one has changed"):
            written(table, folder)
    with pytest.raises(BadInput, match="begun with another source"):
        written(rows(24), folder)
    with pytest.raises(BadInput, match="25 rows, and"):
        written(rows(20), folder)
    with pytest.raises(BadInput, match="10 rows a shard, not 5"):
        written(rows(25), folder, shard_rows=5)
    with pytest.raises(BadArgument):
        written(rows(25), folder, shard_rows=0)


def test_a_folder_with_something_else_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("hello")
    for place in (tmp_path, tmp_path / "mine.txt"):
        with pytest.raises(NotACollection):
            written(rows(3), place)
    assert ["mine.txt"] == [path.name for path in tmp_path.iterdir()]


def test_a_source_that_changes_under_way_is_refused(tmp_path: Path) -> None:
    table = rows(25)

    def change(now: Progress) -> None:
        if now.stage and now.done == 25:
            table[12]["text"] = "changed behind the manifest"

    with pytest.raises(BadInput, match="rows 10 to 19 are not what they were"):
        written(table, tmp_path / "a.shards", progress=change)
    with pytest.raises(BadInput, match="rows 10 to 19 are missing"):
        cs.open(":memory:").restore_shards(tmp_path / "a.shards")


def test_no_rows_write_nothing(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("id,title\n")
    assert 0 == written(tmp_path / "t.csv", tmp_path / "a.shards").manifest.rows
    assert not (tmp_path / "a.shards").exists()


# --- reading ---


def test_an_import_is_repeated_without_harm(folder: Path) -> None:
    shop = cs.open(":memory:")
    assert 25 == shop.restore_shards(folder).stored
    again = shop.restore_shards(folder)
    assert (0, 25, 25) == (again.stored, again.unchanged, len(shop))


def test_an_import_that_is_stopped_goes_on(folder: Path) -> None:
    store = MemoryStore()

    def stop(now: Progress) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        import_shards(store, folder, meter=Meter(stop))
    done = import_shards(store, folder)
    assert (15, 10, 25) == (done.stored, done.unchanged, store.count())


def test_an_item_that_is_stored_otherwise_is_not_replaced_unasked(folder: Path) -> None:
    shop = cs.open(":memory:", model=tiny_model())
    shop.add(cs.Item("i3", "something else"))
    with pytest.raises(DuplicateId):
        shop.restore_shards(folder)
    assert "something else" == shop["i3"].parts.text
    assert 25 == shop.restore_shards(folder, replace=True).stored
    assert "old kettle 3" == shop["i3"].parts.text


def test_a_cell_of_another_type_is_left_out_and_told(folder: Path) -> None:
    shop = cs.open(":memory:", model=tiny_model())
    shop.add(cs.Item("mine", "a chair", {"price": "dear"}))
    done = shop.restore_shards(folder)
    assert (25, 25) == (done.stored, len(done.left_out))


def rewritten(folder: Path, change: Callable[[pa.Table], pa.Table], name: str = "") -> None:
    path = folder / "0000000010.parquet"
    table = pq.read_table(path)
    pq.write_table(change(table).replace_schema_metadata(table.schema.metadata), path)


def _text(table: pa.Table) -> pa.Table:
    texts = table["text"].to_pylist()
    return table.set_column(1, "text", pa.array(["changed", *texts[1:]]))


def _manifest(folder: Path, change: Callable[[dict[str, Any]], object]) -> None:
    record = json.loads((folder / "manifest.json").read_text())
    change(record)
    (folder / "manifest.json").write_text(json.dumps(record))


def _flipped(folder: Path) -> None:
    path = folder / "0000000010.parquet"
    file = pq.ParquetFile(path)
    at = file.metadata.row_group(0).column(file.schema_arrow.names.index("vector_text"))
    data = bytearray(path.read_bytes())
    data[at.data_page_offset + at.total_compressed_size // 2] ^= 0xFF
    path.write_bytes(data)


ONE, TWO = "0000000000.parquet", "0000000010.parquet"
REFUSED: dict[str, tuple[Callable[[Path], object], str]] = {
    "missing": (lambda f: (f / TWO).unlink(), "rows 10 to 19 are missing"),
    "twice": (lambda f: shutil.copy(f / TWO, f / "copy.parquet"), "rows 10 to 19 are there twice"),
    "another range": (lambda f: shutil.copy(f / ONE, f / TWO), "holds another range"),
    "half": (lambda f: (f / TWO).write_bytes((f / TWO).read_bytes()[:900]), "not a Parquet file"),
    "a stranger": (lambda f: (f / "x.parquet").write_bytes(b"x"), "knows no such file"),
    "a text": (lambda f: rewritten(f, _text), "not those that the manifest expects"),
    "a row less": (lambda f: rewritten(f, lambda t: t.slice(1)), "not those that the manifest"),
    "an order": (lambda f: rewritten(f, lambda t: t.take([1, 0, *range(2, 10)])), "not those that"),
    "a damaged vector": (_flipped, "damaged|not a Parquet"),
    "a hash": (
        lambda f: _manifest(f, lambda m: m["shards"][1].update(sha256="0" * 64)),
        "holds another range, or other rows",
    ),
    "a gap": (lambda f: _manifest(f, lambda m: m["shards"].pop(1)), "in none of its shards"),
    "a doubled range": (
        lambda f: _manifest(f, lambda m: m["shards"].insert(1, m["shards"][1])),
        "stands twice",
    ),
    "fewer rows": (lambda f: _manifest(f, lambda m: m.update(rows=24)), "have 25 rows"),
    "no JSON": (lambda f: (f / "manifest.json").write_bytes(b"\xff{"), "not a manifest"),
    "a list": (lambda f: (f / "manifest.json").write_bytes(b"[]"), "not a manifest"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_folder_that_is_not_whole_is_refused(folder: Path, case: str) -> None:
    damage, why = REFUSED[case]
    damage(folder)
    shop = cs.open(":memory:")
    with pytest.raises((BadInput, BadVector), match=why):
        shop.restore_shards(folder)
    assert 0 == len(shop), "nothing is stored before all is checked"


def test_shards_of_another_space_are_refused(folder: Path, tmp_path: Path) -> None:
    other = tmp_path / "b.shards"
    write_shards(tiny_model(seed=1), cs.read(rows(25)), other, shard_rows=10)
    shutil.copy(other / TWO, folder / TWO)
    shop = cs.open(":memory:", model=tiny_model())
    with pytest.raises(SpaceMismatch, match="the manifest says"):
        shop.restore_shards(folder)
    shop.add(cs.Item("mine", "a chair"))
    with pytest.raises(SpaceMismatch):
        shop.restore_shards(other)


def test_a_folder_without_a_manifest_is_told(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="manifest"):
        Manifest.load(tmp_path)


def test_the_name_of_a_row_without_an_id_may_be_the_id_of_an_item(tmp_path: Path) -> None:
    table = [{"id": "", "text": "lost"}, {"id": "row 1", "text": "a chair"}]
    folder = tmp_path / "odd.shards"
    assert written(table, folder).vectors == 1
    with cs.open(":memory:") as shop:
        done = shop.restore_shards(folder)
        assert (1, 1) == (done.stored, len(done.failed))
