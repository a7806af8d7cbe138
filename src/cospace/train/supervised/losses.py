"""Losses of labelled rows, with their gradients. Plain numpy, with formulas."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["Slope", "proxies", "supervised_contrastive", "unit_back"]

Array = NDArray[np.floating]


class Slope(NamedTuple):
    """A loss, its gradient by the rows, and by the proxies where there are some."""

    value: float
    rows: Array
    proxies: Array | None = None


def supervised_contrastive(rows: Array, labels: NDArray[np.intp], *, scale: float) -> Slope:
    """Rows of one label are drawn together, all others pushed apart.

    For unit rows z [n, d], the mean over those i that have others of their label, P(i), of
    -1/|P(i)| * sum over p in P(i) of log( exp(scale z_i.z_p) / sum over a != i of
    exp(scale z_i.z_a) ).

    Source: Khosla et al., Supervised contrastive learning (2020), equation 2 (the sum outside);
    `scale` is 1 / temperature.

    >>> rows = np.array([[1.0, 0], [1, 0], [0, 1]])
    >>> round(supervised_contrastive(rows, np.array([0, 0, 1]), scale=1.0).value, 4)
    0.3133
    """
    n = len(rows)
    logits = scale * (rows @ rows.T)
    np.fill_diagonal(logits, -np.inf)
    logits -= logits.max(axis=1, keepdims=True)
    each = np.exp(logits)
    total = each.sum(axis=1, keepdims=True)
    alike = (labels[:, None] == labels[None, :]) & ~np.eye(n, dtype=bool)
    count = alike.sum(axis=1, keepdims=True)
    anchors = max(1, int(np.count_nonzero(count)))
    wanted = alike / np.maximum(count, 1)
    known = np.where(alike, logits, 0.0)
    value = float(((count > 0) * np.log(total)).sum() - (wanted * known).sum()) / anchors
    slope = scale * ((count > 0) * each / total - wanted) / anchors
    return Slope(value, (slope + slope.T) @ rows)


def proxies(rows: Array, labels: NDArray[np.intp], anchors: Array, *, scale: float) -> Slope:
    """Each row is to be nearest to the proxy of its label, among the proxies of all.

    For unit rows z [n, d] and unit proxies w [labels, d] it is the mean over i of
    -log softmax(scale z_i.w)[label_i].

    Source: Zhai and Wu, Classification is a strong baseline for deep metric learning (2019).

    >>> round(proxies(np.eye(2), np.array([0, 1]), np.eye(2), scale=1.0).value, 4)
    0.3133
    """
    n = len(rows)
    logits = scale * (rows @ anchors.T)
    logits -= logits.max(axis=1, keepdims=True)
    each = np.exp(logits)
    shares = each / each.sum(axis=1, keepdims=True)
    own = np.arange(n)
    value = -float(np.log(shares[own, labels] + np.finfo(shares.dtype).tiny).mean())
    shares[own, labels] -= 1
    shares *= scale / n
    return Slope(value, shares @ anchors, shares.T @ rows)


def unit_back(rows: Array, gradient: Array) -> tuple[Array, Array]:
    """The rows at length one, and the gradient by the rows as they were.

    `gradient` is called with the unit rows' gradient already; d(x/|x|) leaves only what is across.
    """
    norms = np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)
    unit = rows / norms
    return unit, (gradient - unit * (unit * gradient).sum(axis=1, keepdims=True)) / norms
