"""`cospace import`: items and vectors from a Parquet file into a collection."""

from __future__ import annotations

import argparse

from cospace.cli.output import count, document, show
from cospace.cli.parsing import Parser, command

__all__ = ["parser", "run"]


def parser() -> Parser:
    """The arguments of `cospace import`."""
    one = command(
        "import",
        "Read the items and vectors of a Parquet file that `cospace export` wrote into a\n"
        "collection, which is made if it is not there. Nothing is encoded.",
        "cospace import market.parquet copy.cospace",
    )
    one.add_argument("file", metavar="FILE.parquet", help="what `cospace export` wrote")
    one.add_argument("folder", metavar="FOLDER", help="a collection, or where to make one")
    one.add_argument("--replace", action="store_true", help="replace items of the same id")
    return one


def run(args: argparse.Namespace) -> int:
    """0."""
    from pathlib import Path

    import cospace as cs
    from cospace.errors import DuplicateId, NotFound

    if not Path(args.file).is_file():  # refused before a collection is made for it
        raise NotFound(f"no such file: {args.file}")
    with cs.open(args.folder) as collection:
        try:
            read = collection.restore(args.file, replace=args.replace)
        except DuplicateId as error:
            message = f"{args.folder} holds {count(len(error.ids), 'item')} or more of the file"
            raise DuplicateId(f"{message}; --replace replaces them", ids=error.ids) from None
        items = len(collection)
    if args.json:
        document({"into": args.folder, "read": read, "items": items})
    else:
        held = f"{args.folder} holds {count(items, 'item')}"
        show([f"{count(read, 'item')} read from {args.file}; {held}"])
    return 0
