"""Exports that another hand has changed: no field of a row enters a collection unchecked."""

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import cospace as cs
from cospace.errors import BadInput, BadItem, BadVector, NotFound
from cospace.testing.tiny import tiny_model

ROWS = 1500  # one whole batch, and a part of the next
BAD = 1203  # the row, from 1, that is changed


@pytest.fixture(params=["memory", "local"])
def copy(request: Any, fast_path: Path) -> Iterator[cs.Collection]:
    place = ":memory:" if request.param == "memory" else fast_path / "copy.cospace"
    with cs.open(place) as one:
        yield one


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> pa.Table:
    """An export of items with texts and vectors of their own."""
    vectors = cs.Vectors(
        np.random.default_rng(0).standard_normal((ROWS, 4)), cs.Space.of("mine", 4)
    )
    path = tmp_path_factory.mktemp("export") / "a.parquet"
    with cs.open(":memory:") as shop:
        ids = [f"MK-{number}" for number in range(1, ROWS + 1)]
        shop.add_vectors(ids, vectors, texts=["a chair"] * ROWS, metadata=[{"n": 1}] * ROWS)
        shop.export(path)
    return pq.read_table(path)


def changed(table: pa.Table, name: str, value: Any, type: pa.DataType | None = None) -> pa.Table:
    """The table with another value in one field of the row `BAD`."""
    values = table[name].to_pylist()
    values[BAD - 1] = value
    number = table.schema.get_field_index(name)
    return table.set_column(number, name, pa.array(values, type or table.schema.field(name).type))


def write(table: pa.Table, folder: Path) -> Path:
    path = folder / "changed.parquet"
    pq.write_table(table, path)
    return path


def nested(depth: int) -> str:
    return '{"x":' * depth + "1" + "}" * depth


@pytest.mark.parametrize(
    ("field", "value", "why"),
    [
        ("id", None, "an id is a str, not NoneType"),
        ("id", "", "cannot be empty"),
        ("id", "x" * 5000, "at most"),
        ("id", "MK-7", "'MK-7' stands in an earlier row too"),
        ("text", "a\x00b", "NUL"),
        ("text", " \u200b", "holds only space"),
        ("text", "", "is empty"),
        ("metadata", None, "expected a str, not None"),
        ("metadata", "{", "not JSON"),
        ("metadata", "[1]", "metadata is a dict"),
        ("metadata", '{"x": NaN}', "numbers are finite"),
        ("metadata", '{"x": "\\ud800"}', "lone surrogate"),
        ("metadata", nested(40), "nested deeper"),
        ("metadata", nested(100_000), "not JSON"),
        ("media", None, "expected a str, not None"),
        ("media", "[]", "expected an object of kinds and paths"),
        ("media", "null", "expected an object of kinds and paths"),
        ("media", "1", "expected an object of kinds and paths"),
        ("media", '{"image": 1}', "the path of 'image' is a str"),
        ("media", '{"image": ""}', "the path of 'image' is a str"),
        ("media", '{"image": "a\\u0000"}', "the path of 'image' is a str"),
        ("media", '{"image": "\\ud800"}', "not valid Unicode"),
        ("media", '{"IMAGE": "a.png"}', "lower-case name"),
        ("media", '{"text": "a.txt"}', "a text has no file"),
        ("hash", None, "expected bytes, not None"),
        ("reason", None, "expected a str, not None"),
    ],
)
def test_a_field_that_cannot_be_names_its_row_and_itself(
    field: str, value: Any, why: str, table: pa.Table, copy: cs.Collection, tmp_path: Path
) -> None:
    path = write(changed(table, field, value), tmp_path)
    with pytest.raises(BadItem) as caught:
        copy.restore(path)
    assert f"{path}, row 1,203, {field}: " in str(caught.value)
    assert why in str(caught.value)
    assert 1000 == len(copy), "the whole batch before it"


@pytest.mark.parametrize(
    ("value", "why", "column"),
    [
        ([1.0, 2.0], "it has 2 numbers; mine (4", None),
        ([1.0] * 5, "it has 5 numbers; mine (4", None),
        ([], "it has 0 numbers; mine (4", None),
        ([1.0, None, 0.0, 0.0], "column 1 is nan", 1),
        ([1.0, 0.0, math.inf, 0.0], "column 2 is inf", 2),
        ([0.0] * 4, "it is a zero vector", None),
    ],
)
def test_a_vector_that_is_none_names_its_row(
    value: Any, why: str, column: int | None, table: pa.Table, copy: cs.Collection, tmp_path: Path
) -> None:
    path = write(changed(table, "vector_text", value), tmp_path)
    with pytest.raises(BadVector) as caught:
        copy.restore(path)
    assert f"{path}, row 1,203, vector_text: " in str(caught.value)
    assert why in str(caught.value)
    assert (BAD, column) == (caught.value.row, caught.value.column)


def test_a_row_without_a_vector_could_not_be_found(
    table: pa.Table, copy: cs.Collection, tmp_path: Path
) -> None:
    with pytest.raises(BadItem, match="row 1,203: 'MK-1203' has no vector"):
        copy.restore(write(changed(table, "vector_text", None), tmp_path))


@pytest.mark.parametrize(
    ("field", "type", "why"),
    [
        ("id", pa.int64(), "an id is a str, not int"),
        ("text", pa.int64(), "expected a str, not 1"),
        ("text", pa.binary(), "expected a str, not b'x'"),
        ("metadata", pa.int64(), "expected a str, not 1"),
        ("media", pa.bool_(), "expected a str, not True"),
        ("hash", pa.string(), "expected bytes, not 'x'"),
        ("reason", pa.int64(), "expected a str, not 1"),
    ],
)
def test_a_column_of_another_type(
    field: str, type: pa.DataType, why: str, table: pa.Table, copy: cs.Collection, tmp_path: Path
) -> None:
    value = {pa.int64(): 1, pa.bool_(): True, pa.binary(): b"x", pa.string(): "x"}[type]
    number = table.schema.get_field_index(field)
    column = pa.array([value] * ROWS, type)
    with pytest.raises(BadItem, match=f"row 1, {field}: {why}"):
        copy.restore(write(table.set_column(number, field, column), tmp_path))
    assert 0 == len(copy)


def test_texts_that_are_no_utf_8_are_named(
    table: pa.Table, copy: cs.Collection, tmp_path: Path
) -> None:
    for field in ("id", "text", "metadata", "media", "reason"):
        values = [str(value).encode() for value in table[field].to_pylist()]
        values[BAD - 1] = b"\xff"
        offsets = np.cumsum([0, *map(len, values)], dtype=np.int32)
        data = [None, pa.py_buffer(offsets.tobytes()), pa.py_buffer(b"".join(values))]
        column = pa.Array.from_buffers(pa.string(), ROWS, data)
        path = write(table.set_column(table.schema.get_field_index(field), field, column), tmp_path)
        with pytest.raises(BadItem, match=f"row 1,203, {field}: not valid Unicode"):
            copy.restore(path, replace=True)


def test_columns_that_no_export_has(table: pa.Table, copy: cs.Collection, tmp_path: Path) -> None:
    strings = pa.array([["1", "2", "3", "4"]] * ROWS)
    wrong = {
        "'price' is none that": table.append_column("price", pa.array(range(ROWS))),
        "'vector_image' is none that": table.append_column("vector_image", table["vector_text"]),
        "'media' is missing": table.drop_columns(["media"]),
        "'vector_text' is missing": table.drop_columns(["vector_text"]),
        "'vector_text' holds list<": table.set_column(6, "vector_text", strings),
        "'id' stands there twice": table.append_column("id", table["id"]),
    }
    for why, one in wrong.items():
        with pytest.raises(BadInput, match=f"the column {why}"):
            copy.restore(write(one, tmp_path))
    assert 0 == len(copy)


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("name",), 7),
        (("towers",), []),
        (("towers", 0, "kind"), 1),
        (("towers", 0, "model"), None),
        (("towers", 0, "prompts"), {"query": 1}),
        (("dim",), 0),
    ],
)
def test_a_space_that_is_none(
    place: tuple[Any, ...], value: Any, table: pa.Table, copy: cs.Collection, tmp_path: Path
) -> None:
    about = json.loads(table.schema.metadata[b"cospace"])
    within = about["space"]
    for key in place[:-1]:
        within = within[key]
    within[place[-1]] = value
    one = table.replace_schema_metadata({b"cospace": json.dumps(about).encode()})
    with pytest.raises(BadInput, match="not a Parquet file that `cospace export` wrote"):
        copy.restore(write(one, tmp_path))
    assert 0 == len(copy)


def test_rows_of_no_space_are_not_left_out_in_silence(
    table: pa.Table, copy: cs.Collection, tmp_path: Path
) -> None:
    about = {b"cospace": b'{"format": 1, "space": null}'}
    with pytest.raises(BadInput, match="1,500 rows and names no space"):
        copy.restore(write(table.replace_schema_metadata(about), tmp_path))
    assert 0 == copy.restore(write(table.slice(0, 0).replace_schema_metadata(about), tmp_path))


def test_a_file_that_is_damaged_further_down(
    table: pa.Table, copy: cs.Collection, tmp_path: Path
) -> None:
    path = tmp_path / "a.parquet"
    pq.write_table(table, path, row_group_size=1000, compression="none")
    data = bytearray(path.read_bytes())
    group = pq.ParquetFile(path).metadata.row_group(1).column(0)
    data[group.dictionary_page_offset or group.data_page_offset] ^= 0xFF
    path.write_bytes(data)
    with pytest.raises(BadInput, match=f"{path}: the file is damaged"):
        copy.restore(path)


def test_what_an_export_holds_is_taken_whatever_it_is(tmp_path: Path) -> None:
    """A part that failed is kept as it came, and vectors need no text."""
    image = np.zeros((8, 8, 3), np.uint8)
    content = cs.Parts(text="a\x00b", image=cs.Image(image))
    with cs.open(":memory:", model=tiny_model()) as shop, cs.open(":memory:") as other:
        assert 1 == shop.add(cs.Item("a", content), errors="report").added
        shop.export(tmp_path / "a.parquet")
        assert 1 == other.restore(tmp_path / "a.parquet")
        for one in (shop, other):
            [row] = one.store.get(["a"], vectors=True)
            assert row is not None
            assert ("a\x00b", ["image"]) == (row.text, list(row.vectors))
            assert "kept without its text" in row.reason


def test_a_file_that_is_not_there(copy: cs.Collection, tmp_path: Path) -> None:
    for path in (tmp_path / "none.parquet", tmp_path / "no/none.parquet"):
        with pytest.raises(NotFound, match="no such file"):
            copy.restore(path)
    for path in (tmp_path, Path("/dev/null")):
        with pytest.raises(BadInput, match="not a Parquet file"):
            copy.restore(path)
