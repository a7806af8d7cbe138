"""Vectors of items from the sessions that they are in: PPMI and a singular value decomposition.

What word2vec does with words, item2vec does with items; both come to factors of a matrix of
pointwise mutual information, which is factored here directly.

Source: Barkan and Koenigstein, Item2vec, 2016; Levy and Goldberg, Neural word embedding as implicit
matrix factorization, 2014; Levy, Goldberg and Dagan, Improving distributional similarity, 2015
(the smoothing of contexts, and the square root of the singular values); Halko, Martinsson and
Tropp, Finding structure with randomness, 2011 (the decomposition).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

__all__ = ["item_vectors"]

_WINDOW = 10  # items on each side that count as together
_SMOOTH = 0.75
_MORE, _ROUNDS = 10, 4  # of the decomposition: dimensions beside those asked for, and passes
_CHUNK = 200_000  # entries that are multiplied at a time

Floats = NDArray[np.float32]
Product = Callable[[NDArray[np.float64]], NDArray[np.float64]]


def item_vectors(
    sessions: Sequence[Sequence[int]], count: int, *, dim: int = 64, seed: int = 0
) -> Floats:
    """Unit vectors of `count` items, float32 [count, dim]; zero for one that is in no session.

    `sessions` hold numbers of items. `dim` is less where there are fewer items.

    >>> rows = item_vectors([[0, 1], [0, 1], [2, 3], [2, 3]], 4, dim=2)
    >>> bool(rows[0] @ rows[1] > 0.9), bool(abs(rows[0] @ rows[2]) < 0.1)
    (True, True)
    """
    first, second, value = _ppmi(sessions, count)
    dim = min(dim, count)
    rows = np.zeros((count, dim), np.float32)
    if not len(value):
        return rows
    left, size = _factors(_product(first, second, value, count), count, dim, seed)
    found = left * np.sqrt(size)
    lengths = np.linalg.norm(found, axis=1, keepdims=True)
    rows[:, : found.shape[1]] = np.where(lengths > 1e-9, found / np.maximum(lengths, 1e-9), 0)
    return rows


def _ppmi(
    sessions: Sequence[Sequence[int]], count: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """The entries of the matrix that are above 0: row, column, value; the rows in order.

    An item counts as together with itself once a session: two items that always come together
    are then near, also where they come with nothing else.
    """
    keys, times = np.zeros(0, np.int64), np.zeros(0, np.int64)
    waiting: list[NDArray[np.int64]] = []
    held = 0
    for at, session in enumerate(sessions, start=1):
        items = np.asarray(session, np.int64)
        waiting.append(items * count + items)
        for step in range(1, min(_WINDOW, len(items) - 1) + 1):
            waiting += [items[:-step] * count + items[step:], items[step:] * count + items[:-step]]
        held += len(items) * 2 * _WINDOW
        if held > 5_000_000 or at == len(sessions):  # so that pairs of a long log fit into memory
            every = np.concatenate([keys, *waiting])
            weights = np.concatenate([times, np.ones(len(every) - len(keys), np.int64)])
            keys, place = np.unique(every, return_inverse=True)
            times = np.bincount(place, weights).astype(np.int64)
            waiting, held = [], 0
    first, second = keys // count, keys % count
    of_row = np.bincount(first, times, minlength=count)
    of_context = np.bincount(second, times, minlength=count) ** _SMOOTH
    expected = of_row[first] * of_context[second] / of_context.sum()
    value = np.log(times / np.maximum(expected, 1e-12))
    kept = value > 0
    return first[kept], second[kept], value[kept]


def _product(
    first: NDArray[np.int64], second: NDArray[np.int64], value: NDArray[np.float64], count: int
) -> Product:
    """What multiplies the symmetric part of the matrix with [count, m]."""

    def times(right: NDArray[np.float64]) -> NDArray[np.float64]:
        found = np.zeros((count, right.shape[1]))
        for start in range(0, len(value), _CHUNK):
            part = slice(start, start + _CHUNK)
            a, b, v = first[part], second[part], value[part, None] / 2
            np.add.at(found, a, v * right[b])
            np.add.at(found, b, v * right[a])
        return found

    return times


def _factors(
    times: Product, count: int, dim: int, seed: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The vectors [count, dim] and sizes [dim] of the largest eigenvalues that are above 0."""
    width = min(count, dim + _MORE)
    basis = np.random.default_rng(seed).standard_normal((count, width))
    for _ in range(_ROUNDS):
        basis = np.linalg.qr(times(basis))[0]
    sizes, turned = np.linalg.eigh(basis.T @ times(basis))
    order = np.argsort(-sizes)[:dim]
    good = order[sizes[order] > 1e-9]
    return basis @ turned[:, good], sizes[good]
