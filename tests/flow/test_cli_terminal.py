"""What is printed cannot harm a terminal, and lines up."""

from __future__ import annotations

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from cospace.cli.table import Column, table
from cospace.cli.text import cut, plain, width

TEXT = st.text(st.characters(codec=None), max_size=60)


@given(TEXT)
def test_plain_text_holds_no_control_and_no_turn_of_direction(text: str) -> None:
    kept = {"\u200c", "\u200d"}
    for character in plain(text):
        hidden = unicodedata.category(character) in ("Cc", "Zl", "Zp", "Cs")
        turns = unicodedata.bidirectional(character) in (
            "LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI",
        )  # fmt: skip
        assert not hidden or character in kept
        assert not turns
    assert plain(text) == plain(plain(text))


@given(TEXT, st.integers(1, 40))
def test_a_cut_text_fits(text: str, most: int) -> None:
    assert width(cut(text, most)) <= most


@given(st.text("abc é漢字🚲", max_size=12))
def test_what_fits_is_not_cut(text: str) -> None:
    assert text == cut(text, 24)


def test_widths_are_those_of_a_terminal() -> None:
    assert [4, 4, 4, 2] == [width(t) for t in ("Café", "Cafe\u0301", "椅子", "🚲")]


def test_a_pile_of_marks_stays_on_its_line() -> None:
    assert "a" + "\u0301" * 4 == cut("a" + "\u0301" * 50, 10)


def test_columns_line_up_by_width() -> None:
    columns = [Column("id"), Column("title", flexible=True), Column("price", right=True)]
    rows = [["1", "椅子", "120"], ["22", "A very long title indeed, of a chair", "7"]]
    assert [
        "id  title             price",
        "1   椅子                120",
        "22  A very long tit…      7",
    ] == table(columns, rows, 27)
