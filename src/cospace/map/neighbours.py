"""The nearest neighbours of every vector among all: what a map is laid out by."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from cospace.topk import blocks

__all__ = ["nearest_of_all"]

# Up to so many vectors, each is compared with all others.
EXACT = 20_000
_BLOCK = 1_024
# Beyond that, with those of its own group and of the groups whose middle is nearest.
_NEAR_GROUPS = 24
_SIZE = 320  # vectors of a group, about
_ROUNDS = 4  # of k-means
# Scores that are so near are equal: who of equals is a neighbour is drawn, or all would crowd
# about the same few.
_EQUAL = np.float32(5e-7)

Numbers = NDArray[np.int64]
Floats = NDArray[np.float32]


def nearest_of_all(
    vectors: Floats, k: int, *, seed: int = 0, done: Callable[[int], object] = lambda _: None
) -> Numbers:
    """For each unit vector the numbers of the `k` nearest others, by cosine: int64 [n, k].

    `k` is below n. Of more than 20,000 vectors a few neighbours in a hundred are missed: each is
    compared with those of its own group, and of the 24 groups whose middle is nearest to its
    group's. `done` is told how many more have theirs. The same vectors and seed give the same.

    >>> rows = np.eye(4, dtype=np.float32) + np.float32(0.1) * np.eye(4, k=1, dtype=np.float32)
    >>> rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    >>> nearest_of_all(rows, 1)[:, 0].tolist()
    [1, 0, 3, 2]
    """
    n = len(vectors)
    found = np.empty((n, k), np.int64)
    everybody, draw = np.arange(n), np.random.default_rng(seed)
    if n <= EXACT:
        for part in blocks(n, _BLOCK):
            found[part] = _nearest(vectors, everybody[part], everybody, k, draw)
            done(part.stop - part.start)
        return found
    groups, near = _groups(vectors, seed)
    for own, others in zip(groups, near, strict=True):
        among = np.concatenate([groups[g] for g in others])
        if len(among) <= k:  # of a tiny collection of groups: all
            among = everybody
        for part in blocks(len(own), _BLOCK):
            found[own[part]] = _nearest(vectors, own[part], among, k, draw)
        done(len(own))
    return found


def _nearest(
    vectors: Floats, own: Numbers, among: Numbers, k: int, draw: np.random.Generator
) -> Numbers:
    """The `k` of `among` nearest to each of `own`, in no order, itself left out."""
    scores = vectors[own] @ vectors[among].T
    lots = _EQUAL * draw.random(2 * len(among), np.float32)
    windows = np.lib.stride_tricks.sliding_window_view(lots, len(among))
    for row, first in enumerate(draw.integers(0, len(windows), len(own))):
        scores[row] += windows[first]
    order = np.argsort(among, kind="stable")
    itself = order[np.minimum(np.searchsorted(among, own, sorter=order), len(among) - 1)]
    there = among[itself] == own
    scores[np.flatnonzero(there), itself[there]] = -2
    taken = np.argpartition(-scores, k - 1, axis=1)[:, :k]
    numbers: Numbers = among[taken]
    return numbers


def _groups(vectors: Floats, seed: int) -> tuple[list[Numbers], Numbers]:
    """The members of each group, and the groups near to each, itself first: k-means."""
    count = max(2, len(vectors) // _SIZE)
    draw = np.random.default_rng(seed)
    middles = vectors[np.sort(draw.choice(len(vectors), count, replace=False))]
    owner = _owners(vectors, middles)
    for _ in range(_ROUNDS):
        order = np.argsort(owner, kind="stable")
        starts = np.searchsorted(owner[order], np.arange(count + 1))
        for g in range(count):
            if starts[g] < starts[g + 1]:
                middle = vectors[order[starts[g] : starts[g + 1]]].mean(0)
                middles[g] = middle / max(float(np.linalg.norm(middle)), 1e-9)
        owner = _owners(vectors, middles)
    order = np.argsort(owner, kind="stable")
    members = np.split(order, np.searchsorted(owner[order], np.arange(1, count)))
    filled = np.flatnonzero([len(one) > 0 for one in members])
    close = middles[filled] @ middles[filled].T
    np.fill_diagonal(close, 2)
    near = np.argsort(-close, axis=1, kind="stable")[:, : _NEAR_GROUPS + 1]
    return [members[g] for g in filled], near


def _owners(vectors: Floats, middles: Floats) -> Numbers:
    """The number of the middle nearest to each vector."""
    found = [(vectors[part] @ middles.T).argmax(1) for part in blocks(len(vectors), 4_096)]
    owners: Numbers = np.concatenate(found)
    return owners
