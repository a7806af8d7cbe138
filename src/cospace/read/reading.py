"""Reading: items, one at a time, with what failed and why beside them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from cospace.errors import BadItem
from cospace.item import Item
from cospace.limits import limit
from cospace.read.regular import shown
from cospace.read.rows import Row, Source

__all__ = ["Failure", "Failures", "Reading"]


class Failure(NamedTuple):
    """One thing that could not be read: ``listings.csv:17`` and the reason."""

    name: str
    reason: str

    def __str__(self) -> str:
        return f"{self.name}: {self.reason}"


class Failures:
    """What could not be read: `len` counts all of it, iteration gives the first of it.

    At most `report_reasons` (limits.py) are kept with their reasons; `unlisted` is how many
    more there were.

    >>> failures = Failures()
    >>> failures.add("listings.csv:17", "has 3 cells; the header has 5")
    >>> len(failures), str(next(iter(failures)))
    (1, 'listings.csv:17: has 3 cells; the header has 5')
    """

    def __init__(self) -> None:
        self._kept: list[Failure] = []
        self._count = 0

    def add(self, name: str, reason: str) -> None:
        """Count one more, and keep its reason while there is room."""
        self._count += 1
        if len(self._kept) < limit("report_reasons"):
            self._kept.append(Failure(shown(name), shown(reason)))

    def take(self, others: Failures) -> None:
        """Count those of another list too, and keep their reasons while there is room."""
        for failure in others:
            self.add(*failure)
        self._count += others.unlisted

    @property
    def unlisted(self) -> int:
        """How many were counted and not kept."""
        return self._count - len(self._kept)

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[Failure]:
        return iter(self._kept)

    def __repr__(self) -> str:
        lines = [str(failure) for failure in self._kept[:10]]
        more = self._count - len(lines)
        return "\n".join([f"Failures({self._count})", *lines, *([f"... {more} more"] * (more > 0))])


class Reading:
    """Items from one source, streamed; every `iter()` starts again at the first.

    `notes` says what was guessed. In the latest pass, `failed` holds what could not be read,
    `partial` the items that were given without a part that is missing, and `position` is how
    many rows were taken. `total` is how many there are: an estimate while a long file is being
    read, None where nobody can know.

    >>> from cospace.read import read
    >>> reading = read([{"sku": "A1", "title": "Armchair"}, {"sku": "", "title": "Stool"}])
    >>> [item.id for item in reading], len(reading.failed), reading.position
    (['A1'], 1, 2)
    """

    def __init__(
        self,
        source: Source,
        make: Callable[[Row, Failures], Item],
        notes: list[str],
    ) -> None:
        self._source = source
        self._make = make
        self._total = source.total
        self.name = source.name
        self.notes = notes
        self.failed = Failures()
        self.partial = Failures()
        self.position = 0

    @property
    def total(self) -> int | None:
        """How many rows there are, or about how many, or None."""
        # An estimate that has been passed is known to be wrong.
        return None if self._total is None else max(self._total, self.position)

    def __iter__(self) -> Iterator[Item]:
        failed = self.failed = Failures()
        partial = self.partial = Failures()
        self.position = 0
        for position, row in enumerate(self._source.rows(), start=1):
            # An older pass that goes on beside this one leaves our counts alone.
            if self.failed is failed:
                self.position = position
            if isinstance(row.values, str):
                failed.add(row.name, row.values)
                continue
            try:
                item = self._make(row, partial)
            except BadItem as error:
                failed.add(row.name, error.reason)
                continue
            yield item
        if self.failed is failed:
            self._total = self.position

    def __repr__(self) -> str:
        about = "" if self.total is None else f", {self.total:,} rows"
        return "\n".join([f"Reading({self.name}{about})", *self.notes])
