"""Word tools: neighbours, analogies, the odd one out, over the unit rows of a table."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from cospace.topk import cosines, top_k

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Neighbour", "nearest_rows", "odd_one_out", "unit_rows"]


class Neighbour(NamedTuple):
    """A word and its cosine to what was asked."""

    word: str
    score: float


def unit_rows(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    """The rows at length one: float32 [n, dim]; a row of zeros stays one."""
    norms = np.linalg.norm(rows, axis=1, keepdims=True)
    unit: NDArray[np.float32] = np.divide(rows, np.where(norms > 0, norms, 1), dtype=np.float32)
    return unit


def nearest_rows(
    unit: NDArray[np.float32], asked: NDArray[np.float32], k: int, *, without: Iterable[int] = ()
) -> list[tuple[int, float]]:
    """The `k` rows of the highest cosine to `asked` [dim], and the cosine; `without` some rows."""
    norm = float(np.linalg.norm(asked))
    one = (asked / (norm if norm > 0 else 1)).astype(np.float32)[None]
    left = set(without)
    best = top_k(cosines(one, unit), 1, len(unit), k + len(left))
    found = zip(best.rows[0].tolist(), best.scores[0].tolist(), strict=True)
    return [(row, cosine) for row, cosine in found if row not in left][:k]


def odd_one_out(unit: Sequence[NDArray[np.float32]]) -> int:
    """The position of the unit vector that lies farthest from the mean of them all."""
    stacked = np.stack(unit)
    return int(np.argmin(stacked @ stacked.mean(axis=0)))
