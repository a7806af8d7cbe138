import datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet

import cospace as cs
from cospace.errors import BadItem
from cospace.read import read


def saved(path: Path, columns: dict[str, pa.Array], **options: object) -> Path:
    parquet.write_table(pa.table(columns), path, **options)
    return path


def test_types_are_kept_or_become_what_metadata_can_hold(tmp_path: Path) -> None:
    utc = datetime.UTC
    columns = {
        "id": pa.array([1, 2], pa.int32()),
        "text": pa.array(["One", "Two"]),
        "int": pa.array([2**62, None], pa.int64()),
        "float": pa.array([0.5, None], pa.float32()),
        "bool": pa.array([True, None]),
        "day": pa.array([datetime.date(2024, 2, 29), None]),
        "at": pa.array([datetime.datetime(2024, 2, 29, 12, tzinfo=utc), None]),
        "nano": pa.array([1_700_000_000_123_456_789, None], pa.timestamp("ns")),
        "tags": pa.array([["red", "oak"], None]),
        "cost": pa.array([Decimal("1.25"), None]),
        "size": pa.array([{"w": 3}, None]),
        "kind": pa.array(["a", None]).dictionary_encode(),
    }
    reading = read(saved(tmp_path / "a.parquet", columns))
    one, two = reading
    assert ("1", "a. red, oak. One") == (one.id, one.parts.text)
    assert {
        "int": 2**62, "float": 0.5, "bool": True, "day": "2024-02-29",
        "at": "2024-02-29T12:00:00+00:00", "nano": "2023-11-14T22:13:20.123456",
        "tags": ["red", "oak"], "cost": 1.25, "size": {"w": 3}, "kind": "a",
    } == one.metadata  # fmt: skip
    assert {} == two.metadata


def test_a_decimal_without_a_fraction_keeps_all_its_digits(tmp_path: Path) -> None:
    """A barcode or an article number is not rounded to the 53 bits of a float."""
    columns = {
        "id": pa.array(["a", "b"]),
        "title": pa.array(["One", "Two"]),
        "ean": pa.array([Decimal(2**53 + 1), None], pa.decimal128(20, 0)),
        "wide": pa.array([Decimal(2**62 + 1), Decimal(-5)], pa.decimal256(40, 0)),
        "price": pa.array([Decimal("120.50"), Decimal("120.00")], pa.decimal128(9, 2)),
        "list": pa.array([[Decimal(2**53 + 1)], []], pa.list_(pa.decimal128(20, 0))),
    }
    file = saved(tmp_path / "a.parquet", columns)
    one, two = read(file)
    assert {
        "ean": 2**53 + 1, "wide": 2**62 + 1, "price": 120.5, "list": [2**53 + 1],
    } == {name: one.metadata[name] for name in columns if name not in ("id", "title")}  # fmt: skip
    assert (-5, 120.0, []) == tuple(two.metadata[name] for name in ("wide", "price", "list"))
    assert isinstance(two.metadata["price"], float)
    shop = cs.open(":memory:", model="starter")
    shop.add(read(file))
    assert 1 == shop.count({"ean": 2**53 + 1})
    assert 0 == shop.count({"ean": 2**53})
    assert ["a"] == shop.search(str(2**53 + 1), k=1).ids


def test_one_value_out_of_range_costs_one_row(tmp_path: Path) -> None:
    columns = {
        "id": pa.array(["a", "b", "c"]),
        "title": pa.array(["One", "Two", "Three"]),
        "at": pa.array([0, 2**60, 0], pa.timestamp("us")),
    }
    reading = read(saved(tmp_path / "a.parquet", columns))
    assert ["a", "c"] == [item.id for item in reading]
    assert ["a.parquet, row 2"] == [name for name, _ in reading.failed]


def test_bytes_are_for_the_column_of_images(tmp_path: Path) -> None:
    columns = {
        "id": pa.array(["a", "b"]),
        "title": pa.array(["One", "Two"]),
        "image": pa.array([{"bytes": b"x", "path": None}, {"bytes": None, "path": None}]),
        "blob": pa.array([None, b"y"]),
    }
    reading = read(saved(tmp_path / "a.parquet", columns))
    item, other = reading
    assert item.parts.image is not None
    assert b"x" == item.parts.image.value
    assert "blob" not in other.metadata
    assert ["column 'blob' holds bytes; only a column of files may; read without it"] == [
        reason for _, reason in reading.partial
    ]
    assert 2 == len(list(read(tmp_path / "a.parquet", metadata=["title"])))


def test_only_the_columns_that_are_used_are_read(tmp_path: Path) -> None:
    columns = {name: pa.array([name]) for name in ("id", "title", "x", "y")}
    reading = read(saved(tmp_path / "a.parquet", columns), metadata=["y"])
    assert [{"y": "y"}] == [item.metadata for item in reading]


@pytest.mark.parametrize("share", [0.02, 0.5, 0.99])
def test_a_truncated_file_is_refused(tmp_path: Path, share: float) -> None:
    path = saved(tmp_path / "a.parquet", {"id": pa.array(["a"] * 999)})
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])
    with pytest.raises(BadItem, match=r"a\.parquet: not a whole Parquet file"):
        read(path)


def test_damage_further_down_is_reported_with_its_place(tmp_path: Path) -> None:
    texts = [f"text {number} " * 20 for number in range(4_000)]
    path = saved(
        tmp_path / "a.parquet",
        {"text": pa.array(texts)},
        row_group_size=1_000,
        compression="none",
        use_dictionary=False,
    )
    data = bytearray(path.read_bytes())
    middle = len(data) * 5 // 8
    data[middle : middle + 100_000] = b"\xff" * 100_000
    path.write_bytes(data)
    reading = read(path)
    count = sum(1 for _ in reading)
    assert 0 < count < 4_000
    assert "from here on" in list(reading.failed)[-1].reason


def test_an_empty_table_has_no_items(tmp_path: Path) -> None:
    reading = read(saved(tmp_path / "a.parquet", {"text": pa.array([], pa.string())}))
    assert ([], 0) == (list(reading), reading.total)
