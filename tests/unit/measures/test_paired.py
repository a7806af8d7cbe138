"""A verdict on two systems is one that its interval bears: by simulation, and by formulas."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cospace.errors import BadArgument
from cospace.measures.bootstrap import randomized
from cospace.measures.paired import (
    BETTER,
    FEWEST,
    NOT_WORSE,
    UNDECIDED,
    WORSE,
    Paired,
    _most_share,
    paired,
    questions_needed,
)

GRADES = st.lists(st.tuples(*[st.floats(0, 1, width=32)] * 2), min_size=1, max_size=60)


def told(found: Paired) -> None:
    """What each verdict claims, held against the intervals."""
    low, high = found.difference.low, found.difference.high
    if found.verdict == BETTER:
        assert low > 0
    elif found.verdict == WORSE:
        assert high < 0
    elif found.verdict == NOT_WORSE:
        assert found.margin.low > -found.wanted
    else:
        assert found.verdict == UNDECIDED
        assert found.more > 0
    assert (found.more == 0) == (found.verdict != UNDECIDED)


@given(GRADES, st.sampled_from([0.01, 0.02, 0.1]))
@settings(max_examples=60, deadline=None)
def test_no_verdict_is_given_that_the_interval_does_not_bear(
    pairs: list[tuple[float, float]], wanted: float
) -> None:
    old, new = zip(*pairs, strict=True)
    found = paired(old, new, wanted=wanted)
    told(found)
    if found.questions < FEWEST:
        assert found.verdict == UNDECIDED


@given(GRADES)
@settings(max_examples=30, deadline=None)
def test_old_and_new_changed_over_change_better_and_worse(pairs: list[tuple[float, float]]) -> None:
    old, new = zip(*pairs, strict=True)
    one, other = paired(old, new), paired(new, old)
    assert one.p == pytest.approx(other.p)
    assert one.equivalent == other.equivalent
    if one.verdict == BETTER:
        assert other.verdict != BETTER


@pytest.mark.parametrize("count", [20, 60])
@pytest.mark.parametrize("differing", [0.15, 1.0])
def test_equal_systems_are_told_apart_in_at_most_5_of_100_runs(
    count: int, differing: float
) -> None:
    """bench/migration.py has more runs, and more ways to be equal."""
    random, runs, apart = np.random.default_rng(count), 200, 0
    for seed in range(runs):
        old = random.beta(0.5, 0.5, count)
        new = np.where(random.random(count) < differing, random.beta(0.5, 0.5, count), old)
        apart += paired(old, new, seed=seed).verdict in (BETTER, WORSE)
    assert apart <= 0.05 * runs + 3 * math.sqrt(0.05 * 0.95 * runs)


def test_a_loss_as_large_as_wanted_is_seldom_called_not_worse() -> None:
    random, runs, wrong = np.random.default_rng(0), 200, 0
    for seed in range(runs):
        lost = -1.0 * (random.random(100) < 0.02)  # rare, and whole: the hardest kind to see
        wrong += paired(np.ones(100), 1 + lost, seed=seed).verdict == NOT_WORSE
    assert wrong <= 0.05 * runs + 3 * math.sqrt(0.05 * 0.95 * runs)


def test_as_many_questions_as_were_told_show_the_wanted_difference_in_80_of_100_runs() -> None:
    random, runs, shown = np.random.default_rng(1), 100, 0
    needed = questions_needed(random.normal(0, 0.06, 200), 0.02)
    for seed in range(runs):
        apart = random.normal(0.02, 0.06, needed)
        shown += paired(np.zeros(needed), apart, seed=seed).verdict == BETTER
    assert 0.68 <= shown / runs <= 0.95


def test_how_many_are_needed_is_guenthers_formula() -> None:
    values = np.array([0.3, -0.3] * 50)
    s = values.std(ddof=1)
    expected = (1.959964 + 0.841621) ** 2 * s**2 / 0.05**2 + 1.959964**2 / 2
    assert math.ceil(expected) == questions_needed(values, 0.05)
    assert questions_needed(values, 0.02) > questions_needed(values, 0.05)


def test_equal_answers_to_a_few_questions_do_not_show_that_nothing_is_lost() -> None:
    few, many = paired([0.5] * 60, [0.5] * 60), paired([0.5] * 160, [0.5] * 160)
    assert few.verdict == UNDECIDED
    assert few.questions + few.more == 149
    assert many.verdict == NOT_WORSE
    assert many.equivalent


def test_a_real_loss_that_is_smaller_than_wanted_passes_and_is_told() -> None:
    found = paired([0.5] * 200, np.tile([0.494, 0.496], 100))
    assert found.verdict == NOT_WORSE
    assert found.lost


def test_the_helpers_are_those_of_scipy() -> None:
    stats = pytest.importorskip("scipy.stats", reason="scipy is not installed")
    assert stats.beta.ppf(0.95, 4, 57) == pytest.approx(_most_share(3, 60, 0.05))
    apart = np.random.default_rng(0).normal(0.1, 0.3, 40)
    theirs = stats.permutation_test(
        (apart,), np.mean, permutation_type="samples", n_resamples=20_000, rng=1
    )
    assert theirs.pvalue == pytest.approx(randomized(apart, seed=0), abs=0.02)


@pytest.mark.parametrize("wanted", [0, 1, -0.1, float("nan")])
def test_a_wanted_difference_that_cannot_be_is_refused(wanted: float) -> None:
    with pytest.raises(BadArgument, match="wanted"):
        paired([0.5] * 30, [0.5] * 30, wanted=wanted)


def test_lists_of_two_lengths_are_refused() -> None:
    with pytest.raises(BadArgument, match="same questions"):
        paired([0.5] * 3, [0.5] * 4)
