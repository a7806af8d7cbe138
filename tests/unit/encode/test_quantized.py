"""Vectors in 8 bits and in one: what they hold, and that rescoring brings the exact answers."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import cospace as cs
from cospace.encode.loss import dims_of, measure
from cospace.encode.quantized import Binary, Int8, nearest
from cospace.errors import BadArgument, BadVector, SpaceMismatch
from cospace.space import Tower

DIM = 40  # no multiple of 16: the last byte of the bits is half empty
SPACE = cs.Space.of("random", DIM)


def vectors(n: int, seed: int = 0, space: cs.Space = SPACE) -> cs.Vectors:
    return cs.Vectors(np.random.default_rng(seed).standard_normal((n, space.dim)), space)


ROWS, ASKED = vectors(9_000), vectors(30, 1)  # more rows than are compared at a time


def test_nearest_is_what_sorting_all_cosines_gives() -> None:
    cosines = cs.similarity(ASKED, ROWS)
    expected = np.argsort(-cosines, axis=1, kind="stable")[:, :7]
    found = nearest(ROWS, ASKED, 7)
    assert np.array_equal(expected, found.rows)
    assert np.allclose(np.take_along_axis(cosines, expected, axis=1), found.scores, atol=1e-6)


def test_equal_scores_come_in_the_order_of_rows() -> None:
    same = cs.Vectors(np.ones((5_000, DIM)), SPACE)
    assert list(range(10)) == Binary.of(same).nearest(same[:1], 10).rows[0].tolist()


def test_8_bits_are_off_by_half_a_step_at_most() -> None:
    codes = Int8.of(ROWS)
    assert np.int8 == codes.codes.dtype
    assert (ROWS.array.nbytes / 4, 0) == (codes.nbytes, codes.clipped)
    assert (np.abs(codes.restored() - ROWS.normalized) <= codes.step * 0.5001).all()
    assert np.allclose(codes.restored() @ ASKED.normalized.T, codes.scores(ASKED).T, atol=1e-5)


def test_a_sample_gives_the_range_and_what_lies_outside_is_counted() -> None:
    codes = Int8.of(ROWS, sample=ROWS[:100])
    low, high = ROWS.normalized[:100].min(axis=0), ROWS.normalized[:100].max(axis=0)
    outside = (ROWS.normalized < low - codes.step) | (ROWS.normalized > high + codes.step)
    assert codes.clipped >= outside.sum() > 0
    restored = codes.restored()
    assert (restored >= low - 1e-6).all()
    assert (restored <= high + 1e-6).all()


def test_a_dimension_that_never_varies() -> None:
    array = ROWS.normalized[:20].copy()
    array[:, 3] = 0.25
    codes = Int8.of(cs.Vectors(array, SPACE))
    assert np.isfinite(codes.scores(ASKED)).all()


def test_bits_count_signs() -> None:
    signs = (ASKED.array > 0)[:, None, :] != (ROWS.array > 0)[None]
    bits = Binary.of(ROWS)
    assert 9_000 * 5 == bits.nbytes
    assert np.array_equal(signs.sum(axis=2), bits.distances(ASKED))
    assert np.allclose(np.cos(np.pi * signs.mean(axis=2)), bits.scores(ASKED), atol=1e-6)


@pytest.mark.parametrize("form", [Int8.of(ROWS), Binary.of(ROWS)], ids=["int8", "binary"])
def test_rescoring_all_rows_is_exact_search(form: Int8 | Binary) -> None:
    exact = nearest(ROWS, ASKED, 5)
    found = form.nearest(ASKED, 5, full=ROWS, more=len(ROWS) / 5)
    assert np.array_equal(exact.rows, found.rows)
    assert np.allclose(exact.scores, found.scores, atol=1e-6)


@given(n=st.integers(1, 30), k=st.integers(1, 40), seed=st.integers(0, 99))
def test_more_candidates_never_find_less(n: int, k: int, seed: int) -> None:
    rows, asked = vectors(n, seed), vectors(3, seed + 100)
    exact = nearest(rows, asked, k).rows
    assert (3, min(n, k)) == exact.shape
    for form in (Int8.of(rows), Binary.of(rows)):
        hits = [
            np.mean([np.isin(a, b).mean() for a, b in zip(exact, found.rows, strict=True)])
            for found in (form.nearest(asked, k, full=rows, more=more) for more in (1, 2, 40))
        ]
        assert sorted(hits) == hits
        assert 1 == hits[-1]


def test_no_queries_give_no_rows() -> None:
    for form in (Int8.of(ROWS), Binary.of(ROWS)):
        assert (0, 10) == form.nearest(ASKED[:0]).rows.shape
        assert (0, 9_000) == form.scores(ASKED[:0]).shape


def test_queries_that_do_not_fit_the_codes_are_refused() -> None:
    other = vectors(5, space=cs.Space.of("another", DIM))
    codes, bits = Int8.of(ROWS), Binary.of(ROWS)
    for form in (codes, bits):
        for ask in (form.scores, form.nearest):
            with pytest.raises(SpaceMismatch):
                ask(other)
        with pytest.raises(SpaceMismatch, match="9000 vectors were coded"):
            form.nearest(ASKED, full=ROWS[:10])
        for k in (0, -1, True, 2.5):
            with pytest.raises(BadArgument, match="whole number"):
                form.nearest(ASKED, k, full=ROWS)  # type: ignore[arg-type]
        for more in (0.5, 0, -1, float("nan")):
            with pytest.raises(BadArgument, match="how many times"):
                form.nearest(ASKED, 3, full=ROWS, more=more)
    with pytest.raises(BadVector, match="empty"):
        Int8.of(ROWS, sample=ROWS[:0])
    with pytest.raises(SpaceMismatch):
        Int8.of(ROWS, sample=other)


# --- what is lost ---


def test_the_forms_that_are_measured() -> None:
    forms = {(form.name, form.dim): form for form in measure(ROWS, ASKED)}
    expected = [("float32", 40), ("float32", 20), ("float32", 10), ("float32", 5), ("int8", 40)]
    expected += [("int8, rescored", 40), ("binary", 40), ("binary, rescored", 40)]
    assert expected == list(forms)
    assert [160, 80, 40, 20, 40, 40, 5, 5] == [form.bytes for form in forms.values()]
    assert [0, 0, 0, 0, 0, 160, 0, 160] == [form.beside for form in forms.values()]
    assert {False} == {form.trained for form in forms.values()}
    full, binary, again = (forms[name, 40] for name in ("float32", "binary", "binary, rescored"))
    assert (1, 0) == (full.recall, full.error)
    assert binary.recall < again.recall < forms["int8", 40].recall
    assert again.error < 1e-6 < forms["int8", 40].error < binary.error


def test_the_dims_that_a_model_was_trained_for() -> None:
    towers = [
        Tower(k, k, preprocess={"matryoshka": d}) for k, d in (("a", [40, 8, 24]), ("b", [8]))
    ]
    assert ([24, 8], True) == dims_of(cs.Space("m", DIM, towers=(towers[0],)))
    both = cs.Space("m", DIM, towers=tuple(towers))
    assert ([8], True) == dims_of(both)
    forms = measure(vectors(20, space=both), vectors(5, 1, both))
    assert [(40, False), (8, True)] == [(f.dim, f.trained) for f in forms if f.name == "float32"]


def test_measuring_without_rows_is_refused() -> None:
    for documents, queries in ((ROWS[:0], ASKED), (ROWS, ASKED[:0])):
        with pytest.raises(BadArgument, match="at least one"):
            measure(documents, queries)
