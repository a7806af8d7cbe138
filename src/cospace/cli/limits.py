"""`cospace limits`: the table of limits, with the values in force."""

from __future__ import annotations

import argparse

from cospace.cli.output import document, show
from cospace.cli.parsing import Parser, command
from cospace.cli.table import Column, room, table
from cospace.limits import TABLE, limit

__all__ = ["parser", "run"]


def parser() -> Parser:
    """The arguments of `cospace limits`."""
    return command(
        "limits",
        "Every limit: its value, and what it bounds. COSPACE_LIMIT_<NAME> in the environment\n"
        "changes one.",
        "cospace limits",
        "COSPACE_LIMIT_IMAGE_PIXELS=100000000 cospace index photos/",
    )


def run(args: argparse.Namespace) -> int:
    """0."""
    if args.json:
        document(
            [
                {
                    "name": row.name,
                    "value": limit(row.name),
                    "default": row.default,
                    "unit": row.unit,
                    "help": row.help,
                }
                for row in TABLE.values()
            ]
        )
        return 0
    columns = [Column("limit"), Column("value", right=True), Column("unit")]
    rows = [[row.name, _value(row.name), row.unit, row.help] for row in TABLE.values()]
    show(table([*columns, Column("what it bounds", flexible=True)], rows, room()))
    show(["", "* changed. Change one with COSPACE_LIMIT_<NAME> in capitals, in the environment."])
    return 0


def _value(name: str) -> str:
    value = limit(name)
    return f"{value:,}" if value == TABLE[name].default else f"* {value:,}"
