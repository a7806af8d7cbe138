"""Figures with their uncertainty, and what was left out of them, in words for a terminal."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from cospace.cli.output import reasons, tell
from cospace.errors import CospaceError

if TYPE_CHECKING:
    from pathlib import Path

    from cospace.measures.bootstrap import Difference, Interval
    from cospace.read import Failures

__all__ = ["Plot", "change", "plotted", "points", "tell_left_out"]


class Plot(NamedTuple):
    """Where a plot lies, or why there is none; and the exit code of what kept it from there."""

    out: Path | None
    why: str
    code: int = 0

    def to_json(self) -> dict[str, str | None]:
        """For the record of what is drawn."""
        out = None if self.out is None else str(self.out)
        return {"plot": out, "plot_error": self.why or None}

    def tell(self) -> None:
        """Say so, where a plot was wanted."""
        if self.out is not None or self.why:
            tell(self.why or f"The plot: {self.out}")


def plotted(draw: Callable[[Path], object], out: Path | None, why: str) -> Plot:
    """What became of a plot. Figures took their time: they are told also where none can be."""
    if out is None:
        return Plot(None, why)
    try:
        draw(out)
    except CospaceError as error:
        return Plot(None, f"No plot was drawn: {error}", error.exit_code)
    return Plot(out, why)


def points(figure: Interval, digits: int = 2) -> str:
    """A figure of [-1, 1] in points of 100, with its interval.

    >>> from cospace.measures.bootstrap import Interval
    >>> points(Interval(0.8672, 0.8505, 0.8809))
    '86.72 (85.05 to 88.09)'
    >>> points(Interval(0.8672, float("nan"), float("nan")))
    '86.72 (too few for an interval)'
    """
    if figure.value != figure.value:
        return "undefined"
    value, low, high = (100 * part for part in (figure.value, figure.low, figure.high))
    if math.isnan(low):
        return f"{value:.{digits}f} (too few for an interval)"
    return f"{value:.{digits}f} ({low:.{digits}f} to {high:.{digits}f})"


def change(figure: Difference | None) -> str:
    """A difference in points of 100, with its interval and verdict; a dash for None.

    >>> from cospace.measures.bootstrap import Difference
    >>> change(Difference(0.02, 0.01, 0.03, p=0.002))
    '+2.00 (+1.00 to +3.00) better'
    """
    if figure is None:
        return "-"
    if figure.value != figure.value:
        return "undefined"
    low, high = 100 * figure.low, 100 * figure.high
    if math.isnan(low):
        return f"{100 * figure.value:+.2f} (too few to tell)"
    return f"{100 * figure.value:+.2f} ({low:+.2f} to {high:+.2f}) {figure.verdict}"


def tell_left_out(failed: Failures) -> None:
    """Tells how much was left out, and why, on stderr."""
    if not len(failed):
        return
    tell("\n".join([f"Left out, {len(failed):,} in all:", *reasons(failed)]))
