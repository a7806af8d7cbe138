import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cospace.read import lines as module
from cospace.read.lines import ANY_NEWLINE, LINE_FEED, Line, Lines


def all_lines(data: bytes, most: int = 1_000, *, any_newline: bool = True) -> list[Line]:
    lines = Lines(io.BytesIO(data), most, ANY_NEWLINE if any_newline else LINE_FEED)
    return list(iter(lines.next, None))


@pytest.fixture(params=[1, 2, 3, 1 << 18])
def chunk(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    size: int = request.param
    monkeypatch.setattr(module, "_CHUNK", max(size, 3))
    return size


@pytest.mark.usefixtures("chunk")
def test_every_newline_ends_a_line_wherever_the_chunks_end() -> None:
    found = all_lines(b"\xef\xbb\xbfa\nbb\r\ncc\rd\n\ne")
    assert [b"a", b"bb", b"cc", b"d", b"", b"e"] == [line.data for line in found]
    assert [1, 2, 3, 4, 5, 6] == [line.number for line in found]
    assert [3, 5, 9, 12, 14, 15] == [line.offset for line in found]


@given(st.lists(st.binary().filter(lambda b: not set(b) & set(b"\r\n")), max_size=9))
@settings(deadline=None)
def test_lines_joined_are_the_file(parts: list[bytes]) -> None:
    data = b"\n".join([b"x", *parts])
    assert data == b"".join((line.data or b"") + line.end for line in all_lines(data))


@pytest.mark.usefixtures("chunk")
def test_a_line_that_is_too_long_is_passed_over() -> None:
    found = all_lines(b"a\n" + b"x" * 50 + b"\r\nb\n" + b"y" * 11, most=10)
    assert [b"a", None, b"b", None] == [line.data for line in found]
    assert [1, 50, 1, 11] == [line.size for line in found]
    assert [1, 2, 3, 4] == [line.number for line in found]


@pytest.mark.usefixtures("chunk")
def test_back_returns_to_the_mark() -> None:
    lines = Lines(io.BytesIO(b"a\nb\nc\n" + b"x" * 50 + b"\nd"), 10, ANY_NEWLINE)
    lines.next()
    lines.mark()
    ahead = [lines.next() for _ in range(3)]
    assert ahead[-1] is not None
    assert ahead[-1].data is None
    lines.back()
    rest = list(iter(lines.next, None))
    assert [b"b", b"c", None, b"d"] == [line.data for line in rest]
    assert [2, 3, 4, 5] == [line.number for line in rest]
