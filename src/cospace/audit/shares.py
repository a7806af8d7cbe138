"""Shares of what was counted: how far they could move, and how likely so many are by chance."""

from __future__ import annotations

from collections.abc import Sequence
from math import exp, fsum, lgamma, log, log1p, sqrt

import numpy as np

from cospace.measures.bootstrap import Interval

__all__ = ["at_least", "holm", "wilson"]


def wilson(k: int, n: int) -> Interval:
    """The share k / n with its 95% interval, of some width also for 0 and for all.

    Source: Wilson, Probable inference, the law of succession, and statistical inference, 1927.

    >>> found = wilson(0, 58)
    >>> found.low, round(found.high, 3)
    (0.0, 0.062)
    """
    z, share = 1.96, k / n
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    low = max(0.0, middle - half) if k else 0.0
    return Interval(share, low, min(1.0, middle + half) if k < n else 1.0)


def at_least(k: int, n: int, share: float) -> float:
    """How likely `k` or more of `n` are, when each has the chance `share` (binomial, exact).

    Each term is made from its logarithm, so a large n does not overflow.

    >>> round(at_least(3, 10, 0.1), 4), round(at_least(300, 5_000, 0.05), 6)
    (0.0702, 0.000878)
    """
    if k <= 0 or k > n or not 0 < share < 1:
        return float(k <= 0 or (k <= n and share >= 1))
    hit, miss, whole = log(share), log1p(-share), lgamma(n + 1)
    terms = (
        exp(whole - lgamma(i + 1) - lgamma(n - i + 1) + i * hit + (n - i) * miss)
        for i in range(k, n + 1)
    )
    return min(1.0, fsum(terms))


def holm(p: Sequence[float]) -> list[float]:
    """The p-values corrected for how many there are: Holm, A simple sequentially rejective
    multiple test procedure, 1979.

    >>> holm([0.01, 0.04, 0.03])
    [0.03, 0.06, 0.06]
    """
    order = np.argsort(p, kind="stable").tolist()
    found, last = [0.0] * len(p), 0.0
    for place, at in enumerate(order):
        last = max(last, min(1.0, (len(p) - place) * p[at]))
        found[at] = last
    return found
