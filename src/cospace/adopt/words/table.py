"""A table that grows with what was read, never with what a header says."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["GrowingTable"]


class GrowingTable:
    """Rows float32 [n, dim], added piece by piece; room for `expected` rows is kept at first.

    Room costs memory only where it is written, so a size that is guessed too high costs none.

    >>> table = GrowingTable(2, expected=1)
    >>> table.room(3)[:] = 7
    >>> table.take(3)
    >>> table.rows().shape
    (3, 2)
    """

    def __init__(self, dim: int, *, expected: int) -> None:
        self._rows = np.empty((max(1, expected), dim), np.float32)
        self._used = 0

    def __len__(self) -> int:
        return self._used

    def room(self, number: int) -> NDArray[np.float32]:
        """The place of the next rows: float32 [number, dim], to be written before `take`."""
        need = self._used + number
        if need > len(self._rows):
            self._resize(need + need // 4)
        place: NDArray[np.float32] = self._rows[self._used : need]
        return place

    def take(self, number: int) -> None:
        """Count the first `number` rows of the room as rows of the table."""
        self._used += number

    def rows(self) -> NDArray[np.float32]:
        """All rows, with no room left; nothing can be added afterwards."""
        if self._used < len(self._rows):
            self._resize(self._used)
        rows: NDArray[np.float32] = self._rows
        return rows

    def _resize(self, number: int) -> None:
        # In place, where the system can: no second copy of a large table. Views of the room that
        # were given out before are not used again.
        self._rows.resize((number, self._rows.shape[1]), refcheck=False)
