"""The best k of very many, exactly: block after block, in memory that does not grow with them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import numpy as np

from cospace.arguments import check_count

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Score", "Top", "TopK", "blocks", "check_k", "cosines", "products", "rounded", "top_k"]

# Rows and queries that are scored at a time: a million scores, 4 MB.
_ROWS, _QUERIES = 4_096, 256
# So few queries are compared with rows one by one.
_FEW = 4

# The scores float32 [q, r] of some queries with some rows; higher is better, and all are finite.
Score: TypeAlias = "Callable[[slice, slice], NDArray[np.float32]]"


class Top(NamedTuple):
    """Numbers of rows, best first, int64 [q, k]; and their scores, float32 [q, k]."""

    rows: NDArray[np.int64]
    scores: NDArray[np.float32]


class TopK:
    """For each of so many queries the `k` rows of the highest score, of all that are added.

    Where two scores are equal, the row of the lower number comes first: the result does not
    depend on the order of adding, or on the blocks.

    Raises `BadArgument` for a `k` that is no whole number from 1.

    >>> queries, rows = np.eye(2, dtype=np.float32), np.array([[0.6, 0.8], [1, 0]], np.float32)
    >>> best = TopK(len(queries), k=1)
    >>> best.add(2, cosines(queries, rows), numbers=np.array([7, 9]))
    >>> best.found().rows.tolist()
    [[9], [7]]
    """

    def __init__(self, queries: int, k: int) -> None:
        self._k = check_k(k)
        self._rows = 0
        self._parts = list(blocks(queries, _QUERIES))
        self._best = [
            Top(
                np.zeros((q.stop - q.start, 0), np.int64),
                np.zeros((q.stop - q.start, 0), np.float32),
            )
            for q in self._parts
        ]

    def add(self, rows: int, score: Score, *, numbers: NDArray[np.integer] | None = None) -> None:
        """So many rows, each with its number; by default they are counted from 0."""
        self._rows += rows
        for i, queries in enumerate(self._parts):
            for part in blocks(rows, _ROWS):
                named = np.arange(part.start, part.stop) if numbers is None else numbers[part]
                scores = score(queries, part)
                self._best[i] = _better(self._best[i], scores, named.astype(np.int64), self._k)

    def found(self) -> Top:
        """The best rows of each query; fewer than `k` where there are not as many."""
        if not self._best:
            return _nothing(0, min(self._k, self._rows))
        numbers, scores = zip(*self._best, strict=True)
        return Top(np.concatenate(numbers), np.concatenate(scores))


def top_k(score: Score, queries: int, rows: int, k: int) -> Top:
    """The `k` rows of the highest score for each query; equal ones in the order of rows.

    >>> points = np.array([[0.0], [5.0], [3.0]], np.float32)
    >>> top_k(lambda q, r: -abs(points[q] - points[r].T), 3, 3, k=2).rows.tolist()
    [[0, 2], [1, 2], [2, 1]]
    """
    best = TopK(queries, k)
    best.add(rows, score)
    return best.found()


def cosines(queries: NDArray[np.float32], rows: NDArray[np.float32]) -> Score:
    """The score of unit vectors [q, dim] and [n, dim]: their cosines, in [-1, 1].

    Equal rows have equal cosines, wherever they stand.
    """

    def score(q: slice, r: slice) -> NDArray[np.float32]:
        found = products(queries[q], rows[r])
        return np.clip(found, -1, 1, out=found)

    return score


# Numbers are rounded to this many binary places in `products`.
_PLACES = np.float64(1 << 26)


def products(queries: NDArray[np.floating], rows: NDArray[np.floating]) -> NDArray[np.float32]:
    """The inner products float32 [q, n] of vectors of length one: equal ones for equal rows.

    A matrix product adds in another order at the end of a block, so equal rows get products that
    differ in the last bit. Here no sum is ever rounded: numbers of 26 binary places have products
    of 52, and float64 holds their sums, which are below 2, exactly. The rounding to 26 places
    changes a product by less than float32 does. For few queries it costs more than the product
    itself, and these go another way, which adds in one order for all rows.

    >>> rows = np.tile(np.float32([0.6, 0.48, 0.64]), (7, 1))
    >>> len(set(products(rows[:5], rows).reshape(-1).tolist()))
    1
    """
    if len(queries) <= _FEW:
        found: NDArray[np.float32] = np.einsum(
            "qd,nd->qn", np.asarray(queries, np.float32), np.asarray(rows, np.float32)
        )
        return found
    return (rounded(queries) @ rounded(rows).T).astype(np.float32)


def rounded(vectors: NDArray[np.floating]) -> NDArray[np.float64]:
    """The vectors as float64 of 26 binary places: sums of their products are exact."""
    exact = vectors.astype(np.float64)
    exact *= _PLACES
    np.rint(exact, out=exact)
    exact /= _PLACES
    return exact


def blocks(length: int, size: int) -> Iterator[slice]:
    """Slices of `size` that cover so many; the last may be shorter."""
    return (slice(start, min(start + size, length)) for start in range(0, length, size))


def check_k(k: int) -> int:
    """`k`, when it is a whole number from 1. Raises `BadArgument`."""
    return check_count("k", k)


def _nothing(queries: int, k: int) -> Top:
    return Top(np.zeros((queries, k), np.int64), np.zeros((queries, k), np.float32))


def _better(held: Top, scores: NDArray[np.float32], numbers: NDArray[np.int64], k: int) -> Top:
    """The best of those held and of one block."""
    queries, rows = scores.shape
    if held.rows.shape[1] == k:
        # Hardly any of a block reach the last that is held, once many blocks were seen.
        hopeful = scores >= held.scores[:, -1:]
        if np.count_nonzero(hopeful) <= k * queries:
            return _joined(held, scores, numbers, hopeful)
    if rows > k:
        if (np.diff(numbers) < 0).any():
            order = np.argsort(numbers)
            scores, numbers = scores[:, order], numbers[order]
        taken = _first(scores, k)
        scores, named = np.take_along_axis(scores, taken, axis=1), numbers[taken]
    else:
        named = np.broadcast_to(numbers, scores.shape)
    named = np.concatenate([held.rows, named], axis=1)
    scores = np.concatenate([held.scores, scores], axis=1)
    order = np.lexsort((named, -scores))[:, :k]
    return Top(np.take_along_axis(named, order, axis=1), np.take_along_axis(scores, order, axis=1))


def _first(scores: NDArray[np.float32], k: int) -> NDArray[np.intp]:
    """Where the `k` best of each row of `scores` stand; of equal ones those that stand first."""
    least = np.partition(scores, scores.shape[1] - k, axis=1)[:, -k, None]
    taken = scores >= least
    if np.count_nonzero(taken) > k * len(scores):  # some are equal to the last, and too many
        equal = scores == least
        room = k - np.count_nonzero(taken & ~equal, axis=1)
        taken &= ~equal | (np.cumsum(equal, axis=1, dtype=np.int32) <= room[:, None])
    places: NDArray[np.intp] = np.flatnonzero(taken).reshape(len(scores), k) % scores.shape[1]
    return places


def _joined(
    held: Top,
    scores: NDArray[np.float32],
    numbers: NDArray[np.int64],
    hopeful: NDArray[np.bool_],
) -> Top:
    """The best of the `k` held for each query and of the few `hopeful` of a block."""
    k = held.rows.shape[1]
    query, column = divmod(np.flatnonzero(hopeful), scores.shape[1])
    owner = np.concatenate([np.repeat(np.arange(len(scores)), k), query])
    named = np.concatenate([held.rows.reshape(-1), numbers[column]])
    values = np.concatenate([held.scores.reshape(-1), scores[query, column]])
    order = np.lexsort((named, -values, owner))
    starts = np.searchsorted(owner[order], np.arange(len(scores)))
    best = order[starts[:, None] + np.arange(k)]
    return Top(named[best], values[best])
