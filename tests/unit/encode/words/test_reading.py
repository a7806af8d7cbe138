"""The words of a text, where they stand, how much each counts, and what all texts share."""

import unicodedata

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cospace.encode.words.reading import (
    SPLITS,
    common_part,
    split_words,
    word_places,
    word_shares,
    word_weights,
)
from cospace.errors import BadArgument


@given(st.text(max_size=30), st.sampled_from(SPLITS))
def test_places_are_those_of_the_words_that_are_read(text: str, split: str) -> None:
    found = word_places(text, split)
    assert split_words(text, split) == [word for word, _, _ in found]
    assert all(0 <= start < end <= len(text) for _, start, end in found)
    if split != "words":
        assert all(text[start:end] == word for word, start, end in found)


def test_a_letter_that_becomes_two_in_lower_case_keeps_its_place() -> None:
    text = "Eine İ, und ẞ"
    assert [(0, 4), (5, 6), (8, 11), (12, 13)] == [one[1:] for one in word_places(text, "words")]


def test_each_way_to_split_gives_its_own_words() -> None:
    text = "A Red-hot chair,\tno. 7"
    assert ["a", "red", "hot", "chair", "no", "7"] == split_words(text, "words")
    assert ["A", "Red", "hot", "chair", "no", "7"] == split_words(text, "cased")
    assert ["A", "Red-hot", "chair,", "no.", "7"] == split_words(text, "spaces")


@given(st.lists(st.integers(0, 10**12), min_size=1, max_size=50))
def test_a_rarer_word_never_counts_less(counts: list[int]) -> None:
    seen = np.array(sorted(counts, reverse=True), np.int64)
    weights = word_weights("sif", len(seen), seen)
    assert (np.diff(weights) >= 0).all()
    assert ((weights > 0) & (weights <= 1)).all()
    assert 1 == word_shares(len(seen), seen).sum().round(9)


def test_without_counts_words_follow_zipf() -> None:
    share = word_shares(1_000, None)
    assert 1 == share.sum().round(9)
    assert pytest.approx(share[0] / share[99]) == (99 + 3.7) / 3.7


def test_in_a_mean_all_count_alike() -> None:
    assert [1, 1, 1] == word_weights("mean", 3, np.array([9, 2, 1])).tolist()


def test_another_weighting_is_refused() -> None:
    with pytest.raises(BadArgument, match="sif, mean, not 'tfidf'"):
        word_weights("tfidf", 3, None)


def test_what_all_texts_share_is_the_weighted_mean_of_the_words() -> None:
    rows = np.random.default_rng(0).normal(1, 1, (70_000, 16)).astype(np.float32)
    share = word_shares(len(rows), None)
    weights = word_weights("sif", len(rows), None)
    common = common_part(rows, weights, share)
    assert common is not None
    mean = (weights * share) @ rows.astype(np.float64)
    np.testing.assert_allclose(mean / np.linalg.norm(mean), common, atol=1e-12)


@pytest.mark.parametrize("shape", [(999, 50), (5_000, 15)])
def test_a_small_table_keeps_what_its_texts_share(shape: tuple[int, int]) -> None:
    rows = np.ones(shape, np.float32)
    share = word_shares(len(rows), None)
    assert common_part(rows, word_weights("sif", len(rows), None), share) is None


def test_a_table_of_zeros_has_nothing_in_common() -> None:
    rows = np.zeros((1_000, 16), np.float32)
    share = word_shares(1_000, None)
    assert common_part(rows, word_weights("sif", 1_000, None), share) is None


@pytest.mark.parametrize(
    "word", ["किताब", "বাংলা", "పుస్తకం", "บ้าน", "שָׁלוֹם", "مُحَمَّد", "möbel", "straße", "サイズ"]
)
def test_a_word_of_any_script_is_one_word(word: str) -> None:
    for form in ("NFC", "NFD"):
        text = unicodedata.normalize(form, f"({word}, {word}!)")
        for split in ("words", "cased"):
            composed = unicodedata.normalize("NFC", word)
            assert [composed, composed] == split_words(text, split)
            places = word_places(text, split)
            assert [composed, composed] == [found for found, _, _ in places]
            assert [unicodedata.normalize(form, word)] * 2 == [text[a:b] for _, a, b in places]
