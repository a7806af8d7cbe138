"""Shares of what was counted: how likely so many are by chance."""

from __future__ import annotations

from collections.abc import Sequence
from math import exp, fsum, lgamma, log, log1p

import numpy as np

__all__ = ["at_least", "holm"]


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
