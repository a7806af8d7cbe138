"""fastText's .bin: words, counts, and words that it never saw, by its own rule."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cospace.adopt.words import read_vectors
from cospace.adopt.words.grams import gram_buckets
from cospace.encode.words.ngrams import bucket, ngrams
from cospace.errors import BadItem

from .files import fasttext_bytes, put

WORDS = [(b"</s>", 9), (b"sofa", 5), ("Stühle".encode(), 2)]
BUCKETS = 50


def matrix(rows: int, dim: int = 4) -> np.ndarray:
    return np.random.default_rng(6).standard_normal((rows, dim)).astype(np.float32)


@given(st.lists(st.text(min_size=1), max_size=6), st.integers(1, 4), st.integers(0, 3))
def test_buckets_in_arrays_are_those_of_each_word(words: list[str], least: int, more: int) -> None:
    words = [word for word in words if word.isprintable()]
    ids, numbers = gram_buckets([w.encode() for w in words], least, least + more, 2_000_003)
    expected = [sorted(bucket(g, 2_000_003) for g in ngrams(w, least, least + more)) for w in words]
    bounds = np.concatenate(([0], np.cumsum(numbers))).tolist()
    found = [sorted(ids[a:b].tolist()) for a, b in pairwise(bounds)]
    assert expected == found


def test_a_word_is_the_mean_of_its_row_and_its_ngrams(tmp_path: Path) -> None:
    numbers = matrix(len(WORDS) + BUCKETS)
    path = put(tmp_path, "model.bin", fasttext_bytes(WORDS, numbers, buckets=BUCKETS))
    found = read_vectors(path)
    assert ("fasttext-bin", ()) == (found.format, found.notes)
    assert ["</s>", "sofa", "Stühle"] == found.table.words
    assert [9, 5, 2] == found.table.counts.tolist()  # type: ignore[union-attr]
    for row, word in enumerate(found.table.words):
        grams = [] if word == "</s>" else [bucket(g, BUCKETS) for g in ngrams(word, 3, 6)]
        expected = np.mean([numbers[row], *(numbers[len(WORDS) + g] for g in grams)], axis=0)
        assert np.allclose(expected, found.table.rows[row], atol=1e-6)


def test_a_word_that_was_never_seen_is_the_mean_of_its_ngrams(tmp_path: Path) -> None:
    numbers = matrix(len(WORDS) + BUCKETS)
    path = put(tmp_path, "model.bin", fasttext_bytes(WORDS, numbers, buckets=BUCKETS))
    vector = read_vectors(path).table.vector("sofas")
    grams = [len(WORDS) + bucket(g, BUCKETS) for g in ngrams("sofas", 3, 6)]
    assert vector is not None
    assert np.allclose(numbers[grams].mean(axis=0), vector, atol=1e-6)


def test_many_words_are_added_up_as_few_are(tmp_path: Path) -> None:
    words = [(f"word{n}".encode(), 1) for n in range(5_000)]
    numbers = matrix(len(words) + BUCKETS)
    path = put(tmp_path, "model.bin", fasttext_bytes(words, numbers, buckets=BUCKETS))
    rows = read_vectors(path).table.rows
    for row in (0, 4_095, 4_096, 4_999):
        grams = [len(words) + bucket(g, BUCKETS) for g in ngrams(f"word{row}", 3, 6)]
        assert np.allclose(numbers[[row, *grams]].mean(axis=0), rows[row], atol=1e-5)


def test_without_ngrams_the_rows_are_the_vectors(tmp_path: Path) -> None:
    numbers = matrix(len(WORDS))
    data = fasttext_bytes(WORDS, numbers, buckets=0, grams=(0, 0))
    table = read_vectors(put(tmp_path, "model.bin", data)).table
    assert numbers.tobytes() == table.rows.tobytes()
    assert table.subwords is None


def test_labels_of_a_classifier_are_no_words(tmp_path: Path) -> None:
    numbers = matrix(len(WORDS))
    labels = [b"__label__good", b"__label__bad"]
    data = fasttext_bytes(WORDS, numbers, buckets=0, grams=(0, 0), labels=labels)
    assert ["</s>", "sofa", "Stühle"] == read_vectors(put(tmp_path, "m.bin", data)).table.words


def test_a_quantised_model_is_refused(tmp_path: Path) -> None:
    data = fasttext_bytes(WORDS, matrix(len(WORDS)), buckets=0, quantised=True)
    with pytest.raises(BadItem, match="quantised"):
        read_vectors(put(tmp_path, "model.bin", data))
    with pytest.raises(BadItem, match="print-word-vectors"):
        read_vectors(put(tmp_path, "model.ftz", data))
