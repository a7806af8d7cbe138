import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cospace.errors import BadArgument, BadVector, SpaceMismatch
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


# --- as an array ---


def test_numpy_takes_the_rows_as_they_are() -> None:
    vectors = random(5)
    array = np.asarray(vectors)
    assert vectors.array is array
    assert (5, 3) == vectors.shape == array.shape == np.shape(vectors)
    assert np.array_equal(np.asarray(vectors, dtype=np.float64), vectors.array.astype(np.float64))
    assert np.float64 == np.asarray(vectors, dtype=np.float64).dtype
    assert np.allclose(vectors.array.mean(axis=0), np.mean(vectors, axis=0))
    assert np.array_equal(np.eye(3) @ vectors.array.T, np.eye(3) @ np.transpose(vectors))
    assert (0, 3) == np.asarray(random(0)).shape


def test_a_copy_is_one_that_may_be_written() -> None:
    vectors = random(2)
    copy = np.array(vectors)
    copy[0] = 7
    assert 7 not in vectors.array
    with pytest.raises(ValueError, match="read-only"):
        np.asarray(vectors)[0] = 7
    assert not np.shares_memory(vectors.array, vectors.__array__(copy=True))
    assert np.shares_memory(vectors.array, vectors.__array__(copy=False))
    with pytest.raises(ValueError, match="float64 they have to be copied"):
        vectors.__array__(np.float64, copy=False)


@pytest.mark.parametrize("row", [0, -1, np.int64(2)])
def test_a_number_takes_a_row(row: int) -> None:
    vectors = random(4)
    assert (3,) == vectors[row].shape
    assert np.array_equal(vectors.array[row], vectors[row])


def test_the_rows_come_one_by_one() -> None:
    vectors = random(4)
    assert [row.tolist() for row in vectors.array] == [row.tolist() for row in vectors]
    assert 4 == len(list(vectors))
    first, *rest = vectors
    assert (3, True) == (len(rest), np.array_equal(first, vectors[0]))


def test_a_slice_a_list_and_a_mask_keep_the_space() -> None:
    vectors = random(4)
    mask = np.array([True, False, False, True])
    for rows in (slice(1, 3), [2, 0], mask, np.array([3]), []):
        taken = vectors[rows]
        assert isinstance(taken, Vectors)
        assert SPACE is taken.space
        assert np.array_equal(vectors.array[rows], taken.array)


def test_a_row_that_is_not_there_is_an_index_error() -> None:
    with pytest.raises(IndexError):
        random(2)[2]


@pytest.mark.parametrize("rows", [(0, 1), (slice(None), 0), True])
def test_columns_are_not_taken(rows: object) -> None:
    with pytest.raises(BadArgument, match=r"indexed by rows.*\.array"):
        random(2)[rows]  # type: ignore[index]


def test_similarity_of_a_row_says_how_to_get_vectors() -> None:
    with pytest.raises(BadVector, match="not ndarray; a list of one input gives them"):
        similarity(random(2)[0], random(2))  # type: ignore[arg-type]
