"""Where words go: results and one JSON document to stdout, everything else to stderr."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, TextIO

from cospace.cli.flags import spoken
from cospace.cli.text import plain

if TYPE_CHECKING:
    from cospace.read import Failures

__all__ = ["document", "reasons", "show", "size", "tell", "watched"]

_MOST_REASONS = 5


def show(lines: Iterable[str]) -> None:
    """Print lines of a result on stdout."""
    for line in lines:
        print(plain(line))


def tell(text: str, *, to: TextIO | None = None) -> None:
    """Print what is not a result: on stderr, unless `to` says otherwise."""
    print(plain(text, keep="\n"), file=to or sys.stderr, flush=True)


def watched() -> bool:
    """Whether somebody looks at a terminal, who sees a bar of the progress; not on a pipe."""
    return sys.stderr.isatty()


def document(record: Any) -> None:
    """Print one JSON document, and nothing else; what a terminal could obey is escaped in it."""
    text = json.dumps(record, indent=2, ensure_ascii=False, allow_nan=False, default=str)
    encoding = (getattr(sys.stdout, "encoding", None) or "utf-8").lower().replace("-", "")
    if encoding != "utf8":
        text = json.dumps(record, indent=2, ensure_ascii=True, allow_nan=False, default=str)
    print("".join(c if c == "\n" or plain(c) == c else json.dumps(c)[1:-1] for c in text))


def reasons(failed: Failures) -> list[str]:
    """The first reasons of what failed, indented; then how many more there are, and who lists them.

    >>> from cospace.read import Failures
    >>> failed = Failures()
    >>> for row in range(7):
    ...     failed.add(f"shop.csv:{row}", "it has no id")
    >>> reasons(failed)[4:]
    ['  shop.csv:4: it has no id', '  ... and 2 more; --json lists them']
    """
    lines = [f"  {spoken(str(failure))}" for failure in list(failed)[:_MOST_REASONS]]
    more = len(failed) - len(lines)
    if not more:
        return lines
    kept = len(failed) - failed.unlisted
    listed = "--json lists them"
    if failed.unlisted:
        listed = f"--json lists {kept:,} of all; COSPACE_LIMIT_REPORT_REASONS raises that"
    return [*lines, f"  ... and {more:,} more; {listed}"]


def size(number: float) -> str:
    """Bytes, for people.

    >>> size(3_200_000)
    '3.2 MB'
    """
    units = ["bytes", "kB", "MB", "GB", "TB"]
    while number >= 1000 and len(units) > 1:
        number /= 1000
        del units[0]
    return f"{number:.0f} bytes" if len(units) == 5 else f"{number:.1f} {units[0]}"
