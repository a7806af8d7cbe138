"""Vectors in 8 bits or in one bit a number, and the search over them: for arrays kept elsewhere.

A first pass over the small copies finds candidates; their full vectors, kept on a disk, say
which are the best. Collections do the same by themselves: `cs.open(path, quantization=...)`.

The method, with figures: Shakir, Aarsen and Lee, Binary and Scalar Embedding Quantization for
Significantly Faster & Cheaper Retrieval (Hugging Face blog, 2024). Rescoring binary candidates:
Yamada, Asai and Hajishirzi, Efficient Passage Retrieval with Hashing (2021).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cospace.errors import BadArgument, BadVector, SpaceMismatch
from cospace.topk import Score, Top, blocks, check_k, cosines, products, rounded, top_k
from cospace.vectors import Vectors

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cospace.space import Space

__all__ = ["Binary", "Int8", "nearest"]

# Rows that are coded or compared at a time, and numbers that are fetched to rescore: 16 MB.
_ROWS, _NUMBERS = 4_096, 1 << 22

# The ones in every byte; numpy before 2.0 cannot count them itself.
_ONES = np.array([byte.bit_count() for byte in range(256)], np.uint8)


def nearest(documents: Vectors, queries: Vectors, k: int = 10) -> Top:
    """The `k` rows of highest cosine for each query, by comparing with all of them.

    Fewer than `k` when there are not as many rows. Equal scores come in the order of rows.
    Raises `SpaceMismatch`, and `BadArgument` for a `k` below 1.

    >>> from cospace import Space
    >>> space = Space.of("demo", 2)
    >>> rows = Vectors([[1.0, 0.0], [0.0, 1.0], [0.6, 0.8]], space)
    >>> nearest(rows, Vectors([[0.0, 2.0]], space), k=2).rows.tolist()
    [[1, 2]]
    """
    documents.space.check(queries.space, what="the documents")
    rows, asked = documents.normalized, queries.normalized
    return top_k(cosines(asked, rows), len(asked), len(rows), k)


@dataclass(frozen=True, slots=True)
class Int8:
    """Unit vectors in one byte a number: a quarter of float32.

    `codes` is int8 [n, dim]; a number is `low + step * (code + 128)`, with `low` and `step`
    float32 [dim], one of each a dimension. `clipped` counts the numbers that lay outside the
    range of the sample, and were brought to its end.
    """

    codes: NDArray[np.int8]
    low: NDArray[np.float32]
    step: NDArray[np.float32]
    space: Space
    clipped: int

    @classmethod
    def of(cls, vectors: Vectors, *, sample: Vectors | None = None) -> Int8:
        """The codes of `vectors`, in the range of each dimension in `sample` (or in themselves).

        Give a sample when more vectors come later: all must be coded with one range. Some
        thousands are enough.

        Raises `BadVector` for an empty sample, `SpaceMismatch` for one of another space.

        >>> from cospace import Space
        >>> vectors = Vectors([[0.6, 0.8], [0.8, -0.6]], Space.of("demo", 2))
        >>> codes = Int8.of(vectors)
        >>> codes.codes.tolist(), codes.nbytes
        ([[-128, 127], [127, -128]], 4)
        """
        seen = vectors if sample is None else sample
        vectors.space.check(seen.space, what="the sample")
        if not len(seen):
            raise BadVector("the range of each dimension needs a sample of vectors; it is empty")
        low, high = seen.normalized.min(axis=0), seen.normalized.max(axis=0)
        step = ((high - low) / 255).astype(np.float32)
        # A dimension that never varies needs no steps; any number will do in place of zero.
        step[step == 0] = 1.0
        codes = np.empty(vectors.array.shape, np.int8)
        clipped = 0
        for part in blocks(len(vectors), _ROWS):
            levels = np.rint((vectors.normalized[part] - low) / step)
            clipped += int(np.count_nonzero((levels < 0) | (levels > 255)))
            codes[part] = (np.clip(levels, 0, 255) - 128).astype(np.int8)
        return cls(codes, low, step, vectors.space, clipped)

    @property
    def nbytes(self) -> int:
        """Bytes that the codes take."""
        return self.codes.nbytes

    def restored(self) -> NDArray[np.float32]:
        """The vectors that the codes stand for: float32 [n, dim], of about length one."""
        numbers: NDArray[np.float32] = self.low + self.step * (self.codes.astype(np.float32) + 128)
        return numbers

    def scores(self, queries: Vectors) -> NDArray[np.float32]:
        """The cosines as the codes tell them: float32 [q, n], in [-1, 1] but for rounding."""
        self.space.check(queries.space, what="the codes")
        return np.concatenate(
            [self._scores(queries.normalized, part) for part in blocks(len(self.codes), _ROWS)]
            or [np.zeros((len(queries), 0), np.float32)],
            axis=1,
        )

    def _scores(self, asked: NDArray[np.float32], part: slice) -> NDArray[np.float32]:
        codes = self.codes[part].astype(np.float32)
        return products(asked, self.low + self.step * (codes + 128))

    def nearest(
        self, queries: Vectors, k: int = 10, *, full: Vectors | None = None, more: float = 2.0
    ) -> Top:
        """The best `k` rows for each query; with `full`, the vectors that were coded, rescored.

        With `full` the first pass brings `k * more` candidates, and the scores are cosines;
        without it they are the codes' own. Raises `SpaceMismatch`, `BadArgument`.
        """
        self.space.check(queries.space, what="the codes")
        asked = queries.normalized
        return _two_passes(
            len(self.codes), queries, k, full, more, lambda q, r: self._scores(asked[q], r)
        )


@dataclass(frozen=True, slots=True)
class Binary:
    """Unit vectors in one bit a number, its sign: a thirty-second of float32.

    `bits` is uint8 [n, ceil(dim / 8)], packed as `numpy.packbits` does; a number above zero
    is 1.
    """

    bits: NDArray[np.uint8]
    space: Space

    @classmethod
    def of(cls, vectors: Vectors) -> Binary:
        """The signs of `vectors`.

        >>> from cospace import Space
        >>> vectors = Vectors([[0.6, 0.8, 0.0], [-0.6, 0.8, 0.1]], Space.of("demo", 3))
        >>> Binary.of(vectors).bits.tolist()
        [[192], [96]]
        """
        return cls(np.packbits(vectors.array > 0, axis=1), vectors.space)

    @property
    def nbytes(self) -> int:
        """Bytes that the bits take."""
        return self.bits.nbytes

    def distances(self, queries: Vectors) -> NDArray[np.int32]:
        """In how many signs each query and row differ (Hamming): int32 [q, n], from 0 to dim."""
        self.space.check(queries.space, what="the bits")
        asked = np.packbits(queries.array > 0, axis=1)
        found = np.empty((len(asked), len(self.bits)), np.int32)
        for part in blocks(len(self.bits), _ROWS):
            found[:, part] = self._distances(asked, part)
        return found

    def _distances(self, asked: NDArray[np.uint8], part: slice) -> NDArray[np.int32]:
        rows = self.bits[part]
        found = np.empty((len(asked), len(rows)), np.int32)
        for number, one in enumerate(asked):
            found[number] = _ONES[rows ^ one].sum(axis=1)
        return found

    def scores(self, queries: Vectors) -> NDArray[np.float32]:
        """Estimated cosines, float32 [q, n]: cos(pi * differing / dim).

        The share of differing signs estimates the angle: Charikar, Similarity Estimation
        Techniques from Rounding Algorithms (2002), for random directions. The dimensions of a
        model are not random, so take it for ranking, and rescore.
        """
        return self._estimates()[self.distances(queries)]

    def _estimates(self) -> NDArray[np.float32]:
        """By the number of differing signs, float32 [dim + 1]: equal rows score the same."""
        share = np.arange(self.space.dim + 1) / self.space.dim
        return np.cos(math.pi * share).astype(np.float32)

    def nearest(
        self, queries: Vectors, k: int = 10, *, full: Vectors | None = None, more: float = 4.0
    ) -> Top:
        """The best `k` rows for each query; with `full`, the vectors that were coded, rescored.

        With `full` the `k * more` rows of fewest differing signs are scored by their cosine;
        without it the scores are estimates. Raises `SpaceMismatch`, `BadArgument`.

        >>> from cospace import Space
        >>> vectors = Vectors([[0.6, 0.8], [0.8, 0.6], [-1.0, 0.1]], Space.of("demo", 2))
        >>> Binary.of(vectors).nearest(vectors[:1], 2, full=vectors).rows.tolist()
        [[0, 1]]
        """
        self.space.check(queries.space, what="the bits")
        asked, estimates = np.packbits(queries.array > 0, axis=1), self._estimates()

        def score(q: slice, r: slice) -> NDArray[np.float32]:
            return estimates[self._distances(asked[q], r)]

        return _two_passes(len(self.bits), queries, k, full, more, score)


def _two_passes(
    rows: int,
    queries: Vectors,
    k: int,
    full: Vectors | None,
    more: float,
    score: Score,
) -> Top:
    """The best `k` by `score`; with `full`, the best of `k * more`, by their cosines."""
    if full is None:
        return top_k(score, len(queries), rows, k)
    full.space.check(queries.space, what="the full vectors")
    if len(full) != rows:
        raise SpaceMismatch(f"{rows} vectors were coded; the full ones are {len(full)}")
    if not more >= 1:
        raise BadArgument(f"more is how many times k the first pass brings, 1 or more, not {more}")
    few = top_k(score, len(queries), rows, math.ceil(check_k(k) * min(more, rows))).rows
    scores = np.empty(few.shape, np.float32)
    # Few vectors are fetched at a time: half as many as a block of the first pass holds scores.
    for part in blocks(len(few), max(1, _NUMBERS // 2 // max(1, few.shape[1] * full.space.dim))):
        asked, fetched = queries.normalized[part], full.normalized[few[part]]
        scores[part] = np.einsum("qd,qcd->qc", rounded(asked), rounded(fetched))
    order = np.lexsort((few, -scores))[:, :k]
    best = np.take_along_axis(scores, order, axis=1)
    return Top(np.take_along_axis(few, order, axis=1), np.clip(best, -1.0, 1.0))
