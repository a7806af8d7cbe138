"""Rows: what every source of this folder gives, before a row becomes an item."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from cospace.read.amounts import amount_of
from cospace.read.cells import Kind, column_kind, kind_of, truth_of
from cospace.read.clean import is_missing
from cospace.read.dates import Order, order_of
from cospace.read.markup import has_markup
from cospace.read.photos import IMAGE_SUFFIXES, is_picture, is_url, pictures_in
from cospace.read.signals import kinds_of

__all__ = ["IMAGE_SUFFIXES", "Row", "Sample", "Source", "is_url"]


class Row(NamedTuple):
    """One row: how an error calls it, its number from 1, and its values or why it is bad."""

    name: str
    number: int
    values: Mapping[str, Any] | str


class Source(Protocol):
    """Where rows come from. `rows()` starts again at each call.

    `cells` is true where values are the untyped text of a CSV; `folder` is where relative
    paths of images start; `sample` is what the first rows showed.
    """

    name: str
    cells: bool
    folder: Path
    notes: list[str]
    sample: Sample
    total: int | None

    def rows(self) -> Iterator[Row]:
        """Every row, good or bad, in order."""
        ...

    def choose(self, columns: set[str]) -> None:
        """Only these columns will be used; a source may save itself the others."""
        ...


@dataclass
class Column:
    """What the first rows say about one column: counts of kinds, and of image-like values.

    Of the texts in it, `marks`, `currencies`, `words` and `dates` count those that are amounts,
    those that are words for true and false, or 0 and 1, and dates; `example` is the first value
    that is not empty.
    """

    kinds: Counter[Kind] = field(default_factory=Counter)
    marks: Counter[str] = field(default_factory=Counter)
    currencies: Counter[str] = field(default_factory=Counter)
    words: Counter[bool] = field(default_factory=Counter)
    dates: Counter[Order] = field(default_factory=Counter)
    dated: str = ""  # one of the dates, as clear as there is one
    zero_one: int = 0
    marked: str = ""  # the first amount that is not plain digits, as unlike them as there is one
    unmarked: str = ""  # the first text that is no amount, and the first that is no date
    undated: str = ""
    unlike: int = 0  # amounts that plain cells of numbers are not, such as 1,299.00
    lists: int = 0  # amounts that may be lists, such as 100,120,140
    listed: str = ""  # the first of them
    texts: int = 0
    letters: int = 0
    example: Any = None
    filled: int = 0
    images: int = 0
    urls: int = 0
    several: int = 0  # cells that name more than one picture
    media: Counter[str] = field(default_factory=Counter)  # cells that name a file, by its kinds
    padded: int = 0
    markup: int = 0
    nothing: str = ""  # a word such as NaN that stands for an empty cell

    @property
    def wordy(self) -> bool:
        """True where most values hold letters, such as names of colours, and are no amounts."""
        return 2 * (self.letters - sum(self.currencies.values())) > self.filled

    @staticmethod
    def may_be_pictures(value: Any) -> bool:
        """A quick look that spares nearly all cells the long one."""
        return not isinstance(value, str) or "." in value or ":" in value

    def add_text(self, value: str) -> None:
        """Count what one text looks like."""
        self.texts += 1
        self.letters += any(map(str.isalpha, value[:100]))
        self.padded += value != value.strip()
        self.markup += has_markup(value)
        amount = amount_of(value)
        if amount is not None:
            self.marks[amount.mark] += 1
            unlike = kind_of(value) == "str"
            if (amount.mark or amount.currency) and (not self.marked or unlike > self.unlike):
                self.marked = value
            self.unlike += unlike
            if amount.digits.count(",") > 1 and "." not in amount.digits:
                self.lists += 1
                self.listed = self.listed or value.strip()
            if amount.currency:
                self.currencies[amount.currency] += 1
        else:
            self.unmarked = self.unmarked or value
        word = truth_of(value)
        if word is not None:
            self.words[word] += 1
        order = order_of(value)
        if order is not None:
            clear = order in ("dmy", "mdy")
            if not self.dated or (clear and not self.dates["dmy"] + self.dates["mdy"]):
                self.dated = value.strip()
            self.dates[order] += 1
        else:
            self.undated = self.undated or value
        self.zero_one += value.strip() in ("0", "1")


@dataclass
class Sample:
    """The columns of a source in order, and what their first values look like."""

    columns: dict[str, Column] = field(default_factory=dict)
    rows: int = 0
    most_filled: int = 0  # cells of one row

    @property
    def names(self) -> list[str]:
        """The names of the columns, in order."""
        return list(self.columns)

    def add(self, values: Mapping[str, Any], *, cells: bool) -> None:
        """Count one row in; `cells` says that its values are untyped text."""
        self.rows += 1
        filled = 0
        for name, value in values.items():
            if not isinstance(name, str):
                continue  # the metadata check will say so
            column = self.columns.setdefault(name, Column())
            if is_missing(value, cells=cells):
                if isinstance(value, str):
                    column.nothing = column.nothing or value.strip()
                continue
            filled += 1
            column.filled += 1
            if column.example is None:
                column.example = value
            if isinstance(value, str):
                column.add_text(value)
            elif isinstance(value, (list, tuple)):
                column.letters += any(isinstance(one, str) for one in value)
            if cells:
                column.kinds[kind_of(value)] += 1
            pictures = pictures_in(value) if column.may_be_pictures(value) else []
            column.images += any(map(is_picture, pictures))
            column.urls += any(isinstance(one, str) and is_url(one) for one in pictures)
            column.several += len(pictures) > 1
            if column.may_be_pictures(value):
                column.media.update(kinds_of(value))
        self.most_filled = max(self.most_filled, filled)

    def kinds(self) -> dict[str, Kind]:
        """The type of each column of a CSV."""
        return {name: column_kind(column.kinds) for name, column in self.columns.items()}
