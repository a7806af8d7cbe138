"""`cospace update`: a table's columns into stored items; what it does not hold stays."""

from __future__ import annotations

import argparse
import os
import sys

from cospace.cli.flags import spoken
from cospace.cli.output import document, show, tell
from cospace.cli.parsing import Parser, columns_of, command, named_columns
from cospace.cli.report import report_lines, tell_notes
from cospace.counted import counted

__all__ = ["change", "parser", "run"]


def parser() -> Parser:
    """The arguments of `cospace update`."""
    one = command(
        "update",
        "Change what SOURCE holds of stored items, and nothing else: a price list changes prices.\n"
        "An empty cell changes nothing. The text changes when a column that it was made of does;\n"
        "only that is encoded. A row whose id is not stored is reported; `cospace index` adds it.",
        "cospace update shop.cospace prices.csv",
        "cospace update shop.cospace stock.jsonl --id sku --metadata stock",
    )
    one.add_argument("folder", metavar="FOLDER", help="a collection")
    one.add_argument("source", metavar="SOURCE", help="a table, as `cospace index` reads it")
    one.add_argument("--model", help="the model's folder, where the collection cannot find it")
    named_columns(one)
    one.add_argument("--strict", action="store_true", help="stop at the first bad item")
    return one


def run(args: argparse.Namespace) -> int:
    """0 when something is stored as the table says, 2 when nothing could be."""
    return change(args, args.folder)


def change(args: argparse.Namespace, into: str | os.PathLike[str]) -> int:
    """As `run`, for the collection `into`; `cospace index --update` ends here too."""
    import cospace as cs

    reading = cs.read(args.source, **columns_of(args), changes=True)
    with cs.open(into, model=args.model, create=False) as collection:
        if not args.json:
            tell(f"Updating {into} from {args.source}")
            tell_notes([spoken(note) for note in reading.notes])
        seen = len(reading.notes)
        errors = "raise" if args.strict else "report"
        report = collection.update(reading, errors=errors, progress=sys.stderr.isatty())
        items = len(collection)
    if args.json:
        notes = [spoken(note) for note in reading.notes]
        document({"into": str(into), "items": items, "notes": notes, "report": report.to_json()})
    else:
        tell_notes([spoken(note) for note in reading.notes[seen:]])
        show(report_lines(report))
        show([f"{into} holds {counted(items, 'item')}"])
    return 0 if report.stored else 2
