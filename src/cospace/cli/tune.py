"""`cospace tune`: weights of the lists, fitted on a table of judged queries."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from cospace.cli.figures import change, points, tell_left_out
from cospace.cli.output import document, show, tell
from cospace.cli.parsing import Parser, command, seed
from cospace.cli.table import facts
from cospace.errors import BadArgument
from cospace.read import Failures

if TYPE_CHECKING:
    from cospace.collection import Collection

__all__ = ["parser", "run"]


def parser() -> Parser:
    """The arguments of `cospace tune`."""
    one = command(
        "tune",
        "Fit what text, image and words count in a search, on queries of which you know the right\n"
        "items: JUDGED is a table with the columns query, id and, if you like, grade (1 without;\n"
        "0 is wrong), or with query and relevant, a dict of grades by id. Without it, the\n"
        "judgments that the collection holds. Each query is measured with weights that were\n"
        "chosen without it. At least 20 queries. Nothing is changed without --use. With\n"
        "--rerank: what a reranker counts, and whether the collection is better with it.",
        "cospace tune market.cospace judged.csv",
        "cospace tune market.cospace judged.csv --use",
        "cospace tune market.cospace judged.csv --rerank",
        "cospace tune market.cospace --reset",
    )
    one.add_argument("folder", metavar="FOLDER", help="a collection")
    one.add_argument("judged", metavar="JUDGED", nargs="?", help="a table of judged queries")
    one.add_argument("--use", action="store_true", help="keep the weights, if they are better")
    one.add_argument(
        "--rerank", metavar="NAME", nargs="?", const="reranker", help="a reranker, not the weights"
    )
    one.add_argument(
        "--reset", action="store_true", help="go back to the default weights, and to no reranker"
    )
    one.add_argument("--seed", type=seed, default=0, help="of what is held out; default: 0")
    one.add_argument("--model", help="the model's folder, where the collection cannot find it")
    return one


def run(args: argparse.Namespace) -> int:
    """0, also when the default weights are better."""
    import cospace as cs
    from cospace.evaluate.judgments import read_judgments

    if args.reset and (args.judged is not None or args.use or args.rerank):
        raise BadArgument("give a table of judged queries, or --reset alone")
    failed = Failures()
    judged = {} if args.judged is None else read_judgments(args.judged, failed)
    with cs.open(args.folder, model=args.model, create=False) as shop:
        if args.reset:
            shop.weights = shop.reranking = None
            said = f"{args.folder} ranks by the default weights, and without a reranker"
            _told(args, {"weights": None, "reranking": None}, [said])
            return 0
        if args.judged is None:
            judged = {query: {**grades} for query, grades in shop.judgments.items()}
            if not judged:
                raise BadArgument(
                    f"{args.folder} holds no judgments: give a table of judged queries, or judge"
                    f" some: cospace judge {args.folder} QUERY"
                )
        if args.rerank is not None:
            return _rerank(args, shop, judged, failed)
        tuning = shop.tune(judged, seed=args.seed)
        used = args.use and tuning.better
        if used:
            shop.weights = tuning.weights
    lines = [
        ("weights", ", ".join(f"{name} {weight:g}" for name, weight in tuning.weights.items())),
        ("queries", f"{tuning.queries:,}"),
        ("nDCG@10 by default", points(tuning.before)),
        ("nDCG@10 held out", points(tuning.held_out)),
        ("difference", change(tuning.difference)),
    ]
    end = f"{args.folder} ranks by these weights now" if used else "nothing was changed"
    _told(args, {**tuning.to_json(), "used": used}, [*facts(lines), tuning.advice, end])
    tell_left_out(failed)
    for note in tuning.notes:
        tell(f"note: {note}")
    return 0


def _rerank(
    args: argparse.Namespace,
    shop: Collection,
    judged: dict[str, dict[str, float]],
    failed: Failures,
) -> int:
    tuning = shop.tune_rerank(judged, args.rerank, seed=args.seed)
    used = args.use and tuning.better
    if used:
        shop.reranking = tuning.setting
    lines = [
        ("reranker", f"{tuning.reranker.name}, share {tuning.share:g}"),
        ("queries", f"{tuning.queries:,}"),
        ("nDCG@10 without", points(tuning.before)),
        ("nDCG@10 held out", points(tuning.held_out)),
        ("difference", change(tuning.difference)),
    ]
    end = f"{args.folder} goes through it now" if used else "nothing was changed"
    _told(args, {**tuning.to_json(), "used": used}, [*facts(lines), tuning.advice, end])
    tell_left_out(failed)
    for note in tuning.notes:
        tell(f"note: {note}")
    return 0


def _told(args: argparse.Namespace, record: dict[str, Any], lines: list[str]) -> None:
    if args.json:
        document({"folder": args.folder, **record})
    else:
        show(lines)
