"""Tables that are broken, or made to break something: faults 7 to 9, 17, 19, 23 and 24."""

import contextlib
import gzip
import json
import os
import tempfile
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest
from growth import SQUARE, growth
from hypothesis import given
from hypothesis import strategies as st

from cospace.errors import BadItem, CospaceError, EmptyItem
from cospace.item import Item
from cospace.limits import override
from cospace.read import Reading, read
from cospace.read.tables import Delimited
from cospace.read.template import Template


def csv(folder: Path, data: bytes | str, name: str = "a.csv") -> Reading:
    path = folder / name
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return read(path)


def ids(reading: Reading) -> list[str]:
    return [item.id for item in reading]


@pytest.mark.parametrize("name", ["a.csv", "a.tsv", "a.jsonl"])
@pytest.mark.parametrize("data", [b"", b"\xef\xbb\xbf", b"\n\r\n\n"])
def test_an_empty_file_says_so(name: str, data: bytes, tmp_path: Path) -> None:
    with pytest.raises(EmptyItem, match="the file is empty"):
        csv(tmp_path, data, name)


@pytest.mark.parametrize("end", ["", "\n", "\r\n", "\r", "\n\n\n"])
def test_a_header_alone_has_no_items(end: str, tmp_path: Path) -> None:
    reading = csv(tmp_path, f"id,title{end}")
    assert ([], 0, 0) == (ids(reading), reading.total, len(reading.failed))


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("name", ["a.csv", "a.jsonl"])
def test_a_line_of_10_mb_costs_itself_and_no_memory(
    name: str, packed: bool, tmp_path: Path
) -> None:
    long = b"x" * 10_000_000
    if name == "a.csv":
        data = b"id,title\na,One\nb," + long + b"\nc,Three\n"
    else:
        data = b'{"id":"a","title":"One"}\n{"id":"b","title":"%s"}\n{"id":"c","title":"3"}' % long
    path = tmp_path / (name + ".gz" if packed else name)
    path.write_bytes(gzip.compress(data, 1) if packed else data)
    del data, long
    with override(row_bytes=1_000_000):
        tracemalloc.start()
        try:
            reading = read(path)
            assert ["a", "c"] == ids(reading)
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    [failure] = reading.failed
    assert "at most 1,000,000 are read" in failure.reason
    assert peak < 5_000_000


def test_bytes_that_are_not_utf_8_cost_one_row(tmp_path: Path) -> None:
    reading = csv(tmp_path, b"id,title\na,One\nb,caf\xe9\nc,\xc3\xa9\n")
    assert ["a", "c"] == ids(reading)
    assert ["a.csv:3: byte 0xE9 at offset 20 is not valid UTF-8. Save the file as UTF-8"] == list(
        map(str, reading.failed)
    )
    lines = b'{"id":"a","title":"x"}\n{"id":"\xff","title":"x"}\n'
    reading = csv(tmp_path, lines, "a.jsonl")
    assert ["a"] == ids(reading)
    assert "byte 0xFF at offset 30" in str(next(iter(reading.failed)))


def test_an_unclosed_quote_does_not_swallow_the_rest(tmp_path: Path) -> None:
    rows = "".join(f"{number},Title {number}\n" for number in range(50_000))
    reading = csv(tmp_path, f'id,title\nx,"open\n{rows}')
    assert [str(number) for number in range(50_000)] == ids(reading)
    assert ["a.csv:2"] == [name for name, _ in reading.failed]


def test_utf_16_and_other_files_are_no_tables(tmp_path: Path) -> None:
    for data, said in [
        ("id,title\na,b\n".encode("utf-16-le"), "not a table"),
        (b"PK\x03\x04\x00\x00", "ZIP"),
        (b"\x1f\x8b\x08\x00\x00", "gzip"),
        (b"\x81\xe9,b\n", "not valid UTF-8"),
        (b'"open,b\n', "column names"),
    ]:
        with pytest.raises(BadItem, match=said):
            csv(tmp_path, data)
    for data in (b"\x00", b"[]", b"{", b"\xff\xfe{\x00}\x00"):
        with pytest.raises(BadItem, match="none of the first rows"):
            csv(tmp_path, data, "a.jsonl")


def test_columns_of_the_same_name_are_numbered(tmp_path: Path) -> None:
    reading = csv(tmp_path, "id,title,price,price,, price ,price_2\na,One,1,2,3,4,5\n")
    [item] = reading
    assert {
        "title": "One", "price": 1, "price_3": 2, "column_5": 3, "price_4": 4, "price_2": 5,
    } == item.metadata  # fmt: skip
    blank, again, *_ = reading.notes
    assert "columns without a name: 'column_5'" == blank
    moved = [f"'price_{n}' (column {at}, 'price' in the file)" for n, at in ((3, 4), (4, 6))]
    assert f"columns of a name that stands before: {', '.join(moved)}" == again


IDS = [
    "'",
    '"',
    "a/b",
    "..",
    "../x",
    "a\nb",
    "a\r\nb",
    "x' OR 1=1 --",
    "👩‍👩‍👧",
    "a,b",
    " ",
    "1",
    "é" * 128,
]


def test_ids_are_opaque_in_every_format(tmp_path: Path) -> None:
    quoted = ['"' + i.replace('"', '""') + '"' for i in IDS]
    reading = csv(tmp_path, "id,title\n" + "".join(f"{i},t\n" for i in quoted))
    expected = [i.strip() for i in IDS if i.strip()]  # spaces round cells are left out
    assert expected == ids(reading)
    lines = "\n".join(json.dumps({"id": i, "title": "t"}) for i in IDS)
    assert expected == ids(csv(tmp_path, lines, "a.jsonl"))


def test_a_bad_id_costs_its_row(tmp_path: Path) -> None:
    bad = ["", "x" * 300, "é" * 129, "a\x00b"]
    reading = csv(tmp_path, "id,title\n" + "".join(f'"{i}",t\n' for i in [*bad, "good"]))
    assert ["good"] == ids(reading)
    assert 4 == len(reading.failed)
    values = [None, "", True, 1.5, [1], {"a": 1}, "\ud800", "x" * 300]
    rows = [json.dumps({"id": value, "title": "t"}) for value in [*values, 17, "17"]]
    reading = csv(tmp_path, "\n".join(rows), "a.jsonl")
    assert ["17", "17"] == ids(reading)
    assert 8 == len(reading.failed)


def test_a_bad_value_costs_itself_and_its_row_where_the_line_is_no_json(tmp_path: Path) -> None:
    deep = '{"a":' * 100_000 + "1" + "}" * 100_000
    nested = '{"a":' * 20 + "1" + "}" * 20
    bad = [
        "NaN", "Infinity", "-Infinity", "1e999", str(2**64), "9" * 5_000, '"a\\u0000b"',
        '"\\ud800"', deep, nested, '"' + "x" * 50_000 + '"', "[[1]]", '{"a":1,"a":2}',
    ]  # fmt: skip
    rows = [f'{{"id":"{n}","title":"t","x":{value}}}' for n, value in enumerate(bad)]
    reading = csv(tmp_path, "\n".join([*rows, '{"id":"good","title":"t"}']), "a.jsonl")
    lost = {8, 12}  # nested too deeply for a parser; the same key twice
    assert [*(str(n) for n in range(len(bad)) if n not in lost), "good"] == ids(reading)
    assert [f"a.jsonl:{n + 1}" for n in sorted(lost)] == [name for name, _ in reading.failed]
    odd = [f"a.jsonl:{n + 1}" for n in range(1, len(bad)) if n not in lost]  # NaN is empty
    assert odd == [name for name, _ in reading.partial]
    assert {"x": len(odd)} == reading.left_out
    assert all("x" not in item.metadata for item in reading)


@pytest.mark.parametrize("text", ["x" * 100_001, "^" * 1_000_000, "\u200d" * 1_000_000, "a\x00b"])
def test_a_text_that_cannot_be_encoded_costs_its_row(text: str, tmp_path: Path) -> None:
    reading = csv(tmp_path, f"id,title\na,{text}\nb,Two\n")
    assert ["b"] == ids(reading)
    assert ["a.csv:2"] == [name for name, _ in reading.failed]


def test_newlines_may_be_mixed_and_texts_come_back_exactly(tmp_path: Path) -> None:
    data = '\ufeffid,title\r\na,\u202eOne\nb,Two\rc,"x\r\ny\rz\n"\r\n\r\nd,e\u0301'
    reading = csv(tmp_path, data)
    found = [(item.id, item.parts.text) for item in reading]
    assert [("a", "\u202eOne"), ("b", "Two"), ("c", "x\r\ny\rz"), ("d", "e\u0301")] == found


@pytest.mark.parametrize("share", [0.01, 0.5, 0.99])
def test_a_gzip_that_is_cut_off_says_from_where_on(share: float, tmp_path: Path) -> None:
    rows = "".join(f"{number},{hash(str(number))}\n" for number in range(20_000))
    data = gzip.compress(f"id,title\n{rows}".encode())
    (tmp_path / "a.csv.gz").write_bytes(data[: int(len(data) * share)])
    try:
        reading = read(tmp_path / "a.csv.gz")
    except BadItem as error:
        assert "cannot be read" in error.reason
        return
    count = len(ids(reading))
    assert 0 < count < 20_000
    assert "the rest was not read" in str(list(reading.failed)[-1])


def test_a_gzip_bomb_is_streamed(tmp_path: Path) -> None:
    path = tmp_path / "a.csv.gz"
    with gzip.open(path, "wb", compresslevel=1) as file:
        file.write(b"id,title\na,One\n")
        for _ in range(100):
            file.write(bytes(1_000_000).replace(b"\x00", b"x"))
    tracemalloc.start()
    try:
        with override(row_bytes=100_000):
            assert ["a"] == ids(read(path))
        assert tracemalloc.get_traced_memory()[1] < 8_000_000
    finally:
        tracemalloc.stop()


def test_what_is_not_a_regular_file_is_never_opened(tmp_path: Path) -> None:
    for name in ("a.csv", "a.jsonl", "a.parquet", "a.txt"):
        os.mkfifo(tmp_path / name)
        with pytest.raises(BadItem, match="not a regular file"):
            read(tmp_path / name)
    with pytest.raises(BadItem, match="not a regular file"):
        read("/dev/zero")
    for path in ("a\x00b.csv", "x" * 5_000 + ".csv"):
        with pytest.raises(CospaceError):
            read(path)


def test_a_pickle_is_never_run(tmp_path: Path) -> None:
    canary = tmp_path / "canary"

    class Payload:
        def __reduce__(self) -> tuple[object, tuple[object, ...]]:
            return (open, (str(canary), "w"))

    import pickle

    for name in ("a.pkl", "a.csv", "a.jsonl", "a.parquet", "a.txt"):
        (tmp_path / name).write_bytes(pickle.dumps(Payload()))
        with contextlib.suppress(CospaceError):
            ids(read(tmp_path / name))
    assert not canary.exists()


NAMES = ["", " ", "a", " a", "b", "column", "a_2", "a_3", "a_2_2", "column_2", "column_3"]


@given(st.lists(st.sampled_from(NAMES), max_size=12))
def test_names_are_numbered_from_2_by_the_first_that_is_free(header: list[str]) -> None:
    header = ["id", *header]
    expected: list[str] = []
    taken = {name.strip() for name in header}
    for number, raw in enumerate(header, start=1):
        name, again = raw.strip() or f"column_{number}", 2
        while name in expected or (name != raw.strip() and name in taken):
            name = f"{raw.strip() or 'column'}_{again}"
            again += 1
        expected.append(name)
    with tempfile.TemporaryDirectory() as place:
        path = Path(place) / "a.tsv"
        path.write_text("\t".join(header) + "\n")
        assert expected == Delimited(path, delimiter="\t").sample.names


WIDE: dict[str, Callable[[int], str]] = {
    "distinct": lambda n: f"c{n}",
    "blank": lambda n: "",
    "repeated": lambda n: "a",
    "numbered": lambda n: f"a_{n}" if n % 2 else "a",
}


@pytest.mark.parametrize("name", WIDE)
def test_a_wide_header_takes_a_time_that_grows_with_it(name: str, tmp_path: Path) -> None:
    def make(columns: int) -> Path:
        path = tmp_path / f"{columns}.csv"
        path.write_text(",".join(["title", *map(WIDE[name], range(columns))]) + "\n")
        return path

    assert growth(lambda path: list(read(path)), make, most=16_000) < SQUARE


def test_columns_that_are_named_take_a_time_that_grows_with_them() -> None:
    def keep(names: list[str]) -> list[Item]:
        return list(read([dict.fromkeys(names, "x")], text="c0", metadata=names))

    def join(names: list[str]) -> Template:
        return Template(" ".join(f"{{{name}}}" for name in names), names)

    for run in (keep, join):
        assert growth(run, lambda n: [f"c{i}" for i in range(n)], most=16_000) < SQUARE


def test_one_note_tells_of_all_columns_that_were_named_here(tmp_path: Path) -> None:
    reading = csv(tmp_path, "id,title" + "," * 15 + ",title" * 12 + "\n")
    told = [note for note in reading.notes if note.startswith("columns")]
    first = ", ".join(f"'column_{n}'" for n in range(3, 13))
    again = ", ".join(f"'title_{n - 16}' (column {n}, 'title' in the file)" for n in range(18, 28))
    assert [
        f"columns without a name: {first}, and 5 more",
        f"columns of a name that stands before: {again}, and 2 more",
    ] == told
