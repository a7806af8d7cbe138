"""Dicts: an iterable of rows that a program holds in memory or makes one by one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sized
from itertools import chain, islice
from pathlib import Path
from typing import Any

from cospace.errors import BadArgument
from cospace.item import Item
from cospace.read.rows import Row, Sample

__all__ = ["Dicts"]

_SAMPLE_ROWS = 100


class Dicts:
    """Rows from dicts. A list can be read many times, a generator only once.

    Relative paths of images start at the current folder.
    """

    cells = False
    name = "dicts"

    def __init__(self, rows: Iterable[Any]) -> None:
        self.folder = Path()
        self.notes: list[str] = []
        self.total = len(rows) if isinstance(rows, Sized) else None
        self.sample = Sample()
        self._rows = rows
        self._spent = False
        once = iter(rows)
        head = list(islice(once, _SAMPLE_ROWS))
        # What was taken for the sample from a generator is put back in front of it.
        self._once = chain(head, once) if once is rows else None
        good = [values for values in head if isinstance(values, Mapping)]
        if head and not good:
            raise BadArgument(_no_rows(rows, head[0]))
        for values in good:
            self.sample.add(values, cells=False)

    def choose(self, columns: set[str]) -> None:
        """The dicts are there already, so nothing is saved here."""

    def rows(self) -> Iterator[Row]:
        """Every row in order; `BadArgument` for a generator that was read before."""
        if self._once is not None and self._spent:
            raise BadArgument("this generator has been read already; pass a list to read it again")
        self._spent = True
        for number, values in enumerate(self._once or self._rows, start=1):
            good = isinstance(values, Mapping)
            bad = f"expected a dict, not {type(values).__name__}"
            yield Row(f"row {number}", number, values if good else bad)


def _no_rows(rows: Any, first: Any) -> str:
    """What to give in place of `rows`, of which the first is no dict."""
    if callable(getattr(rows, "read", None)):
        return "expected the path of a file, not an open one"
    what = f"expected dicts, a row each, not {type(first).__name__}"
    if isinstance(first, Item):
        return f"{what}: a collection takes Items as they are"
    if isinstance(first, str):
        return f'{what}: write {{"text": ...}} of each'
    return what
