import math
import re
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cospace.store.words import Words, _codes, searchable, unseen

WORDS = Words()


def overlap(query: str, text: str) -> float:
    asked, held = WORDS.query(query), WORDS.document(text)
    return sum(weight * held.get(word, 0) for word, weight in asked.items())


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("chair", "a red Chair"),
        ("CHAIRS", "one chair"),
        ("cafe", "the Café"),
        ("kx-4410b", "Drill KX-4410B, boxed"),
        ("KX4410B", "Drill KX-4410B, boxed"),
        ("kx 4410b", "Drill KX-4410B, boxed"),
        ("kx-4410b", "drill kx4410b"),
        ("MK_1042", "MK-1042"),
        ("1/72", "model kit 1/72"),
        ("3.5", "a disk of 3.5 inches"),
    ],
)
def test_texts_that_share_a_word_are_found(query: str, text: str) -> None:
    assert overlap(query, text) > 0


@pytest.mark.parametrize(
    ("query", "text"), [("chair", "a table"), ("4410c", "KX-4410B"), ("", "x"), ("x", "")]
)
def test_texts_that_share_no_word_are_not_found(query: str, text: str) -> None:
    assert 0 == overlap(query, text)


def test_a_text_without_words_has_no_weights() -> None:
    for text in ("", " \n", "...", "\u200b"):
        assert ({}, {}) == (WORDS.document(text), WORDS.query(text))


def test_a_query_counts_each_word_once_and_a_text_more_than_once() -> None:
    assert {1.0} == set(WORDS.query("chair chair kx-1").values())
    once, twice = (max(WORDS.document(text).values()) for text in ("chair", "chair chair"))
    assert once < twice < 2 * once


def test_longer_texts_weigh_each_word_less() -> None:
    assert overlap("chair", "chair") > overlap("chair", "chair " + "filler " * 200) > 0


def test_an_unseen_word_weighs_more_in_a_larger_collection() -> None:
    assert 0 < unseen(0) < unseen(10) < unseen(1000)
    assert math.isfinite(unseen(10**9))


def test_what_words_are_taken_from() -> None:
    assert "MK-1 a chair Kiel" == searchable(
        "MK-1", "a chair", {"city": "Kiel", "n": 3, "tags": ["x"]}
    )
    assert "" == searchable("MK-1", None, {"city": "Kiel"})
    assert "" == searchable("MK-1", "", {})


@given(st.text())
def test_any_text_is_taken(text: str) -> None:
    held = WORDS.document(text)
    assert all(math.isfinite(weight) and weight > 0 for weight in held.values())
    assert all(0 <= word < 2**32 for word in held)
    assert held == WORDS.document(text)
    assert WORDS.query(text).keys() == held.keys()


_OLD = re.compile(r"[^\W_]+(?:[-_./][^\W_]+)+|[^\W_]*\d[^\W_]*")  # plain, and slow on a long word


@given(st.text("aZé1٣²½-_./ ,", max_size=30) | st.text(max_size=30))
def test_a_code_is_a_word_with_a_digit_or_words_with_single_separators_between(text: str) -> None:
    codes = [re.sub("[-_./]", "", found).casefold() for found in _OLD.findall(text)]
    assert [zlib.crc32(f"code:{code}".encode()) for code in codes if len(code) > 1] == _codes(text)
