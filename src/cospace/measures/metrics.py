"""Metrics: one number for one ranking, or for two lists of numbers. Plain numpy, with formulas.

For rankings, `found` holds the grades of what was found, best first (0 for what nobody judged
relevant), and `judged` the grades of everything that was judged for the query, in any order.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cospace.arguments import check_count, check_numbers
from cospace.errors import BadArgument

__all__ = [
    "auc",
    "average_precision",
    "ndcg",
    "pearson",
    "ranks",
    "recall",
    "reciprocal_rank",
    "spearman",
]


def ndcg(found: ArrayLike, judged: ArrayLike, *, k: int = 10) -> float:
    """Normalised discounted cumulative gain of the first `k`, in [0, 1].

    DCG = sum of grade_i / log2(i + 1) over the ranks i = 1..k; it is divided by the DCG of the
    best order that the judged documents could have. So a grade of 2 gains twice what 1 gains
    (linear gains, as BEIR and trec_eval count them), and a find at rank 3 counts half.
    For exponential gains (Burges et al. 2005) give ``2**grade - 1`` in both lists.
    A query that nothing is relevant to scores 0, as with trec_eval.

    Source: Järvelin and Kekäläinen, Cumulated gain-based evaluation of IR techniques, 2002.

    >>> round(ndcg([0, 2, 1], [1, 2]), 4)
    0.6697
    """
    best = _dcg(np.sort(_gains(judged))[::-1][: _depth(k)])
    return _dcg(_gains(found)[:k]) / best if best > 0 else 0.0


def recall(found: ArrayLike, judged: ArrayLike, *, k: int = 100) -> float:
    """The share of the relevant documents (grade above 0) that is among the first `k`.

    >>> recall([0, 2, 1], [1, 2, 1], k=2)
    0.3333333333333333
    """
    relevant = np.count_nonzero(_gains(judged))
    return float(np.count_nonzero(_gains(found)[: _depth(k)]) / relevant) if relevant else 0.0


def reciprocal_rank(found: ArrayLike, *, k: int = 10) -> float:
    """1 / the rank of the first relevant document; 0 when the first `k` hold none.

    Its mean over queries is MRR@k (Voorhees, TREC-8 question answering, 1999).

    >>> reciprocal_rank([0, 2, 1]), reciprocal_rank([0, 0])
    (0.5, 0.0)
    """
    hits = np.flatnonzero(_gains(found)[: _depth(k)])
    return float(1 / (hits[0] + 1)) if hits.size else 0.0


def average_precision(found: ArrayLike, judged: ArrayLike, *, k: int = 1_000) -> float:
    """The mean, over all relevant documents, of the precision at the rank of each.

    One that is not among the first `k` adds 0. The mean over queries is MAP.

    >>> round(average_precision([1, 0, 1], [1, 1, 1]), 4)
    0.5556
    """
    relevant = np.count_nonzero(_gains(judged))
    places = np.flatnonzero(_gains(found)[: _depth(k)]) + 1
    return float(np.sum(np.arange(1, places.size + 1) / places) / relevant) if relevant else 0.0


def pearson(x: ArrayLike, y: ArrayLike) -> float:
    """Pearson's correlation in [-1, 1]: how well a straight line fits `y` [n] to `x` [n].

    It is the cosine of the two lists once each has its mean taken off. NaN where a list is
    constant, and so has no direction.

    >>> round(pearson([1, 2, 3], [1, 2, 4]), 4)
    0.982
    """
    a, b = _pair(x, y)
    if a.min() == a.max() or b.min() == b.max():
        return float("nan")
    # Divided by its largest entry first, so that no square can overflow or vanish.
    a, b = (_scaled(one - one.mean()) for one in (a, b))
    length = np.sqrt((a @ a) * (b @ b))
    return float(np.clip((a @ b) / length, -1, 1)) if length > 0 else float("nan")


def spearman(x: ArrayLike, y: ArrayLike) -> float:
    """Spearman's rank correlation in [-1, 1]: Pearson's correlation of the ranks.

    It asks whether the two lists [n] order things alike, whatever their scales; so it is the
    usual figure for STS. Equal values share the mean of their ranks. NaN where a list is
    constant.

    Source: Spearman, The proof and measurement of association between two things, 1904.

    >>> spearman([0.1, 0.2, 0.9], [1, 2, 3])
    1.0
    """
    a, b = _pair(x, y)
    return pearson(ranks(a), ranks(b))


def auc(scores: ArrayLike, positive: ArrayLike) -> float:
    """The area under the ROC curve: how often one of `positive` scores above another; ties half.

    `scores` [n], `positive` bool [n]. NaN where all are positive, or none is.

    Source: Hanley and McNeil, The meaning and use of the area under a receiver operating
    characteristic (ROC) curve, 1982.

    >>> auc([1.0, 2.0, 2.0, 3.0], [False, True, False, True])
    0.875
    """
    check_numbers("scores", scores)
    chosen = check_numbers("positive", positive).astype(bool)
    many = int(chosen.sum())
    if many == 0 or many == len(chosen):
        return float("nan")
    below = float(ranks(scores)[chosen].sum()) - many * (many + 1) / 2
    return below / (many * (len(chosen) - many))


def ranks(values: ArrayLike) -> NDArray[np.float64]:
    """The rank of each value from 1, the smallest first; equal values share their mean rank.

    >>> ranks([30, 10, 20, 20]).tolist()
    [4.0, 1.0, 2.5, 2.5]
    """
    _, group, sizes = np.unique(np.asarray(values), return_inverse=True, return_counts=True)
    last = np.cumsum(sizes)
    shared: NDArray[np.float64] = (last - (sizes - 1) / 2)[group.reshape(-1)]
    return shared


def _dcg(gains: NDArray[np.float64]) -> float:
    return float(gains @ (1 / np.log2(np.arange(2, gains.size + 2))))


def _gains(grades: ArrayLike) -> NDArray[np.float64]:
    """The grades as float64 [n]; those below 0 (spam, in some TREC sets) gain nothing."""
    gains = check_numbers("grades", grades)
    if gains.ndim != 1 or not np.isfinite(gains).all():
        raise BadArgument(f"grades are a list of finite numbers, not {grades!r:.80}")
    return np.maximum(gains, 0)


def _depth(k: int) -> int:
    return check_count("k", k)


def _scaled(values: NDArray[np.float64]) -> NDArray[np.float64]:
    most = np.abs(values).max()
    return values / most if most > 0 else values


def _pair(x: ArrayLike, y: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    a, b = check_numbers("x", x), check_numbers("y", y)
    if a.shape != b.shape or a.ndim != 1 or not a.size:
        raise BadArgument(f"expected two lists of one length, not {a.shape} and {b.shape}")
    if not (np.isfinite(a).all() and np.isfinite(b).all()):
        raise BadArgument("a correlation takes finite numbers; there is a NaN or an Inf")
    return a, b
