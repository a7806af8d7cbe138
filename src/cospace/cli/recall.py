"""`cospace recall`: what the index of a collection finds of what an exact search finds."""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING

from cospace.cli.check import FAILED
from cospace.cli.figures import points
from cospace.cli.output import document, show, tell, watched
from cospace.cli.parsing import Parser, command, filter_of, seed
from cospace.cli.search import opened
from cospace.cli.table import Column, room, table
from cospace.cli.textfile import lines_of
from cospace.counted import counted
from cospace.errors import BadArgument

if TYPE_CHECKING:
    from cospace.evaluate.index_recall import IndexRecall

__all__ = ["parser", "run"]


def parser() -> Parser:
    """The arguments of `cospace recall`."""
    one = command(
        "recall",
        "The approximate index of this collection against an exact search over every stored\n"
        "vector: the share of the first K that it finds, for all items and for filters that let\n"
        "through about 50%, 10%, 1% and 0.1% of them, made of the collection's own metadata.\n"
        "QUERIES is a file with a question a line; without it stored vectors are asked.",
        "cospace recall market.cospace",
        "cospace recall market.cospace --queries questions.txt --min .95",
    )
    one.add_argument("folder", metavar="FOLDER", help="a collection")
    one.add_argument("--queries", dest="file", metavar="QUERIES", help="questions, one a line")
    one.add_argument("-k", type=int, default=10, metavar="N", help="hits; default: 10")
    one.add_argument("--sample", type=int, default=200, metavar="N", help="vectors asked; 200")
    one.add_argument("--where", metavar="JSON", help="one more filter to measure")
    one.add_argument(
        "--min", type=float, metavar="N", help="exit with 11 below this recall, 0 to 1"
    )
    one.add_argument("--seed", type=seed, default=0, help="of what is drawn; default: 0")
    one.add_argument("--model", help="the model's folder, where the collection cannot find it")
    one.set_defaults(queries=None)
    return one


def run(args: argparse.Namespace) -> int:
    """0, or 11 when a recall is below --min."""
    from cospace.evaluate.index_recall import index_recall

    if args.min is not None and not 0 <= args.min <= 1:
        raise BadArgument(f"--min is a share, 0 to 1, not {args.min}")
    queries = None if args.file is None else lines_of(args.file)
    with opened(args) as collection:
        found = index_recall(
            collection, queries, k=args.k, sample=args.sample, where=filter_of(args.where),
            seed=args.seed, progress=watched(),
        )  # fmt: skip
    wanted = filter_of(args.where)
    missed = bool(wanted) and all(one.where != wanted for one in found.results)
    passed = args.min is None or (found.least >= args.min and not missed)
    if args.json:
        document({**found.to_json(), "passed": passed})
        return 0 if passed else FAILED
    show(_lines(found))
    for note in found.notes:
        tell(f"note: {note}")
    if not passed:
        why = "--where could not be measured" if missed else f"the lowest is {found.least:.3f}"
        tell(f"not passed: {why}, and {args.min:g} was asked for")
    return 0 if passed else FAILED


def _lines(found: IndexRecall) -> list[str]:
    rows = [
        [
            one.field,
            "all items" if one.where is None else json.dumps(one.where, ensure_ascii=False),
            f"{one.passing:,}",
            f"{100 * one.share:.3g}%",
            points(one.recall),
            f"{100 * one.worst:.0f}",
            f"{one.ms:.1f}",
        ]
        for one in found.results
    ]
    columns = [Column("of"), Column("filter", flexible=True), Column("items", right=True)]
    columns += [Column("share", right=True), Column(f"recall@{found.k}", right=True, most=32)]
    columns += [Column("worst", right=True), Column("ms", right=True)]
    head = f"{found.name}: {counted(found.asked, 'question')} ({found.questions})"
    return [head, "", *table(columns, rows, room())]
