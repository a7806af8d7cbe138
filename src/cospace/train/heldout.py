"""What is held out of a training: whole groups, so that near duplicates stay on one side."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from cospace.arguments import check_share
from cospace.errors import BadArgument
from cospace.measures.bootstrap import LEAST

__all__ = ["are_keys", "few_groups", "grouped", "near", "split_groups"]


def are_keys(given: object) -> bool:
    """Whether it is a list of what can name a group or a label: no text, no list of lists.

    >>> are_keys(["red", 5, None]), are_keys("red"), are_keys([[], []])
    (True, False, False)
    """
    if isinstance(given, (str, bytes, Mapping)) or not isinstance(given, Collection):
        return False
    try:
        return all(hash(one) is not None for one in given)
    except TypeError:  # a list, or a tuple with one inside; an array without rows
        return False


def grouped(*keys: Sequence[Hashable], joined: Iterable[tuple[int, int]] = ()) -> NDArray[np.intp]:
    """The group of each of n items, as a number from 0: items that share a key are in one.

    Each of `keys` holds one key an item; None is a key that nobody shares. `joined` are pairs of
    positions that belong together besides.

    >>> grouped(["red", "blue", "red"], [1, 2, 3]).tolist()
    [0, 1, 0]
    """
    count = len(keys[0])
    if any(len(one) != count for one in keys):
        raise BadArgument(f"each list of keys has one for each of {count} items")
    root = list(range(count))

    def find(i: int) -> int:
        while root[i] != i:
            root[i] = root[root[i]]
            i = root[i]
        return i

    for one in keys:
        first: dict[Hashable, int] = {}
        for i, key in enumerate(one):
            if key is not None:
                root[find(i)] = find(first.setdefault(key, i))
    for i, j in joined:
        root[find(i)] = find(j)
    number: dict[int, int] = {}
    return np.array([number.setdefault(find(i), len(number)) for i in range(count)], np.intp)


def near(rows: NDArray[np.float32], cosine: float) -> list[tuple[int, int]]:
    """The pairs of unit rows [n, d] whose cosine is `cosine` or more, each once.

    >>> near(np.float32([[1, 0], [0, 1], [1, 0]]), 0.99)
    [(0, 2)]
    """
    found: list[tuple[int, int]] = []
    for start in range(0, len(rows), 1024):
        close = rows[start : start + 1024] @ rows.T >= cosine
        for i, j in zip(*np.nonzero(close), strict=True):
            if start + i < j:
                found.append((int(start + i), int(j)))
    return found


def split_groups(
    groups: NDArray[np.intp], *, share: float = 0.2, seed: int = 0
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Positions to train on and positions held out: about `share` of the items, in whole groups.

    At least one group is held out, the smallest where all are larger.

    Raises `BadArgument` for a share that is not between 0 and 1, and where there are too few
    groups for both sides to have one.

    >>> kept, held = split_groups(np.array([0, 0, 1, 2, 3, 4]), share=0.3)
    >>> sorted([*kept.tolist(), *held.tolist()])
    [0, 1, 2, 3, 4, 5]
    """
    check_share("share", share)
    names, sizes = np.unique(groups, return_counts=True)
    if len(names) < 2:
        raise BadArgument(
            f"nothing can be held out: all {len(groups)} are of one group, that is, equal or"
            " nearly so. Two groups is the least"
        )
    order = np.random.default_rng(seed).permutation(len(names))
    wanted = share * len(groups)
    taken: list[int] = []
    count = 0
    for name in order[: len(names) - 1]:
        # A group that would overshoot by more than it brings is left on the other side.
        if count + sizes[name] / 2 <= wanted:
            taken.append(int(names[name]))
            count += int(sizes[name])
    if not taken:  # all are larger than what is wanted: the smallest, of those the first drawn
        taken = [int(names[order[np.argmin(sizes[order])]])]
    held = np.isin(groups, taken)
    return np.flatnonzero(~held), np.flatnonzero(held)


def few_groups(groups: NDArray[np.intp]) -> str:
    """What a card says of so few held-out groups that the items are drawn in their place, or ""."""
    count = len(np.unique(groups))
    if count >= LEAST:
        return ""
    return f"held-out groups: {count}; the ranges are over their items, and tell nothing of others"
