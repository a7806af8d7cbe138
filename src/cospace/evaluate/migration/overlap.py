"""How much two answers to one question have in common."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

__all__ = ["overlap_of", "rank_biased_of"]

_PATIENCE = 0.9  # the next hit is looked at in 9 of 10 cases


def overlap_of(first: Sequence[str], second: Sequence[str]) -> float:
    """The share of the longer list that both hold; 1 where both are empty.

    >>> overlap_of(["a", "b"], ["b", "c"])
    0.5
    """
    most = max(len(first), len(second))
    return len(set(first) & set(second)) / most if most else 1.0


def rank_biased_of(first: Sequence[str], second: Sequence[str]) -> float:
    """Rank-biased overlap as far as the lists go, in [0, 1]: agreement counts more above.

    The sum of p^(d-1) times the overlap of the first d, over the sum of p^(d-1); p is 0.9.

    Source: Webber, Moffat and Zobel, A similarity measure for indefinite rankings, 2010.

    >>> rank_biased_of(["a", "b"], ["a", "c"]) > rank_biased_of(["b", "a"], ["c", "a"])
    True
    """
    most = max(len(first), len(second))
    if not most:
        return 1.0
    weights = _PATIENCE ** np.arange(most)
    shares = [overlap_of(first[:d], second[:d]) for d in range(1, most + 1)]
    return float(weights @ shares / weights.sum())
