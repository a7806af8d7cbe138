"""Items whose text and photo disagree: their own pair is no nearer than pairs of strangers."""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from cospace.audit.asked import Asked
from cospace.audit.chart import histogram
from cospace.audit.finding import Finding, Group
from cospace.audit.paired import paired
from cospace.audit.threshold import sampled
from cospace.audit.view import View
from cospace.topk import blocks

__all__ = ["agreement", "check", "disagreeing"]

_NAME = "text and photo"
_LEAST = 200  # items with both
_FOLDS = 5
_FITTED = 20_000  # items that the directions are fitted on, at most
_DIRECTIONS = 20
_RIDGE = 1.0  # of a covariance, in its mean eigenvalue
# Items of a kind that is rare here lie far out in every direction: what lies farther out than this
# many standard deviations counts as if it lay there.
_FARTHEST = 2.0
# What the cosine in the joint space counts beside the directions, which know part of it already;
# and the most that it can say.
_JOINT, _MOST = 0.5, 4.0
# Of the items that are named, so many may be as they should be.
_WRONG = 0.1
_LEVEL = 0.01
_OTHERS = 1_000  # that each is compared with

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]


def check(view: View, asked: Asked) -> Finding:
    """Items whose photo does not show what their text says."""
    pairs = paired(
        view, _NAME, least=_LEAST, lacking="the items have no text, or no photo, with a vector"
    )
    if isinstance(pairs, Finding):
        return pairs
    text, photo = pairs
    order = sampled(view, text, len(text.rows), asked.seed)
    rows = text.rows[order]
    own, strangers = agreement(text.array[order], photo.array[order], seed=asked.seed)
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
    if groups:
        figures["expected share of wrongly named"] = float(doubt[len(named) - 1])
    return Finding(
        _NAME,
        "found" if groups else "clean",
        f"{len(groups):,} of {len(rows):,} items have a photo that their text does not fit"
        f" ({share:.1%})",
        severity=share,
        unit="share of items with both",
        why_no_p="each is named with its posterior probability; so many named are expected to be"
        " right as they are that the figures say",
        groups=groups,
        mend=f"cospace update {view.folder} TABLE" if groups else "",
        figures=figures,
        charts=(
            histogram("How well text and photo go together (log of odds)", _shown(own, strangers)),
        ),
    )


def _shown(own: Doubles, strangers: Doubles) -> dict[str, Doubles]:
    """Both, with what is farthest out brought to the edge."""
    low, high = np.percentile(np.concatenate([own, strangers]), [1, 99])
    return {
        "items": np.clip(own, low, high),
        "with a stranger's photo": np.clip(strangers, low, high),
    }


def agreement(texts: Floats, photos: Floats, *, seed: int = 0) -> tuple[Doubles, Doubles]:
    """log p(text, photo together) / p(as strangers) of each pair [n], and of strangers [n].

    In the directions in which texts and photos go together (canonical correlations, with a ridge,
    learnt on the other four fifths of the items), a pair is (u, v) with correlation r, measured on
    items that had no part in the directions. Of normal variables the logarithm is

        sum over directions of -log(1 - r^2) / 2 - (r^2 (u^2 + v^2) - 2 r u v) / (2 (1 - r^2)).

    It needs no joint space: what goes with what is learnt from the items themselves. Half of what
    the cosine of the pair says is added, as another such ratio: it knows kinds of things that are
    rare here. Strangers are each text with a photo drawn from the others.

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
    u = np.clip(u / np.maximum(u.std(0), 1e-9), -_FARTHEST, _FARTHEST)
    v = np.clip(v / np.maximum(v.std(0), 1e-9), -_FARTHEST, _FARTHEST)
    r = np.clip((u * v).mean(0), 0, 0.98)
    other = _shuffled(n, draw)
    own, strange = _joint(texts, photos, other, draw)
    return _ratio(u, v, r) + own, _ratio(u, v[other], r) + strange


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


def _joint(
    texts: Floats, photos: Floats, other: NDArray[np.intp], draw: np.random.Generator
) -> tuple[Doubles, Doubles]:
    """The same logarithm by the cosines alone, of own pairs and of strangers.

    A cosine counts in standard deviations of those of the text with other photos, and of the photo
    with other texts; both laws, of own pairs and of strangers, are taken for normal. Nothing where
    own pairs are no nearer.
    """
    if texts.shape[1] != photos.shape[1]:
        return np.zeros(len(texts)), np.zeros(len(texts))
    some = draw.choice(len(texts), min(_OTHERS, len(texts)), replace=False)
    of_text, of_photo = _usual(texts, photos[some]), _usual(photos, texts[some])

    def standard(who: NDArray[np.intp]) -> Doubles:
        cosines = np.einsum("ij,ij->i", texts, photos[who]).astype(np.float64)
        sides = (of_text, tuple(one[who] for one in of_photo))
        found: Doubles = np.mean([(cosines - mean) / spread for mean, spread in sides], axis=0)
        return found

    own, strange = standard(np.arange(len(texts))), standard(other)
    middle = float(np.median(own))
    near = NormalDist(middle, max(1.4826 * float(np.median(np.abs(own - middle))), 1e-6))
    far = NormalDist(float(strange.mean()), max(float(strange.std()), 1e-6))
    if near.mean <= far.mean:
        return np.zeros(len(texts)), np.zeros(len(texts))

    def ratio(z: Doubles) -> Doubles:
        found = ((z - far.mean) / far.stdev) ** 2 - ((z - near.mean) / near.stdev) ** 2
        return _JOINT * np.clip(found / 2 + math.log(far.stdev / near.stdev), -_MOST, _MOST)

    return ratio(own), ratio(strange)


def _usual(one: Floats, others: Floats) -> tuple[Doubles, Doubles]:
    """The mean and the spread of each row's cosines with others."""
    mean, spread = np.empty(len(one)), np.empty(len(one))
    for part in blocks(len(one), 2_048):
        cosines = one[part] @ others.T
        mean[part], spread[part] = cosines.mean(1), np.maximum(cosines.std(1), 1e-6)
    return mean, spread


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
