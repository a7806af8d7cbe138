"""The modality gap: texts here, photos there, with room between that says nothing of what they are.

Source: Liang et al., Mind the gap: understanding the modality gap in multi-modal contrastive
representation learning, NeurIPS 2022.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cospace.audit.asked import Asked
from cospace.audit.finding import Finding
from cospace.audit.paired import paired
from cospace.audit.threshold import sampled
from cospace.audit.view import View

__all__ = ["check", "gap"]

_NAME = "modality gap"
_LEAST = 50  # items with both
_SAMPLE = 1_000
_TURNS = 999
_LEVEL = 0.01
_K = 10
# Among the 10 nearest of a mixed list, of one kind and the other alike, half are of the other.
_MIXED = 0.25

Floats = NDArray[np.float32]


def check(view: View, asked: Asked) -> Finding:
    """Whether texts and photos stand apart, and whether lists of the nearest suffer by it."""
    pairs = paired(view, _NAME, least=_LEAST, lacking="the items have vectors of one kind")
    if isinstance(pairs, Finding):
        return pairs
    text, photo = pairs
    order = sampled(view, text, _SAMPLE, asked.seed)
    x, y = text.array[order], photo.array[order]
    length, p = gap(x, y, seed=asked.seed)
    mixed = _mixed(x, y)
    figures = {
        "gap": length,
        "other kind among the 10 nearest": mixed,
        "mean cosine of own pairs": float(np.einsum("ij,ij->i", x, y).mean()),
        "mean cosine of texts": _mean_cosine(x),
        "mean cosine of photos": _mean_cosine(y),
    }
    found = p <= _LEVEL and mixed < _MIXED
    said = f"the middles of texts and photos are {length:.2f} apart; {mixed:.0%} of the 10 nearest"
    said += " in a mixed list are of the other kind, where 50% would be alike"
    return Finding(
        _NAME, "found" if found else "clean", said, severity=length,
        unit="distance of the middles", p=p, figures=figures,
        mend=f"cospace adapt {view.folder}" if found else "",
    )  # fmt: skip


def gap(texts: Floats, photos: Floats, *, seed: int = 0) -> tuple[float, float]:
    """The length of the difference of the two means of unit rows [n, dim], and its p.

    p is from 999 turns in each of which the text and the photo of every item change places or not,
    by a coin: how often the gap is as long when kinds mean nothing.
    """
    apart = texts.astype(np.float64) - photos
    length = float(np.linalg.norm(apart.mean(0)))
    coins = np.random.default_rng(seed).choice((-1.0, 1.0), (_TURNS, len(apart)))
    turned = np.linalg.norm(coins @ apart / len(apart), axis=1)
    return length, float((1 + np.count_nonzero(turned >= length - 1e-12)) / (1 + _TURNS))


def _mixed(texts: Floats, photos: Floats) -> float:
    """The share of the other kind among the 10 nearest, of all texts and photos together."""
    n = len(texts)
    joined = np.concatenate([texts, photos])
    cosines = joined @ joined.T
    np.fill_diagonal(cosines, -2)
    cosines[np.arange(n), np.arange(n) + n] = cosines[np.arange(n) + n, np.arange(n)] = -2
    k = min(_K, 2 * n - 2)
    near = np.argpartition(-cosines, k - 1, axis=1)[:, :k]
    other = (near >= n) != (np.arange(2 * n) >= n)[:, None]
    return float(other.mean())


def _mean_cosine(rows: Floats) -> float:
    n = len(rows)
    total = rows.sum(0, dtype=np.float64)
    return float((total @ total - n) / (n * (n - 1)))
