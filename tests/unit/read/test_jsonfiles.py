"""JSON files: a list of objects, a list within an object, an object a line, and what is neither."""

import gzip
import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import cospace as cs
from cospace.errors import BadArgument, BadItem, CospaceError, EmptyItem
from cospace.limits import override
from cospace.read import jsonfiles

ROWS = [{"id": "A1", "title": "Chair", "price": 5}, {"id": "A2", "title": "Table", "new": True}]


def read(path: Path, content: Any) -> Any:
    text = content if isinstance(content, str) else json.dumps(content)
    path.write_text(text, encoding="utf-8")
    return cs.read(path)


def test_a_list_of_objects(tmp_path: Path) -> None:
    reading = read(tmp_path / "a.json", ROWS)
    assert [("A1", 5), ("A2", None)] == [(i.id, i.metadata.get("price")) for i in reading]
    assert reading.position == 2 == reading.total


@pytest.mark.parametrize("indent", [None, 2])
def test_a_list_under_a_key(tmp_path: Path, indent: int | None) -> None:
    content = {"count": 2, "tags": ["a"], "products": ROWS, "next": {"page": 2}}
    reading = read(tmp_path / "a.json", json.dumps(content, indent=indent))
    assert ["A1", "A2"] == [item.id for item in reading]
    told = "items: the list 'products' of the file (guessed); left out beside it: count, tags, next"
    assert told in reading.notes


def test_an_object_a_line(tmp_path: Path) -> None:
    reading = read(tmp_path / "a.json", "\n".join(json.dumps(row) for row in ROWS))
    assert ["A1", "A2"] == [item.id for item in reading]
    assert "an object a line, as JSON Lines (guessed)" in reading.notes


def test_gzipped_with_a_mark(tmp_path: Path) -> None:
    path = tmp_path / "a.json.gz"
    path.write_bytes(gzip.compress(json.dumps(ROWS).encode("utf-8-sig")))
    assert 2 == len(list(cs.read(path)))


@pytest.mark.parametrize(
    ("content", "error", "why"),
    [
        ("", EmptyItem, "the file is empty"),
        (" \n", EmptyItem, "the file is empty"),
        ("[]", BadItem, "the list is empty"),
        ("[1, 2]", BadItem, "not a JSON object but a int"),
        ("{}", BadItem, "without a list of objects"),
        ('{"id": "A1", "title": "Chair"}', BadItem, "without a list of objects"),
        ('{"a": [1, 2]}', BadItem, "without a list of objects"),
        ('{"a": [{}], "b": [{}]}', BadArgument, "several lists of objects: a, b"),
        ("12", BadItem, "starts with no list and no object"),
        ("<html>", BadItem, "starts with no list and no object"),
        ('{"a": ', BadItem, "is not valid JSON"),
        ("[" * 100_000, BadItem, "nested too deeply"),
    ],
)
def test_what_is_no_list(tmp_path: Path, content: str, error: type[Exception], why: str) -> None:
    with pytest.raises(error) as caught:
        read(tmp_path / "a.json", content)
    assert why in str(caught.value)


@pytest.mark.parametrize(
    ("middle", "why"),
    [
        ("12", "not a JSON object but a int"),
        ('"a"', "not a JSON object but a str"),
        ("null", "not a JSON object but a NoneType"),
        ('{"a": 1, "a": 2}', "the same key is in it twice"),
    ],
)
def test_an_odd_element_is_bad_alone(tmp_path: Path, middle: str, why: str) -> None:
    first, second = map(json.dumps, ROWS)
    reading = read(tmp_path / "a.json", f"[{first}, {middle}, {second}]")
    assert ["A1", "A2"] == [item.id for item in reading]
    [failure] = reading.failed
    assert "a.json, item 2" == failure.name
    assert why in failure.reason


@pytest.mark.parametrize(
    ("end", "why"),
    [
        ("", "expected ',' or ']'"),
        (', {"id"', "is not valid JSON"),
        ("] x", "something follows the list"),
        (" {}]", "expected ',' or ']'"),
    ],
)
def test_a_file_that_is_cut_gives_what_was_before(tmp_path: Path, end: str, why: str) -> None:
    reading = read(tmp_path / "a.json", f"[{json.dumps(ROWS[0])}{end}")
    assert ["A1"] == [item.id for item in reading]
    [failure] = reading.failed
    assert why in failure.reason and "the rest was not read" in failure.reason


def test_bad_bytes_end_the_file(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(json.dumps(ROWS, ensure_ascii=False).encode()[:-1] + b', {"id": "\xff"}]')
    with pytest.raises(BadItem, match="Save it as UTF-8"):
        cs.read(path)


def test_an_object_that_is_too_large_is_not_held(tmp_path: Path) -> None:
    content = json.dumps([ROWS[0], {"id": "x" * 1_000_000}, ROWS[1]])
    with override(row_bytes=1000):
        reading = read(tmp_path / "a.json", content)
        assert ["A1"] == [item.id for item in reading]
    assert "characters; the rest was not read" in next(iter(reading.failed)).reason


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.dictionaries(st.text(max_size=3), st.integers() | st.text() | st.floats(), max_size=3),
        min_size=1,
        max_size=9,
    ),
    st.integers(1, 40),
    st.booleans(),
)
def test_any_list_is_read_whole_in_any_pieces(
    tmp_path: Path, rows: list[dict[str, Any]], size: int, within: bool
) -> None:
    path = tmp_path / "a.json"
    content = {"n": 123, "rows": rows, "m": 4.5} if within else rows
    path.write_text(json.dumps(content, ensure_ascii=False), "utf-8", "surrogatepass")
    before, jsonfiles._CHUNK = jsonfiles._CHUNK, size
    try:
        found = [row.values for row in jsonfiles.JsonList(path).rows()]
    finally:
        jsonfiles._CHUNK = before
    assert repr(rows) == repr(found)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(alphabet='[]{}",:1a \n\\', max_size=40))
def test_any_text_is_read_or_refused(tmp_path: Path, text: str) -> None:
    with suppress(CospaceError):
        list(read(tmp_path / "a.json", text))
