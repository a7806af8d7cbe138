"""What `cospace index` would store and remove: `--dry-run`, `--prune`, and what it says of them."""

from __future__ import annotations

from collections import Counter
from json import dumps
from typing import TYPE_CHECKING, Any

from cospace.cli.flags import spoken
from cospace.cli.output import document, reasons, show
from cospace.counted import counted

if TYPE_CHECKING:
    from cospace.cli.holding import Place
    from cospace.collection import Collection, Report
    from cospace.item import Item
    from cospace.read import Reading
    from cospace.space import Space

__all__ = ["dry_run", "lines", "not_in_source", "prune", "record"]


def not_in_source(collection: Collection, report: Report, unread: int) -> int:
    """How many stored items were not in the source, at the most: rows may have failed.

    `unread` of those that failed have no id, and are not among `named`. A duplicate id counts
    once among `named`; among `stored` once in each batch that has it.
    """
    failed = report.failed - unread
    there = max(len(report.named) - failed, report.stored - report.repeated)
    return max(0, len(collection) - there)


def prune(collection: Collection, report: Report, source: str) -> int:
    """How many stored items were removed, since the source does not hold them.

    Raises `IncompleteSource` when the source was not read whole; nothing is removed then.
    """
    from cospace.collection.compared import absent, check_whole

    check_whole(report, source)
    gone = absent(collection.store, report.named)
    return collection.delete(gone) if gone else 0


def dry_run(reading: Reading, source: str, into: Place, space: Space | None, *, json: bool) -> int:
    """Show what would be stored and what `--prune` would remove; nothing is written.

    `space` is that of the model, where it is known.

    0, or 2 where nothing can be read. Raises `IncompleteSource` as `prune` does, where there is
    something to remove from.
    """
    from cospace.collection.report import Report
    from cospace.encode.inputs import lacks
    from cospace.item import kind_of

    report = Report()
    first: list[Item] = []
    documents: set[str] = set()
    kinds: Counter[str] = Counter()
    for item in reading:
        kinds.update({kind_of(name) for name in item.parts})
        documents |= {item.id} if item.outline is not None else set()
        first += [item] if len(first) < _SHOWN else []
        report.named.add(item.id)
    report.take(reading)
    unread = [
        f"{counted(number, 'item')}: {lacks(space, kind)}"
        for kind, number in kinds.items()
        if space is not None and kind not in space.kinds
    ]
    if not json:
        show(_preview(reading, first, len(report.named), source))
        show([*unread, ""] if unread else [])
    items, gone = _gone(into, report, source, documents)
    if json:
        document(
            {
                "into": str(into),
                "notes": [*reading.notes, *unread],
                "readable": len(report.named),
                "first": [_record(item) for item in first],
                "failed": [{"name": one.name, "reason": one.reason} for one in reading.failed],
                "partial": [{"name": one.name, "reason": one.reason} for one in reading.partial],
                "items": items,
                "not_in_source": gone,
                "removed": 0,
            }
        )
    elif items:
        show([f"{len(gone):,} of {counted(items, 'stored item')} are not in {source}:", *gone])
    if not json:
        prune = " cospace index with --prune removes what is not in it." if gone else ""
        show([f"Nothing was written.{prune}"])
    return 0 if report.named else 2


_SHOWN, _WIDTH = 3, 300  # items, and characters of a text


def _gone(into: Place, report: Report, source: str, documents: set[str]) -> tuple[int, list[str]]:
    """How many items are stored, and the ids of those that the source does not hold."""
    from cospace.cli.holding import Holding, is_made
    from cospace.collection.compared import absent, check_whole

    if not is_made(into):
        return 0, []
    check_whole(report, source)
    with Holding(into) as holding:
        return holding.info().items, absent(holding, report.named, documents)


def _preview(reading: Reading, first: list[Item], items: int, source: str) -> list[str]:
    """What was guessed, the first items as they would be stored, and what cannot be read."""
    notes = (f"  {spoken(note)}" for note in reading.notes)
    lines = [f"{counted(items, 'item')} can be read of {source}", *notes]
    for item in first:
        record = _record(item)
        text = record["text"] or ""
        cut = f"... ({len(text):,} characters)" if len(text) > _WIDTH else ""
        lines += ["", f"id        {item.id}"]
        lines += [f"text      {text[:_WIDTH]}{cut}"] if text else []
        lines += [f"{kind:9} {path}" for kind, path in record["media"].items()]
        lines += [f"metadata  {dumps(record['metadata'], ensure_ascii=False)}"]
    for failures, said in ((reading.failed, "cannot be read"), (reading.partial, "read in part")):
        if failures:
            lines += ["", f"{counted(len(failures), 'row')} {said}:", *reasons(failures)]
    return [*lines, ""]


def _record(item: Item) -> dict[str, Any]:
    """An item as --json shows it."""
    media = {
        kind: str(part.path) if part.path else f"{type(part.source).__name__} in memory"
        for kind, part in item.parts.items()
        if kind != "text"
    }
    metadata = dict(item.metadata)
    return {"id": item.id, "text": item.parts.text, "media": media, "metadata": metadata}


def lines(report: Report, left: int, removed: int | None, source: str) -> list[str]:
    """Lines of a run's result on items that the source does not hold."""
    if removed is not None:
        return [f"{counted(removed, 'stored item')} removed, since {source} does not hold them"]
    if not left or not report.stored:
        return []
    verb = "is" if left == 1 else "are"
    told = f"{counted(left, 'stored item')} {verb} not in {source}"
    if report.failed:  # `check_whole` refuses to prune
        return [f"up to {told}, or in what failed; --prune removes nothing until none fails"]
    return [f"{told}; --dry-run lists them, --prune removes them"]


def record(left: int, removed: int | None) -> dict[str, Any]:
    """The same for --json."""
    return {"not_in_source": left, "removed": removed or 0}
