"""A table holds one finite row for each word; n-grams answer for words that are not in it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cospace.encode.words import Subwords, WordVectors
from cospace.encode.words.ngrams import bucket, ngrams
from cospace.errors import BadInput, BadVector

from .tables import WORDS, table, with_subwords

LINE = st.text(st.characters(codec="utf-8", exclude_characters="\n\r"), min_size=1, max_size=6)


@given(st.lists(LINE, min_size=1, max_size=20, unique=True))
def test_each_word_has_its_own_row(words: list[str]) -> None:
    made = table(words)
    assert (len(words), 8) == (len(made), made.dim)
    for row, word in enumerate(words):
        found = made.vector(word)
        assert row == made.index[word]
        assert found is not None
        assert made.rows[row].tolist() == found.tolist()
    assert made.vector("".join(words) + "x") is None


@pytest.mark.parametrize(
    ("words", "rows", "counts", "says"),
    [
        ([], np.zeros((0, 2), np.float32), None, "a word at least"),
        (["a"], np.zeros((2, 2), np.float32), None, "1 words, 2 rows"),
        (["a", "b"], np.ones((2, 2), np.float32), np.ones(1, np.int64), "1 counts"),
        (["a", "b", "a"], np.ones((3, 2), np.float32), None, "'a' stands in the table twice"),
        (["a", "b\nc"], np.ones((2, 2), np.float32), None, "one line"),
        (["a", "b\r"], np.ones((2, 2), np.float32), None, "one line"),
        (["a", ""], np.ones((2, 2), np.float32), None, "not empty"),
    ],
)
def test_a_table_that_does_not_add_up(words: list[str], rows, counts, says: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(BadInput, match=says):
        WordVectors(words, rows, counts)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_number_that_is_not_finite_is_refused_with_its_word(value: float) -> None:
    rows = np.ones((70_000, 2), np.float32)
    rows[69_000, 1] = value
    with pytest.raises(BadVector, match="'w69000'") as caught:
        WordVectors([f"w{i}" for i in range(70_000)], rows)
    assert 69_000 == caught.value.row


@pytest.mark.parametrize("rows", [np.ones((1, 2)), np.ones(2, np.float32)])
def test_rows_are_float32_of_two_sides(rows) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(BadVector, match="float32"):
        WordVectors(["a"], rows)


def test_an_unknown_word_is_the_mean_of_its_n_grams() -> None:
    made = with_subwords()
    kept = made.subwords
    assert kept is not None
    ids = kept.ids.tolist()
    wanted = [bucket(gram, 5_000) for gram in ngrams("sofas", 3, 5)]
    expected = kept.rows[[ids.index(one) for one in wanted if one in ids]].mean(axis=0)
    found = made.vector("sofas")
    assert found is not None
    np.testing.assert_allclose(expected, found, rtol=1e-6)
    assert made.vector("zq") is None
    assert made.rows[2].tolist() == made.vector("sofa").tolist()  # type: ignore[union-attr]


@given(st.text(max_size=12))
def test_n_grams_are_asked_for_without_a_fault(word: str) -> None:
    found = with_subwords().vector(word)
    assert found is None or found.shape == (8,)


def test_without_a_row_no_n_gram_is_known() -> None:
    none = Subwords(np.zeros((0, 8), np.float32), np.zeros(0, np.int64), 100, 3, 6)
    made = WordVectors(WORDS, table().rows, None, none)
    assert made.vector("sofas") is None


def test_n_grams_of_another_dimension_are_refused() -> None:
    kept = Subwords(np.ones((1, 3), np.float32), np.zeros(1, np.int64), 100, 3, 6)
    with pytest.raises(BadVector, match="another dimension"):
        WordVectors(WORDS, table().rows, None, kept)


def test_an_n_gram_that_is_not_finite_is_refused() -> None:
    kept = Subwords(np.full((1, 8), np.nan, np.float32), np.zeros(1, np.int64), 100, 3, 6)
    with pytest.raises(BadVector, match="n-gram"):
        WordVectors(WORDS, table().rows, None, kept)


@given(st.text(min_size=1, max_size=10), st.integers(1, 3), st.integers(0, 4))
def test_n_grams_are_the_windows_of_the_marked_word(word: str, least: int, more: int) -> None:
    marked = f"<{word}>"
    windows = [
        marked[i : i + n]
        for i in range(len(marked))
        for n in range(least, least + more + 1)
        if i + n <= len(marked) and not (n == 1 and i in (0, len(marked) - 1))
    ]
    try:
        expected = [window.encode() for window in windows]
    except UnicodeEncodeError:  # a lone surrogate, which no file can hold
        return
    assert expected == list(ngrams(word, least, least + more))
