"""The ends of an interval of few items, by Student's t, and the p that belongs to them."""

import pytest

from cospace.measures.student import p_of, quantile, tail


def test_a_p_is_that_of_the_interval_which_ends_there() -> None:
    for items in (6, 9, 30, 1_000):
        for alpha in (0.01, 0.05, 0.4):
            assert alpha == pytest.approx(p_of(tail(alpha, items), items), abs=1e-6)


def test_many_items_are_drawn_as_ever_and_few_more_widely() -> None:
    tails = [tail(0.05, items) for items in (6, 10, 40, 1_000, 1_000_000)]
    assert sorted(tails) == tails
    assert 0.025 == pytest.approx(tails[-1], abs=1e-6)


def test_the_quantiles_are_those_of_scipy() -> None:
    stats = pytest.importorskip("scipy.stats", reason="scipy is not installed")
    for freedom in (5, 19, 75):
        for share in (0.95, 0.975):
            assert stats.t.ppf(share, freedom) == pytest.approx(quantile(share, freedom), abs=4e-3)
