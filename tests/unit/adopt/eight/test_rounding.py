"""Bytes in place of floats: ranges, weights that keep what they give, sums that fit 16 bits."""

import numpy as np
import pytest

from cospace.adopt.eight import rounding
from cospace.adopt.eight.rounding import Rounding, apart, copies, product, quantize_rows, smoothing

RANDOM = np.random.default_rng(0)


@pytest.mark.parametrize(("low", "high"), [(-1.0, 1.0), (-0.2, 3.0), (0.0, 5.0), (-4.0, 0.5)])
def test_a_rounding_reaches_what_was_seen_with_its_zero_off_the_middle(
    low: float, high: float
) -> None:
    made = Rounding.of(low, high)
    step = (made.high - made.low) / 255
    zero = -made.low / step
    assert made.low <= low + 1e-9 and made.high >= high - 1e-9
    assert np.isclose(zero, round(zero))
    assert abs(zero - 127.5) >= rounding.ASIDE - 0.6


def test_signed_bytes_have_their_zero_at_128() -> None:
    made = Rounding.signed(2.0)
    assert np.isclose(-made.low / ((made.high - made.low) / 255), 128)


def test_products_of_bytes_are_close_and_fit_sixteen_bits() -> None:
    x = RANDOM.normal(size=(500, 16)) * RANDOM.uniform(0.2, 2, 16)
    weight, bias = RANDOM.normal(size=(8, 16)), RANDOM.normal(size=8)
    made_for = Rounding.of(x.min(), x.max())
    top = made_for.top(x.max(0))
    made = product(weight, bias, x.T @ x / len(x), top)
    assert made.levels.dtype == np.int8
    exact, found = x @ weight.T + bias, x @ (made.levels * made.step).T + made.bias
    assert np.abs(found - exact).max() < 0.05 * np.abs(exact).max()
    pairs = made.levels[:, ::2] * top[::2], made.levels[:, 1::2] * top[1::2]
    assert np.abs(pairs[0] + pairs[1]).max() <= rounding.MOST


def test_channels_that_reach_far_are_divided() -> None:
    assert [1, 1, 2] == smoothing(np.array([1.0, 4.0, 8.0]), 4.0).tolist()
    assert [1, 3, 1] == copies(np.array([1.0, 9.0, 2.0]), 2).tolist()
    assert sorted(apart(RANDOM.uniform(size=(3, 6))).tolist()) == list(range(6))


def test_a_table_in_bytes_is_close_row_by_row() -> None:
    table = RANDOM.normal(size=(20, 8)).astype(np.float32) * np.logspace(-3, 3, 20)[:, None]
    levels, scale, zero = quantize_rows(table)
    back = (levels.astype(np.float32) - zero) * scale
    assert (np.abs(back - table) <= scale * 0.51).all()


def test_a_row_of_zeros_stays_zeros() -> None:
    levels, scale, zero = quantize_rows(np.zeros((2, 4), np.float32))
    assert not ((levels.astype(np.float32) - zero) * scale).any()
