"""Joined: the rows of a shop's export as one row an item, in bounded memory."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from copy import copy
from typing import Any

from cospace.limits import limit
from cospace.read import profiles
from cospace.read.clean import is_missing
from cospace.read.columns import Known
from cospace.read.names import IDS, bare, first, starting
from cospace.read.profiles import Profile
from cospace.read.regular import listed
from cospace.read.rows import Column, Row, Sample, Source
from cospace.read.told import Told

__all__ = ["Joined", "join"]

# What Shopify writes for a product without options.
_NO_OPTION = "Title: Default Title"
# Columns that are made, and lists always.
_LISTS = ("options", "variations")


def join(source: Source, id: str | None, told: Told) -> Joined | None:
    """`source` with its rows joined, or None where it is not the export of a shop that needs it.

    Rows stay as they are where another column than the profile's is to be the `id`.
    """
    profile = profiles.known(source.sample.names)
    if profile is None:
        return None
    if not profile.joins:
        told.tell("profile", f"an export of {profile.name} (guessed by its columns)")
        return None
    joined = Joined(source, profile, told.tell)
    if id not in (None, joined.known.id):
        told.tell(
            "profile",
            f"an export of {profile.name} (guessed by its columns); rows are not joined, since id="
            f" names {id!r}",
        )
        return None
    told.tell("profile", joined.note())
    return joined


class Joined:
    """The rows of `source`, those of one item as one; `profile` says which they are.

    A column of which an item has several values holds their list. Beside the table's columns
    there are "options", such as "Color: Red", and "price", whose least value counts. `tell` is
    called, as that of `clean`, with what no row has shown before.
    """

    def __init__(self, source: Source, profile: Profile, tell: Callable[[str, str], None]) -> None:
        self.name, self.cells, self.folder = source.name, source.cells, source.folder
        self.notes = source.notes
        self.total: int | None = None  # how many rows make an item is seen when they are read
        self._source, self._profile, self._tell = source, profile, tell
        names = source.sample.names
        headers = {bare(name): name for name in reversed(names)}
        found = [
            [headers[one] for one in wanted if one in headers]
            for wanted in (profile.key, profile.parent, profile.alias)
        ]
        self.key, self._parent, self._alias = (one[0] if one else None for one in found)
        self._prices = [headers[one] for one in profile.prices if one in headers]
        self._lists = [headers[one] for one in profile.lists if one in headers]
        self._options = _pairs(profile, headers)
        options = [name for pair in self._options for name in pair]
        self._price = headers.get("price", "price")
        self.known = Known(
            id=self.key or first(IDS, names),
            quiet=frozenset(headers[one] for one in profile.quiet if one in headers),
            # "options" says better what stands in those, and the parent is the item itself.
            leave=frozenset(options)
            | {self._parent or "", *(headers[one] for one in profile.unused if one in headers)},
            least=frozenset([self._price] if self._prices else ()),
        )
        self._several = frozenset(options).union(
            name for name in names if any(starting(s, bare(name)) for s in profile.several)
        )
        # A variation's own id, where the product's stands in the same column.
        self._variations = self.known.id if self.known.id in self._several else None
        self._several -= {self._variations}
        self.sample = self._sampled(source.sample)

    def choose(self, columns: set[str]) -> None:
        """Rows can be joined only with all of their columns."""

    def rows(self) -> Iterator[Row]:
        """One row an item, when it is whole; bad rows as they come."""
        waiting = _Waiting(self._profile.window)
        for row in self._source.rows():
            if isinstance(row.values, str):
                yield row
                continue
            values = {n: v for n, v in row.values.items() if not is_missing(v, cells=self.cells)}
            item, fault = self._home(values, waiting)
            if item is None and not fault:
                key = _text(values.get(self.key)) if self.key else ""
                if key in waiting.items:
                    yield self._joined(waiting.take(key))
                for one in waiting.over():
                    yield self._joined(one)
                alias = _text(values.get(self._alias)) if self._alias else ""
                item = waiting.open(row, key or f"\0{row.number}", alias)
            if item is not None and item.size > limit("join_bytes"):
                fault = f"its item has more than {limit('join_bytes'):,} bytes in its rows"
            if fault or item is None:
                yield row._replace(values=fault)
            else:
                waiting.size += self._add(item, values)
        for one in waiting.rest():
            yield self._joined(one)

    def _home(self, values: Mapping[str, Any], waiting: _Waiting) -> tuple[_Item | None, str]:
        """The item that a row belongs to, None for a new one, and why it cannot be joined."""
        if not self._profile.parent:
            key = _text(values.get(self.key)) if self.key else ""
            if key and waiting.last and key == waiting.last.key:
                return waiting.last, ""
            if key in waiting.done:
                return None, (
                    f"{self.key} {key!r} stands further up, with other items between; this row is"
                    f" not joined to it. Sort the table by {self.key}"
                )
            return None, ""
        parent = _text(values.get(self._parent)) if self._parent else ""
        if not parent:
            return None, ""
        if self._profile.before:
            return waiting.last, "" if waiting.last else "a variation with no item before it"
        key = parent.removeprefix("id:")
        item = waiting.items.get(waiting.named.get(parent, key))
        return item, "" if item else (
            f"a variation of {parent!r}, which is not among the {self._profile.window:,} items"
            " before it. Sort the table so that variations follow their product"
        )

    def _add(self, item: _Item, values: Mapping[str, Any]) -> int:
        """Take a row into its item; how many bytes that are."""
        before = item.size
        for name, value in values.items():
            if name in self._several:
                item.put(name, value)
            elif name == self._variations and name in item.values:
                item.put("variations", value)
            elif name not in item.values:
                item.values[name] = value
                item.size += _size(value)
            elif item.values[name] != value and name != self._parent:
                self._tell(f"first {name}", f"column {name!r}: the first of an item's rows is kept")
        for name in self._prices:
            if name in values:
                item.put(self._price, values[name])
        self._add_options(item, values)
        return item.size - before

    def _add_options(self, item: _Item, values: Mapping[str, Any]) -> None:
        for number, (name, value) in enumerate(self._options):
            if name in values:
                item.options[number] = _text(values[name])
            for piece in _pieces(_text(values.get(value)), self._profile.between):
                item.put("options", f"{item.options.get(number, value)}: {piece}")

    def _joined(self, item: _Item) -> Row:
        values = dict(item.values)
        for name, several in item.several.items():
            found = [one for one in several.values() if one != _NO_OPTION]
            if found:
                values[name] = found[0] if len(found) == 1 and name not in _LISTS else found
        for name in self._lists:
            if isinstance(values.get(name), str):
                values[name] = _pieces(values[name], ",")
        return item.row._replace(values=values)

    def _sampled(self, sample: Sample) -> Sample:
        """The sample with the columns that are made; they look as what they are made of does."""
        made = Sample(dict(sample.columns), sample.rows, sample.most_filled)
        if self._prices and self._price not in made.columns:
            fullest = max(self._prices, key=lambda name: sample.columns[name].filled)
            made.columns[self._price] = copy(sample.columns[fullest])
        filled = sum(sample.columns[value].filled for _, value in self._options)
        if self._options:
            made.columns["options"] = Column(texts=filled, letters=filled, filled=filled)
        if self._variations:
            made.columns["variations"] = Column()
        return made

    def note(self) -> str:
        """What is done to a table of this kind."""
        said = [f"an export of {self._profile.name} (guessed by its columns)"]
        if self.key and not self._profile.parent:
            said.append(f"rows of one {self.key!r} are one item")
        elif self._parent:
            said.append("a product and its variations are one item")
        if self._variations:
            said.append(f"{self._variations!r} of variations are kept as 'variations'")
        if self._prices:
            said.append(
                f"{self._price!r} is the least of {listed([repr(p) for p in self._prices], 3)}"
            )
        if self._options:
            said.append("its options are kept as 'options'")
        if self._lists:
            said.append(f"{listed([repr(n) for n in self._lists], 3)} become lists")
        return "; ".join(said)


class _Item:
    """The rows of an item so far. `options` are the names of its options by number."""

    __slots__ = ("key", "options", "row", "several", "size", "values")

    def __init__(self, row: Row, key: str) -> None:
        self.row, self.key, self.size = row, key, 0
        self.values: dict[str, Any] = {}
        self.several: dict[str, dict[str, Any]] = {}
        self.options: dict[int, str] = {}

    def put(self, name: str, value: Any) -> None:
        """One more value of a column of several, unless it is there."""
        known = self.several.setdefault(name, {})
        text = value if isinstance(value, str) else repr(value)
        if text not in known:
            known[text] = value
            self.size += _size(value)


class _Waiting:
    """Items that wait for further rows, the oldest first: at most `window` of them."""

    def __init__(self, window: int) -> None:
        self.items: dict[str, _Item] = {}
        self.named: dict[str, str] = {}  # the keys of items by another name
        self.done: set[str] = set()
        self.last: _Item | None = None
        self.size = 0
        self._window = window
        self._names: dict[str, str] = {}

    def open(self, row: Row, key: str, alias: str) -> _Item:
        """A new item."""
        self.last = self.items[key] = _Item(row, key)
        if alias:
            self.named[alias], self._names[key] = key, alias
        return self.last

    def over(self) -> Iterator[_Item]:
        """The items for which there is no room beside one more."""
        while self.items and (len(self.items) >= self._window or self.size > limit("join_bytes")):
            yield self.take(next(iter(self.items)))

    def rest(self) -> Iterator[_Item]:
        """All of them."""
        while self.items:
            yield self.take(next(iter(self.items)))

    def take(self, key: str) -> _Item:
        """An item that gets no further rows."""
        item = self.items.pop(key)
        self.size -= item.size
        self.named.pop(self._names.pop(key, ""), None)
        if self._window == 1:
            self.done.add(key)
        return item


def _pairs(profile: Profile, headers: Mapping[str, str]) -> list[tuple[str, str]]:
    """The columns of the name and the value of each option."""
    found: list[tuple[str, str]] = []
    for wanted in profile.options:
        for number in range(1, len(headers) + 1):
            pair = [headers.get(one.format(number)) for one in wanted]
            if pair[0] is None or pair[1] is None:
                break
            found.append((pair[0], pair[1]))
    return found


def _pieces(text: str, separator: str) -> list[str]:
    """What stands between separators; one behind a backslash is a part of its piece."""
    pieces = re.split(rf"(?<!\\){re.escape(separator)}", text) if separator else [text]
    whole = (piece.replace(f"\\{separator}", separator) if separator else piece for piece in pieces)
    return [piece.strip() for piece in whole if piece.strip()]


def _text(value: Any) -> str:
    return "" if value is None else str(value).strip()


def _size(value: Any) -> int:
    return len(value) if isinstance(value, (str, bytes)) else len(repr(value))
