r"""Unescaped: what shops write into a cell for the sake of the file, taken back.

WooCommerce writes the two characters `\n` for a new line, and an apostrophe before a cell that a
spreadsheet would take for a formula; Shopify writes one before digits that a spreadsheet would
round.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from cospace.read import profiles
from cospace.read.names import bare
from cospace.read.rows import Row, Source

__all__ = ["Unescaped", "unescaped"]

_BREAK = re.compile(r"\\(\\?)n")
_GUARDED = re.compile(r"'(?=[=+\-@\t\r]|[0-9]+\Z)")


def unescaped(source: Source, tell: Callable[[str, str], None]) -> Source:
    """`source` as the shop meant its cells, where it is a shop's export in text; else itself."""
    profile = profiles.known(source.sample.names)
    if profile is None or not source.cells:
        return source
    breaks = {name for name in source.sample.names if bare(name) in profile.breaks}
    return Unescaped(source, breaks, tell)


class Unescaped:
    """The rows of `source`, each cell without what was written for the file's sake.

    In the columns `breaks` a backslash and an n are a new line. `tell` is called, as that
    of `clean`, with what is done.
    """

    def __init__(self, source: Source, breaks: set[str], tell: Callable[[str, str], None]) -> None:
        self.name, self.cells, self.folder = source.name, source.cells, source.folder
        self.notes, self.total, self.sample = source.notes, source.total, source.sample
        self._source, self._breaks, self._tell = source, breaks, tell

    def choose(self, columns: set[str]) -> None:
        """Only these columns will be used."""
        self._source.choose(columns)

    def rows(self) -> Iterator[Row]:
        """Every row, good or bad, in order."""
        for row in self._source.rows():
            if isinstance(row.values, str):
                yield row
            else:
                values = {name: self._meant(name, one) for name, one in row.values.items()}
                yield row._replace(values=values)

    def _meant(self, name: str, cell: Any) -> Any:
        """One cell."""
        if not isinstance(cell, str):
            return cell
        if cell.startswith("'") and _GUARDED.match(cell):
            self._tell("guarded", "the ' before digits or a sign, for spreadsheets, is left out")
            cell = cell[1:]
        if name in self._breaks and "\\n" in cell:
            self._tell(f"breaks {name}", f"column {name!r}: \\n is read as a new line")
            cell = _BREAK.sub(lambda found: "\\n" if found[1] else "\n", cell)
        return cell
