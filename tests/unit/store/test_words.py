"""Words and codes: what is a word, what finds what, and what names an item."""

import math
from collections.abc import Collection
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cospace.store.counts import Counts
from cospace.store.words import Asked, asked, document, joined


def held(*texts: str, **metadata: Any) -> tuple[Counts, list[dict[int, float]]]:
    rows = [document(f"row-{i}", text, metadata) for i, text in enumerate(texts)]
    counts = Counts()
    counts.add(rows)
    return counts, rows


def scores(
    query: str, *texts: str, unknown: Collection[str] | None = None, **metadata: Any
) -> list[float]:
    counts, rows = held(*texts, **metadata)
    weights = asked(query, counts, unknown).weights
    return [sum(weights.get(term, 0) * x for term, x in row.items()) for row in rows]


def names(query: str, *texts: str, unknown: Collection[str] | None = None) -> list[float]:
    """The part of the query that names each text."""
    counts, rows = held(*texts)
    found = asked(query, counts, unknown).names
    return [sum(found.get(term, 0) for term in row) for row in rows]


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("chair", "a red Chair"),
        ("CHAIRS", "one chair"),
        ("cafe", "the Café"),
        ("Köln", "Ko\u0308ln"),
        ("strasse", "Lange Straße"),
        ("orsted", "Ørsted"),
        ("armchair", "velvet arm\u00adchair"),
        ("किताब", "नई किताब"),
        ("שלום", "שָׁלוֹם"),
        ("椅子", "赤い椅子です"),
        ("เก้าอี้", "ขายเก้าอี้ไม้"),
        ("c++", "a book on C++"),
        ("c#", "C# in depth"),
        ("ﬁnish", "matt finish"),
        ("\uff11\uff12\uff13\uff14", "part 1234"),
        ("kx-4410b", "Drill KX-4410B, boxed"),
        ("KX4410B", "Drill KX-4410B, boxed"),
        ("kx 4410b", "Drill KX-4410B, boxed"),
        ("kx-4410b", "drill kx4410b"),
        ("KX4410", "drill KX 4410"),
        ("kx\u20134410", "drill KX-4410"),
        ("9783161484100", "978-3-16-148410-0"),
        ("978 3 16 148410 0", "978-3-16-148410-0"),
        ("107.213.11", "shelf 10721311"),
        ("MK_1042", "MK-1042"),
        ("1/72", "model kit 1/72"),
        ("a77b", "part A:77:B"),
        ("C200", "drill C+200"),
        ("w9", "socket W9"),
        ("3.5", "a disk of 3.5 inches"),
        ("120 cm", "table, 120cm"),
        ("120cm", "table, 120cm"),
    ],
)
def test_texts_that_share_a_word_are_found(query: str, text: str) -> None:
    found = scores(query, text, "something else entirely")
    assert found[0] > 0 == found[1]


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("chair", "a table"),
        ("4410c", "KX-4410B"),
        ("", "x"),
        ("organic", "an organism"),  # Snowball's newer stemmer keeps them apart
        ("university", "universe"),
        ("c", "C++ and C#"),
        ("c++", "the letter C"),
        ("the", "the chair"),
        ("क", "किताब"),
    ],
)
def test_texts_that_share_no_word_are_not_found(query: str, text: str) -> None:
    assert [0.0] == scores(query, text)


def test_a_text_without_words_has_no_terms_of_its_own() -> None:
    alone = document("a", "x", {})
    for text in (" \n", "...", "\u200b"):
        assert document("a", text, {}).keys() < alone.keys()
    assert {} == document("a", "", {"city": "Kiel"})
    assert {} == document("a", None, {"city": "Kiel"})


def test_words_count_as_often_as_they_stand_in_the_query() -> None:
    once, twice = (scores(query, "chair", "lamp")[0] for query in ("chair", "chair chair"))
    assert pytest.approx(2 * once) == twice


def test_words_of_a_text_count_less_and_less() -> None:
    once, twice = scores("chair", "chair lamp", "chair chair")
    assert once < twice < 2 * once


def test_longer_texts_weigh_each_word_less() -> None:
    short, long = scores("chair", "chair", "chair " + "filler " * 200)
    assert short > long > 0


def test_a_rarer_word_weighs_more() -> None:
    common, rare = scores("lamp kettle", "lamp", "kettle", "lamp and table", "lamp")[:2]
    assert rare > 2 * common


def test_bm25_by_hand() -> None:
    """Robertson and Zaragoza (2009), 3.15: three rows, the word twice in one of six words."""
    found = scores("chair", "chair chair by the red lamp", "kettle", "table")
    length = 2 + 2 + 2  # row, 0, chair, chair, red, lamp; "by" and "the" are no words
    k = 1.2 * (0.25 + 0.75 * length / 60)
    assert pytest.approx(math.log(1 + 2.5 / 1.5) * 2 * 2.2 / (2 + k)) == found[0]


@pytest.mark.parametrize(
    ("metadata", "expected"),
    [
        ({"city": "Kiel", "n": 3}, ["Kiel"]),
        ({"tags": ["red", "blue"]}, ["red", "blue"]),
        ({"size": {"label": "XL", "more": [{"deep": "yes"}]}}, ["XL", "yes"]),
        ({"ean": 5901234123457}, ["5901234123457"]),
        ({"ean": 5901234123457.0}, ["5901234123457"]),
        ({"price": 1299, "share": 0.5, "new": True, "nothing": None}, []),
        ({"big": float("inf"), "no": float("nan")}, []),
    ],
)
def test_what_of_the_metadata_is_words(metadata: dict[str, Any], expected: list[str]) -> None:
    assert expected == list(joined(metadata.values()))


def test_metadata_is_found() -> None:
    assert scores("5901234123457", "lamp", ean=5901234123457)[0] > 0
    assert scores("velmora", "lamp", brand="Velmora")[0] > 0
    assert scores("oak", "table", tags=["oak", "old"])[0] > 0


# --- names ---

OTHERS = [f"{colour} {thing}" for colour in ("red", "blue") for thing in ("lamp", "chair", "rug")]


@pytest.mark.parametrize(
    "query",
    ["KX-1007B", "kx1007b", "KX 1007B", "is the kx-1007b lamp red", "do you have KX1007B for sale"],
)
@pytest.mark.parametrize("stored", ["lamp KX-1007B", "lamp KX1007B", "lamp kx-1007b"])
def test_a_code_names_its_item(query: str, stored: str) -> None:
    found = names(query, stored, *OTHERS)
    assert found[0] > 0.4
    assert {0.0} == set(found[1:])


def test_a_word_is_a_name_when_the_model_does_not_know_it_and_it_is_written_as_one() -> None:
    texts = ["Velmora dress", "a velmora dress", "dress"]
    assert [True, False, False] == [x > 0 for x in names("velmora", *texts, unknown={"velmora"})]
    assert [0, 0, 0] == names("velmora", *texts, unknown=set())
    assert [0, 0, 0] == names("velmora", *texts)  # who knows what the model knows


def test_a_metadata_string_is_written_as_a_name() -> None:
    counts = Counts()
    rows = [document("a", "dress", {"brand": "velmora"}), document("b", "dress", {})]
    counts.add(rows)
    found = asked("velmora dress", counts, {"velmora"}).names
    assert [True, False] == [any(term in row for term in found) for row in rows]


def test_what_many_hold_is_no_name() -> None:
    few, many = (names("KX-1007B", *["lamp KX-1007B"] * n, *OTHERS)[0] for n in (5, 51))
    assert (1.0, 0.0) == (few, many)
    assert pytest.approx(0.5) == names("KX-1007B", *["lamp KX-1007B"] * 10, *OTHERS)[0]


@pytest.mark.parametrize("query", ["W9", "w9", "do you still have the W9", "A:77:B", "a77b"])
def test_a_short_code_is_a_name_too(query: str) -> None:
    found = names(query, "lamp W9 of the series A:77:B", *OTHERS)
    assert found[0] > 0.4
    assert {0.0} == set(found[1:])


def test_a_code_of_letters_is_a_name_where_the_model_does_not_know_it() -> None:
    stored = ["sofa MK-II", *OTHERS]
    assert 1.0 == names("mkii", *stored, unknown={"mkii"})[0]
    assert [0.0] * 7 == names("mkii", *stored, unknown=set())
    # A word that rows hold as it is, is that word.
    assert (
        0 < scores("wallmounted", "a wallmounted lamp", "wall-mounted", unknown={"wallmounted"})[0]
    )
    assert [1, 0] == [
        x > 0 for x in scores("wallmounted", "a wallmounted lamp", "a wall-mounted lamp")
    ]


@pytest.mark.parametrize(
    "query", ["120 cm", "120cm", "15 kg", "230v", "202", "42", "1st", "2nd", "90s", "4x", "19th"]
)
def test_a_measure_or_a_short_number_is_no_name(query: str) -> None:
    assert not any(names(query, f"table {query}", "lamp", "rug"))


def test_the_other_words_of_a_query_take_their_part() -> None:
    alone, among = (
        names(query, "red lamp KX-1007B", *OTHERS)[0] for query in ("KX-1007B", "red KX-1007B")
    )
    assert 1.0 == alone > among > 0.5


def test_how_many_rows_hold_a_word() -> None:
    counts, _ = held("red lamp", "red chair", "blue lamp", "kettle")
    assert 0 == asked("zeppelin", counts, None).spread
    assert pytest.approx(2) == asked("red", counts, None).spread
    assert pytest.approx(3) == asked("red lamp", counts, None).spread  # 4 x (1 - 1/2 x 1/2)


def test_an_empty_collection_knows_nothing() -> None:
    assert Asked({}, 0.0, {}) == asked("red KX-1007B", Counts(), {"red"})


@given(st.text(), st.text())
def test_any_text_is_taken(text: str, query: str) -> None:
    row = document("id", text, {"any": query})
    assert all(math.isfinite(weight) and weight > 0 for weight in row.values())
    assert all(0 <= term < 2**32 for term in row)
    assert row == document("id", text, {"any": query})
    counts = Counts()
    counts.add([row] if row else [])
    weights, spread, found = asked(query, counts, {query})
    assert weights.keys() <= row.keys()
    assert 0 <= spread <= 1
    assert all(0 < part <= 1 for part in found.values())


@given(st.text(min_size=1, alphabet=st.characters(categories=["L", "N"])))
def test_a_text_of_letters_finds_itself(text: str) -> None:
    counts = Counts()
    row = document("id", text, {})
    counts.add([row])
    terms = asked(text, counts, None).weights
    assert not terms or terms.keys() <= row.keys()
