"""What a head computes: its formulas over named tensors, in numpy.

Rows u [n, d] are unit vectors, and c = u - centre:

    codes z = u W + silu(c A + a) B          the second term where there is an A
    back  u = (z - code_centre) D + offset   and one of, where it has the tensors:
              + silu((z - code_centre) C + c) E
              + [s, s_i s_j for i <= j] Q    with s the first numbers of (z - code_centre) / spread
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from cospace.topk import blocks

__all__ = ["SHAPES", "Silu", "Tensors", "decoded", "encoded", "products_of_pairs", "silu"]

Array = NDArray[np.float32]
Tensors = Mapping[str, Array]

# The shape of each tensor by what its axes run over: d numbers in, k out; m and h are free.
SHAPES: Mapping[str, str] = {
    "centre": "d", "W": "dk", "A": "dm", "a": "m", "B": "mk",
    "code_centre": "k", "D": "kd", "offset": "d", "C": "kh", "c": "h", "E": "hd",
    "spread": "q", "Q": "pd",
}  # fmt: skip

_ROWS = 2_048  # at a time, so that memory does not grow with the rows


class Silu(NamedTuple):
    """x * sigmoid(x), and its slope."""

    value: NDArray[Any]
    slope: NDArray[Any]


def silu(x: NDArray[np.floating]) -> Silu:
    """Swish (Ramachandran et al., 2017): smooth, and close to max(x, 0).

    >>> silu(np.zeros(1, np.float32)).slope.tolist()
    [0.5]
    """
    s = 1 / (1 + np.exp(-np.clip(x, -60, 60)))
    return Silu(x * s, s * (1 + x * (1 - s)))


def encoded(tensors: Tensors, rows: Array) -> Array:
    """The codes float32 [n, k] of unit rows [n, d]."""
    codes = np.empty((len(rows), tensors["W"].shape[1]), np.float32)
    for part in blocks(len(rows), _ROWS):
        codes[part] = rows[part] @ tensors["W"]
        if "A" in tensors:
            hidden = silu((rows[part] - tensors["centre"]) @ tensors["A"] + tensors["a"])
            codes[part] += hidden.value @ tensors["B"]
    return codes


def decoded(tensors: Tensors, codes: Array) -> Array:
    """The rows float32 [n, d] that the codes [n, k] stand for; their length is free."""
    rows = np.empty((len(codes), tensors["D"].shape[1]), np.float32)
    for part in blocks(len(codes), _ROWS):
        z = codes[part] - tensors["code_centre"]
        rows[part] = z @ tensors["D"] + tensors["offset"]
        if "C" in tensors:
            rows[part] += silu(z @ tensors["C"] + tensors["c"]).value @ tensors["E"]
        if "Q" in tensors:
            spread = tensors["spread"]
            rows[part] += products_of_pairs(z[:, : len(spread)] / spread) @ tensors["Q"]
    return rows


def products_of_pairs(codes: Array) -> Array:
    """Each row with the products of all pairs of its numbers: [n, k] to [n, k + k (k + 1) / 2].

    >>> products_of_pairs(np.float32([[2, 3]])).tolist()
    [[2.0, 3.0, 4.0, 6.0, 9.0]]
    """
    one, two = np.triu_indices(codes.shape[1])
    return np.concatenate([codes, codes[:, one] * codes[:, two]], axis=1)
