"""`cospace cache`: how large the cache of vectors is, of which models; empty it."""

from __future__ import annotations

import argparse

from cospace.cli.output import document, show, size
from cospace.cli.parsing import Parser, command
from cospace.cli.table import Column, room, table
from cospace.counted import counted
from cospace.errors import BadArgument, NotFound

__all__ = ["parser", "run"]


def parser() -> Parser:
    """The arguments of `cospace cache`."""
    one = command(
        "cache",
        "Show how many vectors are kept on disk, of which models; or drop them. Vectors of hosted\n"
        "models are always kept, so that nothing is paid for twice; those of others when the\n"
        "environment says COSPACE_CACHE=1.",
        "cospace cache",
        "cospace cache clear --space openai:text-embedding-3-small",
        "cospace cache clear",
    )
    one.add_argument(
        "action", nargs="?", default="show", choices=("show", "clear"), help="default: show"
    )
    one.add_argument("--space", metavar="NAME", help="clear: only vectors of spaces of this name")
    return one


def run(args: argparse.Namespace) -> int:
    """0."""
    from cospace.encode.cache.disk import VectorCache

    cache = VectorCache()
    if args.action == "clear":
        names = {row[0] for row in cache.info().spaces}
        if args.space is not None and args.space not in names:
            here = ", ".join(sorted(names)) or "none"
            raise NotFound(f"no space called {args.space!r} in the cache; there are: {here}")
        dropped = cache.clear(args.space)
        if args.json:
            document({"path": str(cache.path), "dropped": dropped})
        else:
            show([f"{counted(dropped, 'vector')} dropped from {cache.path}"])
        return 0
    if args.space is not None:
        raise BadArgument("--space goes with clear: cospace cache clear --space NAME")
    info = cache.info()
    if args.json:
        keys = ("name", "dim", "fingerprint", "vectors", "bytes")
        spaces = [dict(zip(keys, row, strict=True)) for row in info.spaces]
        record = {"path": str(info.path), "vectors": info.vectors, "bytes": info.bytes}
        document({**record, "spaces": spaces})
        return 0
    show([f"{counted(info.vectors, 'vector')}, {size(info.bytes)}, in {info.path}"])
    if info.spaces:
        columns = [
            Column("space", most=60),
            Column("dim", right=True),
            Column("fingerprint"),
            Column("vectors", right=True),
            Column("size", right=True),
        ]
        rows = [
            [name, str(dim), mark[:8], f"{vectors:,}", size(total)]
            for name, dim, mark, vectors, total in info.spaces
        ]
        show(["", *table(columns, rows, room())])
    return 0
