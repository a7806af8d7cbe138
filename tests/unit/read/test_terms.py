"""Folding and cutting texts of any script into words."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cospace.read.terms import chains, fold, has_digit, pairs


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Red ARMCHAIR", "red armchair"),
        ("Möbel", "mobel"),
        ("Mo\u0308bel", "mobel"),
        ("Straße", "strasse"),
        ("Ærø, Łódź, Đorđe", "aero, lodz, dorde"),
        ("arm\u00adchair\u200b", "armchair"),
        ("ﬁne \uff11\uff12", "fine 12"),
        ("किताब", "किताब"),
        ("บ้าน", "บ้าน"),
        ("שָׁלוֹם", "שלום"),
        ("مُحَمَّد", "محمد"),
        ("Ёлка", "елка"),
        ("İstanbul ILIK", "istanbul ilik"),
    ],
)
def test_one_spelling_for_all(text: str, folded: str) -> None:
    assert folded == fold(text)


@given(st.text())
def test_folding_twice_changes_nothing(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@given(st.text())
def test_composed_or_not_is_the_same(text: str) -> None:
    assert fold(unicodedata.normalize("NFD", text)) == fold(unicodedata.normalize("NFC", text))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("drill kx-4410b, boxed", [["drill"], ["kx", "4410b"], ["boxed"]]),
        ("a_b 1/72 3.5 end.", [["a", "b"], ["1", "72"], ["3", "5"], ["end"]]),
        ("c++ c# f# 100+ a+b", [["c++"], ["c#"], ["f#"], ["100"], ["a", "b"]]),
        (
            "a:77:b c+200 12:30 note: x",
            [["a", "77", "b"], ["c", "200"], ["12", "30"], ["note"], ["x"]],
        ),
        ("x-c++ x-100+ b/c#", [["x", "c++"], ["x", "100"], ["b", "c#"]]),
        ("-- __ ... ++ :", []),
        ("किताब বাংলা పుస్తకం", [["किताब"], ["বাংলা"], ["పుస్తకం"]]),
        ("don't", [["don"], ["t"]]),
        ("a--b", [["a"], ["b"]]),
    ],
)
def test_words_and_their_parts(text: str, found: list[list[str]]) -> None:
    assert found == chains(text)


@given(st.text())
def test_no_letter_is_lost(text: str) -> None:
    folded = fold(text)
    kept = "".join(part for parts in chains(folded) for part in parts)
    assert [c for c in folded if c.isalnum()] == [c for c in kept if c.isalnum()]
    assert all(part for parts in chains(folded) for part in parts)


def test_ascii_and_other_texts_are_cut_alike() -> None:
    for text in ("drill kx-4410b 1/72", "c++ 100+ a_b", "x-1-2"):
        assert chains(text) == chains(f"{text} é")[:-1]


@pytest.mark.parametrize(
    ("word", "found"),
    [
        ("armchair", ["armchair"]),
        ("椅子", ["椅子"]),
        ("椅", ["椅"]),
        ("赤い椅子", ["赤い", "い椅", "椅子"]),
        ("椅子x2", ["椅子", "x2"]),
        ("บ้าน", ["บ้า", "าน"]),
        ("किताब", ["किताब"]),
        ("서울", ["서울"]),
    ],
)
def test_scripts_without_spaces_are_cut_in_pairs(word: str, found: list[str]) -> None:
    assert found == pairs(word)


def test_digits_of_any_script() -> None:
    assert [has_digit(word) for word in ("a1", "1", "१२", "abc", "बाब")] == [
        True, True, True, False, False,
    ]  # fmt: skip
