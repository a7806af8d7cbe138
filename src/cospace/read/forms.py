"""Forms: how the cells of each column become values: numbers, currencies, words for yes and no.

The first rows decide for a column, at a share of nine cells in ten; what was decided is told.
"""

from __future__ import annotations

from collections.abc import Callable, Set
from functools import partial
from typing import Any

from cospace.read.amounts import amount_of, plain
from cospace.read.cells import truth_of, value_of
from cospace.read.dates import day_of, orders
from cospace.read.names import AMOUNTS, COUNTRIES, is_flag, words
from cospace.read.rows import Column, Sample

__all__ = ["Forms"]

_MAJORITY = 0.9


class Forms:
    """What the cells of a table become, by column.

    `cells` says that values are the untyped text of a CSV. Where they have types, a text becomes
    a number only with a currency, or under a header such as price. Of several values in
    a cell, those in the columns of `least` become the least of them.

    >>> sample = Sample()
    >>> sample.add({"price": "12,50 EUR"}, cells=True)
    >>> forms = Forms(sample, cells=True)
    >>> forms.value("price", "1.299,00 EUR"), forms.currency("price", "1.299,00 EUR")
    (1299.0, 'EUR')
    >>> forms.notes
    ["column 'price': '12,50 EUR' is kept as the number 12.5, its currency as 'price_currency'"]
    """

    def __init__(self, sample: Sample, *, cells: bool, least: Set[str] = frozenset()) -> None:
        self.notes: list[str] = []
        self._least = least
        self._convert: dict[str, Callable[[str], Any]] = {}
        self._currencies: dict[str, str] = {}
        names = set(sample.names)
        # A column that does not tell 1.299 from 1,299 follows the others.
        commas = sum(_decimal(c) == "," for c in sample.columns.values())
        kinds = sample.kinds()
        for name, column in sample.columns.items():
            convert = self._form(name, column, cells, commas, names)
            if convert is not None:
                self._convert[name] = convert
            elif cells:
                self._convert[name] = partial(value_of, kind=kinds[name])

    def value(self, name: str, cell: Any) -> Any:
        """The value of a cell in the column `name`; None where it is empty.

        Raises `ValueError` with the reason when the cell does not fit its column.
        """
        convert = self._convert.get(name)
        if isinstance(cell, list) and (name in self._convert or name in self._least):
            values = [self.value(name, one) for one in cell]
            if name not in self._least:
                return values
            numbers = [value for value in values if isinstance(value, (int, float))]
            return min(numbers) if numbers else next(iter(values), None)
        if not isinstance(cell, str):
            return cell
        if not cell.strip():
            return None
        return cell if convert is None else convert(cell)

    def values(self, name: str, cell: Any) -> dict[str, Any]:
        """The value of a cell, and its currency where the column has one. Raises as `value`."""
        found = {name: self.value(name, cell)}
        currency = self.currency(name, cell)
        return found | {self._currencies[name]: currency} if currency else found

    def currency(self, name: str, cell: Any) -> str:
        """The currency that a cell is written in; "" where it has none."""
        if isinstance(cell, list):
            return next(filter(None, (self.currency(name, one) for one in cell)), "")
        if name not in self._currencies or not isinstance(cell, str):
            return ""
        found = amount_of(cell)
        return "" if found is None else found.currency

    @property
    def made(self) -> list[str]:
        """The names of metadata that no column of the table has."""
        return list(self._currencies.values())

    def _form(
        self, name: str, column: Column, cells: bool, commas: int, names: set[str]
    ) -> Callable[[str], Any] | None:
        """How the texts of a column are converted, where it is not as plain cells are."""
        if not column.texts or column.texts < column.filled * (1 - _MAJORITY):
            return None
        numeric = bool(words(name) & AMOUNTS)
        if column.kinds["code"] and not column.currencies:
            return None
        if sum(column.marks.values()) >= _MAJORITY * column.texts:
            return self._amounts(name, column, cells, numeric, commas, names)
        if numeric and column.marks and column.filled > column.texts:
            # Cells that are numbers by type stay such, so the others are read as numbers too.
            return self._amounts(name, column, cells, numeric, commas, names)
        if numeric and 2 * sum(column.marks.values()) >= column.texts:
            self.notes.append(
                f"column {name!r}: some cells are no numbers{_such(column.unmarked)}, so all are"
                " kept as text, which ranges do not compare. Leave those empty"
            )
            return None
        if column.dates.total() >= _MAJORITY * column.texts:
            return self._days(name, column)
        if cells and 2 * column.dates.total() >= column.texts:
            self.notes.append(
                f"column {name!r}: some cells are no dates{_such(column.undated)}, so all are"
                " kept as text. Leave those empty, or write 2026-01-31"
            )
            return None
        return self._truths(name, column) if cells else None

    def _days(self, name: str, column: Column) -> Callable[[str], Any] | None:
        order, example = orders(column.dates), column.dated
        if order in (None, "either"):
            why = (
                "some have the day first, some the month"
                if order is None
                else (f"{example!r} may be day or month first")
            )
            self.notes.append(f"column {name!r}: dates, kept as text: {why}. Write 2026-01-31")
            return None
        day = partial(day_of, order=order)
        first = {"dots": " (day first)", "dmy": " (day first)", "mdy": " (month first)"}
        written = (
            "dates such as " if day(example) == example else f"{example!r} is kept as the date "
        )
        self.notes.append(f"column {name!r}: {written}{day(example)}{first.get(str(order), '')}")
        return day

    def _amounts(
        self,
        name: str,
        column: Column,
        cells: bool,
        numeric: bool,
        commas: int,
        names: set[str],
    ) -> Callable[[str], Any] | None:
        marks, example = column.marks, _example(column)
        flags = set(column.kinds) == {"int"} and is_flag(name)
        if cells and flags and column.zero_one == column.filled:
            self.notes.append(f"column {name!r}: 0 and 1 are kept as false and true")
            return _zero_one
        follows = commas and marks["either."] and not marks["."]
        if not column.unlike and not follows and (cells or not numeric):
            return None  # as plain numbers are
        if (column.lists or not cells) and not (column.currencies or numeric):
            self._several(name, column)
            return None
        decimal = _decimal(column)
        if decimal is None and (marks[","] or marks["."]):
            decimal = "".join(mark for mark in ",." if marks[mark])
            decimal = decimal if len(decimal) == 1 else ""
        if decimal is None and column.currencies:
            decimal = "," if marks["either."] and not marks["either,"] else "."
        elif decimal is None and (marks["either,"] or marks["either."]):
            if commas:
                decimal = ","
            elif marks["either,"] and numeric:
                decimal = "."
            elif marks["either,"]:
                self.notes.append(
                    f"column {name!r}: {example!r} may be a thousand or a decimal fraction; kept as"
                    " text. Write 1299 or 1.299"
                )
                return None
        number = plain("." if decimal is None else decimal)
        self._tell(name, column, number, example, names)
        return number

    def _several(self, name: str, column: Column) -> None:
        """Note that a column stays text, where that is for numbers that may be lists."""
        if column.lists:
            self.notes.append(
                f"column {name!r}: {column.listed!r} may be one number or several; kept as text."
                " Write numbers without thousands separators"
            )

    def _tell(
        self,
        name: str,
        column: Column,
        number: Callable[[str], Any],
        example: str,
        names: set[str],
    ) -> None:
        """Note what the column became, and where its currency is."""
        try:
            said = f"column {name!r}: {example!r} is kept as the number {number(example)}"
        except ValueError:
            said = f"column {name!r}: kept as numbers"
        if column.currencies:
            key = f"{name}_currency"
            while key in names:
                key += "_"
            self._currencies[name] = key
            said += f", its currency as {key!r}"
            if "$" in example and "USD" in column.currencies and "US" not in example:
                said += " ($ is taken for USD)"
        self.notes.append(said)
        if len(column.currencies) > 1:
            counts = ", ".join(f"{code} {n:,}" for code, n in column.currencies.most_common())
            self.notes.append(
                f"column {name!r} mixes currencies ({counts}); numbers are as written, so filter"
                f" by {self._currencies[name]!r} too"
            )

    def _truths(self, name: str, column: Column) -> Callable[[str], Any] | None:
        """Words for yes and no as true and false; one word alone may be a name, such as NO."""
        if column.kinds["bool"] >= _MAJORITY * column.texts:
            return None  # as plain cells are
        if words(name) & COUNTRIES:
            return None
        digits = column.zero_one if is_flag(name) else 0
        if not column.words or sum(column.words.values()) + digits < _MAJORITY * column.texts:
            return None
        sure = str(column.example).strip().lower() in ("yes", "ja", "oui", "nein", "nee")
        if len(column.words) < 2 and not sure and not is_flag(name):
            return None
        example = str(column.example).strip()
        self.notes.append(
            f"column {name!r}: {example!r} is kept as {str(_truth(example)).lower()} (yes and no in"
            " words)"
        )
        return _truth


def _decimal(column: Column) -> str | None:
    """The decimal mark that a column shows; "" where it shows both, None where it shows none."""
    point, comma = column.marks["."], column.marks[","]
    if sum(column.marks.values()) < _MAJORITY * column.texts:
        return None
    if point and comma:
        return ""
    return "." if point else "," if comma else None


def _example(column: Column) -> str:
    return str(column.marked or column.example).strip()


def _such(cell: str) -> str:
    return f", such as {cell.strip()[:40]!r}" if cell else ""


def _zero_one(cell: str) -> bool:
    if cell.strip() not in ("0", "1"):
        raise ValueError(f"{cell[:40]!r} is not 0 or 1, as the rest of its column is")
    return cell.strip() == "1"


def _truth(cell: str) -> bool:
    found = {"0": False, "1": True}.get(cell.strip(), truth_of(cell))
    if found is None:
        raise ValueError(f"{cell[:40]!r} is not yes or no, as the rest of its column is")
    return found
