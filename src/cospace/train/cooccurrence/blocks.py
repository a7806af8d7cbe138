"""Blocks: pairs of words in an order in which threads never meet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cospace.train.cooccurrence.cooccur import Pairs

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["CLASSES", "Blocks", "blocks_of", "deal_blocks", "rounds", "share", "values_of"]

CLASSES = 64  # the rows of two classes of 70,000 words are 4 MB: near what a core's cache holds


@dataclass(frozen=True)
class Blocks:
    """Pairs by blocks: block b is `pairs[bounds[b]:bounds[b + 1]]`, int32 [m, 4].

    A row of `pairs` holds two words, and the bits of two float32: the log of the count, and the
    weight of the pair. A word's class is its rank modulo `CLASSES`, so each class has its share
    of common words, and a block holds the pairs of two classes.
    """

    pairs: NDArray[np.int32]
    bounds: NDArray[np.int64]

    @property
    def values(self) -> NDArray[np.float32]:
        """The same memory as float32 [m, 4], of which the last two columns are numbers."""
        return self.pairs.view(np.float32)


def blocks_of(classes: int) -> int:
    """How many unordered pairs of classes there are, each with itself among them."""
    return classes * (classes + 1) // 2


def deal_blocks(found: list[Pairs], *, x_max: float, alpha: float) -> Blocks:
    """All pairs by blocks, within a block by the rarer word; `found` is emptied on the way."""
    from cospace.train.kernels.blocks import deal, tally

    sizes = np.zeros(blocks_of(CLASSES), np.int64)
    for batch in found:
        tally(batch.words, batch.ends, batch.columns, CLASSES, sizes)
    bounds = np.zeros(len(sizes) + 1, np.int64)
    np.cumsum(sizes, out=bounds[1:])
    pairs = np.empty((int(bounds[-1]), 4), np.int32)
    free = bounds[:-1].copy()
    while found:
        batch = found.pop()
        values = values_of(batch.counts, x_max=x_max, alpha=alpha).view(np.int32)
        deal(batch.words, batch.ends, batch.columns, values, free, pairs, CLASSES)
    return Blocks(pairs, bounds)


def values_of(counts: NDArray[np.float64], *, x_max: float, alpha: float) -> NDArray[np.float32]:
    """The log of each count, and its weight: float32 [m, 2], worked out in float64.

    The weight is f(x) = min(1, (x / x_max) ** alpha), equation 9 of Pennington, Socher and
    Manning, GloVe (2014): rare pairs are noise, and very common ones tell no more than common.

    >>> values_of(np.array([10.0, 1.0, 500.0]), x_max=10, alpha=0.75)[:, 1].round(3).tolist()
    [1.0, 0.17800000309944153, 1.0]
    """
    logs = np.log(counts)
    values = np.empty((len(counts), 2), np.float32)
    values[:, 0] = logs
    logs -= np.log(x_max)
    logs *= alpha
    np.minimum(logs, 0, out=logs)
    np.exp(logs, out=logs)
    values[:, 1] = logs
    return values


def rounds(classes: int = CLASSES) -> list[list[int]]:
    """Every block once, in rounds whose blocks have no class in common, so no row of vectors.

    A pair of words moves the rows of both, so blocks are unordered pairs of classes, and rounds
    are those of a tournament in which each class meets each: one class keeps its seat, and the
    others walk around it. The last round holds each class with itself. `classes` is even.

    >>> rounds(4)
    [[6, 4], [1, 8], [3, 7], [0, 2, 5, 9]]
    """
    ring = list(range(1, classes))
    schedule = []
    for turn in range(classes - 1):
        seats = [0, *ring[turn:], *ring[:turn]]
        schedule.append([_block(seats[k], seats[-1 - k]) for k in range(classes // 2)])
    return [*schedule, [_block(k, k) for k in range(classes)]]


def share(blocks: list[int], sizes: NDArray[np.int64], workers: int) -> list[NDArray[np.int64]]:
    """The blocks of a round among the workers: the largest first, to whoever has the least."""
    loads = [0] * workers
    hands: list[list[int]] = [[] for _ in range(workers)]
    for block in sorted(blocks, key=lambda block: (-sizes[block], block)):
        least = loads.index(min(loads))
        hands[least].append(block)
        loads[least] += int(sizes[block])
    return [np.array(hand, np.int64) for hand in hands if hand]


def _block(one: int, other: int) -> int:
    low, high = sorted((one, other))
    return high * (high + 1) // 2 + low
