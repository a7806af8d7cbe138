"""`cospace export`: a collection with its vectors to a Parquet file."""

from __future__ import annotations

import argparse
from pathlib import Path

from cospace.cli.output import document, show
from cospace.cli.parsing import Parser, command, filter_of
from cospace.counted import counted

__all__ = ["parser", "run"]


def parser() -> Parser:
    """The arguments of `cospace export`."""
    one = command(
        "export",
        "Write a collection, with its vectors, to a Parquet file: for other tools, or for\n"
        "`cospace import`. It works while another process has the collection open.",
        "cospace export market.cospace market.parquet",
        'cospace export market.cospace cheap.parquet --where \'{"price": {"$lt": 20}}\'',
    )
    one.add_argument("folder", metavar="FOLDER", help="a collection")
    one.add_argument("out", metavar="OUT.parquet", help="the file to write; replaced if it exists")
    one.add_argument("--where", metavar="JSON", help="only the items that pass this filter")
    return one


def run(args: argparse.Namespace) -> int:
    """0."""
    from cospace.cli.holding import Holding
    from cospace.collection.transfer import export_parquet
    from cospace.store.where import parse

    out = Path(args.out)
    where = filter_of(args.where)
    with Holding(args.folder) as holding:
        node = parse(where, holding.schema) if where else None
        written = export_parquet(holding, out, node)
    if args.json:
        document({"out": str(out), "items": written})
    else:
        show([f"{counted(written, 'item')} written to {out}"])
    return 0
