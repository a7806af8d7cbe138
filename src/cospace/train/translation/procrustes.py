"""The rotation that brings one language's vectors onto another's."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cospace.encode.words.tools import unit_rows
from cospace.errors import BadInput

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["centred", "rotation"]


def centred(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    """The rows at length one, around their mean, at length one again: float32 [n, dim].

    Two languages differ in where their cloud of words lies, which no rotation can mend. A row of
    zeros stays one.

    Source: Artetxe, Labaka and Agirre, Learning principled bilingual mappings of word embeddings
    while preserving monolingual invariance (2016), section 2.
    """
    unit = unit_rows(rows)
    known = np.abs(unit).sum(axis=1) > 0
    mean = unit[known].mean(axis=0, dtype=np.float64).astype(np.float32) if known.any() else 0
    unit[known] -= mean
    return unit_rows(unit)


def rotation(source: NDArray[np.float32], target: NDArray[np.float32]) -> NDArray[np.float32]:
    """The orthogonal matrix Q that makes |source Q - target| least: float32 [dim, dim].

    `source` and `target` are rows [n, dim] of words that translate each other. With
    source' target = U S V' it is Q = U V'. Lengths and angles within a language stay as they are.

    Raises `BadInput` when the pairs leave some direction open.

    Source: Schoenemann, A generalized solution of the orthogonal Procrustes problem (1966);
    for word vectors: Xing, Wang, Liu and Lin, Normalized Word Embedding and Orthogonal Transform
    for Bilingual Word Translation (2015).

    >>> turn = np.array([[0, 1], [-1, 0]], np.float32)
    >>> rows = np.array([[1, 0], [0.6, 0.8], [0, 1]], np.float32)
    >>> bool(np.allclose(rotation(rows, rows @ turn), turn, atol=1e-6))
    True
    """
    one, other = source.astype(np.float64), target.astype(np.float64)
    rank, dim = min(_rank(one), _rank(other)), one.shape[1]
    if rank < dim:
        raise BadInput(
            f"the vectors of the {len(source):,} pairs fill {rank} of {dim} dimensions, so the"
            " map is not determined. Give more pairs, of more different words"
        )
    left, _, right = np.linalg.svd(one.T @ other)
    turn: NDArray[np.float32] = (left @ right).astype(np.float32)
    return turn


def _rank(rows: NDArray[np.float64]) -> int:
    """The dimensions that the rows fill; a direction of 1e-5 of the largest counts as empty."""
    scale = np.linalg.eigvalsh(rows.T @ rows)
    return int((scale > 1e-10 * scale[-1]).sum())
