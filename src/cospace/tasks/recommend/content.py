"""How near items are to what is asked, by their contents: for recommending and for learning."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from cospace.tasks.material import Floats, unit_mean

__all__ = ["Contents"]

Numbers = NDArray[np.float64]


class Contents:
    """The unit vectors of items by kind, float32 [n, dim], NaN for an item without that kind.

    >>> photos = np.float32([[1, 0], [0.6, 0.8], [np.nan, np.nan]])
    >>> contents = Contents({"image": photos})
    >>> contents.scores(contents.middles([0])).round(2).tolist()
    [1.0, 0.6, -1.0]
    """

    def __init__(self, kinds: Mapping[str, Floats]) -> None:
        self._kinds = kinds
        self._there = {kind: ~np.isnan(rows[:, 0]) for kind, rows in kinds.items()}
        self._count = len(next(iter(kinds.values()))) if kinds else 0

    def middles(self, items: Sequence[int]) -> dict[str, Floats]:
        """The unit mean of some items' vectors, of each kind that one of them has."""
        found = {}
        for kind, rows in self._kinds.items():
            own = [rows[at] for at in items if self._there[kind][at]]
            if own:
                found[kind] = unit_mean(own)
        return found

    def scores(self, asked: Mapping[str, Floats]) -> Numbers:
        """The mean cosine [n] to `asked`, over the kinds that both have; -1 where they share none.

        Not from the middle of each kind, as `Material.rows` is: it is the cosine that is told.
        """
        total, shared = np.zeros(self._count), np.zeros(self._count)
        for kind, vector in asked.items():
            if kind in self._kinds:
                there = self._there[kind]
                total += np.where(there, self._kinds[kind] @ vector, 0)
                shared += there
        return np.where(shared > 0, total / np.maximum(shared, 1), -1.0)
