"""What was written into a column of a collection, told: the items, and why some were not."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from cospace.cli.output import show, tell
from cospace.counted import counted

if TYPE_CHECKING:
    from cospace.tasks.filling import Filled

__all__ = ["code_of", "filled_record", "tell_filled"]

_SHOWN = 10  # failures that are listed


def tell_filled(done: Filled, column: str | None, what: str, how: str) -> None:
    """Print how many of `what` in `column` were written or filled, and why others were not."""
    show([f"{column}: {counted(done.written, what)} {how}"])
    if done.changed:
        tell(f"note: {counted(done.changed, 'item')} changed meanwhile, left as they are")
    for id, reason in done.failed[:_SHOWN]:
        tell(f"not written: {id}: {reason}")
    if len(done.failed) > _SHOWN:
        tell(f"... and {len(done.failed) - _SHOWN:,} more not written; --json lists them")
    for reason, items in Counter(reason for _, reason in done.partial).most_common(_SHOWN):
        tell(f"note: written, but of {counted(items, 'item')} {reason}")


def filled_record(done: Filled | None) -> dict[str, Any] | None:
    """The same as a record for JSON, with all failures; None where nothing was to be written."""
    if done is None:
        return None
    failed = [{"id": id, "reason": reason} for id, reason in done.failed]
    partial = [{"id": id, "reason": reason} for id, reason in done.partial]
    return {
        "written": done.written,
        "changed_meanwhile": done.changed,
        "failed": failed,
        "partial": partial,
    }


def code_of(done: Filled | None) -> int:
    """The exit code, as that of `cospace index`: 2 where all that was to be written failed."""
    return 2 if done is not None and done.failed and not done.written else 0
