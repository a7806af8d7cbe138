"""The association test: as published, antisymmetric, bounded, and level where nothing is."""

from itertools import combinations
from math import comb, sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from cospace.audit.bias import associate, associations, effect_size
from cospace.audit.bias.association import EXACT, dealt
from cospace.audit.shares import holm
from cospace.errors import BadArgument

Rows = NDArray[np.float64]


def unit(count: int, dim: int, seed: int) -> Rows:
    rows = np.random.default_rng(seed).normal(size=(count, dim))
    found: Rows = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return found


def by_hand(x: Rows, y: Rows, a: Rows, b: Rows) -> tuple[float, float]:
    """The equations of the paper, word by word: (effect size, one-sided p over all partitions)."""

    def cosine(one: Rows, other: Rows) -> float:
        return float(one @ other / np.sqrt(one @ one) / np.sqrt(other @ other))

    def s(w: Rows) -> float:
        return sum(cosine(w, v) for v in a) / len(a) - sum(cosine(w, v) for v in b) / len(b)

    both = [s(w) for w in (*x, *y)]
    mean = sum(both) / len(both)
    spread = sqrt(sum((one - mean) ** 2 for one in both) / (len(both) - 1))
    effect = (sum(both[: len(x)]) / len(x) - sum(both[len(x) :]) / len(y)) / spread
    seen = sum(both[: len(x)]) - sum(both[len(x) :])
    every = list(combinations(range(len(both)), len(x)))
    above = sum(2 * sum(both[i] for i in part) - sum(both) >= seen - 1e-12 for part in every)
    return effect, above / len(every)


@pytest.mark.parametrize("seed", range(5))
def test_it_is_what_the_equations_of_the_paper_give(seed: int) -> None:
    sets = [unit(n, 12, 10 * seed + n) for n in (5, 6, 4, 7)]
    found = associate(*sets)
    effect, p = by_hand(*sets)
    assert abs(effect - found.effect) < 1e-6
    assert abs(p - found.p) < 1e-12
    assert found.exact
    assert comb(11, 5) == found.ways


small = st.integers(4, 7)
seeds = st.integers(0, 2**32 - 1)


@settings(max_examples=40)
@given(small, small, seeds)
def test_with_the_attributes_exchanged_the_effect_is_the_contrary(
    n: int, m: int, seed: int
) -> None:
    x, y, a, b = (unit(k, 6, seed + i) for i, k in enumerate((n, m, 3, 5)))
    one, other = associate(x, y, a, b), associate(x, y, b, a)
    assert abs(one.effect + other.effect) < 1e-9
    assert one.p_two_sided == other.p_two_sided
    assert one.p + other.p >= 1  # the deal that was seen is in both


@settings(max_examples=60)
@given(
    st.lists(st.floats(-2, 2), min_size=2, max_size=20),
    st.lists(st.floats(-2, 2), min_size=2, max_size=20),
)
def test_the_effect_is_bounded_and_by_two_for_sets_of_one_size(
    x: list[float], y: list[float]
) -> None:
    first, second = np.array(x), np.array(y)
    share = len(x) / (len(x) + len(y))
    assert abs(effect_size(first, second)) <= 1 / sqrt(share * (1 - share)) + 1e-9
    size = min(len(x), len(y))
    assert abs(effect_size(first[:size], second[:size])) <= 2


@settings(max_examples=30)
@given(small, seeds)
def test_associations_do_not_hang_on_the_length_or_order_of_sets(n: int, seed: int) -> None:
    rows, a, b = unit(n, 5, seed), unit(3, 5, seed + 1), unit(4, 5, seed + 2)
    found = associations(rows, a, b)
    assert np.abs(found - associations(rows, np.tile(a, (2, 1)), b[::-1])).max() < 1e-9
    assert np.abs(found).max() <= 2


def test_where_nothing_is_p_is_uniform() -> None:
    random = np.random.default_rng(3)
    p = np.array([dealt(*random.normal(size=(2, 6))).p for _ in range(400)])
    # Kolmogorov-Smirnov against the uniform distribution: 1.36 / sqrt(n) at 5%; p is discrete,
    # in steps of 1 / 924, and never below the uniform one.
    apart = np.abs(np.sort(p) - np.arange(1, 401) / 400).max()
    assert apart < 1.36 / sqrt(400)
    assert np.mean(p <= 0.05) < 0.08


def test_p_that_is_drawn_is_near_the_exact_one_and_never_zero() -> None:
    random = np.random.default_rng(1)
    x, y = random.normal(0.4, 1, 9), random.normal(0, 1, 9)
    exact = dealt(x, y)
    many = [random.normal(0.4, 1, 20), random.normal(0, 1, 20)]
    assert comb(40, 20) > EXACT
    drawn = dealt(*many, draws=999)
    assert not drawn.exact
    assert drawn.p == dealt(*many, draws=999).p, "the same seed draws the same"
    assert 999 == drawn.ways
    assert 1 / 1_000 == dealt(many[0] + 50, many[1], draws=999).p
    assert 1 / comb(18, 9) <= exact.p <= 1


def test_targets_that_are_all_alike_have_no_effect() -> None:
    rows = np.tile(unit(1, 4, 0), (4, 1))
    found = associate(rows, rows, unit(2, 4, 1), unit(2, 4, 2))
    assert (0.0, 1.0, 1.0) == (found.effect, found.p, found.p_two_sided)


def test_an_empty_set_is_told() -> None:
    with pytest.raises(BadArgument, match="B is empty"):
        associate(unit(4, 3, 0), unit(4, 3, 1), unit(2, 3, 2), np.zeros((0, 3)))
    with pytest.raises(BadArgument, match="draws"):
        associate(*(unit(4, 3, i) for i in range(4)), draws=0)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_corrected_p_is_no_smaller_in_the_same_order_and_at_most_as_of_bonferroni(
    p: list[float],
) -> None:
    found = holm(p)
    assert all(a <= b <= 1 for a, b in zip(p, found, strict=True))
    assert all(b <= len(p) * max(p) + 1e-12 for b in found)
    order = np.argsort(p, kind="stable")
    assert (np.diff(np.array(found)[order]) >= 0).all()
