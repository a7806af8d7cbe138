"""PCA, and PCA with a quadratic decoder: both in closed form."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cospace.train.heads.layers import Tensors, products_of_pairs

__all__ = ["PENALTIES", "pca", "quadratic"]

Array = NDArray[np.float32]

PENALTIES = (1.0, 10.0, 100.0, 1_000.0, 10_000.0, 100_000.0)

# Numbers of a code whose products are taken, and rows that the products are fitted on, at most:
# 128 numbers have 8,256 products, and their table of 15,000 rows takes 1 GB in float64.
_MOST_NUMBERS, _MOST_ROWS = 128, 15_000


def pca(rows: Array, dim: int) -> Tensors:
    """The head that keeps of unit rows [n, d] the `dim` directions in which they vary most.

    The way back is the mean plus those directions: no other linear one is closer, in the mean
    square, on these rows. Codes keep the mean's part, so that their cosines are near to those of
    the rows.

    Source: Pearson, On lines and planes of closest fit to systems of points in space, 1901.

    >>> head = pca(np.float32([[0.6, 0.8], [0.8, 0.6], [0.6, 0.8]]), 1)
    >>> abs(head["W"][:, 0]).round(3).astype(str).tolist()
    ['0.707', '0.707']
    """
    centre = rows.mean(axis=0, dtype=np.float64)
    apart = rows - centre
    # The eigenvectors of [d, d] are the right singular vectors, whatever the number of rows.
    _, vectors = np.linalg.eigh(apart.T @ apart)
    axes = vectors[:, ::-1][:, :dim]
    return {
        "centre": centre.astype(np.float32),
        "W": np.ascontiguousarray(axes, np.float32),
        "code_centre": (centre @ axes).astype(np.float32),
        "D": np.ascontiguousarray(axes.T, np.float32),
        "offset": centre.astype(np.float32),
    }


def quadratic(start: Tensors, rows: Array, held: Array, *, seed: int) -> Tensors:
    """The head of PCA, `start`, whose way back adds a part that is quadratic in the codes.

    What PCA leaves of each row is a linear function of the code's numbers and of their products
    in pairs, found by ridge regression: (F'F + penalty I) Q = F'R. The penalty is the one of
    `PENALTIES` that is closest on the rows in `held`.

    Source: Geelen et al., Operator inference for non-intrusive model reduction with quadratic
    manifolds, 2023 (the decoder); Hoerl and Kennard, Ridge regression, 1970.
    """
    if len(rows) > _MOST_ROWS:
        rows = rows[np.random.default_rng(seed).permutation(len(rows))[:_MOST_ROWS]]
    codes, left = _left(start, rows)
    spread = np.maximum(codes[:, :_MOST_NUMBERS].std(axis=0), 1e-12)
    # One number for all: directions that vary little are to weigh little.
    spread[:] = np.sqrt(np.mean(spread**2))
    inputs = products_of_pairs(codes[:, :_MOST_NUMBERS] / spread).astype(np.float64)
    centre = inputs.mean(axis=0)
    inputs -= centre
    held_codes, held_left = _left(start, held)
    others = products_of_pairs(held_codes[:, :_MOST_NUMBERS] / spread) - centre
    found, best = np.zeros((inputs.shape[1], left.shape[1])), float(np.sum(held_left**2))
    for tried in _ridges(inputs, left):
        error = float(np.sum((held_left - others @ tried) ** 2))
        if error < best and np.isfinite(tried).all():
            found, best = tried, error
    return {
        **start,
        "offset": (start["offset"] - centre @ found).astype(np.float32),
        "spread": spread.astype(np.float32),
        "Q": found.astype(np.float32),
    }


def _left(start: Tensors, rows: Array) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """The centred codes of rows, and what the linear way back leaves of them."""
    codes = rows @ start["W"] - start["code_centre"]
    return codes, (rows - codes @ start["D"] - start["offset"]).astype(np.float64)


def _ridges(inputs: NDArray[np.float64], wanted: NDArray[np.float64]) -> Iterator[NDArray[Any]]:
    """The weights for each of `PENALTIES`, from the smaller of the two systems."""
    wide = inputs.shape[1] > len(inputs)
    square = inputs @ inputs.T if wide else inputs.T @ inputs
    right = wanted if wide else inputs.T @ wanted
    for penalty in PENALTIES:
        system = square + penalty * np.eye(len(square))
        weights: NDArray[Any] = np.linalg.solve(system, right)
        yield inputs.T @ weights if wide else weights
