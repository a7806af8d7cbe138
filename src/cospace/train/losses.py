"""Contrastive losses over a batch of pairs, with their gradients. Plain numpy, with formulas.

Row i of `x` belongs to row i of `y`; all rows have length one. `y` is an anchor that stays as it
is, so there is no gradient for it. `same[i, j]` says that pair i and pair j mean the same, such
as two images with one caption: neither is the other's negative.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cospace.errors import BadArgument

__all__ = ["Loss", "clip_loss", "equal_rows", "siglip_loss", "unit"]

Array = NDArray[np.floating]


class Loss(NamedTuple):
    """A loss, and its gradients: for `x` [n, d], for the log of the scale, and for the bias."""

    value: float
    x: Array
    log_scale: float
    bias: float = 0.0


def clip_loss(x: Array, y: Array, scale: float, same: NDArray[np.bool_] | None = None) -> Loss:
    """The softmax loss: of all rows of `y`, x_i's own is to be nearest, and the reverse.

    With logits z_ij = scale * x_i . y_j it is the mean over i of
    (log sum_j exp z_ij - z_ii) / 2 + (log sum_j exp z_ji - z_ii) / 2. Pairs in `same` are left out
    of the sums.

    Source: Radford et al., Learning Transferable Visual Models From Natural Language Supervision
    (2021), figure 3.

    >>> x = np.eye(2)
    >>> round(clip_loss(x, x, 1.0).value, 4)  # log(1 + 1/e)
    0.3133
    """
    z = _logits(x, y, scale, same)
    n = len(z)
    rows, columns = _softmax(z, 1), _softmax(z, 0)
    own = np.arange(n)
    tiny = np.finfo(z.dtype).tiny
    value = -(np.log(rows[own, own] + tiny) + np.log(columns[own, own] + tiny)).mean() / 2
    slope = rows + columns
    slope[own, own] -= 2
    slope /= 2 * n
    return _through(float(value), slope, x, y, scale)


def siglip_loss(
    x: Array, y: Array, scale: float, bias: float, same: NDArray[np.bool_] | None = None
) -> Loss:
    """The sigmoid loss: each pair alone is told right or wrong.

    With z_ij = scale * x_i . y_j + bias it is -(1/n) * sum over i and j of
    log sigmoid(z_ij) where i = j, and of log sigmoid(-z_ij) where not. Pairs in `same` are left
    out. It starts from scale 10 and bias -10.

    Source: Zhai et al., Sigmoid Loss for Language Image Pre-Training (2023), equation 1.

    >>> x = np.eye(2)
    >>> round(siglip_loss(x, x, 1.0, 0.0).value, 4)  # log(1 + 1/e) + log(2)
    1.0064
    """
    z = _logits(x, y, scale, same)
    n = len(z)
    z += bias
    sign = np.full_like(z, -1)
    sign[np.arange(n), np.arange(n)] = 1
    value = np.logaddexp(0, -sign * z).sum() / n
    slope = -sign / (1 + np.exp(np.minimum(sign * z, 80))) / n
    return _through(float(value), slope, x, y, scale, bias=float(slope.sum()))


def equal_rows(y: Array) -> NDArray[np.bool_]:
    """Which rows [n, d] are equal, bit for bit: True [n, n] where i and j are two, not one.

    >>> equal_rows(np.eye(2)[[0, 1, 0]]).astype(int).tolist()
    [[0, 0, 1], [0, 0, 0], [1, 0, 0]]
    """
    _, group = np.unique(y, axis=0, return_inverse=True)
    group = group.reshape(-1)
    same: NDArray[np.bool_] = group[:, None] == group[None, :]
    np.fill_diagonal(same, False)
    return same


def unit(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    """The rows at length one; a row of zeros stays.

    >>> unit(np.float32([[0, 2], [0, 0]])).tolist()
    [[0.0, 1.0], [0.0, 0.0]]
    """
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    made: NDArray[np.float32] = (rows / np.where(lengths > 0, lengths, 1)).astype(np.float32)
    return made


def _logits(x: Array, y: Array, scale: float, same: NDArray[np.bool_] | None) -> Array:
    if x.shape != y.shape or x.ndim != 2 or not len(x):
        raise BadArgument(f"a loss takes pairs of rows: {x.shape} against {y.shape}")
    z = scale * (x @ y.T)
    if same is not None:
        z[same & ~np.eye(len(z), dtype=bool)] = -np.inf
    return z


def _softmax(z: Array, axis: int) -> Array:
    e = np.exp(z - z.max(axis, keepdims=True))
    shares: Array = e / e.sum(axis, keepdims=True)
    return shares


def _through(
    value: float, slope: Array, x: Array, y: Array, scale: float, *, bias: float = 0.0
) -> Loss:
    """The gradients for `x` and for log scale, given the loss's slope in each logit."""
    back = slope @ y
    return Loss(value, scale * back, scale * float(np.sum(x * back)), bias)
