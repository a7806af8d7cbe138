"""Bootstrap: how far a figure could move, had other queries or pairs been drawn.

The test set is a sample. Drawing from it again, with replacement, many times, and taking the
figure of each draw, shows how much of it is luck. Two models are compared on the same draws:
hard queries are hard for both, so the difference is known better than either figure.

Few items spread less than what they were drawn from, so an interval is as much wider as Student's t
is for so many (`student`).

Source: Efron and Tibshirani, An introduction to the bootstrap, 1993 (percentile intervals);
Sakai, Evaluating evaluation metrics based on the bootstrap, SIGIR 2006 (paired, for retrieval).

Where all items are right, so are those of every draw: how much of that is luck the draws cannot
show, and the range of such a share is Wilson's.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cospace.arguments import check_count
from cospace.errors import BadArgument
from cospace.measures.student import p_of, tail

__all__ = [
    "LEAST",
    "RESAMPLES",
    "Difference",
    "Interval",
    "check_seed",
    "difference",
    "interval",
    "mean_difference",
    "mean_interval",
    "resample",
    "wilson",
]

RESAMPLES = 1_000
_LEVEL = 0.95
# With fewer items nothing can be said at 95%: were all of them on one side, chance alone would
# put them there in 2 * 0.5**5 = 6% of cases (the sign test).
LEAST = 6


@dataclass(frozen=True, slots=True)
class Interval:
    """A figure, and the range from `low` to `high` that holds the true one in 95 of 100 cases."""

    value: float
    low: float
    high: float

    def times(self, by: float) -> Interval:
        """The same in another unit."""
        return Interval(by * self.value, by * self.low, by * self.high)

    @property
    def bar(self) -> tuple[float, float, float]:
        """(value, low, high) for a plot: no width where the range is not known."""
        known = np.isfinite(self.low) and np.isfinite(self.high)
        return (self.value, self.low, self.high) if known else (self.value,) * 3

    def to_json(self) -> dict[str, float | None]:
        """`value`, `low`, `high`; None in place of a figure that is not defined."""
        return {name: _number(getattr(self, name)) for name in ("value", "low", "high")}


@dataclass(frozen=True, slots=True)
class Difference(Interval):
    """How much higher one figure is than another, on the same items.

    `p` is two-sided: about how often a difference this far from 0 would come up by the draw of
    the items alone. `verdict` is "better" or "worse" when the range leaves 0 out.
    """

    p: float

    @property
    def verdict(self) -> str:
        """ "better", "worse" or "no clear difference"."""
        if self.low > 0:
            return "better"
        return "worse" if self.high < 0 else "no clear difference"

    def to_json(self) -> dict[str, Any]:
        """The range, `p` and the verdict."""
        return {**Interval.to_json(self), "p": _number(self.p), "verdict": self.verdict}


def check_seed(seed: int) -> None:
    """Raises `BadArgument` for what is no seed of numpy: a whole number, 0 or more."""
    check_count("seed", seed, 0)


def resample(
    statistic: Callable[[NDArray[np.intp]], ArrayLike],
    count: int,
    *,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> NDArray[np.float64]:
    """`statistic` of `resamples` draws from `count` items: float64 [resamples, m].

    `statistic` is given positions [count] (some twice, some never) and gives m figures, one a
    model for example; all of them see the same draws. The same seed draws the same. With fewer
    than `LEAST` items all is NaN: they cannot tell a range, nor that one model is better.

    Raises `BadArgument` for no items or fewer than 100 resamples.

    >>> values = np.arange(8.0)
    >>> resample(lambda drawn: [values[drawn].mean()], 8, resamples=100).shape
    (100, 1)
    """
    if count < 1:
        raise BadArgument("there is nothing to draw from: 0 items")
    if resamples < 100:
        raise BadArgument(f"an interval needs at least 100 resamples, not {resamples}")
    if count < LEAST:
        return np.full((resamples, np.size(statistic(np.arange(count)))), np.nan)
    random = np.random.default_rng(seed)
    draws = [statistic(random.integers(count, size=count)) for _ in range(resamples)]
    return np.array(draws, np.float64).reshape(resamples, -1)


def wilson(k: int, n: int) -> Interval:
    """The share k / n with its 95% interval, of some width also for 0 and for all.

    Source: Wilson, Probable inference, the law of succession, and statistical inference, 1927.

    >>> found = wilson(0, 58)
    >>> found.low, round(found.high, 3)
    (0.0, 0.062)
    """
    z, share = 1.96, k / n
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    low = max(0.0, middle - half) if k else 0.0
    return Interval(share, low, min(1.0, middle + half) if k < n else 1.0)


def interval(
    value: float, draws: NDArray[np.float64], *, items: int, shares: bool = False
) -> Interval:
    """The percentile interval of `value` from its values [resamples] of draws of so many items.

    Draws in which the figure is not defined (NaN) are left out; NaN when none is left. With
    `shares`, the value is the mean of figures from 0 to 1, one an item: where all of these are 0,
    or all are 1, the interval is Wilson's.
    """
    low, high = _range(draws, items)
    if shares and value in (0, 1) and low == high:
        return wilson(int(value) * items, items)
    return Interval(value, low, high)


def difference(value: float, draws: NDArray[np.float64], *, items: int) -> Difference:
    """As `interval`, for a difference: with `p`, from the share of draws on 0's other side."""
    known = draws[np.isfinite(draws)]
    if not known.size:
        return Difference(value, *_range(draws, items), float("nan"))
    # One is added to both: a p of exactly 0 cannot be known from so many draws.
    side = min(np.count_nonzero(known <= 0), np.count_nonzero(known >= 0))
    p = p_of((side + 1) / (known.size + 1), items)
    return Difference(value, *_range(draws, items), p)


def mean_interval(
    values: ArrayLike,
    *,
    groups: NDArray[np.intp] | None = None,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Interval:
    """The mean of `values` [n] from 0 to 1 (one a query, say) with its interval.

    With `groups` [n] whole groups are drawn: of items that stand or fall together, such as photos
    of one article, ten tell little more than one.

    >>> mean_interval([0.5] * 20)
    Interval(value=0.5, low=0.5, high=0.5)
    >>> found = mean_interval([1] * 20)
    >>> round(found.low, 2), found.high
    (0.84, 1.0)
    """
    known = np.asarray(values, np.float64)
    draws, count = _means(known, groups, resamples, seed)
    return interval(float(known.mean()), draws, items=count, shares=True)


def mean_difference(
    a: ArrayLike,
    b: ArrayLike,
    *,
    groups: NDArray[np.intp] | None = None,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Difference:
    """Is `a` better than `b`? The mean of a - b [n], both measured on the same n items.

    `groups` are as of `mean_interval`. Raises `BadArgument` when the two are not of one length.

    >>> mean_difference([0.9, 0.8, 0.7] * 10, [0.5, 0.5, 0.6] * 10).verdict
    'better'
    """
    first, second = np.asarray(a, np.float64), np.asarray(b, np.float64)
    if first.shape != second.shape:
        raise BadArgument(f"pairs come from the same items: {first.shape} against {second.shape}")
    apart = first - second
    draws, count = _means(apart, groups, resamples, seed)
    return difference(float(apart.mean()), draws, items=count)


def _means(
    values: NDArray[np.float64], groups: NDArray[np.intp] | None, resamples: int, seed: int
) -> tuple[NDArray[np.float64], int]:
    """The means of draws [resamples] of the items, or of whole groups, and how many these are."""
    if groups is None:
        count = values.size
        draws = resample(lambda i: [values[i].mean()], count, resamples=resamples, seed=seed)
        return draws[:, 0], count
    own = np.unique(groups, return_inverse=True)[1].reshape(-1)
    sums, sizes = np.bincount(own, values), np.bincount(own)
    draws = resample(
        lambda i: [sums[i].sum() / sizes[i].sum()], len(sizes), resamples=resamples, seed=seed
    )
    return draws[:, 0], len(sizes)


def _range(draws: NDArray[np.float64], items: int) -> tuple[float, float]:
    known = draws[np.isfinite(draws)]
    if not known.size:
        return float("nan"), float("nan")
    edge = 100 * tail(1 - _LEVEL, items)
    low, high = np.percentile(known, [edge, 100 - edge])
    return float(low), float(high)


def _number(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
