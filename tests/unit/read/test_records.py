import csv
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cospace.limits import override
from cospace.read.lines import ANY_NEWLINE, Lines
from cospace.read.records import Record, records


def parse(data: bytes, most: int = 1_000, delimiter: str = ",") -> list[Record]:
    with override(row_bytes=most):
        return list(records(Lines(io.BytesIO(data), most, ANY_NEWLINE), delimiter))


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"a,b\n", [["a", "b"]]),
        (b"a,\n,b", [["a", ""], ["", "b"]]),
        (b'"a,b",c', [["a,b", "c"]]),
        (b'"a ""b"" c",d', [['a "b" c', "d"]]),
        (b'"a\r\nb\n\nc",d\r\n', [["a\r\nb\n\nc", "d"]]),
        (b'5" pipe,b', [['5" pipe', "b"]]),
        (b'"",""', [["", ""]]),
        (b'"a"x,b', [["ax", "b"]]),
        (b"\n\na\n \n", [["a"]]),
        (b"a;b", [["a;b"]]),
    ],
)
def test_rows_are_split_as_spreadsheets_write_them(data: bytes, expected: list[list[str]]) -> None:
    assert expected == [record.cells for record in parse(data)]


@given(
    st.lists(
        st.lists(st.text(alphabet='ab,;" \n\r\té'), min_size=2, max_size=4), min_size=1, max_size=5
    ),
    st.sampled_from([",", ";", "\t"]),
    st.sampled_from(["\n", "\r\n"]),
)
@settings(deadline=None)
def test_what_python_writes_comes_back(rows: list[list[str]], delimiter: str, newline: str) -> None:
    file = io.StringIO(newline="")
    quoting = csv.QUOTE_ALL
    csv.writer(file, delimiter=delimiter, lineterminator=newline, quoting=quoting).writerows(rows)
    found = parse(file.getvalue().encode(), 10_000, delimiter)
    assert rows == [record.cells for record in found]


def test_an_unclosed_quote_costs_one_row() -> None:
    found = parse(b'a,b\nc,"d\ne,f\n"g\nh\ni",j\nk,l\n')
    # The quote of row 2 is closed by that of row 4: both halves are seen, nothing is dropped.
    assert [1, 2, 5, 6, 7] == [record.number for record in found]
    found = parse(b'a,b\nc,"d\ne,f\ng,h\n')
    assert [1, 2, 3, 4] == [record.number for record in found]
    assert [["a", "b"], ["e", "f"], ["g", "h"]] == [found[i].cells for i in (0, 2, 3)]
    assert "a quote opens here" in found[1].cells


def test_a_quoted_cell_past_the_limit_costs_one_row() -> None:
    data = b'a\n"b\n' + b"c\n" * 100 + b'd"\ne\n'
    found = parse(data, 50)
    assert 1 + 1 + 100 + 1 + 1 == len(found)
    assert "not closed within 50 bytes" in found[1].cells
    assert ["e"] == found[-1].cells


def test_a_file_of_broken_quotes_is_read_in_linear_time() -> None:
    # Every line opens a quote outside of one, and leaves it open inside of one.
    found = parse(b'x",""",\n' * 20_000, 100_000)
    assert 20_000 == len(found)


def test_bad_bytes_cost_their_row_and_name_their_place() -> None:
    found = parse(b'a\n"b\n\xe9"\nc\xff\nd\n')
    assert [["a"], ["d"]] == [r.cells for r in found if isinstance(r.cells, list)]
    assert "byte 0xE9 at offset 5" in found[1].cells
    assert "byte 0xFF at offset 9" in found[2].cells
