"""`cospace compact`: the space of deleted items back to the disk."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

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
    store, truth = _opened(args.folder)
    try:
        before = store.info().bytes if truth is None else truth.stat().st_size
        store.compact()
        after = store.info().bytes if truth is None else truth.stat().st_size
        store.optimize()
    finally:
        store.close()
    if args.json:
        document({"folder": args.folder, "bytes_before": before, "bytes": after})
    else:
        end = "" if truth is None else "; the index was built anew"
        show([f"{truth or args.folder}: {size(before)} before, {size(after)} now{end}"])
    return 0


def _opened(place: str) -> tuple[Any, Path | None]:
    """The store, and the file of its truth; None where that is on a server."""
    from cospace.store.local import LocalStore
    from cospace.store.remote.address import is_address
    from cospace.store.remote.open import folder_of, open_address, parsed

    if not is_address(place):
        return LocalStore(Path(place), create=False), Path(place) / "truth.sqlite"
    address = parsed(place)
    folder = folder_of(address)
    store = open_address(address, create=False, language=None)
    return store, None if folder is None else folder / "truth.sqlite"
