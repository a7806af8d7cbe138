import csv
import gzip
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cospace.errors import BadArgument, NotFound, UnsafeFile
from cospace.item import Image
from cospace.limits import override
from cospace.read import read
from cospace.read.clean import _MISSING

CSV = """sku,title,description,price,stock,sold,zip,lat,lon,photo
MK-1,Armchair,"Retro, velvet",120.5,3,true,00123,48.1,11.5,chair.jpg
MK-2,Stool,,30,,false,04109,,,
MK-3,,Oak table,99,1,true,80331,-33.9,151.2,
"""
IMAGE = b"\xff\xd8\xff never opened here"


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    (tmp_path / "chair.jpg").write_bytes(IMAGE)
    (tmp_path / "listings.csv").write_text(CSV)
    return tmp_path / "listings.csv"


def test_a_csv_is_understood_without_options(shop: Path) -> None:
    reading = read(shop)
    items = list(reading)
    assert ["MK-1", "MK-2", "MK-3"] == [item.id for item in items]
    assert ["Armchair. Retro, velvet", "Stool.", "Oak table"] == [i.parts.text for i in items]
    assert {
        "title": "Armchair", "price": 120.5, "stock": 3, "sold": True, "zip": "00123",
        "location": {"lat": 48.1, "lon": 11.5},
    } == items[0].metadata  # fmt: skip
    assert {"title": "Stool", "price": 30.0, "sold": False, "zip": "04109"} == items[1].metadata
    image = items[0].parts.image
    assert image is not None
    assert shop.parent / "chair.jpg" == image.path
    assert (3, 3, 0) == (reading.position, reading.total, len(reading.failed))
    assert [
        "id: column 'sku' (guessed)",
        "image: column 'photo' (guessed)",
        "text: '{title}. {description}' (guessed)",
        "location: columns 'lat' and 'lon' (guessed)",
    ] == reading.notes


def test_what_is_given_is_not_guessed(shop: Path) -> None:
    reading = read(
        shop, id="zip", text="{title}", image="photo", metadata=["price"], location=("lat", "lon")
    )
    [first, *_] = reading
    assert ("00123", "Armchair") == (first.id, first.parts.text)
    assert {"price": 120.5, "location": {"lat": 48.1, "lon": 11.5}} == first.metadata
    assert [] == reading.notes
    assert {} == next(iter(read(shop, metadata=[]))).metadata


def test_every_pass_starts_again(shop: Path) -> None:
    reading = read(shop)
    assert next(iter(reading)).id == next(iter(reading)).id
    assert list(reading) == list(reading)
    assert 3 == reading.position


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ({"id": "skuu"}, "did you mean 'sku'"),
        ({"text": "{titel}"}, "did you mean 'title'"),
        ({"image": "foto"}, "did you mean 'photo'"),
        ({"metadata": ["prise"]}, "did you mean 'price'"),
        ({"metadata": "price"}, r"metadata=\['price'\]"),
        ({"location": ("lat", "lng")}, "names the column 'lng'"),
        ({"location": "lat"}, "takes two columns"),
        ({"id": ""}, "takes the name"),
        ({"text": 3}, "takes the name"),
    ],
)
def test_a_wrong_argument_says_what_to_write(
    shop: Path, arguments: dict[str, Any], reason: str
) -> None:
    with pytest.raises(BadArgument, match=reason):
        read(shop, **arguments)


def test_what_cannot_be_read_says_what_can(tmp_path: Path) -> None:
    for name in ("a.doc", "a", "a.parquet.gz"):
        (tmp_path / name).write_bytes(b"x")
        with pytest.raises(BadArgument, match=r"\.csv, \.tsv"):
            read(tmp_path / name)
    for name in ("a.zip", "a.tar.gz", "a.csv.zip", "a.tgz"):
        (tmp_path / name).write_bytes(b"x")
        with pytest.raises(BadArgument, match="not extracted"):
            read(tmp_path / name)
    for source in (3, None, {"id": 1}, b"x"):
        with pytest.raises(BadArgument, match="cannot read a"):
            read(source)
    with pytest.raises(BadArgument, match="nothing is fetched"):
        read("https://example.org/listings.csv")
    with pytest.raises(NotFound, match=r"gone\.csv"):
        read(tmp_path / "gone.csv")
    with pytest.raises(BadArgument, match="no column looks like"):
        read([{"price": 1, "stock": 2}])
    (tmp_path / "a.txt").write_text("x")
    with pytest.raises(BadArgument, match="has no columns"):
        read(tmp_path, id="sku")


@pytest.mark.parametrize(
    "name", ["a.pkl", "a.PT", "a.pickle.gz", "a.joblib", "a.pth", "a.bin", "a.kv", "a.npy"]
)
def test_a_format_that_runs_code_is_refused_by_name(name: str) -> None:
    with pytest.raises(UnsafeFile, match="not opened"):
        read(name)


def test_all_table_formats_give_the_same_items(tmp_path: Path) -> None:
    import pyarrow as pa
    from pyarrow import parquet

    rows = [
        {"id": "a", "title": "One", "price": 1.5, "stock": 3, "new": True},
        {"id": "b", "title": "Zwei, «è»", "price": 2.0, "stock": 4, "new": False},
    ]
    lines = "\n".join(json.dumps(row) for row in rows)
    cells = [list(rows[0]), *(list(row.values()) for row in rows)]
    text = {s: "\r\n".join(s.join(f'"{c}"' for c in row) for row in cells) for s in ",\t;"}
    for name, data in [
        ("a.csv", text[","]), ("b.csv", text[";"]), ("c.csv", "\ufeff" + text["\t"]),
        ("a.tsv", text["\t"]), ("a.jsonl", lines), ("a.ndjson", "\ufeff" + lines + "\n\n"),
    ]:  # fmt: skip
        (tmp_path / name).write_bytes(data.encode())
        (tmp_path / f"{name}.gz").write_bytes(gzip.compress(data.encode()))
    parquet.write_table(pa.Table.from_pylist(rows), tmp_path / "a.parquet")
    expected = list(read(rows))
    assert ["One", "Zwei, «è»"] == [item.parts.text for item in expected]
    for path in sorted(tmp_path.iterdir()):
        reading = read(path)
        assert [i.id for i in expected] == [i.id for i in reading], path.name
        assert [i.metadata for i in expected] == [i.metadata for i in reading], path.name
        assert [i.parts.text for i in expected] == [i.parts.text for i in reading], path.name
        assert 2 == reading.total


def test_rows_without_ids_have_one_of_their_content(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("title\nOne\n\nTwo,\nThree\n")
    reading = read(tmp_path / "a.csv")
    ids = [item.id for item in reading]
    assert 2 == len(set(ids))
    assert all(re.fullmatch("row-[0-9a-f]{16}", id) for id in ids)
    assert ids == [item.id for item in reading]
    assert any("no column of ids" in note for note in reading.notes)
    assert ["a.csv:4: has 2 cells; the header has 1"] == list(map(str, reading.failed))


def ids_by_text(rows: list[dict[str, Any]]) -> list[tuple[str, str | None]]:
    return [(item.id, item.parts.text) for item in read(rows)]


def test_an_id_of_the_content_stays_when_rows_come_and_go_and_metadata_changes() -> None:
    rows = [{"title": t, "price": 1} for t in ("Chair", "Table", "Lamp")]
    first = {text: id for id, text in ids_by_text(rows)}
    shuffled = [{"title": t, "price": 9} for t in ("Kettle", "Lamp", "Chair")]
    second = {text: id for id, text in ids_by_text(shuffled)}
    assert (first["Lamp"], first["Chair"]) == (second["Lamp"], second["Chair"])
    assert second["Kettle"] not in first.values()
    assert ids_by_text([{"title": "Chairs", "price": 1}])[0][0] not in first.values()


def test_equal_rows_without_ids_are_items_of_their_own() -> None:
    rows = [{"title": "Chair", "price": n} for n in range(3)]
    ids = [id for id, _ in ids_by_text(rows)]
    assert [ids[0], f"{ids[0]}-2", f"{ids[0]}-3"] == ids
    assert ids[:2] == [id for id, _ in ids_by_text(rows[:2])]


def test_the_image_is_a_part_of_a_made_id(tmp_path: Path) -> None:
    import numpy as np

    pixels = np.zeros((4, 4, 3), np.uint8)
    images = [None, b"x", b"y", Image(b"x"), Image(pixels), Image(pixels + 1), Image("a.png")]
    ids = [item.id for item in read([{"title": "t", "image": image} for image in images])]
    assert ids[3] == f"{ids[1]}-2"
    assert 7 == len(set(ids))


def test_a_cell_that_does_not_fit_its_column_is_left_out(tmp_path: Path) -> None:
    rows = "".join(f"{i},t{i},{i}\n" for i in range(1_000))
    (tmp_path / "a.csv").write_text(f"id,title,price\n{rows}x,t,9.5\ny,t,abc\nz,t,\n")
    reading = read(tmp_path / "a.csv")
    found = {item.id: item.metadata for item in reading}
    assert {"title": "t", "price": 9.5} == found["x"]
    assert {"title": "t"} == found["y"] == found["z"]
    assert 0 == len(reading.failed)
    [failure] = reading.partial
    assert {"price": 1} == reading.left_out
    assert "a.csv:1003" == failure.name
    assert "column 'price': 'abc' is not a number" in failure.reason


def test_photos_stay_inside_the_folder_and_are_never_fetched(tmp_path: Path) -> None:
    home = tmp_path / "home"
    (home / "sub").mkdir(parents=True)
    (home / "in.jpg").write_bytes(IMAGE)
    (tmp_path / "out.jpg").write_bytes(IMAGE)
    (home / "link.jpg").symlink_to("../out.jpg")
    cases = {
        "in.jpg": "", "./sub/../in.jpg": "", str(home / "in.jpg"): "",
        "../out.jpg": "outside", str(tmp_path / "out.jpg"): "outside", "link.jpg": "outside",
        "/etc/passwd": "outside", "sub": "not a regular file", "http://x.org/a.jpg": "URL",
        "file:///etc/passwd": "URL", "data:image/png;base64,xx": "URL", "in.jpg/x": "missing",
        "gone.jpg": "photo missing: gone.jpg; read without it", "x" * 5_000: "",
    }  # fmt: skip
    rows = [{"id": str(i), "title": "t", "photo": path} for i, path in enumerate(cases)]
    (home / "a.jsonl").write_text("\n".join(map(json.dumps, rows)))
    reading = read(home / "a.jsonl", image="photo")
    pictured = [item.id for item in reading if item.parts.image]
    assert ["0", "1", "2"] == pictured
    reasons = {one.name: one.reason for one in [*reading.failed, *reading.partial]}
    for line, expected in enumerate(cases.values(), start=1):
        assert expected in reasons.get(f"a.jsonl:{line}", ""), line
    assert [str(n) for n in range(len(cases))] == [item.id for item in reading]
    assert 0 == len(reading.failed)
    assert {"photo": len(cases) - 3} == reading.left_out


def test_a_missing_photo_without_a_text_is_a_bad_row(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("id,photo\n1,gone.jpg\n2,\n")
    reading = read(tmp_path / "a.csv")
    assert [] == list(reading)
    assert [
        "a.csv:2: photo missing: gone.jpg, and there is no text",
        "a.csv:3: holds neither text nor image",
    ] == list(map(str, reading.failed))


def test_a_column_of_urls_is_no_column_of_images(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("id,title,image\n1,One,https://x.org/a.jpg\n")
    reading = read(tmp_path / "a.csv")
    [item] = reading
    assert {"title": "One", "image": "https://x.org/a.jpg"} == item.metadata
    assert any("never fetched" in note for note in reading.notes)


def test_dicts_take_images_in_memory_and_one_bad_row_stops_nothing() -> None:
    rows = [
        {"id": 1, "title": "One", "image": Image(b"x")},
        {"id": "2", "image": b"y"},
        "no dict",
        {"id": True, "title": "t"},
        {"id": 3.5, "title": "t"},
        {"id": None, "title": "t"},
        {"title": "t"},
        {"id": "4", "title": "t", "price": float("nan")},
        {"id": "5", "title": "t", "image": 5},
        {"id": "6", "title": "t", 7: "x"},
        {"id": "7", "title": {"de": "t"}},
        {"id": "8", "title": "t"},
    ]
    reading = read(rows)
    assert ["1", "2", "4", "5", "6", "8"] == [item.id for item in reading]
    assert [f"row {n}" for n in (3, 4, 5, 6, 7, 11)] == [name for name, _ in reading.failed]
    assert ["row 9", "row 10"] == [name for name, _ in reading.partial]
    assert {"image": 1, "7": 1} == reading.left_out  # NaN is an empty cell
    assert 12 == reading.total == reading.position


def test_sizes_that_become_letters_further_down_are_texts_in_all_rows(tmp_path: Path) -> None:
    sizes = ["38"] * 1_500 + ["M"] * 1_500
    rows = "".join(f"{i},t{i},{size}\n" for i, size in enumerate(sizes))
    (tmp_path / "a.csv").write_text(f"id,title,size\n{rows}")
    reading = read(tmp_path / "a.csv")
    assert sizes == [item.metadata["size"] for item in reading]
    assert {} == reading.left_out


def test_a_generator_is_streamed_once() -> None:
    taken = []

    def rows() -> Any:
        for number in range(1_000):
            taken.append(number)
            yield {"id": number, "title": "t"}

    reading = read(rows())
    assert reading.total is None
    assert len(taken) <= 100
    assert 1_000 == sum(1 for _ in reading)
    with pytest.raises(BadArgument, match="pass a list"):
        next(iter(reading))


def test_failures_are_counted_past_those_listed() -> None:
    with override(report_reasons=3):
        reading = read([{"id": "", "title": "t"}] * 10)
        assert [] == list(reading)
    assert (10, 3, 7) == (len(reading.failed), len(list(reading.failed)), reading.failed.unlisted)


def test_places_that_are_none_are_reported() -> None:
    rows = [
        {"id": "a", "title": "t", "lat": 90, "lng": -180.0},
        {"id": "b", "title": "t", "lat": "", "lng": None},
        {"id": "c", "title": "t", "lat": 91, "lng": 0},
        {"id": "d", "title": "t", "lat": 1},
        {"id": "e", "title": "t", "lat": "north", "lng": 0},
        {"id": "f", "title": "t", "lat": float("nan"), "lng": 0},
    ]
    reading = read(rows)
    found = [item.metadata.get("location") for item in reading]
    assert [{"lat": 90.0, "lon": -180.0}, *[None] * 5] == found
    assert (0, 4) == (len(reading.failed), len(reading.partial))
    assert {"lat": 3, "lng": 1} == reading.left_out


def test_a_column_called_location_is_not_overwritten() -> None:
    rows = [{"id": "a", "title": "t", "location": "Berlin", "lat": 52.5, "lon": 13.4}]
    reading = read(rows)
    [item] = reading
    assert {"title": "t", "location": "Berlin", "lat": 52.5, "lon": 13.4} == item.metadata
    assert any("location=('lat', 'lon')" in note for note in reading.notes)


def test_an_invisible_text_is_no_text() -> None:
    reading = read([{"id": "a", "title": "\u200b"}, {"id": "b", "title": "\u200b", "image": b"x"}])
    assert ["b"] == [item.id for item in reading]
    assert 1 == len(reading.failed)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
@pytest.mark.parametrize("packed", [False, True])
def test_the_total_is_an_estimate_and_then_exact(
    tmp_path: Path, packed: bool, encoding: str
) -> None:
    data = (
        "id,title\n" + "".join(f"{n},Title {n * 7919 % 10_007}\n" for n in range(50_000))
    ).encode(encoding)
    path = tmp_path / ("a.csv.gz" if packed else "a.csv")
    path.write_bytes(gzip.compress(data) if packed else data)
    reading = read(path, id="id")
    assert reading.total is not None
    assert 40_000 < reading.total < 65_000
    assert 50_000 == sum(1 for _ in reading) == reading.total


def test_reading_a_table_loads_no_heavy_library() -> None:
    code = "import sys, cospace.read; print({'PIL', 'pyarrow', 'numpy'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "set()\n" == done.stdout


PLAIN = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1).filter(
    lambda text: text.strip() and text.strip() not in _MISSING
)
ROWS = st.lists(st.tuples(PLAIN, PLAIN), min_size=1, max_size=6)


@given(ROWS, st.sampled_from([",", "\t"]), st.booleans())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_ids_and_texts_come_back_from_every_text_format(
    tmp_path: Path, rows: list[tuple[str, str]], delimiter: str, packed: bool
) -> None:
    path = tmp_path / ("a.csv" if delimiter == "," else "a.tsv")
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, delimiter=delimiter, quoting=csv.QUOTE_ALL)
        writer.writerows([("id", "text"), *rows])
    (tmp_path / "a.jsonl").write_text(
        "\n".join(json.dumps({"id": i, "text": t}, ensure_ascii=False) for i, t in rows),
        encoding="utf-8",
    )
    expected = [
        (item.id, item.parts.text) for item in read([{"id": i, "text": t} for i, t in rows])
    ]
    for source in (path, tmp_path / "a.jsonl"):
        packed_source = source.with_name(source.name + ".gz")
        if packed:
            packed_source.write_bytes(gzip.compress(source.read_bytes()))
        reading = read(packed_source if packed else source, id="id", text="text")
        assert expected == [(item.id, item.parts.text) for item in reading]


@given(
    st.binary(max_size=200),
    st.sampled_from(
        [".csv", ".tsv", ".jsonl", ".csv.gz", ".parquet", ".txt", ".jpg", ".json", ".xml", ".xlsx"]
    ),
    st.sampled_from([b"", b"id,title\n", b'{"id": "a", "title": "b"}\n', b"PAR1", b"\x1f\x8b\x08"]),
)
@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=300
)
def test_any_bytes_give_items_or_an_error_of_ours(
    tmp_path: Path, data: bytes, suffix: str, head: bytes
) -> None:
    from cospace.errors import CospaceError

    path = tmp_path / f"a{suffix}"
    path.write_bytes(head + data)
    try:
        reading = read(path)
        count = sum(1 for _ in reading)
    except CospaceError:
        return
    assert count + len(reading.failed) >= reading.position
