import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cospace.errors import BadVector, SpaceMismatch
from cospace.space import Space
from cospace.vectors import Vectors, similarity

SPACE = Space.of("unit", 3)


def random(n: int, seed: int = 0) -> Vectors:
    return Vectors(np.random.default_rng(seed).normal(size=(n, 3)), SPACE)


def test_unit_rows_keep_their_bits() -> None:
    unit = Vectors(random(50).normalized, SPACE)
    assert unit.array is unit.normalized
    mixed = np.concatenate([unit.array, 2 * unit.array])
    normalized = Vectors(mixed, SPACE).normalized
    assert unit.array.tobytes() == normalized[:50].tobytes()
    assert np.allclose(unit.array, normalized[50:], atol=1e-7)


def test_rows_are_taken_by_slice_and_by_list() -> None:
    vectors = random(5)
    assert np.array_equal(vectors.array[1:3], vectors[1:3].array)
    assert np.array_equal(vectors.array[[4, 0]], vectors[[4, 0]].array)
    assert 5 == len(vectors)
    assert f"Vectors([5, 3], {SPACE})" == repr(vectors)


def test_what_it_was_given_is_kept() -> None:
    vectors = Vectors([[1.0, 0, 0]], SPACE, report=["one text was cut"], truncated=[0])
    assert (("one text was cut",), (0,)) == (vectors.report, vectors.truncated)
    assert ((), ()) == (random(1).report, random(1).truncated)


def test_the_first_fault_is_named() -> None:
    array = np.ones((4, 3))
    array[2, 1], array[3] = np.nan, 0
    with pytest.raises(BadVector, match="row 2, column 1 is nan") as caught:
        Vectors(array, SPACE)
    assert (2, 1) == (caught.value.row, caught.value.column)


def test_similarity_is_cosine() -> None:
    a, b = random(4), random(6, 1)
    expected = [
        [np.dot(x, y) / np.linalg.norm(x) / np.linalg.norm(y) for y in b.array] for x in a.array
    ]
    assert np.allclose(expected, similarity(a, b), atol=1e-6)
    assert (0, 6) == similarity(random(0), b).shape
    with pytest.raises(SpaceMismatch, match="similarity"):
        similarity(a, Vectors(np.ones((1, 3)), Space.of("other", 3)))


@given(st.integers(0, 10_000), st.floats(-15, 15))
def test_the_scale_of_a_row_changes_no_cosine(seed: int, power: float) -> None:
    a, b = random(3, seed), random(3, seed + 1)
    scaled = Vectors(a.array.astype("f8") * 10**power, SPACE)
    assert np.allclose(similarity(a, b), similarity(scaled, b), atol=1e-5)
    assert (np.abs(similarity(scaled, scaled)) <= 1).all()
