"""`cospace mcp`: a collection as tools for an assistant."""

from __future__ import annotations

import argparse

from cospace.cli.parsing import Parser, command

__all__ = ["parser", "run"]


def parser() -> Parser:
    """The arguments of `cospace mcp`."""
    one = command(
        "mcp",
        "A collection as tools for an assistant that speaks the Model Context Protocol: search,\n"
        "get and context, over standard input and output. It reads, and writes nothing.",
        "cospace mcp market.cospace",
    )
    one.add_argument("folder", metavar="FOLDER", help="a collection")
    one.add_argument("--model", help="the model's folder, where the collection cannot find it")
    return one


def run(args: argparse.Namespace) -> int:
    """0 when the assistant is done."""
    import cospace as cs
    from cospace.serve.tools import tools

    with cs.open(args.folder, model=args.model, read_only=True) as collection:
        tools(collection).run("stdio")
    return 0
