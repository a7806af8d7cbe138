"""`cospace import`: items and vectors from a Parquet file into a collection."""

from __future__ import annotations

import argparse
from pathlib import Path

from cospace.cli.fresh import unless_refused
from cospace.cli.output import document, reasons, show, tell, watched
from cospace.cli.parsing import Parser, command
from cospace.counted import counted

__all__ = ["parser", "run"]


def parser() -> Parser:
    """The arguments of `cospace import`."""
    one = command(
        "import",
        "Read the items and vectors of a Parquet file that `cospace export` wrote, or of a folder\n"
        "of shards that `cospace embed` wrote, into a collection, which is made if it is not\n"
        "there. Nothing is encoded.",
        "cospace import market.parquet copy.cospace",
        "cospace import listings.shards market.cospace",
    )
    one.add_argument("file", metavar="FILE", help="a .parquet file, or a folder of shards")
    one.add_argument("folder", metavar="FOLDER", help="a collection, or where to make one")
    one.add_argument("--replace", action="store_true", help="replace items of the same id")
    return one


def run(args: argparse.Namespace) -> int:
    """0."""
    import cospace as cs
    from cospace.errors import DuplicateId, NotFound

    path = Path(args.file)
    if path.is_dir():
        return _shards(args, path)
    if not path.is_file():  # refused before a collection is made for it
        raise NotFound(f"no such file: {args.file}")
    with unless_refused(args.folder), cs.open(args.folder) as collection:
        try:
            read = collection.restore(args.file, replace=args.replace)
        except DuplicateId as error:
            message = f"{args.folder} holds {counted(len(error.ids), 'item')} or more of the file"
            raise DuplicateId(f"{message}; --replace replaces them", ids=error.ids) from None
        items = len(collection)
    if args.json:
        document({"into": args.folder, "read": read, "items": items})
    else:
        held = f"{args.folder} holds {counted(items, 'item')}"
        show([f"{counted(read, 'item')} read from {args.file}; {held}"])
    return 0


def _shards(args: argparse.Namespace, path: Path) -> int:
    """0."""
    import cospace as cs
    from cospace.collection.shards import Manifest
    from cospace.errors import DuplicateId

    Manifest.load(path)  # refused before a collection is made for it
    with unless_refused(args.folder), cs.open(args.folder) as collection:
        try:
            done = collection.restore_shards(path, replace=args.replace, progress=watched())
        except DuplicateId as error:
            message = (
                f"{args.folder} holds {counted(len(error.ids), 'item')} or more, and otherwise"
            )
            raise DuplicateId(f"{message}; --replace replaces them", ids=error.ids) from None
        items = len(collection)
    left_out = done.left_out
    if args.json:
        failed = [{"name": one.name, "reason": one.reason} for one in done.failed]
        cells = [{"name": one.name, "reason": one.reason} for one in left_out]
        told = {"failed": failed, "unlisted": done.failed.unlisted, "left_out": cells}
        counts = {"read": done.stored, "unchanged": done.unchanged, "items": items}
        document({"into": args.folder, **counts, **told})
        return 0
    same = f", {done.unchanged:,} were there already" if done.unchanged else ""
    held = f"{args.folder} holds {counted(items, 'item')}"
    show([f"{counted(done.stored, 'item')} read from {args.file}{same}; {held}"])
    for what, some in (("row|without vectors", done.failed), ("cell|left out", left_out)):
        noun, ending = what.split("|")
        if len(some):
            tell("\n".join([f"{counted(len(some), noun)} {ending}:", *reasons(some)]))
    return 0
