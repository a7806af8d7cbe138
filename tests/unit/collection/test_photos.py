"""Items of several photos: found by each of them, and kept through everything that is done."""

import csv
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image as Pillow

import cospace as cs
from cospace.errors import BadItem
from cospace.limits import override
from cospace.testing.tiny import tiny_model

Names = list[str]


def make(path: Path, seed: int) -> Path:
    pixels = np.random.default_rng(seed).integers(0, 256, (8, 8, 3), np.uint8)
    Pillow.fromarray(pixels).resize((16, 16), Pillow.Resampling.NEAREST).save(path)
    return path


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """Four items of 1, 2, 3 and 4 photos: ``photos/2-0.png`` is the first of the third."""
    (tmp_path / "photos").mkdir()
    for n in range(4):
        for i in range(n + 1):
            make(tmp_path / f"photos/{n}-{i}.png", 10 * n + i)
    return write(tmp_path / "shop.csv", [[f"{n}-{i}" for i in range(n + 1)] for n in range(4)])


def write(path: Path, photos: list[Names], prefix: str = "Chair") -> Path:
    with path.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["sku", "name", "images"])
        for n, names in enumerate(photos):
            cell = ";".join(f"photos/{name}.png" for name in names)
            rows.writerow([f"A{n}", f"{prefix} {n}", cell])
    return path


def found_by(shop: cs.Collection, photo: Path) -> str | None:
    """The id of the item that shows this very photo, or None."""
    [hit] = shop.search(cs.Image(photo), k=1)
    return hit.id if hit.score > 0.9999 else None


def check(shop: cs.Collection, table: Path, photos: dict[str, Names]) -> None:
    """Each item is found by each of its photos, once in a list; nothing is found by another."""
    folder = next(f for f in (table.parent / "photos", table.parent / "away") if f.exists())
    named = {name: id for id, names in photos.items() for name in names}
    for path in folder.glob("*.png"):
        assert named.get(path.stem) == found_by(shop, path), path
        hits = [hit.id for hit in shop.search(cs.Image(path), k=10)]
        assert len(hits) == len(set(hits)) == sum(map(bool, photos.values()))
    for item in shop.get(list(photos)):
        assert photos[item.id] == [part.path.stem for part in item.parts.images]
    assert sum(map(len, photos.values())) == shop.info().fields.get("image", 0)


ALL = {f"A{n}": [f"{n}-{i}" for i in range(n + 1)] for n in range(4)}


def test_each_photo_of_a_row_finds_its_item(empty: cs.Collection, table: Path) -> None:
    report = empty.add(cs.read(table))
    assert (4, 0, 0) == (report.added, report.failed, report.partial)
    check(empty, table, ALL)
    again = empty.upsert(cs.read(table))
    assert (4, 0) == (again.unchanged, again.updated)
    check(empty, table, ALL)


def test_photos_that_come_and_go(empty: cs.Collection, table: Path) -> None:
    empty.upsert(cs.read(table))
    now = {"A0": ["0-0", "3-3"], "A1": ["1-1"], "A2": ["2-2", "2-0"], "A3": []}
    report = empty.upsert(cs.read(write(table, list(now.values()))))
    assert (4, 0) == (report.updated, report.partial)
    check(empty, table, now)
    report = empty.upsert(cs.read(write(table, list(ALL.values()), "Sofa")))
    check(empty, table, ALL)
    assert empty.delete(["A3"]) == 1
    check(empty, table, {id: names for id, names in ALL.items() if id != "A3"})


def test_an_update_replaces_all_photos_or_none(empty: cs.Collection, table: Path) -> None:
    empty.upsert(cs.read(table))
    empty.update("A3", price=7)
    check(empty, table, ALL)
    photos = table.parent / "photos"
    empty.update("A3", image=[cs.Image(photos / "3-1.png"), cs.Image(photos / "3-0.png")])
    check(empty, table, {**ALL, "A3": ["3-1", "3-0"]})
    empty.update("A2", image=cs.Image(photos / "3-3.png"))
    check(empty, table, {**ALL, "A3": ["3-1", "3-0"], "A2": ["3-3"]})
    report = empty.update(cs.Item("A2", cs.Parts(image=cs.Image(photos / "3-3.png"))))
    assert 1 == report.unchanged


def test_photos_that_are_away_are_kept(empty: cs.Collection, table: Path) -> None:
    empty.upsert(cs.read(table))
    (table.parent / "photos").rename(table.parent / "away")
    for _ in range(2):
        report = empty.upsert(cs.read(table))
        assert (4, 4) == (report.unchanged, report.kept)
        check(empty, table, ALL)
    report = empty.upsert(cs.read(write(table, list(ALL.values()), "Sofa")))
    assert (4, 4) == (report.updated, report.kept)
    check(empty, table, ALL)
    (table.parent / "away").rename(table.parent / "photos")
    assert 0 == empty.upsert(cs.read(table)).kept
    check(empty, table, ALL)


def indexed_and_away(shop: cs.Collection, table: Path, gone: Names) -> tuple[Path, Path]:
    """The folder of the table's photos, which are indexed, and the one where some now lie."""
    shop.upsert(cs.read(table))
    photos, away = table.parent / "photos", table.parent / "away"
    away.mkdir()
    for name in gone:
        (photos / f"{name}.png").rename(away / f"{name}.png")
    return photos, away


@pytest.mark.parametrize("gone", [["3-0"], ["3-2"], ["3-0", "3-3"], ["3-1", "3-2", "3-3"]])
def test_some_photos_that_are_away_are_kept_beside_the_others(
    empty: cs.Collection, table: Path, gone: Names
) -> None:
    photos, away = indexed_and_away(empty, table, gone)
    for _ in range(2):
        report = empty.upsert(cs.read(table))
        assert 1 == report.kept
        shutil.copytree(photos, table.parent / "both", dirs_exist_ok=True)
        shutil.copytree(away, table.parent / "both", dirs_exist_ok=True)
        for n in range(4):
            for i in range(n + 1):
                assert f"A{n}" == found_by(empty, table.parent / f"both/{n}-{i}.png")
        assert 10 == empty.info().fields["image"]
        [row] = empty.store.get(["A3"], vectors=True)
        assert {"text", "image", "image 2", "image 3", "image 4"} == set(row.vectors)
        assert set(row.vectors) - {"text"} == set(row.media)
    for name in gone:
        (away / f"{name}.png").rename(photos / f"{name}.png")
    report = empty.upsert(cs.read(table))
    assert (1, 3, 0) == (report.updated, report.unchanged, report.kept)
    check(empty, table, ALL)


@pytest.mark.parametrize("gone", [["3-0"], ["3-2"], ["3-0", "3-3"]])
def test_an_update_keeps_photos_that_are_away_beside_the_others(
    empty: cs.Collection, table: Path, gone: Names
) -> None:
    photos, away = indexed_and_away(empty, table, gone)
    report = empty.update(cs.read(write(table, list(ALL.values()), "Sofa"), changes=True))
    assert (4, 1) == (report.updated, report.kept)
    for name in gone:
        assert "A3" == found_by(empty, away / f"{name}.png")
        (away / f"{name}.png").rename(photos / f"{name}.png")
    away.rmdir()
    assert (1, 3) == ((r := empty.update(cs.read(table, changes=True))).updated, r.unchanged)
    check(empty, table, ALL)


def test_an_update_by_items_keeps_a_photo_that_is_broken_now(
    empty: cs.Collection, table: Path
) -> None:
    empty.upsert(cs.read(table))
    photos = [table.parent / "photos/2-0.png", table.parent / "photos/2-1.png"]
    [before] = empty.store.get(["A2"], vectors=True)
    photos[1].write_bytes(b"no picture")
    item = cs.Item("A2", cs.Parts(image=[cs.Image(path) for path in photos]))
    report = empty.update(item, errors="report")
    [after] = empty.store.get(["A2"], vectors=True)
    assert (1, 1, 0) == (report.updated, report.kept, report.partial)
    assert np.array_equal(before.vectors["image 2"], after.vectors["image 2"])
    with pytest.raises(BadItem, match="image 2"):
        empty.update(item)


def test_a_photo_that_came_late_is_taken_beside_those_that_are_away(
    empty: cs.Collection, table: Path
) -> None:
    photos = table.parent / "photos"
    late, never = table.parent / "late.png", table.parent / "never.png"
    paths = [photos / "2-0.png", late, never]
    item = cs.Item("A2", cs.Parts(text="Chair", image=[cs.Image(path) for path in paths]))
    empty.add(item, errors="report")
    assert (1, 0) == ((r := empty.retry()).tried, r.cured)
    make(late, 99)
    (photos / "2-0.png").rename(table.parent / "away.png")
    told = empty.retry()
    assert (1, 0) == (told.tried, told.cured)
    assert "never.png" in told.still[0].reason and "late.png" not in told.still[0].reason
    assert ["A2", "A2"] == [found_by(empty, p) for p in (late, table.parent / "away.png")]
    make(never, 98)
    assert (1, 1) == ((r := empty.retry()).tried, r.cured)
    assert "A2" == found_by(empty, never)


def test_a_photo_from_memory_stays_when_those_beside_it_come_late(
    empty: cs.Collection, table: Path
) -> None:
    here, late, never = (table.parent / name for name in ("photos/2-0.png", "late.png", "no.png"))
    pixels = np.random.default_rng(97).integers(0, 256, (8, 8, 3), np.uint8)
    photos = [cs.Image(here), cs.Image(late), cs.Image(never), cs.Image(pixels)]
    empty.add(cs.Item("A2", cs.Parts(text="Chair", image=photos)), errors="report")
    empty.add(cs.Item("A3", cs.Parts(image=[cs.Image(pixels), cs.Image(late)])), errors="report")
    make(late, 99)
    told = empty.retry()
    assert (2, 1) == (told.tried, told.cured)
    make(never, 98)
    told = empty.retry()
    assert (1, 1) == (told.tried, told.cured)
    for photo in (here, late, never, pixels):
        hits = empty.search(cs.Image(photo), k=1)
        assert 1 == pytest.approx(hits[0].score, abs=1e-5)
    assert {"A2", "A3"} == set(empty.search(cs.Image(pixels), k=2).ids)


def test_a_vector_has_the_name_of_its_photo(empty: cs.Collection, table: Path) -> None:
    path = table.parent / "photos/2-0.png"
    memory = cs.Image(np.zeros((8, 8, 3), np.uint8))
    empty.add(cs.Item("A2", cs.Parts(image=[memory, cs.Image(path)])))
    [item] = empty.get(where={}, vectors=True)
    own, other = empty.model.encode_document([item.parts["image"], memory]).normalized
    assert item.vectors["image"] == pytest.approx(own, abs=1e-5)
    assert item.vectors["image 2"] == pytest.approx(other, abs=1e-5)


def test_what_is_cured_does_not_hide_what_is_not(empty: cs.Collection, table: Path) -> None:
    late = table.parent / "late.png"
    parts = cs.Parts(text="Chair", image=cs.Image(late), audio=cs.Audio(table.parent / "a.wav"))
    empty.add(cs.Item("A2", parts), errors="report")
    make(late, 99)
    told = empty.retry()
    assert (1, 0) == (told.tried, told.cured)
    reason = told.still[0].reason
    assert reason.startswith("kept without its audio:") and "late.png" not in reason
    assert "A2" == found_by(empty, late)


def test_a_photo_that_left_the_row_while_others_are_away_is_gone(
    empty: cs.Collection, table: Path
) -> None:
    empty.upsert(cs.read(table))
    (table.parent / "photos").rename(table.parent / "away")
    now = {**ALL, "A3": ["3-0", "3-2"]}
    report = empty.upsert(cs.read(write(table, list(now.values()))))
    assert (1, 3, 4) == (report.updated, report.unchanged, report.kept)
    check(empty, table, now)


def test_a_broken_photo_costs_itself(empty: cs.Collection, table: Path) -> None:
    whole = (table.parent / "photos/3-1.png").read_bytes()
    (table.parent / "photos/3-1.png").write_bytes(whole[:60])
    report = empty.upsert(cs.read(table))
    assert (4, 1) == (report.added, report.partial)
    [told] = report.reasons
    assert "A3" == told.name
    assert "kept without its image 2" in told.reason
    assert 9 == empty.info().fields["image"]
    [row] = empty.store.get(["A3"], vectors=True)
    assert ["text", "image", "image 2", "image 3"] == sorted(row.vectors, key=lambda n: n != "text")
    for n, name in enumerate(("3-0", "3-2", "3-3", "3-1")):
        assert row.media["image" if n == 0 else f"image {n + 1}"].endswith(f"{name}.png")
    assert ["A3"] * 3 == [
        found_by(empty, table.parent / f"photos/{name}.png") for name in ("3-0", "3-2", "3-3")
    ]
    assert 4 == empty.upsert(cs.read(table)).unchanged
    (table.parent / "photos/3-1.png").write_bytes(whole)
    assert 1 == empty.upsert(cs.read(table)).updated
    check(empty, table, ALL)


def test_photos_that_were_renamed_beside_a_broken_one_stay_with_their_vectors(
    empty: cs.Collection, table: Path
) -> None:
    photos = table.parent / "photos"
    (photos / "3-0.png").write_bytes(b"<html>")
    empty.upsert(cs.read(table))
    for i in range(4):
        (photos / f"3-{i}.png").rename(photos / f"9-{i}.png")
    write(table, [*list(ALL.values())[:3], [f"9-{i}" for i in range(4)]])
    for _ in range(3):
        empty.upsert(cs.read(table))
        [row] = empty.store.get(["A3"], vectors=True)
        whole = {"A3": [f"9-{i}" for i in (1, 2, 3)]}
        assert ["A3"] * 3 == [found_by(empty, photos / f"{name}.png") for name in whole["A3"]]
        assert 9 == empty.info().fields["image"]
    names = sorted(row.media.items())
    assert ["9-1", "9-2", "9-3"] == [Path(path).stem for _, path in names[:3]]
    assert 4 == empty.upsert(cs.read(table)).unchanged


def test_a_photo_that_is_named_twice_is_one(empty: cs.Collection, table: Path) -> None:
    write(table, [["0-0", "0-0"], ["1-0", "1-1", "1-0"], [], []])
    empty.upsert(cs.read(table))
    assert {"text": 4, "image": 3} == dict(empty.info().fields)


def test_more_photos_than_the_limit_are_told(empty: cs.Collection, table: Path) -> None:
    with override(item_photos=2):
        report = empty.upsert(cs.read(table))
        assert (4, 2) == (report.added, report.partial)
        reasons = " ".join(one.reason for one in report.reasons)
        assert "image 3: an item has at most 2 photos (COSPACE_LIMIT_ITEM_PHOTOS)" in reasons
        check_two = {id: names[:2] for id, names in ALL.items()}
        assert sum(map(len, check_two.values())) == empty.info().fields["image"]


def test_export_and_import_keep_all_photos(
    empty: cs.Collection, table: Path, tmp_path: Path
) -> None:
    empty.upsert(cs.read(table))
    empty.upsert(cs.Item("T", "a text alone"))
    empty.export(tmp_path / "shop.parquet")
    with cs.open(":memory:", model=tiny_model()) as copy:
        copy.restore(tmp_path / "shop.parquet")
        check(copy, table, {**ALL, "T": []})
        for mine, theirs in zip(
            empty.store.scan(vectors=True), copy.store.scan(vectors=True), strict=True
        ):
            assert (mine.id, mine.media, mine.hash) == (theirs.id, theirs.media, theirs.hash)
            assert mine.vectors.keys() == theirs.vectors.keys()
            for name, vector in mine.vectors.items():
                assert np.allclose(vector, theirs.vectors[name], atol=1e-6)
        assert 4 == copy.upsert(cs.read(table)).unchanged


def test_hits_and_items_hold_all_photos(empty: cs.Collection, table: Path) -> None:
    empty.upsert(cs.read(table))
    [hit] = empty.search(cs.Image(table.parent / "photos/2-1.png"), k=1)
    names = ["image", "image 2", "image 3"]
    assert names == list(hit.media)
    assert names == [name for name in hit.item.parts if name != "text"]
    [item] = empty.get(["A2"], vectors=True)
    assert {"text", *names} == set(item.vectors)
    assert ["photos/2-0.png", "photos/2-1.png", "photos/2-2.png"] == item.metadata["photos"]
    empty.upsert(hit.item)
    check(empty, table, ALL)


def test_photos_in_memory_in_columns_and_in_items(empty: cs.Collection, table: Path) -> None:
    photos = table.parent / "photos"
    three = [cs.Image((photos / f"2-{i}.png").read_bytes()) for i in range(3)]
    empty.add(ids=["a", "b"], images=[three, cs.Image(photos / "0-0.png")])
    empty.add(cs.Item("c", cs.Parts(text="a lamp", image=[cs.Image(photos / "1-0.png")])))
    for i in range(3):
        assert "a" == found_by(empty, photos / f"2-{i}.png")
    assert "c" == found_by(empty, photos / "1-0.png")
    assert {"text": 1, "image": 5} == dict(empty.info().fields)


@pytest.mark.parametrize("given", [[], [None], "a.png", [b"x"], [cs.Audio("a.wav")]])
def test_parts_take_images_and_lists_of_them(given: Any) -> None:
    if given == []:
        assert [] == list(cs.Parts(image=given))
        return
    with pytest.raises(BadItem, match="image"):
        cs.Parts(image=given)


def test_names_of_photos_have_no_gap(table: Path) -> None:
    one, two, three = (cs.Image(f"{n}.png") for n in range(3))
    parts = cs.Parts(**{"image 7": one, "text": "a", "image": two, "image 3": three})
    assert ["text", "image", "image 2", "image 3"] == list(parts)
    assert [one, two, three] == parts.images
    assert one == parts.image
    assert cs.Parts(image=[one, two]) != cs.Parts(image=[one])


def test_one_input_of_a_model_has_one_image(table: Path) -> None:
    parts = cs.Parts(text="a", image=[cs.Image("a.png"), cs.Image("b.png")])
    model = tiny_model()
    for encode in (model.encode_query, model.encode_document):
        with pytest.raises(BadItem, match=r"input 0.*2 images, and one vector stands for one"):
            encode([parts])


def test_a_source_of_items_with_many_photos_is_prepared_a_few_at_a_time(
    empty: cs.Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Images wait decoded: a chunk is bounded by photos, not by items alone."""
    monkeypatch.setattr("cospace.encode.bulk._PARTS", 6)
    pixels = np.random.default_rng(0).integers(0, 256, (20, 4, 8, 8, 3), np.uint8)
    items = [
        cs.Item(f"i{n}", cs.Parts(image=[cs.Image(one) for one in some]))
        for n, some in enumerate(pixels)
    ]
    assert 20 == empty.add(items).added
    for n in (0, 7, 19):
        assert [f"i{n}"] * 4 == [empty.search(cs.Image(one), k=1)[0].id for one in pixels[n]]


def test_info_counts_items_and_photos() -> None:
    """An item of three photos is one item that has an image."""
    shop = cs.open(":memory:", model="starter")
    one, two, three = (cs.Image(Pillow.new("RGB", (32, 32), c)) for c in ("red", "green", "blue"))
    shop.add(
        [
            cs.Item("A1", cs.Parts(text="Chair", image=[one, two, three])),
            cs.Item("A2", cs.Parts(text="Table", image=one)),
            cs.Item("A3", "Lamp"),
        ]
    )
    info = shop.info()
    assert {"text": 3, "image": 4} == dict(info.fields)
    assert {"text": 3, "image": 2} == dict(info.holders)


def test_a_missing_photo_that_is_kept_is_told_once(tmp_path: Path) -> None:
    for name in ("a.png", "b.png"):
        make(tmp_path / name, ord(name[0]))
    table = tmp_path / "shop.csv"
    table.write_text("id,title,photo\n1,oak chair,a.png\n2,pine table,b.png\n3,lamp,gone.png\n")
    shop = cs.open(":memory:", model=tiny_model())
    shop.add(cs.read(table))
    (tmp_path / "b.png").unlink()
    report = shop.upsert(cs.read(table))
    assert (1, 1, {"photo": 1}) == (report.kept, report.partial, dict(report.left_out))
    told = dict(report.reasons)
    assert ["2", "shop.csv:4"] == sorted(told)
    assert told["2"].startswith("cannot be read now, and what is stored is kept: image")
