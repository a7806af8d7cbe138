"""Figures of the shape of a space, beside their definitions written out."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from cospace.audit.drift import energy
from cospace.audit.gap import gap
from cospace.audit.hubs import hubs_of, occurrences, reduced, skewness
from cospace.audit.labels import contradicted, out_of_fold
from cospace.audit.mismatch import agreement, disagreeing
from cospace.audit.shape import anisotropy, ranks
from cospace.audit.threshold import weibull
from cospace.measures.metrics import auc


def unit(seed: int, n: int, dim: int, shift: float = 0.0) -> np.ndarray:
    rows = np.random.default_rng(seed).normal(size=(n, dim)) + shift
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


@given(st.integers(0, 99), st.integers(2, 40), st.integers(2, 12))
def test_mean_cosine_is_that_of_all_pairs(seed: int, n: int, dim: int) -> None:
    rows = unit(seed, n, dim)
    cosines = rows.astype(np.float64) @ rows.T
    expected = cosines[~np.eye(n, dtype=bool)].mean()
    assert abs(expected - anisotropy(rows)["mean cosine"]) < 1e-6


@given(st.integers(0, 99))
def test_ranks_are_those_of_the_singular_values(seed: int) -> None:
    rows = unit(seed, 60, 9)
    singular = np.linalg.svd(rows - rows.mean(0, dtype=np.float64), compute_uv=False)
    shares = singular / singular.sum()
    found = ranks(rows)
    assert abs(np.exp(-(shares * np.log(shares)).sum()) - found["effective rank"]) < 1e-5
    variance = singular**2 / (singular**2).sum()
    assert abs(1 / (variance**2).sum() - found["participation ratio"]) < 1e-5


def test_equal_vectors_have_no_rank() -> None:
    found = ranks(np.tile(np.float32([1, 0]), (5, 1)))
    assert {0.0} == set(found.values())


def test_skewness_of_equal_counts_is_nothing() -> None:
    assert 0.0 == skewness(np.full(10, 3))


def test_a_hub_is_named_and_ordinary_counts_are_not() -> None:
    times = np.random.default_rng(0).negative_binomial(3, 3 / 13, 2_000)
    assert [] == hubs_of(times)[0]
    times[7] = 400
    assert [7] == hubs_of(times)[0]


def test_a_vector_in_the_middle_is_a_hub_and_remedies_lower_the_skewness() -> None:
    rows = unit(0, 600, 50, shift=0.5)
    middle = rows.mean(0)
    rows = np.concatenate([rows, (middle / np.linalg.norm(middle))[None]])
    found = reduced(rows)
    assert found["sampled"] > 1.4
    assert found["by local scaling"] < found["sampled"]
    assert found["by CSLS"] < found["sampled"]


def test_occurrences_count_all_lists() -> None:
    assert 6 == occurrences(np.array([[1, 2], [0, 2], [0, 1]])).sum()


def test_a_gap_is_sure_and_none_is_not() -> None:
    texts, photos = unit(0, 200, 16), unit(1, 200, 16)
    assert gap(texts, photos)[1] > 0.01
    assert 0.001 == gap(texts, unit(1, 200, 16, shift=1.0))[1]


def test_energy_of_one_law_is_not_sure_and_of_two_is() -> None:
    assert energy(unit(0, 60, 8), unit(1, 60, 8))[1] > 0.01
    assert 0.001 == energy(unit(0, 60, 8), unit(1, 60, 8, shift=1.0))[1]


@given(st.lists(st.tuples(st.integers(0, 5), st.booleans()), min_size=2, max_size=30))
def test_auc_counts_pairs(given_: list[tuple[int, bool]]) -> None:
    scores = np.array([float(s) for s, _ in given_])
    new = np.array([n for _, n in given_])
    if 0 < new.sum() < len(new):
        pairs = [(a > b) + (a == b) / 2 for a in scores[new] for b in scores[~new]]
        assert abs(np.mean(pairs) - auc(scores, new)) < 1e-12


def test_labels_that_both_contradict() -> None:
    classes = np.repeat([0, 1, 2], 60)
    rows = (unit(3, 180, 12) * 0.4 + 2 * np.eye(12)[classes]).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    given_ = classes.copy()
    given_[[3, 70, 150]] = [1, 2, 0]
    wrong, better = contradicted(given_, *out_of_fold(rows, given_))
    assert [3, 70, 150] == np.flatnonzero(wrong).tolist()
    assert [0, 1, 2] == better[[3, 70, 150]].tolist()


def test_swapped_pairs_are_likeliest_strangers() -> None:
    draw = np.random.default_rng(0)
    shared = draw.normal(size=(600, 6))
    texts = shared @ draw.normal(size=(6, 20)) + 0.5 * draw.normal(size=(600, 20))
    photos = shared @ draw.normal(size=(6, 20)) + 0.5 * draw.normal(size=(600, 20))
    photos[[0, 1]] = photos[[1, 0]]
    unit_ = [(one / np.linalg.norm(one, axis=1, keepdims=True)).astype(np.float32)
             for one in (texts, photos)]  # fmt: skip
    own, strangers = agreement(*unit_)
    assert np.median(own) > np.median(strangers)
    likely = disagreeing(own)
    assert {0, 1} == set(np.argsort(-likely)[:2].tolist())


def test_a_tail_needs_distances_that_differ() -> None:
    assert weibull(np.full(100, 0.5)) is None
    assert weibull(np.linspace(0.1, 1, 20)) is None
