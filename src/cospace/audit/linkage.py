"""Groups by complete linkage: within a group every pair is near, so that nothing chains."""

from __future__ import annotations

import heapq
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

__all__ = ["linked"]

Numbers = NDArray[np.int64]


def linked(
    a: Numbers, b: Numbers, near: NDArray[np.float64], ids: Sequence[str]
) -> list[list[int]]:
    """Groups of two items or more, each in the order of ids, the largest first.

    `a` and `b` are the numbers of all pairs that are near enough, `near` how near. The two groups
    whose farthest members are nearest become one, and again, as long as every pair of the two is
    near enough. Items of equal nearness are taken in the order of their ids, so the order of the
    items changes nothing.

    Source: Sørensen, A method of establishing groups of equal amplitude, 1948 (complete linkage);
    Defays, An efficient algorithm for a complete link method, 1977.

    >>> pairs = np.array([0, 1]), np.array([1, 2])  # 0 and 2 are not near
    >>> linked(*pairs, np.array([0.99, 0.98]), ["x", "y", "z"])
    [[0, 1]]
    """
    held: dict[int, list[int]] = {}
    beside: dict[int, dict[int, float]] = {}
    heap: list[tuple[float, str, str, int, int]] = []
    for one, two, value in zip(a.tolist(), b.tolist(), near.tolist(), strict=True):
        beside.setdefault(one, {})[two] = value
        beside.setdefault(two, {})[one] = value
        heap.append(_entry(value, ids[one], ids[two], one, two))
    names = {one: ids[one] for one in beside}
    held = {one: [one] for one in beside}
    heapq.heapify(heap)
    new = len(ids)
    while heap:
        _, _, _, one, two = heapq.heappop(heap)
        if one not in held or two not in held:
            continue
        held[new] = held.pop(one) + held.pop(two)
        names[new] = min(names[one], names[two])
        first, second = beside.pop(one), beside.pop(two)
        joined: dict[int, float] = {}
        for other, value in first.items():
            if other != two and other in second:  # near to all of both
                joined[other] = min(value, second[other])
        for other in {*first, *second} - {one, two}:
            beside[other].pop(one, None)
            beside[other].pop(two, None)
            if other in joined:
                beside[other][new] = joined[other]
                heapq.heappush(heap, _entry(joined[other], names[new], names[other], new, other))
        beside[new] = joined
        new += 1
    groups = [sorted(some, key=lambda i: ids[i]) for some in held.values() if len(some) > 1]
    return sorted(groups, key=lambda some: (-len(some), ids[some[0]]))


def _entry(near: float, x: str, y: str, one: int, two: int) -> tuple[float, str, str, int, int]:
    first, second = (x, y) if x < y else (y, x)
    return (-near, first, second, one, two)
