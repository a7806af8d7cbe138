"""`cospace compact`: the space of deleted items back to the disk."""

from __future__ import annotations

import argparse
from pathlib import Path

from cospace.cli.output import document, show, size
from cospace.cli.parsing import Parser, command

__all__ = ["parser", "run"]


def parser() -> Parser:
    """The arguments of `cospace compact`."""
    one = command(
        "compact",
        "Give the space of deleted and replaced items back to the disk, and build the search\n"
        "index anew. Needs room for a second copy while it runs.",
        "cospace compact market.cospace",
    )
    one.add_argument("folder", metavar="FOLDER", help="a collection")
    return one


def run(args: argparse.Namespace) -> int:
    """0."""
    from cospace.store.local import LocalStore

    folder = Path(args.folder)
    truth = folder / "truth.sqlite"
    store = LocalStore(folder, create=False)
    try:
        before = truth.stat().st_size
        store.compact()
        after = truth.stat().st_size
        store.optimize()
    finally:
        store.close()
    if args.json:
        document({"folder": args.folder, "bytes_before": before, "bytes": after})
    else:
        show([f"{truth}: {size(before)} before, {size(after)} now; the index was built anew"])
    return 0
