"""Indexing again: what cannot be read now keeps what is stored of it; ids, spaces, cells."""

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image as Pillow

import cospace as cs
from cospace.errors import BadArgument, BadItem, SpaceMismatch
from cospace.testing.tiny import tiny_folder, tiny_model

Stored = dict[str, tuple[str | None, dict[str, Any], dict[str, bytes], dict[str, str]]]


def stored(shop: cs.Collection) -> Stored:
    """Everything of every item, by id."""
    return {
        row.id: (
            row.text,
            dict(row.metadata),
            {kind: vector.tobytes() for kind, vector in row.vectors.items()},
            dict(row.media),
        )
        for row in shop.store.scan(vectors=True)
    }


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """A table of three rows, each with a photo."""
    (tmp_path / "photos").mkdir()
    rows = ["sku,name,description,price,photo"]
    for n, colour in enumerate(("red", "green", "blue")):
        Pillow.new("RGB", (16, 16), colour).save(tmp_path / f"photos/{n}.png")
        rows.append(f"A{n},Chair {n},A {colour} chair,{n + 5},photos/{n}.png")
    path = tmp_path / "shop.csv"
    path.write_text("\n".join(rows) + "\n")
    return path


def away(table: Path) -> Path:
    return (table.parent / "photos").rename(table.parent / "away")


def back(table: Path) -> None:
    (table.parent / "away").rename(table.parent / "photos")


def test_photos_that_are_away_keep_what_is_stored(empty: cs.Collection, table: Path) -> None:
    empty.upsert(cs.read(table))
    before = stored(empty)
    assert 3 == empty.info().fields["image"]
    away(table)
    for _ in range(2):
        report = empty.upsert(cs.read(table))
        assert (0, 3, 3) == (report.updated, report.unchanged, report.kept)
        assert before == stored(empty)
    assert {"A0", "A1", "A2"} <= {name for name, _ in report.reasons}
    back(table)
    report = empty.upsert(cs.read(table))
    assert (3, 0, 0) == (report.unchanged, report.kept, report.partial)
    assert before == stored(empty)


def test_a_table_in_another_folder_keeps_the_photos_of_before(
    empty: cs.Collection, table: Path, tmp_path: Path
) -> None:
    """Next week's export lies in the downloads, and its photos do not."""
    empty.upsert(cs.read(table))
    before = stored(empty)
    (tmp_path / "downloads").mkdir()
    moved = Path(shutil.copy(table, tmp_path / "downloads"))
    for _ in range(2):
        report = empty.upsert(cs.read(moved))
        assert (0, 3, 3) == (report.updated, report.unchanged, report.kept)
        assert before == stored(empty)
    moved.write_text(moved.read_text().replace("photos/1.png", "photos/other.png"))
    report = empty.upsert(cs.read(moved))
    assert (1, 2) == (report.updated, report.kept)  # another photo was named: that of before goes
    assert not stored(empty)["A1"][3]
    report = empty.upsert(cs.read(table))
    assert (1, 2, 0) == (report.updated, report.unchanged, report.kept)
    assert before == stored(empty)


def test_of_several_photos_each_keeps_its_own(empty: cs.Collection, tmp_path: Path) -> None:
    """Names such as front.png come in every folder: the path that is most alike is the one."""
    for folder, colour in (("a", "red"), ("b", "blue")):
        (tmp_path / "old" / folder).mkdir(parents=True)
        Pillow.new("RGB", (16, 16), colour).save(tmp_path / "old" / folder / "front.png")
    table = "sku,name,photo\nA,Chair,a/front.png;b/front.png\n"
    (tmp_path / "old/shop.csv").write_text(table)
    empty.upsert(cs.read(tmp_path / "old/shop.csv"))
    before = stored(empty)["A"]
    (tmp_path / "new/a").mkdir(parents=True)
    shutil.copy(tmp_path / "old/a/front.png", tmp_path / "new/a")
    (tmp_path / "new/shop.csv").write_text(table)
    assert 1 == empty.upsert(cs.read(tmp_path / "new/shop.csv")).kept
    after = stored(empty)["A"]
    assert sorted(before[2].values()) == sorted(after[2].values())
    paths = {str(tmp_path / "new/a/front.png"), str(tmp_path / "old/b/front.png")}
    assert paths == set(after[3].values())


def test_what_can_be_read_changes_while_a_photo_is_away(empty: cs.Collection, table: Path) -> None:
    empty.upsert(cs.read(table))
    before = stored(empty)
    away(table)
    text = table.read_text().replace("A red chair", "A crimson sofa").replace(",6,", ",60,")
    table.write_text(text)
    report = empty.upsert(cs.read(table))
    assert (2, 1, 3) == (report.updated, report.unchanged, report.kept)
    after = stored(empty)
    assert "Chair 0. A crimson sofa" == after["A0"][0]
    assert 60 == after["A1"][1]["price"]
    for id in before:
        assert before[id][2]["image"] == after[id][2]["image"]
        assert before[id][3] == after[id][3]
    assert before["A0"][2]["text"] != after["A0"][2]["text"]
    back(table)
    report = empty.upsert(cs.read(table))
    assert (1, 2) == (report.updated, report.unchanged)
    with cs.open(":memory:", model=tiny_model()) as fresh:
        fresh.upsert(cs.read(table))
        assert stored(fresh) == stored(empty)


@pytest.mark.parametrize("data", [b"", b"no image", b"\x89PNG\r\n\x1a\n"])
def test_a_photo_that_is_broken_now_keeps_what_is_stored(
    data: bytes, empty: cs.Collection, table: Path
) -> None:
    empty.upsert(cs.read(table))
    before = stored(empty)
    (table.parent / "photos/1.png").write_bytes(data)
    for _ in range(2):
        report = empty.upsert(cs.read(table))
        assert (3, 1, 0) == (report.unchanged, report.kept, report.partial)
        assert before == stored(empty)
    table.write_text(table.read_text().replace("A green chair", "A stool"))
    for _ in range(2):
        assert 1 == empty.upsert(cs.read(table)).kept
        assert before["A1"][2]["image"] == stored(empty)["A1"][2]["image"]
    Pillow.new("RGB", (16, 16), "green").save(table.parent / "photos/1.png")
    report = empty.upsert(cs.read(table))
    assert (1, 2, 0) == (report.updated, report.unchanged, report.kept)


def test_items_of_python_keep_a_photo_that_is_away_too(empty: cs.Collection, table: Path) -> None:
    items = [cs.Item("a", cs.Parts(text="x", image=cs.Image(table.parent / "photos/0.png")))]
    alone = [cs.Item("b", cs.Image(table.parent / "photos/1.png"), {"n": 1})]
    empty.upsert(items + alone)
    before = stored(empty)
    away(table)
    with pytest.raises(BadItem, match="image"):
        empty.upsert([cs.Item("a", items[0].content, {"new": 1})])
    report = empty.upsert([*items, cs.Item("b", alone[0].content, {"n": 2})], errors="report")
    assert (1, 1, 2, 0) == (report.unchanged, report.updated, report.kept, report.failed)
    after = stored(empty)
    assert before["a"] == after["a"]
    assert before["b"][2:] == after["b"][2:]
    assert {"n": 2} == after["b"][1]


def test_rows_of_a_photo_alone_keep_it_while_it_is_away(empty: cs.Collection, table: Path) -> None:
    table.write_text("sku,photo,price\nA0,photos/0.png,1\nA1,photos/1.png,2\nA2,photos/2.png,3\n")
    empty.upsert(cs.read(table))
    before = stored(empty)
    (table.parent / "photos/1.png").unlink()
    (table.parent / "photos/2.png").unlink()
    empty.delete("A2")
    report = empty.upsert(cs.read(table))
    assert (1, 2, 1) == (report.unchanged, report.failed, report.kept)  # A2 was not stored
    assert {id: before[id] for id in ("A0", "A1")} == stored(empty)


def test_rows_of_a_photo_alone_without_ids_keep_it_too(empty: cs.Collection, table: Path) -> None:
    table.write_text("photo\nphotos/0.png\nphotos/1.png\n")
    empty.upsert(cs.read(table))
    before = stored(empty)
    away(table)
    report = empty.upsert(cs.read(table))
    assert (0, 2, 2) == (report.stored, report.failed, report.kept)
    assert before == stored(empty)


def test_another_photo_that_is_missing_is_not_the_stored_one(
    empty: cs.Collection, table: Path
) -> None:
    empty.upsert(cs.read(table))
    table.write_text(table.read_text().replace("photos/0.png", "photos/new.png"))
    report = empty.upsert(cs.read(table))
    assert (1, 0) == (report.partial, report.kept)
    assert {"text"} == set(stored(empty)["A0"][2])


def test_a_photo_that_the_table_takes_away_goes(empty: cs.Collection, table: Path) -> None:
    empty.upsert(cs.read(table))
    table.write_text(table.read_text().replace(",photos/0.png", ","))
    assert 0 == empty.upsert(cs.read(table)).kept
    assert {"text"} == set(stored(empty)["A0"][2])


def test_a_photo_outside_of_the_folder_is_left_out_and_told(
    empty: cs.Collection, table: Path
) -> None:
    home = table.parent / "tables"
    home.mkdir()
    shutil.move(table, home / "shop.csv")
    text = (home / "shop.csv").read_text().replace("photos/", "../photos/")
    (home / "shop.csv").write_text(text)
    report = empty.upsert(cs.read(home / "shop.csv"))
    assert (3, 0, 3) == (report.added, report.failed, report.partial)
    assert {"photo": 3} == report.left_out
    assert all("outside" in reason for _, reason in report.reasons)
    with pytest.raises(BadItem, match="outside"):
        empty.upsert(cs.read(home / "shop.csv"), errors="raise")


# --- another model ---


@pytest.fixture
def texts_only(tmp_path: Path) -> cs.Encoder:
    """The tiny model without its tower for images: the same anchor."""
    return cs.load(tiny_folder(tmp_path / "texts", kinds=["text"]))


def test_a_model_without_a_tower_replaces_nothing(
    empty: cs.Collection, table: Path, texts_only: cs.Encoder
) -> None:
    whole = tiny_model()
    assert "" == whole.space.conflict(texts_only.space)
    empty.upsert(cs.read(table))
    before = stored(empty)
    other = cs.Collection(empty.store, model=texts_only, name="shop")
    with pytest.raises(SpaceMismatch, match="image vectors") as caught:
        other.upsert(cs.read(table))
    assert str(whole.space) in str(caught.value)
    assert before == stored(empty)
    # New items lose nothing, and neither does what an update leaves alone.
    assert 1 == other.add(cs.Item("new", "a kettle")).added
    assert 1 == other.update("A0", text="a stool").updated
    assert before["A0"][2]["image"] == stored(empty)["A0"][2]["image"]


def test_a_model_without_a_tower_replaces_where_no_vector_of_the_kind_is_stored(
    empty: cs.Collection, texts_only: cs.Encoder
) -> None:
    empty.upsert(cs.Item("a", "a chair"))
    other = cs.Collection(empty.store, model=texts_only, name="shop")
    assert 1 == other.upsert(cs.Item("a", "a stool")).updated


# --- cells ---


def test_a_value_of_another_type_costs_itself(empty: cs.Collection) -> None:
    rows = [{"id": str(n), "text": f"chair {n}", "price": n, "city": "Ulm"} for n in range(4)]
    rows[2]["price"] = "on request"
    rows[3] |= {"price": [1, "a"], "city": 7}
    report = empty.upsert(cs.read(rows))
    assert (4, 0, 2) == (report.added, report.failed, report.partial)
    assert {"price": 2, "city": 1} == report.left_out
    assert {"city": "Ulm"} == dict(empty["2"].metadata)
    assert {} == dict(empty["3"].metadata)
    assert "2 without a part that failed (price 2, city 1)" in str(report)
    again = empty.upsert(cs.read(rows))
    assert (4, 2) == (again.unchanged, again.partial)


def test_too_many_cells_cost_cells_and_not_the_item(empty: cs.Collection) -> None:
    many: dict[str, Any] = {f"k{n}": n for n in range(2_000)}
    reading = cs.read([{"id": "a", "text": "x", **many}])
    report = empty.upsert(reading)
    assert (1, 0) == (report.added, report.failed)
    assert any("left out of the metadata" in note for note in reading.notes)


def test_rows_without_ids_are_not_there_twice(empty: cs.Collection) -> None:
    rows = [{"title": t, "price": n} for n, t in enumerate(("Chair", "Table", "Lamp"))]
    empty.upsert(cs.read(rows))
    report = empty.upsert(cs.read([{**row, "price": 9} for row in rows[1:]]))
    assert (0, 2) == (report.added, report.updated)
    assert ["Chair", "Lamp", "Table"] == sorted(item.parts.text or "" for item in empty)


# --- deleting ---


@pytest.mark.parametrize("given", [{"n": {"$gt": 1}}, {}, {"MK-1": 1}])
def test_a_filter_in_the_place_of_ids_is_refused(given: Any, shop: cs.Collection) -> None:
    for call in (shop.delete, shop.get):
        with pytest.raises(BadArgument, match="where="):
            call(given)
    assert 5 == len(shop)


def test_vectors_stay_whole_in_memory_and_on_disk(empty: cs.Collection) -> None:
    pixels = np.zeros((8, 8, 3), np.uint8)
    item = cs.Item("a", cs.Parts(text="x", image=cs.Image(pixels)))
    empty.upsert(item)
    assert (1, 0) == (empty.upsert(item).unchanged, empty.upsert(item).kept)
