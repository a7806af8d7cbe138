"""How many rows hold each term: exact after each change, in 8 bytes a term."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cospace.errors import StorageError
from cospace.files import write_bytes

__all__ = ["Counts"]

# So many changed terms wait beside the sorted arrays before they are merged in.
_WAITING = 200_000


class Counts:
    """Numbers of rows by term. `rows` is the number of rows that hold any.

    >>> counts = Counts()
    >>> counts.add([{7: 1.0, 9: 0.5}, {7: 1.0}])
    >>> counts.rows, counts.of(7), counts.of(9), counts.of(8)
    (2, 2, 1, 0)
    >>> counts.remove([[7]])
    >>> counts.rows, counts.of(7)
    (1, 1)
    """

    def __init__(self) -> None:
        self.rows = 0
        self._now = _State(np.empty(0, np.uint32), np.empty(0, np.int64), Counter())

    def of(self, term: int) -> int:
        """How many rows hold it. May be asked while another thread counts."""
        terms, numbers, changes = self._now
        at = int(np.searchsorted(terms, np.uint32(term)))
        there = at < len(terms) and terms[at] == term
        return (int(numbers[at]) if there else 0) + changes.get(term, 0)

    def add(self, held: Iterable[Collection[int]]) -> None:
        """Count the terms of rows that come in; rows without a term do not count."""
        for terms in held:
            self._now.changes.update(list(terms))  # a mapping would add its values
            self.rows += bool(terms)
        self._merge(_WAITING)

    def remove(self, held: Iterable[Collection[int]]) -> None:
        """Take the terms of rows that go out off again."""
        for terms in held:
            self._now.changes.subtract(list(terms))
            self.rows -= bool(terms)
        self._merge(_WAITING)

    def _merge(self, waiting: int) -> None:
        """Sort the changes in, when more than so many wait."""
        terms, numbers, changes = self._now
        if len(changes) <= waiting:
            return
        changed = np.fromiter(changes.keys(), np.uint32, len(changes))
        by = np.fromiter(changes.values(), np.int64, len(changes))
        merged, place = np.unique(np.concatenate([terms, changed]), return_inverse=True)
        summed = np.zeros(len(merged), np.int64)
        np.add.at(summed, place, np.concatenate([numbers, by]))
        self._now = _State(merged[summed > 0], summed[summed > 0], Counter())

    def save(self, path: Path) -> None:
        """Write them to a file: the number of rows and of terms, the terms, their numbers."""
        self._merge(0)
        terms, numbers, _ = self._now
        head = np.array([self.rows, len(terms)], "<i8")
        parts = (head, terms.astype("<u4"), numbers.astype("<u4"))
        write_bytes(path, b"".join(part.tobytes() for part in parts))

    @classmethod
    def load(cls, path: Path) -> Counts:
        """Read what `save` wrote. Raises `StorageError`."""
        try:
            data = path.read_bytes()
        except OSError as error:
            raise StorageError(f"{path}: cannot be read ({error})") from error
        rows, n = np.frombuffer(data, "<i8", 2).tolist() if len(data) >= 16 else (0, -1)
        if len(data) != 16 + 8 * n:
            raise StorageError(f"{path}: {len(data)} bytes; this is not a whole file of counts")
        made = cls()
        made.rows = rows
        terms = np.frombuffer(data, "<u4", n, 16).astype(np.uint32)
        made._now = _State(
            terms, np.frombuffer(data, "<u4", n, 16 + 4 * n).astype(np.int64), Counter()
        )
        return made


class _State(NamedTuple):
    """Sorted terms and their numbers, and by how much some have changed since."""

    terms: NDArray[np.uint32]
    numbers: NDArray[np.int64]
    changes: Counter[int]
