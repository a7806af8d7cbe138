"""Intervals hold what they promise, differences are paired, and a seed draws the same."""

import math

import numpy as np
import pytest

from cospace.errors import BadArgument
from cospace.measures.bootstrap import (
    LEAST,
    Difference,
    difference,
    interval,
    mean_difference,
    mean_interval,
    resample,
)


def test_the_interval_of_a_mean_is_that_of_theory() -> None:
    values = np.random.default_rng(1).normal(5, 2, 400)
    found = mean_interval(values, resamples=4_000)
    error = values.std() / math.sqrt(400)
    assert found.value == values.mean()
    assert values.mean() - 1.96 * error == pytest.approx(found.low, abs=0.1 * error)
    assert values.mean() + 1.96 * error == pytest.approx(found.high, abs=0.1 * error)


def test_about_95_of_100_intervals_hold_the_truth() -> None:
    random = np.random.default_rng(0)
    samples = [mean_interval(random.normal(0, 1, 60), resamples=200) for _ in range(300)]
    held = np.mean([one.low <= 0 <= one.high for one in samples])
    assert 0.90 <= held <= 0.98


@pytest.mark.parametrize(("count", "share"), [(6, 0.8), (20, 0.95), (50, 0.99)])
def test_about_95_of_100_intervals_of_a_high_share_hold_it(count: int, share: float) -> None:
    random = np.random.default_rng(0)
    samples = [mean_interval(random.random(count) < share, resamples=200) for _ in range(300)]
    held = np.mean([one.low <= share <= one.high for one in samples])
    assert 0.90 <= held


@pytest.mark.parametrize("count", [8, 12, 20])
def test_of_few_items_5_in_100_differences_seem_clear_that_are_none(count: int) -> None:
    random = np.random.default_rng(0)
    found = [
        mean_difference(*random.normal(0, 1, (2, count)), resamples=300, seed=seed)
        for seed in range(600)
    ]
    assert np.mean([one.verdict != "no clear difference" for one in found]) < 0.08
    assert np.mean([one.p < 0.05 for one in found]) < 0.08
    assert np.mean([one.low <= 0 <= one.high for one in found]) > 0.92


def test_items_that_stand_or_fall_together_are_drawn_together() -> None:
    random = np.random.default_rng(0)
    groups = np.repeat(np.arange(12), 10)

    def right() -> np.ndarray:
        return np.float64(np.repeat(random.random(12) < 0.7, 10) ^ (random.random(120) < 0.1))

    clear = [
        [mean_difference(a, b, groups=own, resamples=200).verdict != "no clear difference"
         for own in (groups, None)]
        for a, b in [(right(), right()) for _ in range(200)]
    ]  # fmt: skip
    by_group, by_item = np.mean(clear, axis=0)
    assert by_group < 0.1
    assert by_item > 0.3


def test_groups_of_one_item_are_items() -> None:
    values = np.random.default_rng(0).random(40)
    found = mean_interval(values, groups=np.arange(40))
    assert [mean_interval(values).low, mean_interval(values).high] == pytest.approx(
        [found.low, found.high]
    )


@pytest.mark.parametrize("value", [0, 1])
def test_a_share_of_none_or_of_all_has_a_range(value: int) -> None:
    found = mean_interval([value] * 50)
    assert (value, 0.0713) == (found.value, pytest.approx(found.high - found.low, abs=1e-4))
    assert 0 <= found.low <= value <= found.high <= 1


def test_the_interval_is_that_of_scipy() -> None:
    stats = pytest.importorskip("scipy.stats", reason="scipy is not installed")
    values = np.random.default_rng(2).exponential(1, 200)
    found = mean_interval(values, resamples=5_000)
    reference = stats.bootstrap(
        (values,), np.mean, method="percentile", n_resamples=5_000, rng=np.random.default_rng(3)
    ).confidence_interval
    assert reference.low == pytest.approx(found.low, abs=0.01)
    assert reference.high == pytest.approx(found.high, abs=0.01)


def test_the_same_seed_draws_the_same_and_another_does_not() -> None:
    values = np.arange(30.0)
    assert mean_interval(values, seed=3) == mean_interval(values, seed=3)
    assert mean_interval(values, seed=3) != mean_interval(values, seed=4)


def test_every_figure_of_a_draw_sees_the_same_items() -> None:
    values = np.arange(10.0)
    draws = resample(lambda i: [values[i].sum(), 2 * values[i].sum()], 10, resamples=100)
    assert np.array_equal(2 * draws[:, 0], draws[:, 1])


def test_pairing_sees_a_small_difference_behind_a_large_spread() -> None:
    random = np.random.default_rng(0)
    hard = random.normal(0, 10, 200)  # how hard each query is
    better, worse = hard + random.normal(0.5, 0.5, 200), hard + random.normal(0, 0.5, 200)
    a, b = mean_interval(better), mean_interval(worse)
    assert a.low < b.high  # the two ranges overlap widely
    found = mean_difference(better, worse)
    assert "better" == found.verdict
    assert found.p < 0.01
    assert "worse" == mean_difference(worse, better).verdict


def test_equal_models_show_no_clear_difference() -> None:
    same = [0.1, 0.5, 0.9] * 3
    found = mean_difference(same, same)
    assert ("no clear difference", 1.0) == (found.verdict, found.p)


def test_p_is_about_uniform_where_there_is_no_difference() -> None:
    random = np.random.default_rng(5)
    found = [mean_difference(*random.normal(0, 1, (2, 80)), resamples=200).p for _ in range(200)]
    assert 0.01 <= np.mean(np.array(found) < 0.05) <= 0.11


def test_draws_without_a_figure_are_left_out() -> None:
    draws = np.array([0.1, math.nan, 0.3])
    assert interval(0.2, draws, items=9).high <= 0.3
    nothing = interval(math.nan, np.array([math.nan]), items=9)
    assert {"value": None, "low": None, "high": None} == nothing.to_json()
    none = difference(math.nan, np.array([math.nan]), items=9)
    assert "no clear difference" == none.verdict
    assert none.to_json()["p"] is None


def test_a_difference_has_a_verdict_in_json() -> None:
    record = Difference(0.1, 0.05, 0.15, p=0.01).to_json()
    assert {"value": 0.1, "low": 0.05, "high": 0.15, "p": 0.01, "verdict": "better"} == record


def test_what_cannot_be_drawn_from() -> None:
    with pytest.raises(BadArgument, match="0 items"):
        mean_interval([])
    with pytest.raises(BadArgument, match="at least 100"):
        mean_interval([1.0], resamples=10)
    with pytest.raises(BadArgument, match="same items"):
        mean_difference([1.0, 2.0], [1.0])


@pytest.mark.parametrize("count", [1, 2, 3, 5])
def test_a_few_items_say_nothing_about_a_range_or_a_difference(count: int) -> None:
    found = mean_interval([0.5] * count)
    assert 0.5 == found.value
    assert math.isnan(found.low)
    assert math.isnan(found.high)
    assert (0.5, 0.5, 0.5) == found.bar
    apart = mean_difference([0.9] * count, [0.1] * count)
    assert "no clear difference" == apart.verdict
    assert {"value": 0.8, "low": None, "high": None, "p": None} == {
        name: value if value is None else round(value, 9)
        for name, value in apart.to_json().items()
        if name != "verdict"
    }


def test_the_least_number_of_items_is_the_sign_tests() -> None:
    assert 2 * 0.5 ** (LEAST - 1) > 0.05 >= 2 * 0.5**LEAST
    assert "better" == mean_difference([0.9] * LEAST, [0.1] * LEAST).verdict


def test_draws_of_a_few_items_keep_their_shape() -> None:
    draws = resample(lambda i: np.zeros((2, 3)), 4, resamples=100)
    assert (100, 6) == draws.shape
    assert np.isnan(draws).all()


@pytest.mark.parametrize("count", [6, 8, 10, 20])
@pytest.mark.parametrize("kind", ["normal", "ties"])
def test_of_few_items_chance_alone_is_told_in_no_more_than_5_of_100(kind: str, count: int) -> None:
    random = np.random.default_rng(0)
    told = 0
    for _ in range(400):
        apart = random.normal(0, 1, count)
        if kind == "ties":  # differences of nDCG: most are 0
            apart = np.sign(apart) * random.choice([0, 0, 0, 0.13, 0.37, 0.63, 1], count)
        found = mean_difference(apart, np.zeros(count), resamples=400)
        told += found.verdict != "no clear difference"
    assert told / 400 <= 0.05 + 2 * math.sqrt(0.05 * 0.95 / 400)


def test_a_difference_of_another_figure_is_told_by_a_range_and_a_p_that_agree() -> None:
    random = np.random.default_rng(0)
    told = 0
    for _ in range(300):
        values = random.normal(0, 1, 8)
        draws = resample(lambda i: [np.mean(values[i])], 8, resamples=400)  # noqa: B023
        found = difference(float(values.mean()), draws[:, 0], items=8)
        assert (found.low > 0 or found.high < 0) == (found.p <= 0.05) or abs(found.p - 0.05) < 0.02
        told += found.verdict != "no clear difference"
    assert told / 300 <= 0.09, "the plain range: 13"
