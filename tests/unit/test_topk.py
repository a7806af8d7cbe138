"""The best k are those of sorting all scores, whatever the blocks; ties go to the lower number."""

from __future__ import annotations

import tracemalloc
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

import cospace as cs
from cospace import topk
from cospace.encode.quantized import Binary, Int8, nearest
from cospace.encode.words.tools import nearest_rows, unit_rows
from cospace.errors import BadArgument
from cospace.topk import TopK, blocks, cosines, top_k

Scores = NDArray[np.float32]


def sorted_whole(scores: Scores, numbers: NDArray[np.int64], k: int) -> tuple[Any, Any]:
    """All scores sorted, in plain numpy: numbers [q, k] and scores [q, k]."""
    named = np.broadcast_to(numbers, scores.shape)
    order = np.lexsort((named, -scores))[:, :k]
    return np.take_along_axis(named, order, axis=1), np.take_along_axis(scores, order, axis=1)


@given(
    queries=st.integers(0, 9),
    rows=st.integers(0, 60),
    k=st.integers(1, 70),
    kinds=st.sampled_from([1, 2, 3, 10**6]),  # how many scores differ: from all alike to none
    seed=st.integers(0, 10_000),
    block=st.tuples(st.integers(1, 20), st.integers(1, 5)),
)
def test_it_is_sorting_all_scores(
    queries: int, rows: int, k: int, kinds: int, seed: int, block: tuple[int, int]
) -> None:
    random = np.random.default_rng(seed)
    scores = (random.integers(0, kinds, (queries, rows)) - kinds // 2).astype(np.float32)
    scores *= random.choice([1, -1]).astype(np.float32)  # zeros of both signs are equal
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(topk, "_ROWS", block[0])
        patch.setattr(topk, "_QUERIES", block[1])
        found = top_k(lambda q, r: scores[q, r], queries, rows, k)
    numbers, values = sorted_whole(scores, np.arange(rows), k)
    assert (queries, min(k, rows)) == found.rows.shape
    assert np.array_equal(numbers, found.rows)
    assert np.array_equal(values, found.scores)
    assert (np.int64, np.float32) == (found.rows.dtype, found.scores.dtype)


@given(st.integers(1, 80), st.integers(1, 12), st.integers(1, 30), st.integers(0, 999))
def test_the_order_of_adding_makes_no_difference(rows: int, k: int, step: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    scores = random.integers(-2, 3, (4, rows)).astype(np.float32) / 4
    order = random.permutation(rows)
    best = TopK(4, k)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(topk, "_ROWS", 7)
        for part in blocks(rows, step):
            some = scores[:, order[part]]
            best.add(some.shape[1], lambda q, r, s=some: s[q, r], numbers=order[part])
    numbers, values = sorted_whole(scores, np.arange(rows), k)
    assert np.array_equal(numbers, best.found().rows)
    assert np.array_equal(values, best.found().scores)


def test_ties_beyond_a_block_go_to_the_lower_number() -> None:
    rows = 3 * topk._ROWS
    found = top_k(lambda q, r: np.zeros((1, r.stop - r.start), np.float32), 1, rows, 5_000)
    assert list(range(5_000)) == found.rows[0].tolist()


def test_any_score_will_do() -> None:
    random = np.random.default_rng(0)
    one, other = random.normal(size=(2, 300, 3)).astype(np.float32)
    apart = np.linalg.norm(one[:, None] - other[None], axis=2).astype(np.float32)
    found = top_k(lambda q, r: -apart[q, r], 300, 300, 4)
    assert np.array_equal(np.argsort(apart, axis=1, kind="stable")[:, :4], found.rows)


def test_cosines_stay_within_one() -> None:
    rows = unit_rows(np.random.default_rng(0).normal(size=(500, 7)).astype(np.float32))
    found = top_k(cosines(rows, rows), 500, 500, 3)
    assert list(range(500)) == found.rows[:, 0].tolist()
    assert found.scores.max() <= 1


def test_copies_of_a_row_come_in_their_order() -> None:
    row = unit_rows(np.random.default_rng(1).normal(size=(1, 7)).astype(np.float32))
    rows = np.repeat(row, 5_000, axis=0)
    assert list(range(9)) == top_k(cosines(row, rows), 1, 5_000, 9).rows[0].tolist()


def test_no_queries_and_no_rows() -> None:
    assert (0, 2) == top_k(cosines(np.zeros((0, 3)), np.eye(3)), 0, 3, 2).rows.shape  # type: ignore[arg-type]
    assert (2, 0) == TopK(2, 5).found().rows.shape


@pytest.mark.parametrize("k", [0, -1, 1.0, True, "3", None])
def test_a_k_that_is_no_number_is_refused(k: Any) -> None:
    with pytest.raises(BadArgument, match="k is a whole number, 1 or more"):
        TopK(1, k)


# --- memory ---


def peak_of(call: Any) -> int:
    """The most bytes that a call held at once."""
    tracemalloc.start()
    try:
        call()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


SPACE = cs.Space.of("memory", 8)
ROWS = cs.Vectors(np.random.default_rng(0).normal(size=(9_000, 8)), SPACE)
MANY = cs.Vectors(np.random.default_rng(1).normal(size=(3_000, 8)), SPACE)


@pytest.mark.parametrize(
    "search",
    [
        lambda: nearest(ROWS, MANY, 10),
        lambda: Int8.of(ROWS).nearest(MANY, 10, full=ROWS),
        lambda: Binary.of(ROWS).nearest(MANY, 10, full=ROWS),
        lambda: Binary.of(ROWS).nearest(MANY, 100, full=ROWS),
    ],
    ids=["nearest", "int8", "binary", "many candidates"],
)
def test_the_memory_of_a_search_does_not_grow_with_the_queries(search: Any) -> None:
    assert len(MANY.normalized) > len(ROWS.normalized[0])  # both are made before
    assert peak_of(search) < 64 << 20


def test_a_block_holds_a_million_scores_at_most() -> None:
    shapes = []

    def score(q: slice, r: slice) -> Scores:
        shapes.append((q.stop - q.start) * (r.stop - r.start))
        return np.zeros((q.stop - q.start, r.stop - r.start), np.float32)

    top_k(score, 1_000, 20_000, 3)
    assert (1_000 * 20_000, True) == (sum(shapes), max(shapes) <= 1 << 20)


# --- where it is used ---


@given(st.integers(1, 40), st.integers(1, 45), st.sets(st.integers(0, 39)), st.integers(0, 99))
def test_nearest_rows_leaves_out_what_it_is_told(
    rows: int, k: int, without: set[int], seed: int
) -> None:
    without = {row for row in without if row < rows}
    unit = unit_rows(np.random.default_rng(seed).normal(size=(rows, 4)).astype(np.float32))
    asked = np.random.default_rng(seed + 1).normal(size=4).astype(np.float32)
    whole = unit @ (asked / np.linalg.norm(asked))
    expected = [row for row in np.argsort(-whole, kind="stable") if row not in without][:k]
    found = nearest_rows(unit, asked, k, without=without)
    np.testing.assert_allclose(whole[expected], [score for _, score in found], atol=1e-6)
    assert not without & {row for row, _ in found}
    assert min(k, rows - len(without)) == len({row for row, _ in found})
