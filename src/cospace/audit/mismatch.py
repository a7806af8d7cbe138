"""Items whose text and photo disagree: their own pair is no nearer than pairs of strangers."""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from cospace.audit.asked import Asked
from cospace.audit.finding import Finding, Group
from cospace.audit.threshold import sampled
from cospace.audit.view import View

__all__ = ["agreement", "check", "disagreeing"]

_NAME = "text and photo"
_LEAST = 200  # items with both
_FOLDS = 5
_FITTED = 20_000  # items that the directions are fitted on, at most
_DIRECTIONS = 20
_RIDGE = 1.0  # of a covariance, in its mean eigenvalue
# Of the items that are named, so many may be as they should be.
_WRONG = 0.1
_LEVEL = 0.01

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]


def check(view: View, asked: Asked) -> Finding:
    """Items whose photo does not show what their text says."""
    if not {"text", "image"} <= set(view.matrices):
        return Finding(_NAME, "skipped", "the items have no text, or no photo, with a vector")
    texts, photos = view.matrices["text"].first(), view.matrices["image"].first()
    both = np.intersect1d(texts.rows, photos.rows)
    if len(both) < _LEAST:
        said = f"{len(both)} items have a text and a photo; {_LEAST} are needed"
        return Finding(_NAME, "inconclusive", said)
    text = texts._replace(rows=both, array=texts.array[np.searchsorted(texts.rows, both)])
    order = sampled(view, text, len(both), asked.seed)
    rows = both[order]
    photo = photos.array[np.searchsorted(photos.rows, rows)]
    own, strangers = agreement(text.array[order], photo, seed=asked.seed)
    ranks = _ranks(own, strangers)
    above = int(np.count_nonzero(ranks < 0.5))
    figures = {
        "pairs": float(len(rows)),
        "nearer than the median stranger": above / len(rows),
        "median rank of own among strangers": float(np.median(ranks)),
    }
    p = _sign(above, len(rows))
    if p > _LEVEL:
        return Finding(
            _NAME, "inconclusive", "in this space texts are no nearer to their own photos than to"
            " others", severity=1 - above / len(rows), unit="share of pairs", p=p, figures=figures,
        )  # fmt: skip
    posterior = disagreeing(own)
    ordered = np.lexsort((np.arange(len(own)), -posterior))
    doubt = np.cumsum(1 - posterior[ordered]) / np.arange(1, len(ordered) + 1)
    named = ordered[: int(np.searchsorted(doubt, _WRONG, side="right"))]
    figures["share that is expected to disagree"] = float(posterior.mean())
    groups = tuple(
        Group((view.ids[rows[at]],), f"{posterior[at]:.0%} likely a stranger's photo")
        for at in named.tolist()
    )
    share = len(groups) / len(rows)
    return Finding(
        _NAME,
        "found" if groups else "clean",
        f"{len(groups):,} of {len(rows):,} items have a photo that their text does not fit"
        f" ({share:.1%})",
        severity=share,
        unit="share of items with both",
        p=float(doubt[len(named) - 1]) if groups else None,
        why_no_p="" if groups else "nothing is named",
        groups=groups,
        mend=f"cospace update {view.name} TABLE" if groups else "",
        figures=figures,
    )


def agreement(texts: Floats, photos: Floats, *, seed: int = 0) -> tuple[Doubles, Doubles]:
    """log p(text, photo together) / p(as strangers) of each pair [n], and of strangers [n].

    In the directions in which texts and photos go together (canonical correlations, with a ridge,
    learnt on the other four fifths of the items), a pair is (u, v) with correlation r, measured on
    items that had no part in the directions. Of normal variables the logarithm is

        sum over directions of -log(1 - r^2) / 2 - (r^2 (u^2 + v^2) - 2 r u v) / (2 (1 - r^2)).

    It needs no joint space: what goes with what is learnt from the items themselves. Strangers are
    each text with a photo drawn from the others.

    Source: Hotelling, Relations between two sets of variates, 1936; Bach and Jordan, A
    probabilistic interpretation of canonical correlation analysis, 2005.
    """
    n = len(texts)
    draw = np.random.default_rng(seed)
    fold = draw.permutation(np.arange(n) % _FOLDS)
    k = min(_DIRECTIONS, texts.shape[1], photos.shape[1])
    u, v = np.empty((n, k)), np.empty((n, k))
    for number in range(_FOLDS):
        mine, rest = np.flatnonzero(fold == number), np.flatnonzero(fold != number)
        if len(rest) > _FITTED:
            rest = np.sort(draw.choice(rest, _FITTED, replace=False))
        x, y = texts[rest].astype(np.float64), photos[rest].astype(np.float64)
        mean_x, mean_y = x.mean(0), y.mean(0)
        to_x, to_y = _directions(x - mean_x, y - mean_y, k)
        u[mine], v[mine] = (texts[mine] - mean_x) @ to_x, (photos[mine] - mean_y) @ to_y
        u[mine] /= np.maximum(u[mine].std(0), 1e-9)
        v[mine] /= np.maximum(v[mine].std(0), 1e-9)
    r = np.clip((u * v).mean(0), 0, 0.98)
    other = v[_shuffled(n, draw)]
    return _ratio(u, v, r), _ratio(u, other, r)


def _directions(x: Doubles, y: Doubles, k: int) -> tuple[Doubles, Doubles]:
    """The first k canonical directions [dim, k] of centred rows."""
    of_x, of_y = _whitening(x.T @ x / len(x)), _whitening(y.T @ y / len(y))
    left, _, right = np.linalg.svd(of_x @ (x.T @ y / len(x)) @ of_y)
    return of_x @ left[:, :k], of_y @ right[:k].T


def _whitening(covariance: Doubles) -> Doubles:
    """(C + ridge)^(-1/2)."""
    values, vectors = np.linalg.eigh(covariance)
    values = np.maximum(values, 0) + _RIDGE * max(float(values.mean()), 1e-12)
    found: Doubles = (vectors / np.sqrt(values)) @ vectors.T
    return found


def _ratio(u: Doubles, v: Doubles, r: Doubles) -> Doubles:
    each = -np.log1p(-(r**2)) / 2 - (r**2 * (u**2 + v**2) - 2 * r * u * v) / (2 * (1 - r**2))
    found: Doubles = each.sum(1)
    return found


def _shuffled(n: int, draw: np.random.Generator) -> NDArray[np.intp]:
    """Everybody's place to another: along one ring, in an order that is drawn."""
    ring = draw.permutation(n)
    found = np.empty(n, np.intp)
    found[ring] = np.roll(ring, 1)
    return found


def disagreeing(own: Doubles) -> Doubles:
    """How likely each pair is one of strangers, 0 to 1, of the logarithms of `agreement`.

    The share of strangers is the one under which the pairs are likeliest (EM of a mixture whose
    two laws are known up to it).

    >>> likely = disagreeing(np.array([4.0] * 97 + [-9.0] * 3))
    >>> likely[:97].max().round(2), likely[97:].min().round(2)
    (np.float64(0.0), np.float64(1.0))
    """
    share = 0.05
    odds = np.exp(np.clip(-own, -50, 50))
    for _ in range(200):
        likely = share * odds / (share * odds + 1 - share)
        share = float(np.clip(likely.mean(), 1e-6, 0.5))
    found: Doubles = share * odds / (share * odds + 1 - share)
    return found


def _ranks(own: Doubles, strangers: Doubles) -> Doubles:
    """The share of strangers' scores above each own."""
    found: Doubles = 1 - np.searchsorted(np.sort(strangers), own, side="right") / len(strangers)
    return found


def _sign(above: int, n: int) -> float:
    """P(at least so many of n above the median of strangers), by the normal law."""
    return 1 - NormalDist().cdf((above - 0.5 - n / 2) / math.sqrt(n / 4))
