"""The nearest of every vector: exact for few, nearly all found for many, never itself."""

import numpy as np
import pytest

from cospace.map.neighbours import EXACT, nearest_of_all

from .points import groups, unit


def by_sorting(vectors: np.ndarray, k: int) -> np.ndarray:
    scores = vectors @ vectors.T
    np.fill_diagonal(scores, -2)
    return np.argsort(-scores, axis=1)[:, :k]


@pytest.mark.parametrize("n", [2, 3, 50, 1_500])
def test_few_are_exact(n: int):
    vectors = unit(np.random.default_rng(n).normal(size=(n, 12)))
    k = min(7, n - 1)
    assert np.array_equal(
        np.sort(by_sorting(vectors, k), 1), np.sort(nearest_of_all(vectors, k), 1)
    )


def test_nobody_is_its_own_neighbour_among_equals():
    vectors = np.tile(unit([[1, 2, 3]]), (40, 1))
    near = nearest_of_all(vectors, 5)
    assert not (near == np.arange(40)[:, None]).any()
    assert all(5 == len(set(row)) for row in near.tolist())


def test_of_many_nearly_all_are_found():
    vectors, _ = groups([EXACT // 50 + 10] * 50, dim=12, width=0.25)
    assert len(vectors) > EXACT
    told: list[int] = []
    near = nearest_of_all(vectors, 10, done=told.append)
    assert len(vectors) == sum(told)
    asked = np.arange(0, len(vectors), 97)
    scores = vectors[asked] @ vectors.T
    scores[np.arange(len(asked)), asked] = -2
    exact = np.argpartition(-scores, 9, axis=1)[:, :10]
    pairs = zip(near[asked].tolist(), exact.tolist(), strict=True)
    found = [len(set(a) & set(b)) / 10 for a, b in pairs]
    assert np.mean(found) > 0.95
    assert not (near == np.arange(len(vectors))[:, None]).any()
    assert np.array_equal(near, nearest_of_all(vectors, 10))


def test_many_equal_vectors_are_no_trouble():
    vectors = np.tile(unit([[1, 0, 0]]), (EXACT + 50, 1))
    near = nearest_of_all(vectors, 3)
    assert (EXACT + 50, 3) == near.shape
    assert not (near == np.arange(len(vectors))[:, None]).any()
