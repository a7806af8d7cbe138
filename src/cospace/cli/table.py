"""Tables on a terminal: aligned by display width, one line a row, as wide as there is room."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass

from cospace.cli.text import cut, width

__all__ = ["Column", "facts", "room", "table"]

_GAP = "  "
_LEAST = 16  # columns that a flexible column keeps, however narrow the terminal


@dataclass(frozen=True, slots=True)
class Column:
    """A heading; `right` aligns numbers; `flexible` takes the room that the others leave."""

    name: str
    right: bool = False
    flexible: bool = False
    most: int = 24


def room() -> int:
    """The columns of the terminal; 100 where there is none."""
    return shutil.get_terminal_size((100, 24)).columns


def table(columns: Sequence[Column], rows: Sequence[Sequence[str]], most: int) -> list[str]:
    """The lines of a table in `most` columns: a line of headings, then one line a row.

    >>> print(*table([Column("id"), Column("price", right=True)], [["MK-1", "120"]], 80), sep="\\n")
    id    price
    MK-1    120
    """
    fixed = [
        [cut(cell, column.most) for cell in (column.name, *(row[i] for row in rows))]
        for i, column in enumerate(columns)
    ]
    widths = [max(width(cell) for cell in cells) for cells in fixed]
    taken = sum(w for w, c in zip(widths, columns, strict=True) if not c.flexible)
    left = most - taken - len(_GAP) * (len(columns) - 1)
    flexible = [i for i, column in enumerate(columns) if column.flexible]
    for i in flexible:
        share = max(_LEAST, left // len(flexible))
        fixed[i] = [cut(cell, share) for cell in (columns[i].name, *(row[i] for row in rows))]
        widths[i] = max(width(cell) for cell in fixed[i])
    lines = []
    for cells in zip(*fixed, strict=True):
        padded = [_pad(*one) for one in zip(cells, widths, columns, strict=True)]
        lines.append(_GAP.join(padded).rstrip())
    return lines


def _pad(cell: str, columns: int, column: Column) -> str:
    blank = " " * (columns - width(cell))
    return blank + cell if column.right else cell + blank


def facts(pairs: Sequence[tuple[str, str]]) -> list[str]:
    """Lines of a name and what is to be said of it; a name that is "" continues the one above."""
    names = max((width(name) for name, _ in pairs), default=0)
    return [f"  {name}{' ' * (names - width(name))}  {value}".rstrip() for name, value in pairs]
