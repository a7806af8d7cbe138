"""What `cospace index` says of stored items that its source does not hold, and `--prune`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from cospace.cli.output import count, document, show

if TYPE_CHECKING:
    from cospace.collection import Collection, Report
    from cospace.read import Reading

__all__ = ["dry_run", "lines", "not_in_source", "prune", "record"]


def not_in_source(collection: Collection, report: Report) -> int:
    """How many stored items were not in the source, at the most: rows may have failed."""
    return max(0, len(collection) - report.stored + report.repeated)


def prune(collection: Collection, report: Report, source: str) -> int:
    """How many stored items were removed, since the source does not hold them.

    Raises `IncompleteSource` when the source was not read whole; nothing is removed then.
    """
    from cospace.collection.compared import absent, check_whole

    check_whole(report, source)
    gone = absent(collection.store, report.named)
    return collection.delete(gone) if gone else 0


def dry_run(reading: Reading, source: str, into: Path, *, json: bool) -> int:
    """0, when it has listed what `--prune` would remove; nothing is written.

    Raises `IncompleteSource` as `prune` does, `CollectionNotFound`.
    """
    from cospace.cli.holding import Holding
    from cospace.collection.compared import absent, check_whole
    from cospace.collection.report import Report

    report = Report()
    report.named.update(item.id for item in reading)
    report.take(reading)
    check_whole(report, source)
    with Holding(into) as holding:
        gone = absent(holding, report.named)
        items = holding.info().items
    if json:
        document({"into": str(into), "items": items, "not_in_source": gone, "removed": 0})
        return 0
    show([f"{len(gone):,} of {count(items, 'stored item')} are not in {source}:", *gone])
    show(["Nothing was written. cospace index with --prune removes them."])
    return 0


def lines(report: Report, left: int, removed: int | None, source: str) -> list[str]:
    """Lines of a run's result on items that the source does not hold."""
    if removed is not None:
        return [f"{count(removed, 'stored item')} removed, since {source} does not hold them"]
    if not left or not report.stored:
        return []
    most = "up to " if report.failed else ""
    verb = "is" if left == 1 else "are"
    told = f"{most}{count(left, 'stored item')} {verb} not in {source}"
    return [f"{told}; --dry-run lists them, --prune removes them"]


def record(left: int, removed: int | None) -> dict[str, Any]:
    """The same for --json."""
    return {"not_in_source": left, "removed": removed or 0}
