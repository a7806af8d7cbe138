"""Lines on a report: what became of every item that was given."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cospace.cli.output import reasons, tell
from cospace.counted import counted

if TYPE_CHECKING:
    from cospace.collection import Report

__all__ = ["report_lines", "tell_notes"]


def tell_notes(notes: list[str]) -> None:
    """Print what was guessed of a source, or met in its rows."""
    for note in notes:
        tell(f"  {note}")


def report_lines(report: Report) -> list[str]:
    """Lines that say what became of every item, with the first reasons of what failed."""
    rate = (report.added + report.updated) / report.seconds if report.seconds > 0.5 else 0
    speed = f" ({rate:,.0f} items/s)" if rate >= 1 else ""
    lines = [f"{report} in {report.seconds:.1f} s{speed}"]
    if report.kept:
        lines.append(
            f"{counted(report.kept, 'item')} named a file that cannot be read now; what is stored"
            " of it was kept. When the files are back, run it again"
        )
    lines += reasons(report.reasons)
    if not report.stored:
        lines.append("nothing could be stored" if report.failed else "the source holds no items")
    return lines
