"""Concepts: few words, no negative weight, and the cosine that is told is the one that is kept."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cospace.errors import BadArgument
from cospace.explain import concepts_of

DIM = 12


def rows(n: int, seed: int = 0) -> np.ndarray:
    made = np.random.default_rng(seed).standard_normal((n, DIM)).astype(np.float32)
    return made / np.linalg.norm(made, axis=1, keepdims=True)


@given(st.integers(0, 200), st.integers(2, 40), st.integers(1, 8), st.booleans())
@settings(max_examples=60, deadline=None)
def test_the_sum_of_few_words_has_the_cosine_that_is_told(seed, count, terms, centred):
    base, target = rows(count, seed), rows(1, seed + 1_000)[0]
    words = [f"w{number}" for number in range(count)]
    centres = (rows(1, 7)[0] * 0.3, base.mean(axis=0)) if centred else None
    found = concepts_of(target, words, base, centres=centres, terms=terms)
    assert len(found.words) <= terms
    assert all(one.weight > 0 for one in found.words)
    weights = [one.weight for one in found.words]
    assert weights == sorted(weights, reverse=True)
    assert count == found.of
    aim = target.astype(np.float64) - (0 if centres is None else centres[0])
    around = base.astype(np.float64) - (0 if centres is None else centres[1])
    norms = np.linalg.norm(around, axis=1, keepdims=True)
    around = around / np.maximum(norms, 1e-12)
    if found.words:
        made = sum(one.weight * around[words.index(one.word)] for one in found.words)
        cosine = made @ aim / np.linalg.norm(made) / np.linalg.norm(aim)
        assert found.cosine == pytest.approx(cosine, abs=1e-6)
    else:
        assert 0.0 == found.cosine


def test_a_sum_of_three_words_is_found_again():
    base = np.eye(DIM, dtype=np.float32)
    target = 0.8 * base[2] + 0.5 * base[5] + 0.2 * base[7]
    found = concepts_of(target / np.linalg.norm(target), [str(i) for i in range(DIM)], base)
    assert ["2", "5", "7"] == [one.word for one in found.words]
    assert found.cosine == pytest.approx(1)
    assert {"concepts", "cosine", "of"} == set(found.to_json())


def test_more_terms_keep_more():
    base, target = rows(40), rows(1, 5)[0]
    words = [str(i) for i in range(40)]
    kept = [concepts_of(target, words, base, terms=terms).cosine for terms in (1, 2, 4, 8)]
    assert kept == sorted(kept)


@pytest.mark.parametrize("terms", [0, -1, True, 2.5])
def test_terms_are_a_number_of_words(terms):
    with pytest.raises(BadArgument, match="terms"):
        concepts_of(rows(1)[0], ["a", "b"], rows(2), terms=terms)


def test_a_vocabulary_is_two_words_or_more():
    with pytest.raises(BadArgument, match="two words"):
        concepts_of(rows(1)[0], ["a"], rows(1))
    with pytest.raises(BadArgument, match="two words"):
        concepts_of(rows(1)[0], ["a", "b"], rows(3))
