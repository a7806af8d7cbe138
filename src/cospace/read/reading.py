"""Reading: items, one at a time, with what failed and why beside them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from cospace.errors import BadItem
from cospace.item import Item
from cospace.limits import limit
from cospace.read.columns import Columns
from cospace.read.regular import shown
from cospace.read.rows import Row, Source

__all__ = ["Failure", "Failures", "Pass", "Reading"]


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

    def drop(self, failure: Failure | None) -> None:
        """Count one less, which is listed as `failure`, or not at all: it has been made good."""
        self._count -= 1
        if failure is not None:
            self._kept.remove(failure)

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


@dataclass(slots=True)
class Pass:
    """What one pass over the rows has met: items without a part or a cell, and ids it gave.

    `left_out` counts by column what was left out of items; `ids` counts the ids that were made of
    the content of rows; `unread` are the ids of rows that hold nothing but a photo that cannot be
    used now. `files` has, by id, what `partial` keeps of items that lack files alone, and the
    columns: a collection may have stored the files.
    """

    partial: Failures = field(default_factory=Failures)
    left_out: Counter[str] = field(default_factory=Counter)
    ids: Counter[str] = field(default_factory=Counter)
    unread: list[str] = field(default_factory=list)
    files: dict[str, tuple[Failure | None, tuple[str, ...]]] = field(default_factory=dict)

    def leave_out(self, name: str, told: str, columns: list[str], id: str) -> None:
        """Count in what a row's item lacks; `id` is that of an item that lacks files alone."""
        self.left_out.update(columns)
        unlisted = self.partial.unlisted
        self.partial.add(name, told)
        listed = self.partial.unlisted == unlisted
        if id:
            self.files[id] = Failure(shown(name), shown(told)) if listed else None, tuple(columns)


class Reading:
    """Items from one source, streamed; every `iter()` starts again at the first.

    `notes` says what was guessed. In the latest pass, `failed` holds what could not be read,
    `partial` the items that were given without a photo or a cell that cannot be used, `left_out`
    how many of those there were by column, and `position` is how many rows were taken. `columns`
    says what each column of a table is for, and `names` are all of them, and
    of the metadata that is `made` of several, such as price_currency and photos.
    `total` is how many there are: an estimate while a long file is being read, None where nobody
    can know.

    >>> from cospace.read import read
    >>> reading = read([{"sku": "A1", "title": "Armchair"}, {"sku": "", "title": "Stool"}])
    >>> [item.id for item in reading], len(reading.failed), reading.position
    (['A1'], 1, 2)
    """

    def __init__(
        self,
        source: Source,
        make: Callable[[Row, Pass], Item],
        notes: list[str],
        columns: Columns | None = None,
        *,
        made: Sequence[str] = (),
    ) -> None:
        self._source = source
        self._make = make
        self._total = source.total
        self.name = source.name
        self.notes = notes
        self.failed = Failures()
        self._pass = Pass()
        self.columns = columns
        self.names = [*source.sample.names, *made]
        self.position = 0

    @property
    def partial(self) -> Failures:
        """The items of the latest pass that were given without a photo or a cell."""
        return self._pass.partial

    @property
    def left_out(self) -> dict[str, int]:
        """How many photos and cells were left out of items, by column."""
        return dict(self._pass.left_out)

    @property
    def unread(self) -> list[str]:
        """The ids of rows among `failed` that hold nothing but a photo that cannot be used now."""
        return list(self._pass.unread)

    def keep(self, id: str) -> None:
        """Take back that an item lacks its files: a collection has kept what it stored of them."""
        if id in self._pass.files:
            failure, columns = self._pass.files.pop(id)
            self._pass.partial.drop(failure)
            self._pass.left_out -= Counter(columns)

    @property
    def total(self) -> int | None:
        """How many rows there are, or about how many, or None."""
        # An estimate that has been passed is known to be wrong.
        return None if self._total is None else max(self._total, self.position)

    def __iter__(self) -> Iterator[Item]:
        return (one for one in self.outcomes() if isinstance(one, Item))

    def outcomes(self) -> Iterator[Item | Failure]:
        """One for each row, in order: its item, or why it gives none.

        >>> from cospace.read import read
        >>> [one.name for one in read([{"sku": "", "title": "Stool"}]).outcomes()]
        ['row 1']
        """
        failed = self.failed = Failures()
        met = self._pass = Pass()
        self.position = 0
        for position, row in enumerate(self._source.rows(), start=1):
            # An older pass that goes on beside this one leaves our counts alone.
            if self.failed is failed:
                self.position = position
            if isinstance(row.values, str):
                failed.add(row.name, row.values)
                yield Failure(row.name, row.values)
                continue
            try:
                item = self._make(row, met)
            except BadItem as error:
                failed.add(row.name, error.reason)
                yield Failure(row.name, error.reason)
                continue
            yield item
        if self.failed is failed:
            self._total = self.position

    def __repr__(self) -> str:
        about = "" if self.total is None else f", {self.total:,} rows"
        return "\n".join([f"Reading({self.name}{about})", *self.notes])
