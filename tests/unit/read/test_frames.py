"""DataFrames and Arrow tables: the same rules as a table file, whatever library made them."""

import datetime
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import parquet

import cospace as cs
from cospace.errors import BadArgument
from cospace.item import Item
from cospace.read import read
from cospace.read.frames import is_frame

NAN = float("nan")


class Foreign:
    """What another library gives: a table that shows nothing but the Arrow interface."""

    def __init__(self, table: pa.Table) -> None:
        self._table = table

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return self._table.__arrow_c_stream__(requested_schema)


def shown(items: list[Item]) -> list[tuple[str, str | None, dict[str, Any]]]:
    return [(item.id, item.parts.text, dict(item.metadata)) for item in items]


LISTINGS = {
    "sku": ["MK-1", "MK-2", "MK-3"],
    "title": ["Armchair", "Stool", None],
    "description": ["Velvet.", "", None],
    "price": [120.0, None, 9.5],
    "stock": [1, None, 3],
    "sold": [True, False, None],
    "lat": [52.5, None, 48.1],
    "lon": [13.4, None, 11.6],
    "tags": [["red", "oak"], [], None],
    "seen": [datetime.datetime(2024, 2, 29, 12), None, None],
}
TABLE = pa.table(LISTINGS)


# --- Arrow ---


@pytest.mark.parametrize("wrapped", [TABLE, Foreign(TABLE), TABLE.combine_chunks().to_batches()[0]])
def test_a_frame_gives_the_items_of_the_same_parquet_file(wrapped: Any, tmp_path: Path) -> None:
    parquet.write_table(TABLE, tmp_path / "listings.parquet")
    file, frame = read(tmp_path / "listings.parquet"), read(wrapped)
    assert file.notes == frame.notes
    assert shown(list(file)) == shown(list(frame))
    assert ["holds neither text nor image"] == [reason for _, reason in frame.failed]
    assert [reason for _, reason in file.failed] == [reason for _, reason in frame.failed]


def test_the_arguments_of_a_table_name_its_columns() -> None:
    reading = read(TABLE, id="title", text="{sku}: {title}", metadata=["stock"])
    first, _ = reading
    assert ("Armchair", "MK-1: Armchair", {"stock": 1}) == shown([first])[0]
    with pytest.raises(BadArgument, match="did you mean 'price'"):
        read(TABLE, metadata=["prize"])


def test_nan_is_a_missing_value_as_an_empty_cell_is(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(
        "id,title,price,lat,lon\na,One,1.5,52.5,13.4\nb,Two,,,\n,Three,2.5,,\nd,,3.5,,\n"
    )
    table = pa.table(
        {
            "id": ["a", "b", None, "d"],
            "title": ["One", "Two", "Three", None],
            "price": [1.5, NAN, 2.5, 3.5],
            "lat": [52.5, NAN, NAN, NAN],
            "lon": [13.4, NAN, NAN, NAN],
        }
    )
    of_csv, of_table = read(tmp_path / "a.csv"), read(table)
    assert shown(list(of_csv)) == shown(list(of_table))
    assert [why for _, why in of_csv.failed] == [why for _, why in of_table.failed]
    assert ["Table, row 3", "Table, row 4"] == [name for name, _ in of_table.failed]


def test_infinity_is_left_out_of_its_row_alone() -> None:
    reading = read(pa.table({"id": ["a", "b"], "text": ["x", "y"], "n": [float("inf"), 1.0]}))
    assert [("a", {}), ("b", {"n": 1.0})] == [(item.id, item.metadata) for item in reading]
    assert [
        "column 'n': metadata n is inf; numbers are finite. Leave it out instead; read without it"
    ] == [why for _, why in reading.partial]


def test_a_table_is_read_again_from_its_first_row() -> None:
    reading = read(Foreign(TABLE))
    assert shown(list(reading)) == shown(list(reading))
    assert 3 == reading.position == reading.total


def test_a_stream_of_batches_is_read_once_and_says_so() -> None:
    reading = read(TABLE.to_reader(max_chunksize=2))
    assert 2 == len(list(reading))
    with pytest.raises(BadArgument, match="has been read already"):
        list(reading)


def test_many_rows_in_one_chunk_come_in_small_batches_and_none_is_lost() -> None:
    count = 3_000
    table = pa.table({"id": [f"i{n}" for n in range(count)], "text": ["a chair"] * count})
    assert 1 == len(table.to_batches())
    reading = read(table)
    assert [f"i{n}" for n in range(count)] == [item.id for item in reading]
    assert count == reading.total


def test_only_the_columns_that_are_used_become_python_values() -> None:
    # A cell that cannot be a Python value would cost its row, were it looked at.
    far = pa.array([0] * 200 + [2**60] * 200, pa.timestamp("us"))
    table = pa.table({"id": [f"i{n}" for n in range(400)], "text": ["x"] * 400, "at": far})
    assert 400 == len(list(read(Foreign(table), metadata=[])))
    assert 200 == len(list(read(Foreign(table))))


def test_one_value_out_of_range_costs_one_row() -> None:
    at = pa.array([0, 2**60, 0], pa.timestamp("us"))
    reading = read(pa.table({"id": ["a", "b", "c"], "title": ["x", "y", "z"], "at": at}))
    assert ["a", "c"] == [item.id for item in reading]
    assert ["Table, row 2"] == [name for name, _ in reading.failed]


def test_views_and_dictionaries_are_read_as_what_they_hold() -> None:
    """As polars gives its texts and categories."""
    table = pa.table(
        {
            "id": pa.array(["a", "b"], pa.string_view()),
            "title": pa.array(["One", "Two"], pa.large_string()),
            "city": pa.array(["Bremen", None], pa.string_view())
            .cast(pa.string())
            .dictionary_encode(),
        }
    )
    assert [("a", "One", {"title": "One", "city": "Bremen"}), ("b", "Two", {"title": "Two"})] == (
        shown(list(read(table)))
    )


@pytest.mark.parametrize("kind", [pa.binary(), pa.large_binary(), pa.binary_view()])
def test_images_may_be_bytes(kind: pa.DataType) -> None:
    table = pa.table({"id": ["a", "b"], "image": pa.array([b"GIF89a", None], kind)})
    reading = read(table)
    [item] = reading
    assert item.parts.image is not None
    assert b"GIF89a" == item.parts.image.value
    assert ["holds neither text nor image"] == [why for _, why in reading.failed]


def test_a_failing_stream_ends_with_its_reason() -> None:
    def batches() -> Iterator[pa.RecordBatch]:
        yield from TABLE.to_batches()
        for _ in range(60):
            yield TABLE.to_batches()[0]
        raise OSError("the line was cut")

    reading = read(pa.RecordBatchReader.from_batches(TABLE.schema, batches()))
    assert 2 * 61 == len(list(reading))
    name, reason = list(reading.failed)[-1]
    assert ("RecordBatchReader, after row 183", True) == (name, "the line was cut" in reason)


@pytest.mark.parametrize(
    ("source", "says"),
    [
        (TABLE["title"], "a ChunkedArray is no table with columns"),
        (pa.table([[1], [2]], names=["a", "a"]), "two columns of this Table have the name 'a'"),
        (pa.table({"n": [1]}), "no column looks like a text or an image"),
        (pa.RecordBatchReader.from_batches(TABLE.schema, iter([7])), "cannot be read"),
    ],
)
def test_what_is_no_table_is_refused_before_anything_is_read(source: Any, says: str) -> None:
    with pytest.raises(BadArgument, match=says):
        read(source) if says != "no column looks like a text or an image" else read(
            source.append_column("m", [[2]])
        )


def test_an_empty_table_has_no_items() -> None:
    reading = read(pa.table({"id": pa.array([], pa.string()), "text": pa.array([], pa.string())}))
    assert ([], 0) == (list(reading), reading.total)


def test_what_is_a_frame() -> None:
    assert [True, True, True] == [is_frame(x) for x in (TABLE, TABLE.to_reader(), Foreign(TABLE))]
    assert not any(is_frame(x) for x in ([], {}, "a.csv", Path(), iter([]), None))


# --- pandas ---


@pytest.fixture
def pd() -> Any:
    return pytest.importorskip("pandas")


def test_pandas_gives_what_arrow_gives(pd: Any) -> None:
    frame = pd.DataFrame(LISTINGS)
    frame["stock"] = frame["stock"].astype("Int64")
    of_frame, of_table = read(frame), read(TABLE)
    assert shown(list(of_table)) == shown(list(of_frame))
    assert [why for _, why in of_table.failed] == [why for _, why in of_frame.failed]
    assert of_table.notes == of_frame.notes
    assert ["DataFrame, row 3"] == [name for name, _ in of_frame.failed]


def test_every_kind_of_missing_value_of_pandas_is_missing(pd: Any) -> None:
    frame = pd.DataFrame(
        {
            "id": ["a", "b"],
            "text": ["x", "y"],
            "nan": [NAN, 1.5],
            "na": pd.array([pd.NA, 2], dtype="Int64"),
            "nat": pd.to_datetime([pd.NaT, "2024-02-29"]),
            "none": [None, "z"],
            "mixed": pd.Series([NAN, "n/a"], dtype=object),
            "other": pd.Series([pd.NA, {"w": 1}], dtype=object),
            "string": pd.array([pd.NA, "s"], dtype="string"),
            "kind": pd.Categorical([None, "k"]),
        }
    )
    full = {
        "nan": 1.5, "na": 2, "nat": "2024-02-29T00:00:00", "none": "z", "mixed": "n/a",
        "other": {"w": 1}, "string": "s", "kind": "k",
    }  # fmt: skip
    assert [("a", "x", {}), ("b", "k. y", full)] == shown(list(read(frame)))


def test_a_column_of_several_types_costs_only_the_cells_that_do_not_fit(pd: Any) -> None:
    frame = pd.DataFrame(
        {
            "id": ["a", "b", "c"],
            "text": ["x", 7, "z"],
            "note": pd.Series([1, "two", {3}], dtype=object),
        }
    )
    reading = read(frame)
    found = [("a", "x", {"note": 1}), ("b", "7", {"note": "two"}), ("c", "z", {})]
    assert found == shown(list(reading))
    [(name, why)] = reading.partial
    assert ("DataFrame, row 3", True) == (name, "metadata note is set" in why)


def test_types_that_arrow_would_number_are_refused_not_numbered(pd: Any) -> None:
    months = pd.period_range("2024-01", periods=1, freq="M")
    reading = read(pd.DataFrame({"id": ["a"], "text": ["x"], "month": months}))
    assert [{}] == [item.metadata for item in reading]
    assert "metadata month is Period" in next(iter(reading.partial)).reason


def test_the_index_of_a_dataframe_is_left_out_and_a_note_says_so(pd: Any) -> None:
    frame = pd.DataFrame({"text": ["x", "y"]}, index=pd.Index(["i", "j"], name="sku"))
    reading = read(frame)
    assert [one.id for one in read([{"text": "x"}, {"text": "y"}])] == [i.id for i in reading]
    assert (
        "the index ('sku') of the DataFrame is left out; df.reset_index() makes it a column"
        == reading.notes[0]
    )
    assert ["i", "j"] == [item.id for item in read(frame.reset_index())]
    assert not any("index" in note for note in read(frame.reset_index()).notes)


def test_a_dataframe_that_was_filtered_is_read_by_position(pd: Any) -> None:
    frame = pd.DataFrame({"text": [f"t{n}" for n in range(1000)], "n": range(1000)})
    reading = read(frame[frame.n % 3 > 0])
    items = list(reading)
    assert [f"t{n}" for n in range(1000) if n % 3] == [item.parts.text for item in items]
    assert 666 == len({item.id for item in items})
    assert "the index of the DataFrame is left out" in reading.notes[0]


def test_images_in_a_dataframe(pd: Any) -> None:
    images = [cs.Image(b"GIF89a"), None, b"GIF87a"]
    frame = pd.DataFrame({"id": ["a", "b", "c"], "text": ["x", "y", "z"], "photo": images})
    one, two, three = read(frame, image="photo")
    assert [b"GIF89a", None, b"GIF87a"] == [
        item.parts.image and item.parts.image.value for item in (one, two, three)
    ]


def test_names_of_columns_are_str(pd: Any) -> None:
    with pytest.raises(BadArgument, match=r"this DataFrame has 0\..*df\.columns\.map\(str\)"):
        read(pd.DataFrame([["a chair"]]))
    with pytest.raises(BadArgument, match="two columns of this DataFrame have the name 'text'"):
        read(pd.DataFrame([["a", "b"]], columns=["text", "text"]))
    with pytest.raises(BadArgument, match="a Series is no table"):
        read(pd.Series(["a chair"]))


def test_reading_a_dataframe_leaves_it_as_it_is(pd: Any) -> None:
    frame = pd.DataFrame(LISTINGS)
    before = frame.copy(deep=True)
    list(read(frame))
    pd.testing.assert_frame_equal(before, frame)


# --- polars ---


def test_polars_gives_what_arrow_gives() -> None:
    pl = pytest.importorskip("polars")
    frame = pl.DataFrame(LISTINGS).with_columns(pl.lit(NAN).alias("weight"))
    of_frame, of_table = read(frame), read(TABLE)
    assert shown(list(of_table)) == shown(list(of_frame))
    assert [why for _, why in of_table.failed] == [why for _, why in of_frame.failed]
    with pytest.raises(BadArgument, match="a Series is no table"):
        read(frame["title"])
    with pytest.raises(BadArgument, match="cannot read a LazyFrame"):
        read(frame.lazy())
