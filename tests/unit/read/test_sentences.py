"""Sentences: where texts are cut, in several scripts; every letter is in exactly one of them."""

from __future__ import annotations

from itertools import pairwise

import pytest
from growth import SQUARE, growth
from hypothesis import given, settings
from hypothesis import strategies as st

from cospace.read.sentences import sentences


def split(text: str) -> list[str]:
    return [text[start:end] for start, end in sentences(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Oil it. Wax it.", ["Oil it.", "Wax it."]),
        ("It costs 3.50 euros. See 4.2.", ["It costs 3.50 euros.", "See 4.2."]),
        ("Ask Dr. Weber, e.g. at ten. He knows.", ["Ask Dr. Weber, e.g. at ten.", "He knows."]),
        ("Ask J. Weber. He knows.", ["Ask J. Weber.", "He knows."]),
        ("Oil, wax, etc. Then rest.", ["Oil, wax, etc.", "Then rest."]),
        ("Really?! Yes... No.", ["Really?!", "Yes...", "No."]),
        ('He said "yes." Then left.', ['He said "yes."', "Then left."]),
        ("See example.org for it. Or not.", ["See example.org for it.", "Or not."]),
        ("approx. 3 cm. wide", ["approx. 3 cm. wide"]),
        ("一つ目です。二つ目です\uff01三つ目", ["一つ目です。", "二つ目です\uff01", "三つ目"]),
        ("यह एक है। यह दो है।", ["यह एक है।", "यह दो है।"]),
        ("wrapped\nin lines. Next", ["wrapped\nin lines.", "Next"]),
        ("A heading\n\nA text", ["A heading", "A text"]),
        ("- one\n- two\n* three", ["- one", "- two", "* three"]),
        ("1. Oil it.\n2. Wax it.", ["1. Oil it.", "2. Wax it."]),
        ("a | b\n| c | d", ["a | b", "| c | d"]),
        ("", []),
        (" \n ", []),
        ("...", ["..."]),
        ("no end", ["no end"]),
    ],
)
def test_where_a_text_is_cut(text: str, expected: list[str]) -> None:
    assert expected == split(text)


LETTERS = st.text(alphabet="aB1 .!?。\n\t-*|#\"')(é漢", max_size=200)


@settings(max_examples=300, deadline=None)
@given(LETTERS)
def test_every_letter_is_in_exactly_one_sentence_in_order(text: str) -> None:
    spans = sentences(text)
    assert spans == sorted(spans)
    assert all(a[1] <= b[0] for a, b in pairwise(spans))
    assert "".join(text.split()) == "".join("".join(part.split()) for part in split(text))
    assert all(part == part.strip() and part for part in split(text))


@pytest.mark.parametrize(
    "unit", ["a", ".", " ", "a. ", "1. ", "x 1. ", '."', "\n", "- ", ". (", "。"]
)
def test_the_time_grows_with_the_text(unit: str) -> None:
    assert growth(sentences, lambda n: unit * n, 16_000) < SQUARE
