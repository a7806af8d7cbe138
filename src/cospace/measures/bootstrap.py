"""Bootstrap: how far a figure could move, had other queries or pairs been drawn.

The test set is a sample. Drawing from it again, with replacement, many times, and taking the
figure of each draw, shows how much of it is luck. Two models are compared on the same draws:
hard queries are hard for both, so the difference is known better than either figure.

Source: Efron and Tibshirani, An introduction to the bootstrap, 1993 (percentile intervals);
Sakai, Evaluating evaluation metrics based on the bootstrap, SIGIR 2006 (paired, for retrieval).

Few items vary less than what they are drawn from, and their draws less again: a range is made as
much wider as Student's t is for so many (`student`). A difference of means is told only where a
randomization test tells it too (Smucker, Allan and Carterette, CIKM 2007), with all signs tried up
to 12 items. Measured on 2,000 samples of 6 to 10 items without a difference: normal values are told
apart in 3 to 5% (the plain range: 10 to 14%), values of which 60% are 0 in 0 to 1% (9 to 11%),
exponential ones, whose signs are not alike, in 7 to 9% (14 to 21%). Of normal values 0.8 deviations
apart, 26, 46 and 60% are told of 6, 8 and 10 items, 91% of 20.

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

from cospace.arguments import check_count, check_numbers
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
    "randomized",
    "resample",
    "wilson",
]

RESAMPLES = 1_000
_LEVEL = 0.95
# With fewer items nothing can be said at 95%: were all of them on one side, chance alone would
# put them there in 2 * 0.5**5 = 6% of cases (the sign test).
LEAST = 6
_EXACT = 12  # differing items, up to which all signs are tried
_FLIPS = 4_000
_AT_ONCE = 500


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
    the items alone. `verdict` is "better" or "worse" when the range leaves 0 out and p is 5% or
    less.
    """

    p: float

    @property
    def verdict(self) -> str:
        """ "better", "worse" or "no clear difference"."""
        if not self.p <= 1 - _LEVEL + 1e-9:
            return "no clear difference"
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
    if not check_count("count", count, 0):
        raise BadArgument("there is nothing to draw from: 0 items")
    if check_count("resamples", resamples, 0) < 100:
        raise BadArgument(f"an interval needs at least 100 resamples, not {resamples}")
    check_seed(seed)
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


def difference(
    value: float,
    draws: NDArray[np.float64],
    *,
    items: int,
    apart: NDArray[np.float64] | None = None,
    seed: int = 0,
) -> Difference:
    """As `interval`, for a difference, with `p`.

    `apart` are the differences [items] whose mean is `value`, or their sums in groups: p is that
    of `randomized`. Of another figure, such as a median, it is told from the share of draws on
    0's other side.
    """
    known = draws[np.isfinite(draws)]
    if not known.size or items < LEAST:
        return Difference(value, float("nan"), float("nan"), float("nan"))
    low, high = _range(known, items)
    if apart is not None:
        return Difference(value, low, high, randomized(apart, seed=seed))
    # One is added to both: a p of exactly 0 cannot be known from so many draws.
    side = min(np.count_nonzero(known <= 0), np.count_nonzero(known >= 0))
    return Difference(value, low, high, p_of((side + 1) / (known.size + 1), items))


def randomized(apart: ArrayLike, *, seed: int = 0) -> float:
    """The two-sided p of the randomization test of the differences [n] between two systems.

    Were the two alike, each difference could as well have the other sign: how often do chance
    signs give as large a sum? Of up to 12 that are not 0 all signs are tried.

    Source: Smucker, Allan and Carterette, A comparison of statistical significance tests for
    information retrieval evaluation, CIKM 2007.

    >>> randomized([0.1, 0.2, 0.3, 0.4, 0.5, 0.6]) == 2 / 2**6
    True
    """
    given = check_numbers("apart", apart)
    check_seed(seed)
    values = given[given != 0]
    if not len(values):
        return 1.0
    least = abs(values.sum()) - 1e-9
    if len(values) <= _EXACT:
        bits = np.arange(2 ** len(values))[:, None] >> np.arange(len(values)) & 1
        return float(np.mean(np.abs((2 * bits - 1) @ values) >= least))
    random = np.random.default_rng(seed)
    reached = 1  # the signs that were seen are one of those that could be
    for _ in range(_FLIPS // _AT_ONCE):
        signs = 2.0 * random.integers(2, size=(_AT_ONCE, len(values))) - 1
        reached += int(np.count_nonzero(np.abs(signs @ values) >= least))
    return reached / (_FLIPS + 1)


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
    known = check_numbers("values", values)
    draws, count, _ = _means(known, groups, resamples, seed)
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
    first, second = check_numbers("a", a), check_numbers("b", b)
    if first.shape != second.shape or first.ndim != 1:
        raise BadArgument(f"pairs come from the same items: {first.shape} against {second.shape}")
    apart = first - second
    draws, count, own = _means(apart, groups, resamples, seed)
    return difference(float(apart.mean()), draws, items=count, apart=own, seed=seed)


def _means(
    values: NDArray[np.float64], groups: NDArray[np.intp] | None, resamples: int, seed: int
) -> tuple[NDArray[np.float64], int, NDArray[np.float64]]:
    """The means of draws [resamples] of items, or of whole groups; their number, and their sums."""
    if groups is None:
        count = values.size
        draws = resample(lambda i: [values[i].mean()], count, resamples=resamples, seed=seed)
        return draws[:, 0], count, values
    own = np.unique(groups, return_inverse=True)[1].reshape(-1)
    sums, sizes = np.bincount(own, values).astype(np.float64), np.bincount(own)
    draws = resample(
        lambda i: [sums[i].sum() / sizes[i].sum()], len(sizes), resamples=resamples, seed=seed
    )
    return draws[:, 0], len(sizes), sums


def _range(draws: NDArray[np.float64], items: int) -> tuple[float, float]:
    known = draws[np.isfinite(draws)]
    if not known.size:
        return float("nan"), float("nan")
    edge = 100 * tail(1 - _LEVEL, items)
    low, high = np.percentile(known, [edge, 100 - edge])
    return float(low), float(high)


def _number(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
