"""The metadata of all items in memory, column by column: filters, counts and orders in one pass.

A value is stored once, and an item holds its number: 100,000 items of ten fields take about 12 MB
besides the values themselves.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from cospace.read.dates import moment
from cospace.store.schema import flatten
from cospace.store.truth import Change

__all__ = ["Column", "Columns", "Numbers"]

# From here on not every whole number is a float64.
EXACT = float(1 << 53)


class Numbers(NamedTuple):
    """The values of a column as numbers [v]: `there` says which are some, `exact` whether all
    numbers are as they were given."""

    values: NDArray[Any]
    there: NDArray[np.bool_]
    exact: bool


class Column:
    """One field: place `rows[i]` holds the value `values[codes[i]]`; a list has several of these.

    A place is the position of an item in `Columns.keys`. A location is (lat, lon).
    """

    __slots__ = ("_numbers", "_order", "_points", "codes", "numbered_by", "rows", "values")

    def __init__(self) -> None:
        self.rows = np.empty(0, np.int32)
        self.codes = np.empty(0, np.int32)
        self.values: list[Any] = []
        self.numbered_by: dict[Any, int] = {}
        self._numbers: tuple[int, Numbers] | None = None
        self._order: tuple[int, NDArray[np.int64]] | None = None
        self._points: tuple[int, NDArray[np.float64]] | None = None

    def grown(self, rows: Sequence[int], values: Sequence[Any]) -> Column:
        """The column with more values; what is the same is shared."""
        more = Column()
        more.values, more.numbered_by = self.values, self.numbered_by
        codes = np.empty(len(values), np.int32)
        for at, value in enumerate(values):
            code = self.numbered_by.get(value)
            if code is None:
                code = self.numbered_by[value] = len(self.values)
                self.values.append(value)
            codes[at] = code
        more.rows = np.concatenate([self.rows, np.asarray(rows, np.int32)])
        more.codes = np.concatenate([self.codes, codes])
        return more

    def moved(self, to: NDArray[np.int32]) -> Column:
        """The column after its rows have moved: -1 for those that went; their values go too."""
        kept = to[self.rows] >= 0
        used, codes = np.unique(self.codes[kept], return_inverse=True)
        moved = Column()
        moved.rows, moved.codes = to[self.rows[kept]], codes.astype(np.int32)
        moved.values = [self.values[code] for code in used.tolist()]
        moved.numbered_by = {value: code for code, value in enumerate(moved.values)}
        return moved

    @property
    def numbers(self) -> Numbers:
        """The values as numbers; texts as the moments of dates, in microseconds (int64)."""
        size = len(self.values)
        if self._numbers is None or self._numbers[0] != size:
            self._numbers = (size, _numbers(self.values[:size]))
        return self._numbers[1]

    @property
    def points(self) -> NDArray[np.float64]:
        """The values of a column of locations: latitudes and longitudes, float64 [v, 2]."""
        size = len(self.values)
        if self._points is None or self._points[0] != size:
            self._points = (size, np.array(self.values[:size], np.float64).reshape(-1, 2))
        return self._points[1]

    def held(self, which: NDArray[np.bool_]) -> NDArray[np.int64]:
        """How often each value stands there [v], where `which` bool [m] is true."""
        return np.bincount(self.codes[which], minlength=len(self.values))

    @property
    def order(self) -> NDArray[np.int64]:
        """The place of each value among the sorted values [v], as `order_key` sorts them.

        Values of one key share a place: a moment may be written in several ways.
        """
        size = len(self.values)
        if self._order is None or self._order[0] != size:
            keys = [order_key(value) for value in self.values[:size]]
            distinct = {key: at for at, key in enumerate(sorted(set(keys)))}
            place = np.fromiter((distinct[key] for key in keys), np.int64, size)
            self._order = (size, place)
        return self._order[1]


def order_key(value: Any) -> tuple[Any, ...]:
    """What values of one field are sorted by: numbers, then dates by moment, then texts by letter.

    >>> sorted(["oak", "2026-02-01", "Ash", "2026-01-31T10:00:00+02:00"], key=order_key)
    ['2026-01-31T10:00:00+02:00', '2026-02-01', 'Ash', 'oak']
    """
    if not isinstance(value, str):
        return (0, value)
    at = moment(value)
    return (1, value.casefold(), value) if at is None else (0, at)


def _numbers(values: Sequence[Any]) -> Numbers:
    if values and isinstance(values[0], str):
        moments = [moment(value) for value in values]
        there = np.array([one is not None for one in moments], bool)
        return Numbers(np.array([one or 0 for one in moments], np.int64), there, True)
    if values and isinstance(values[0], tuple):
        return Numbers(np.zeros(len(values)), np.zeros(len(values), bool), True)
    array = np.array([float(value) for value in values], np.float64)
    return Numbers(array, np.ones(len(values), bool), bool((np.abs(array) < EXACT).all()))


class Columns:
    """All items: `keys` int64 [n] by place, `alive` bool [n] (others went), columns by field."""

    __slots__ = ("_places", "alive", "fields", "keys")

    def __init__(self) -> None:
        self.keys = np.empty(0, np.int64)
        self.alive = np.empty(0, bool)
        self.fields: dict[str, Column] = {}
        self._places: dict[int, int] = {}

    def after(self, changes: Sequence[Change], gone: Collection[int]) -> Columns:
        """See `Follows`."""
        started = len(self.keys)
        old = [self._places[key] for key in gone if key in self._places]
        old += [self._places[key] for key, _ in changes if key in self._places]
        made = Columns()
        made._places = self._places
        made.keys = np.concatenate([self.keys, np.array([key for key, _ in changes], np.int64)])
        made.alive = np.concatenate([self.alive, np.ones(len(changes), bool)])
        made.alive[old] = False
        for key in gone:
            self._places.pop(key, None)
        self._places.update((key, started + at) for at, (key, _) in enumerate(changes))
        made.fields = _grown(self.fields, changes, started)
        dead = len(made.alive) - int(made.alive.sum())
        return made._packed() if 2 * dead > len(made.alive) else made

    def _packed(self) -> Columns:
        """The same without the places of items that went, by key."""
        kept = np.flatnonzero(self.alive)
        kept = kept[np.argsort(self.keys[kept])]
        to = np.full(len(self.keys), -1, np.int32)
        to[kept] = np.arange(len(kept))
        made = Columns()
        made.keys, made.alive = self.keys[kept], np.ones(len(kept), bool)
        moved = {name: column.moved(to) for name, column in self.fields.items()}
        made.fields = {name: column for name, column in moved.items() if len(column.rows)}
        made._places = dict(zip(made.keys.tolist(), range(len(kept)), strict=True))
        return made


def _grown(
    fields: Mapping[str, Column], changes: Sequence[Change], started: int
) -> dict[str, Column]:
    rows: dict[str, list[int]] = {}
    values: dict[str, list[Any]] = {}
    for at, (_, row) in enumerate(changes, started):
        for name, raw in flatten(row.metadata):
            for value in _distinct(raw):
                rows.setdefault(name, []).append(at)
                values.setdefault(name, []).append(value)
    grown = dict(fields)
    for name, places in rows.items():
        column = grown.get(name, Column())
        if column.values and _kind(column.values[0]) is not _kind(values[name][0]):
            column = Column()  # a field changes its type only when nothing holds it any more
        grown[name] = column.grown(places, values[name])
    return grown


def _kind(value: Any) -> type:
    return float if type(value) is int else type(value)


def _distinct(raw: Any) -> list[Any]:
    """The values of a leaf, each once."""
    if isinstance(raw, list | tuple):
        return list(dict.fromkeys(one for each in raw for one in _distinct(each)))
    return [(raw["lat"], raw["lon"]) if isinstance(raw, Mapping) else raw]
