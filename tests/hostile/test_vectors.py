"""Arrays that are no vectors: faults 11 to 14. `Vectors` refuses them, naming row and column."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import cospace as cs
from cospace.errors import BadVector, SpaceMismatch
from cospace.store.protocol import Store

SPACE = cs.Space.of("hostile", 4)


def good(n: int = 5) -> np.ndarray[Any, Any]:
    return np.random.default_rng(0).normal(size=(n, 4)).astype(np.float32)


def spoilt(value: float, dtype: str = "f4") -> np.ndarray[Any, Any]:
    array = good().astype(dtype)
    array[3, 2] = value
    return array


BAD: list[tuple[str, Any, str, int | None, int | None]] = [
    ("NaN", spoilt(np.nan), "row 3, column 2 is nan", 3, 2),
    ("Inf", spoilt(np.inf), "row 3, column 2 is inf", 3, 2),
    ("-Inf", spoilt(-np.inf), "row 3, column 2 is -inf", 3, 2),
    ("float64 past float32", spoilt(1e300, "f8"), "row 3 has norm", 3, None),
    ("1e38", spoilt(1e38), r"row 3 has norm 1e\+38", 3, None),
    ("a zero row", good() * np.array([[1], [1], [0], [1], [1]]), "row 2 is a zero vector", 2, None),
    ("a row of denormals", np.full((1, 4), 1e-40, "f4"), "row 0 has norm", 0, None),
    ("a row of tiny float64", np.full((1, 4), 1e-300, "f8"), "row 0 is a zero vector", 0, None),
    ("all NaN", np.full((2, 4), np.nan), "row 0, column 0", 0, 0),
    ("int", np.ones((2, 4), int), "floating-point numbers, not int64", None, None),
    ("uint8", np.ones((2, 4), np.uint8), "not uint8", None, None),
    ("int8", np.ones((2, 4), np.int8), "not int8", None, None),
    ("bool", np.ones((2, 4), bool), "not bool", None, None),
    ("complex", np.ones((2, 4), complex), "not complex128", None, None),
    ("object", np.array([[1.0, None, 2.0, 3.0]], object), "not object", None, None),
    ("strings", [["a", "b", "c", "d"]], "not <U1", None, None),
    ("dates", np.zeros((2, 4), "M8[s]"), "not datetime64", None, None),
    ("records", np.zeros(2, [("a", "f4"), ("b", "f4")]), "not", None, None),
    ("one axis", good()[0], r"shape \[4\]", None, None),
    ("three axes", good()[None], r"shape \[1, 5, 4\]", None, None),
    ("a number", 1.5, r"shape \[\]", None, None),
    ("an empty list", [], r"shape \[0\]", None, None),
    ("None", None, "not object", None, None),
    ("a generator", (x for x in [1.0]), "not object", None, None),
    ("ragged rows", [[1.0, 2.0], [1.0]], "rows of one length", None, None),
]


@pytest.mark.parametrize(
    ("array", "says", "row", "column"), [b[1:] for b in BAD], ids=[b[0] for b in BAD]
)
def test_what_is_no_vector_is_refused_and_named(
    array: Any, says: str, row: int | None, column: int | None
) -> None:
    with pytest.raises(BadVector, match=says) as caught:
        cs.Vectors(array, SPACE)
    assert (row, column) == (caught.value.row, caught.value.column)


@pytest.mark.parametrize("width", [0, 3, 5, 384])
def test_a_wrong_dimension_is_another_space(width: int) -> None:
    with pytest.raises(SpaceMismatch, match=f"{width} dimensions; hostile .4"):
        cs.Vectors(np.ones((2, width), "f4"), SPACE)


ODD: list[tuple[str, Any]] = [
    ("float64", good().astype("f8")),
    ("float16", good().astype("f2")),
    ("long double", good().astype(np.longdouble)),
    ("big endian", good().astype(">f4")),
    ("Fortran order", np.asfortranarray(good())),
    ("reversed", good()[::-1]),
    ("every other column", np.repeat(good(), 2, axis=1)[:, ::2]),
    ("read-only", np.broadcast_to(good()[0], (3, 4))),
    ("a list", good().tolist()),
    ("a tuple of arrays", tuple(good())),
    ("one denormal among numbers", np.array([[1.0, 1e-42, 0, 0]], "f4")),
    ("no rows", np.zeros((0, 4), "f4")),
]


@pytest.mark.parametrize("array", [o[1] for o in ODD], ids=[o[0] for o in ODD])
def test_odd_but_whole_arrays_become_float32(array: Any) -> None:
    vectors = cs.Vectors(array, SPACE)
    assert (np.float32, True, False) == (
        vectors.array.dtype,
        vectors.array.flags.c_contiguous,
        vectors.array.flags.writeable,
    )
    assert np.array_equal(np.asarray(array, dtype="f4"), vectors.array)
    assert np.allclose(1, np.linalg.norm(vectors.normalized.astype("f8"), axis=1), atol=1e-6)


def test_what_the_caller_does_to_the_array_later_changes_nothing() -> None:
    array = good()
    vectors = cs.Vectors(array, SPACE)
    array[:] = np.nan
    assert np.isfinite(vectors.array).all()
    with pytest.raises(ValueError, match="read-only"):
        vectors.array[0, 0] = 1


@given(
    hnp.arrays(
        st.sampled_from(["f2", "f4", "f8", "i4", "?"]),
        hnp.array_shapes(min_dims=1, max_dims=3, min_side=0, max_side=5),
    )
)
def test_any_array_is_whole_vectors_or_refused(array: Any) -> None:
    try:
        vectors = cs.Vectors(array, SPACE)
    except (BadVector, SpaceMismatch):
        return
    cosines = cs.similarity(vectors, vectors)
    assert np.isfinite(cosines).all()
    assert (np.abs(cosines) <= 1).all()
    assert np.allclose(1, np.diag(cosines), atol=1e-5)


@pytest.fixture(params=["memory", "local"])
def shop(request: Any, fast_path: Any) -> Any:
    with cs.open(":memory:" if request.param == "memory" else fast_path / "a.cospace") as one:
        one.add_vectors(["a", "b"], cs.Vectors(good(2), SPACE))
        yield one


def rows_of(store: Store) -> list[tuple[str, bytes]]:
    return [(row.id, row.vectors["text"].tobytes()) for row in store.scan(vectors=True)]


def test_vectors_of_another_space_are_refused_whole(shop: cs.Collection) -> None:
    before = rows_of(shop.store)
    for space in (cs.Space.of("another", 4), cs.Space.of("hostile", 5)):
        vectors = cs.Vectors(np.ones((2, space.dim), "f4"), space)
        with pytest.raises(SpaceMismatch) as caught:
            shop.add_vectors(["c", "d"], vectors)
        for one in (SPACE, space):
            assert one.fingerprint[:8] in str(caught.value)
        with pytest.raises(SpaceMismatch):
            shop.search(vectors[:1])
        with pytest.raises(SpaceMismatch):
            cs.similarity(vectors, cs.Vectors(good(1), SPACE))
    assert before == rows_of(shop.store)


def test_plain_arrays_are_refused_with_what_to_write(shop: cs.Collection) -> None:
    with pytest.raises(cs.errors.BadArgument, match=r"cs\.Vectors"):
        shop.add_vectors(["c"], good(1))  # type: ignore[arg-type]
    with pytest.raises(cs.errors.BadInput):
        shop.search(good(1))  # type: ignore[arg-type]
    assert 2 == len(shop)


def test_extreme_but_whole_vectors_find_themselves(shop: cs.Collection) -> None:
    for scale in (1e-15, 1e15):
        vectors = cs.Vectors(good(4)[2:].astype("f8") * scale, SPACE)
        ids = [f"{scale}-{i}" for i in range(2)]
        shop.add_vectors(ids, vectors)
        for i, id in enumerate(ids):
            hits = shop.search(vectors[i : i + 1], k=1)
            assert 1 == pytest.approx(hits[0].score, abs=1e-5)
            assert id in shop.search(vectors[i : i + 1], k=2).ids


def test_zero_vectors_are_no_error(shop: cs.Collection) -> None:
    assert 0 == shop.add_vectors([], cs.Vectors(np.zeros((0, 4), "f4"), SPACE))
    assert 2 == len(shop)
    with pytest.raises(cs.errors.BadArgument, match="takes one vector; these are 0"):
        shop.search(cs.Vectors(np.zeros((0, 4), "f4"), SPACE))
    with pytest.raises(cs.errors.BadArgument, match="these are 2"):
        shop.search(cs.Vectors(good(2), SPACE))
