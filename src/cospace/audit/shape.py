"""The shape of a space: how narrow the cone of its vectors is, and how many directions they use."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cospace.audit.asked import Asked
from cospace.audit.finding import Finding
from cospace.audit.near import nearest
from cospace.audit.threshold import sampled
from cospace.audit.view import View
from cospace.topk import blocks

__all__ = ["anisotropy", "check", "ranks"]

_NAME = "shape of the space"
_LEAST = 50  # items
_SAMPLE = 1_000
# In this many standard deviations of strangers' cosines, the nearest stand out from strangers.
_CONTRAST = 1.0

Floats = NDArray[np.float32]


def check(view: View, asked: Asked) -> Finding:
    """Whether the nearest stand out from strangers at all, and the figures of the shape."""
    if not view.matrices:
        return Finding(_NAME, "skipped", "no item has a vector")
    figures: dict[str, float] = {}
    weak: list[str] = []
    least = np.inf
    for kind, whole in view.matrices.items():
        matrix = whole.first()
        if len(matrix.rows) < _LEAST:
            continue
        own = anisotropy(matrix.array) | ranks(matrix.array)
        some = sampled(view, matrix, _SAMPLE, asked.seed)
        close, _ = nearest(matrix.array, some, matrix.array)
        strangers = matrix.array[some] @ matrix.array[some].T
        spread = float(strangers[~np.eye(len(some), dtype=bool)].std())
        own["contrast"] = (float(np.median(close)) - own["mean cosine"]) / max(spread, 1e-9)
        figures |= {f"{kind} {name}": value for name, value in own.items()}
        least = min(least, own["contrast"])
        if own["contrast"] < _CONTRAST:
            weak.append(kind)
    if not figures:
        return Finding(_NAME, "inconclusive", f"fewer than {_LEAST} items have a vector of a kind")
    said = "; ".join(
        f"{kind}: mean cosine {figures[f'{kind} mean cosine']:.3f}, effective rank"
        f" {figures[f'{kind} effective rank']:.0f}, the nearest stand out by"
        f" {figures[f'{kind} contrast']:.1f} standard deviations"
        for kind in view.matrices
        if f"{kind} contrast" in figures
    )
    return Finding(
        _NAME, "found" if weak else "clean", said, severity=float(least),
        unit="standard deviations of the nearest above strangers",
        why_no_p="these are measured on the vectors themselves",
        mend="cospace compare" if weak else "", figures=figures,
    )  # fmt: skip


def anisotropy(vectors: Floats) -> dict[str, float]:
    """How much the unit vectors [n, dim] point one way.

    - "mean cosine": of all pairs, 0 where they point everywhere alike. Exact, from the sum of the
      vectors: (|sum|^2 - n) / (n (n - 1)).
    - "mean vector": the length of their mean.
    - "mean cosine centred": the same, once their mean is taken off.

    Source: Ethayarajh, How contextual are contextualized word representations?, EMNLP 2019.

    >>> found = anisotropy(np.float32([[1, 0], [0.6, 0.8]]))
    >>> round(found["mean cosine"], 6)
    0.6
    """
    n = len(vectors)
    total = vectors.sum(0, dtype=np.float64)
    middle = total / n
    centred = np.zeros(vectors.shape[1])
    many = 0
    for part in blocks(n, 8_192):
        rows = vectors[part] - middle
        lengths = np.linalg.norm(rows, axis=1)
        kept = lengths > 1e-9
        centred += (rows[kept] / lengths[kept, None]).sum(0)
        many += int(kept.sum())
    squares = float(np.einsum("ij,ij->", vectors, vectors, dtype=np.float64))
    return {
        "mean cosine": float(total @ total - squares) / (n * (n - 1)),
        "mean vector": float(np.linalg.norm(middle)),
        "mean cosine centred": float(centred @ centred - many) / max(1, many * (many - 1)),
    }


def ranks(vectors: Floats) -> dict[str, float]:
    """How many directions the vectors [n, dim] spread in, their mean taken off.

    - "effective rank": exp of the entropy of the singular values' shares (Roy and Vetterli, The
      effective rank: a measure of effective dimensionality, EUSIPCO 2007).
    - "participation ratio": (sum l)^2 / sum l^2 of the eigenvalues of the covariance.
    - "first direction": the share of the variance that lies in one direction.

    >>> {name: round(value, 6) for name, value in ranks(np.eye(4, dtype=np.float32)).items()}
    {'effective rank': 3.0, 'participation ratio': 3.0, 'first direction': 0.333333}
    """
    middle = vectors.mean(0, dtype=np.float64)
    gram = np.zeros((vectors.shape[1],) * 2)
    for part in blocks(len(vectors), 8_192):
        rows = vectors[part] - middle
        gram += rows.T @ rows
    values = np.maximum(np.linalg.eigvalsh(gram)[::-1], 0)
    values[values < values[0] * 1e-12] = 0
    total = float(values.sum())
    if total <= 1e-12:
        return {"effective rank": 0.0, "participation ratio": 0.0, "first direction": 0.0}
    singular = np.sqrt(values[values > 0])
    shares = singular / singular.sum()
    return {
        "effective rank": float(np.exp(-(shares * np.log(shares)).sum())),
        "participation ratio": total**2 / float((values**2).sum()),
        "first direction": float(values[0]) / total,
    }
