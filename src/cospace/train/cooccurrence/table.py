"""The table that GloVe trains: of each word two vectors, two biases, and AdaGrad's sums."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cospace.train.kernels.rows import aligned, padded

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["first_table", "table_bytes"]


def table_bytes(words: int, dim: int) -> int:
    """The bytes of what `first_table` gives."""
    return words * (4 * padded(dim) + 4) * 4


def first_table(words: int, dim: int, seed: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Where training starts: the table, float32 [words, 2, 2, width], and biases [words, 2, 2].

    Of each word, as a word and as a context: the vector, and the sums of its squared steps.
    Numbers are even within +-0.5 / (dim + 1), sums are 1, as in Stanford's program; the columns
    past `dim` are 0 and stay 0. Rows start where lines of the cache do.

    >>> table, biases = first_table(3, 20, seed=0)
    >>> table.shape, biases.shape, float(table[0, 0, 1, 0]), float(table[0, 0, 0, 20])
    ((3, 2, 2, 32), (3, 2, 2), 1.0, 0.0)
    """
    width = padded(dim)
    table = aligned(4 * words, dim).reshape(words, 2, 2, width)
    biases = np.ones((words, 2, 2), np.float32)
    random = np.random.default_rng([seed, 0])
    table[:, :, 1] = 1
    for role in (0, 1):
        table[:, role, 0, :dim] = (random.random((words, dim), np.float32) - 0.5) / (dim + 1)
        biases[:, role, 0] = (random.random(words, np.float32) - 0.5) / (dim + 1)
    return table, biases
