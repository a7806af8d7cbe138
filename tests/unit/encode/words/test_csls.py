"""CSLS is what its equation says, in blocks as in one piece."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from cospace.encode.words import csls
from cospace.encode.words.tools import unit_rows

Rows = NDArray[np.float32]


def rows_of(seed: int, one: int, other: int, dim: int = 5) -> tuple[Rows, Rows]:
    random = np.random.default_rng(seed)
    sizes = (one, other)
    found = [unit_rows(random.standard_normal((n, dim)).astype(np.float32)) for n in sizes]
    return found[0], found[1]


def slow(rows: Rows, others: Rows, k: int) -> NDArray[np.float64]:
    """Equation 2, word by word, in float64: [n, m]."""
    x, y = rows.astype(float), others.astype(float)
    found = np.empty((len(x), len(y)))
    for i in range(len(x)):
        for j in range(len(y)):
            near_x = np.mean(sorted(x[i] @ z for z in y)[-k:])
            near_y = np.mean(sorted(y[j] @ z for z in x)[-k:])
            found[i, j] = 2 * x[i] @ y[j] - near_x - near_y
    return found


@given(st.integers(0, 1_000), st.integers(1, 14), st.integers(1, 14))
def test_csls_is_a_slow_direct_implementation(seed: int, one: int, other: int) -> None:
    rows, others = rows_of(seed, one, other)
    near = csls.neighbourhoods(rows, others), csls.neighbourhoods(others, rows)
    expected = slow(rows, others, 10)
    ids, scores = csls.best(rows, others, near, k=other)
    np.testing.assert_allclose(-np.sort(-expected, axis=1), scores, atol=1e-5)
    np.testing.assert_allclose(np.take_along_axis(expected, ids, axis=1), scores, atol=1e-5)


def test_mutual_neighbours_are_those_of_the_slow_implementation() -> None:
    rows, others = rows_of(0, 40, 30)
    expected = slow(rows, others, 10)
    there, back = expected.argmax(axis=1), expected.argmax(axis=0)
    own = [n for n in range(40) if back[there[n]] == n]
    one, other = csls.mutual(rows, others)
    assert (own, there[own].tolist()) == (one.tolist(), other.tolist())


def test_small_blocks_give_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    rows, others = rows_of(1, 50, 33)
    near = csls.neighbourhoods(rows, others), csls.neighbourhoods(others, rows)
    whole = csls.mutual(rows, others), csls.best(rows, others, near, k=3)
    monkeypatch.setattr(csls, "_BLOCK", 100)
    pieces = csls.mutual(rows, others), csls.best(rows, others, near, k=3)
    for expected, actual in zip(whole, pieces, strict=True):
        assert expected[0].tolist() == actual[0].tolist()
        np.testing.assert_allclose(expected[1], actual[1], atol=1e-6)


def test_a_word_that_is_near_to_all_is_not_the_translation_of_all() -> None:
    angles = np.radians([0, 20, 40, 20])
    others = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)
    rows = unit_rows(others[:3] + np.float32([0.0, 0.1]))
    near = (
        csls.neighbourhoods(rows, others, nearest=1),
        csls.neighbourhoods(others, rows, nearest=1),
    )
    ids, _ = csls.best(rows, others, near, k=1)
    assert 0 == ids[0, 0]


def test_more_neighbours_than_there_are_words_are_all_of_them() -> None:
    rows, others = rows_of(2, 3, 2)
    np.testing.assert_allclose(
        (rows @ others.T).mean(axis=1), csls.neighbourhoods(rows, others), atol=1e-6
    )
    nothing = np.zeros(3, np.float32), np.zeros(2, np.float32)
    assert (3, 2) == csls.best(rows, others, nothing, k=9)[0].shape
