"""Hubs: items that are among the nearest of very many others, whatever these are about."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from cospace.audit.asked import Asked
from cospace.audit.chart import Chart, histogram
from cospace.audit.finding import Finding, Group
from cospace.audit.threshold import sampled
from cospace.audit.view import Matrix, View
from cospace.counted import counted
from cospace.map.neighbours import nearest_of_all
from cospace.topk import blocks

__all__ = ["check", "hubs_of", "occurrences", "reduced", "skewness"]

_NAME = "hubs"
K = 10
_LEAST = 100  # items
_SAMPLE = 4_000  # items that the remedies are tried on
_LEVEL = 0.01  # of one hub too many in the whole collection

Floats = NDArray[np.float32]
Numbers = NDArray[np.int64]


def check(view: View, asked: Asked) -> Finding:
    """Items that turn up in too many lists of the 10 nearest."""
    if not view.matrices:
        return Finding(_NAME, "skipped", "no item has a vector")
    figures: dict[str, float] = {}
    charts: list[Chart] = []
    groups: list[Group] = []
    worst, least_p, short = -math.inf, 1.0, True
    for kind, whole in view.matrices.items():
        matrix = whole.first()
        if len(matrix.rows) < _LEAST:
            continue
        short = False
        order = sampled(view, matrix, len(matrix.rows), asked.seed)
        vectors = matrix.array if len(order) > _SAMPLE * 5 else matrix.array[order]
        rows = matrix.rows if len(order) > _SAMPLE * 5 else matrix.rows[order]
        times = occurrences(nearest_of_all(vectors, K, seed=asked.seed, done=lambda _: view.tick()))
        skew = skewness(times)
        charts.append(histogram(f"In how many lists of the {K} nearest an item is", {kind: times}))
        figures |= {f"{kind} skewness": skew, f"{kind} most lists": float(times.max())}
        figures[f"{kind} in no list"] = float(np.mean(times == 0))
        for remedy, value in _remedies(view, matrix, asked.seed).items():
            figures[f"{kind} skewness {remedy}"] = value
        worst = max(worst, skew)
        found, p = hubs_of(times)
        least_p = min(least_p, p)
        groups += [
            Group(
                (view.ids[rows[at]],),
                f"{kind}: in {counted(int(times[at]), 'list')} of {K} nearest",
            )
            for at in found
        ]
    if short:
        return Finding(
            _NAME, "inconclusive", f"fewer than {_LEAST} items have a vector of one kind"
        )
    said = f"{len(groups)} of {len(view):,} items" if groups else "no item"
    said += " in far more lists of the nearest than others are"
    said += f"; skewness of the lists {worst:.2f}"
    return Finding(
        _NAME,
        "found" if groups else "clean",
        said,
        severity=worst,
        unit=f"skewness of {K}-occurrence",
        p=least_p,
        groups=tuple(groups),
        mend=view.deletion(groups[0].ids) if groups else "",
        figures=figures,
        charts=tuple(charts),
    )


def occurrences(neighbours: Numbers) -> Numbers:
    """In how many lists of the nearest each item is: int64 [n], of neighbours int64 [n, k].

    >>> occurrences(np.array([[1], [0], [1]])).tolist()
    [1, 2, 0]
    """
    return np.bincount(neighbours.reshape(-1), minlength=len(neighbours)).astype(np.int64)


def skewness(times: NDArray[np.integer]) -> float:
    """The third standardised moment of the k-occurrences: 0 where all are alike.

    S = E[(N - mean)^3] / sd^3, above about 1.4 for strong hubs.

    Source: Radovanovic, Nanopoulos and Ivanovic, Hubs in space: popular nearest neighbors in
    high-dimensional data, JMLR 2010.

    >>> round(skewness(np.array([0, 0, 0, 4])), 3)
    1.155
    """
    apart = times - times.mean()
    spread = float(times.std())
    return float((apart**3).mean() / spread**3) if spread > 0 else 0.0


def hubs_of(times: Numbers) -> tuple[list[int], float]:
    """Items whose occurrences the others' law does not explain; and the p of the largest.

    Counts are Poisson about rates that differ from item to item by a gamma law, so they are
    negative binomial; its mean and variance are those of all but the highest 1%. An item is a hub
    where so many lists are expected of fewer than 0.01 items among n (Bonferroni).
    """
    n = len(times)
    kept = np.sort(times)[: n - max(1, n // 100)].astype(np.float64)
    mean, variance = float(kept.mean()), float(kept.var())
    size = mean**2 / max(variance - mean, 1e-6 * mean)
    order = sorted(range(n), key=lambda i: -times[i])
    tail = {int(value): _tail(int(value), mean, size) for value in {times[i] for i in order[:200]}}
    found = [i for i in order[:200] if tail[int(times[i])] * n <= _LEVEL]
    return found, min(1.0, n * tail[int(times[order[0]])])


def _tail(least: int, mean: float, size: float) -> float:
    """P(N >= least) of the negative binomial law, summed in logarithms."""
    share = mean / (mean + size)
    total, log = 0.0, 0.0
    for count in range(least, least + 20_000):
        log = (
            math.lgamma(count + size) - math.lgamma(size) - math.lgamma(count + 1)
            + size * math.log1p(-share) + count * math.log(share)
        )  # fmt: skip
        term = math.exp(log)
        total += term
        if term < 1e-12 * total or (total == 0.0 and count > mean):
            break
    return min(1.0, total)


def _remedies(view: View, matrix: Matrix, seed: int) -> dict[str, float]:
    """The skewness as it is in a sample, and what it would be with each of three remedies."""
    some = sampled(view, matrix, _SAMPLE, seed)
    return reduced(matrix.array[some])


def reduced(vectors: Floats) -> dict[str, float]:
    """The skewness of 10-occurrence of unit vectors [n, dim], and after three remedies.

    - CSLS: 2 cos(x, y) - r(x) - r(y), with r the mean cosine to the 10 nearest (Conneau et al.,
      Word translation without parallel data, 2018);
    - local scaling: exp(-d(x, y)^2 / (s(x) s(y))), with s the distance to the 10th (Zelnik-Manor
      and Perona, Self-tuning spectral clustering, 2004);
    - mutual proximity: the chance that both lie farther from a third, with the distances of each
      taken for normal (Schnitzer et al., Local and global scaling reduce hubs in space, 2012).
    """
    n = len(vectors)
    k = min(K, n - 1)
    near, means, spreads = np.empty((n, k), np.float32), np.empty(n), np.empty(n)
    for part in blocks(n, 512):
        cosines = vectors[part] @ vectors.T
        cosines[np.arange(len(cosines)), np.arange(part.start, part.stop)] = np.nan
        means[part] = np.nanmean(cosines, 1)
        spreads[part] = np.nanstd(cosines, 1)
        cosines = np.nan_to_num(cosines, nan=-2)
        near[part] = -np.sort(np.partition(-cosines, k - 1, axis=1)[:, :k], axis=1)
    crowd = near.mean(1)
    scale = np.sqrt(np.maximum(2 - 2 * near[:, -1], 1e-9))
    counted = {name: np.zeros(n, np.int64) for name in ("sampled", "by CSLS", "by local scaling",
                                                        "by mutual proximity")}  # fmt: skip
    for part in blocks(n, 512):
        cosines = vectors[part] @ vectors.T
        own = np.arange(len(cosines)), np.arange(part.start, part.stop)
        scores = {
            "sampled": cosines,
            "by CSLS": 2 * cosines - crowd[part][:, None] - crowd,
            "by local scaling": -(2 - 2 * cosines) / (scale[part][:, None] * scale),
            "by mutual proximity": _log_normal((cosines - means[part][:, None])
                                               / np.maximum(spreads[part], 1e-9)[:, None])
            + _log_normal((cosines - means) / np.maximum(spreads, 1e-9)),
        }  # fmt: skip
        for name, one in scores.items():
            one[own] = -np.inf
            top = np.argpartition(-one, k - 1, axis=1)[:, :k]
            counted[name] += np.bincount(top.reshape(-1), minlength=n)
    return {name: skewness(times) for name, times in counted.items()}


def _log_normal(z: NDArray[np.floating]) -> NDArray[np.floating]:
    """log of the normal law P(Z <= z), by a logistic that is near it (Bowling et al. 2009)."""
    found: NDArray[np.floating] = -np.logaddexp(0, -(1.5976 * z + 0.07056 * z**3))
    return found
