"""Metrics against values worked out by hand, against scipy and trec_eval, and their bounds."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cospace.errors import BadArgument
from cospace.measures.metrics import (
    average_precision,
    ndcg,
    pearson,
    ranks,
    recall,
    reciprocal_rank,
    spearman,
)

GRADES = st.lists(st.integers(-1, 4), min_size=1, max_size=20)
NUMBERS = st.lists(st.sampled_from([-2.0, 0.0, 0.5, 1.0, 1e6]), min_size=3, max_size=30)


def test_ndcg_equals_the_formula() -> None:
    # Found 0, 2, 1; the best order of 2 and 1 is 2, 1.
    dcg = 2 / math.log2(3) + 1 / math.log2(4)
    best = 2 / math.log2(2) + 1 / math.log2(3)
    assert dcg / best == pytest.approx(ndcg([0, 2, 1], [1, 2]))


def test_ndcg_counts_what_was_not_found_in_the_ideal() -> None:
    assert 1 / (1 + 1 / math.log2(3)) == pytest.approx(ndcg([1, 0, 0], [1, 1]))


def test_ndcg_cuts_both_lists_at_k() -> None:
    assert 1.0 == ndcg([3, 0, 0], [3, 3, 3], k=1)
    assert 0.0 == ndcg([0, 3], [3], k=1)


def test_exponential_gains_are_the_callers_to_give() -> None:
    found, judged = np.array([1, 3]), np.array([1, 3])
    dcg = 1 + 7 / math.log2(3)
    assert dcg / (7 + 1 / math.log2(3)) == pytest.approx(ndcg(2**found - 1, 2**judged - 1))


@pytest.mark.parametrize("judged", [[], [0, 0], [-1]])
def test_a_query_that_nothing_is_relevant_to_scores_0(judged: list[int]) -> None:
    assert [0, 0, 0] == [ndcg([0], judged), recall([0], judged), average_precision([0], judged)]


def test_recall_and_reciprocal_rank_and_average_precision_by_hand() -> None:
    found, judged = [0, 1, 0, 2], [1, 2, 1]
    assert 1 / 3 == pytest.approx(recall(found, judged, k=2))
    assert 2 / 3 == pytest.approx(recall(found, judged, k=100))
    assert 0.5 == reciprocal_rank(found)
    assert 0.0 == reciprocal_rank(found, k=1)
    assert (1 / 2 + 2 / 4) / 3 == pytest.approx(average_precision(found, judged))


@pytest.mark.parametrize("k", [0, -1])
def test_k_counts_from_1(k: int) -> None:
    for metric in (lambda: ndcg([1], [1], k=k), lambda: recall([1], [1], k=k)):
        with pytest.raises(BadArgument, match="k is a whole number, 1 or more"):
            metric()


@pytest.mark.parametrize("grades", [[math.nan], [math.inf], [[1]]])
def test_grades_that_are_no_finite_numbers_are_refused(grades: object) -> None:
    with pytest.raises(BadArgument, match="grades"):
        ndcg(grades, [1])  # type: ignore[arg-type]


@given(GRADES, st.integers(1, 12))
def test_every_ranking_metric_lies_between_0_and_1_and_the_ideal_is_1(
    judged: list[int], k: int
) -> None:
    best = sorted(judged, reverse=True)
    assert 0 <= ndcg(judged, judged, k=k) <= 1 + 1e-12
    if max(judged) > 0:
        assert 1 == pytest.approx(ndcg(best, judged, k=k))
        assert 1 == pytest.approx(average_precision(best, judged))
        assert 1 == recall(best, judged, k=len(best))


@given(st.data())
def test_the_figures_are_those_of_trec_eval(data: st.DataObject) -> None:
    trec = pytest.importorskip("pytrec_eval", reason="trec_eval is not installed")
    size = data.draw(st.integers(1, 30))
    judged = {f"d{i}": data.draw(st.integers(0, 3)) for i in range(size)}
    order = data.draw(st.permutations([f"d{i}" for i in range(size + 5)]))
    run = {"q": {key: float(len(order) - i) for i, key in enumerate(order)}}
    names = {"ndcg_cut.10", "recall.10", "map", "recip_rank"}
    reference = trec.RelevanceEvaluator({"q": judged}, names).evaluate(run)["q"]
    found, grades = [judged.get(key, 0) for key in order], list(judged.values())
    assert reference["ndcg_cut_10"] == pytest.approx(ndcg(found, grades, k=10))
    assert reference["recall_10"] == pytest.approx(recall(found, grades, k=10))
    assert reference["map"] == pytest.approx(average_precision(found, grades))
    assert reference["recip_rank"] == pytest.approx(reciprocal_rank(found, k=100))


# --- correlations ---


def test_equal_values_share_their_mean_rank() -> None:
    assert [1.5, 3.0, 1.5, 4.0] == ranks([2, 5, 2, 9]).tolist()


def test_spearman_equals_the_formula() -> None:
    # 1 - 6 * (0 + 1 + 1) / (3 * 8), where nothing is tied.
    assert 0.5 == pytest.approx(spearman([1, 2, 3], [1, 3, 2]))


@given(NUMBERS, st.randoms(use_true_random=False))
def test_correlations_are_those_of_scipy(x: list[float], random: object) -> None:
    stats = pytest.importorskip("scipy.stats", reason="scipy is not installed")
    y = list(x)
    random.shuffle(y)  # type: ignore[attr-defined]
    if len(set(x)) > 1:
        assert stats.spearmanr(x, y).statistic == pytest.approx(spearman(x, y), abs=1e-9)
        assert stats.pearsonr(x, y).statistic == pytest.approx(pearson(x, y), abs=1e-9)


def test_a_correlation_with_a_constant_is_not_defined() -> None:
    assert math.isnan(spearman([1, 1, 1], [1, 2, 3]))
    assert math.isnan(pearson([1, 2, 3], [0.1, 0.1, 0.1]))


def test_a_correlation_survives_numbers_of_any_size() -> None:
    assert 1 == pytest.approx(pearson([1e300, 2e300, 3e300], [1e-300, 2e-300, 3e-300]))


@pytest.mark.parametrize(
    ("x", "y"), [([1, 2], [1]), ([], []), ([1, math.nan], [1, 2]), ([1, math.inf], [1, 2])]
)
def test_a_correlation_takes_two_lists_of_finite_numbers(x: list[float], y: list[float]) -> None:
    with pytest.raises(BadArgument):
        spearman(x, y)
