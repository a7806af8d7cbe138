"""Headings: where the names of the columns stand in a table, and each name once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from cospace.read.names import BODIES, IDS, IMAGES, PRICES, TITLES, TRAITS, bare
from cospace.read.regular import listed

__all__ = ["SEARCHED", "find_heading", "name_columns"]

SEARCHED = 12  # rows; the names stand further down in no table
_KNOWN = frozenset((*IDS, *TITLES, *BODIES, *TRAITS, *IMAGES, *PRICES))


def find_heading(rows: Sequence[Sequence[str]]) -> int:
    """Which of the first rows holds the names of the columns.

    It is the first, unless that holds no known name, and a later one at least two of them. Where
    the next row names the columns too, as in flat files of Amazon, it is that one.

    >>> find_heading([["Price list 2026", ""], ["", ""], ["sku", "name"], ["A1", "Chair"]])
    2
    >>> find_heading([["number", "what"], ["sku", "name"]])
    1
    >>> find_heading([["A1", "Chair"], ["A2", "Table"]])
    0
    """
    counts = [sum(bare(cell) in _KNOWN for cell in row) for row in rows[:SEARCHED]]
    if not counts:
        return 0
    found = 0 if counts[0] else next((place for place, count in enumerate(counts) if count > 1), 0)
    below = rows[found + 1] if found + 1 < len(rows) else ()
    return found + 1 if counts[found] and _names_an_item(below) else found


def _names_an_item(row: Sequence[str]) -> bool:
    """Whether a row below a heading is one too: it names the id, the title and a third column."""
    there = {bare(cell) for cell in row}
    return bool(there & set(IDS) and there & set(TITLES)) and len(there & _KNOWN) > 2


def name_columns(header: Sequence[str], notes: list[str]) -> list[str]:
    """The columns' names, each once: blank and repeated ones are numbered, with a note.

    >>> name_columns(["sku", "name", "name", ""], [])
    ['sku', 'name', 'name_2', 'column_4']
    """
    given = [raw.strip() for raw in header]
    names: dict[str, None] = {}
    taken = frozenset(given)
    numbers: Counter[str] = Counter()  # the last that was tried, of each name
    blank, repeated = [], []
    for number, raw in enumerate(given, start=1):
        name = raw or f"column_{number}"
        base = raw or "column"
        while name in names or (name != raw and name in taken):
            numbers[base] = max(numbers[base], 1) + 1
            name = f"{base}_{numbers[base]}"
        if not raw:
            blank.append(repr(name))
        elif name != raw:
            repeated.append(f"{name!r} (column {number}, {raw!r} in the file)")
        names[name] = None
    if blank:
        notes.append(f"columns without a name: {listed(blank, 10)}")
    if repeated:
        notes.append(f"columns of a name that stands before: {listed(repeated, 10)}")
    return list(names)
