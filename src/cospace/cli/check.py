"""`cospace check`: a collection's search held to judged questions, for CI: the exit code tells."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING

from cospace.cli.figures import change, points, tell_left_out
from cospace.cli.output import document, show, tell, watched
from cospace.cli.parsing import Parser, command, filter_of, names_of, seed
from cospace.cli.search import opened
from cospace.cli.table import Column, room, table
from cospace.counted import counted
from cospace.errors import BadArgument

if TYPE_CHECKING:
    from cospace.evaluate.checked import Checked

__all__ = ["FAILED", "parser", "run"]

FAILED = 11  # the exit code of a check that was not passed
_MOST_MOVED = 20


def parser() -> Parser:
    """The arguments of `cospace check`."""
    one = command(
        "check",
        "Is the search of a collection good enough, and not worse than it was? JUDGED is a table\n"
        "with the columns query, id and perhaps grade, or with query and relevant, a dict of\n"
        "grades by id; without it, what `cospace judge` and the pages have kept. Figures are\n"
        "ndcg@K, recall@K, mrr@K and map@K, means over the questions with 95% intervals.\n"
        "Worse than a baseline is any of its figures whose differences, question by question,\n"
        "have an interval below 0, which a one-sided randomization test tells at 5%; at least six\n"
        "questions must be the same. The exit code is 0, or 11 when it is not good enough.",
        "cospace check market.cospace --queries judged.jsonl --min ndcg@10=.55",
        "cospace check market.cospace --queries judged.jsonl --save baseline.json",
        "cospace check market.cospace --queries judged.jsonl --not-worse-than baseline.json",
    )
    one.add_argument("folder", metavar="FOLDER", help="a collection")
    one.add_argument("--queries", dest="judged", metavar="JUDGED", help="judged questions")
    one.add_argument(
        "--min", metavar="FIGURE=N", action="append", type=_minimum, default=[],
        help="the least mean of a figure, 0 to 1, such as ndcg@10=.55; repeatable",
    )  # fmt: skip
    one.add_argument("--not-worse-than", metavar="FILE", help="an earlier check")
    one.add_argument("--save", metavar="FILE", help="write this check, as a later one's baseline")
    one.add_argument("--where", metavar="JSON", help="a filter on the items")
    one.add_argument("--by", metavar="LISTS", action="append", help="of text, image, words, ...")
    one.add_argument("--rerank", metavar="NAME", help="a reranker; '' for none")
    one.add_argument(
        "--seed", type=seed, default=0, help="of the draws behind intervals; default 0"
    )
    one.add_argument("--model", help="the model's folder, where the collection cannot find it")
    one.set_defaults(queries=None)
    return one


def run(args: argparse.Namespace) -> int:
    """0, or 11 when a figure is too low, or worse than the baseline's."""
    from cospace.evaluate.baseline import Baseline
    from cospace.evaluate.checked import check, parse_figure
    from cospace.evaluate.judgments import read_judgments
    from cospace.read import Failures

    minimum = dict(args.min)
    if len(minimum) < len(args.min):
        raise BadArgument("--min names a figure twice")
    for name in minimum:
        parse_figure(name)
    failed = Failures()
    judged = None if args.judged is None else read_judgments(args.judged, failed)
    baseline = None if args.not_worse_than is None else Baseline.read(args.not_worse_than)
    search = {"where": filter_of(args.where), "by": names_of(args.by), "rerank": args.rerank}
    with opened(args) as collection:
        found = check(
            collection, judged, minimum=minimum, baseline=baseline, seed=args.seed,
            progress=watched(), **search,
        )  # fmt: skip
    if args.json:
        document(found.to_json())
    else:
        show(_lines(found))
        tell_left_out(failed)
        for note in found.notes:
            tell(f"note: {note}")
    if args.save is not None:
        _save(found, args)
    return 0 if found.passed else FAILED


def _save(found: Checked, args: argparse.Namespace) -> None:
    """Write the check, but not in place of a baseline that it has failed."""
    from cospace.files import write_bytes

    path, before = Path(args.save), args.not_worse_than
    if not found.passed and before is not None and path.resolve() == Path(before).resolve():
        tell(f"note: {path} stays as it is: this check was not passed")
        return
    record = json.dumps(found.to_json(), ensure_ascii=False, indent=1, allow_nan=False)
    write_bytes(path, record.encode() + b"\n")


def _lines(found: Checked) -> list[str]:
    columns = [Column("figure"), Column("now", right=True, most=40), Column("least", right=True)]
    columns += [Column("against the baseline", right=True, most=52)] if found.differences else []
    columns += [Column("")]
    rows = []
    for name, figure in found.figures.items():
        least = found.minimum.get(name)
        row = [name, points(figure), "" if least is None else f"{100 * least:.2f}"]
        row += [change(found.differences.get(name))] if found.differences else []
        said = ["too low"] if name in found.short else []
        said += ["worse"] if name in found.worse else []
        rows.append([*row, ", ".join(said)])
    asked = counted(len(found.asked), "question")
    known = "no hits" if found.judged is None else f"{100 * found.judged:.0f}% of the first 10 hits"
    lines = [f"{found.name}: {asked}, {known}{'' if found.judged is None else ' judged'}", ""]
    lines += table(columns, rows, room())
    for apart in found.differences.values():
        if apart.verdict == "no clear difference" and apart.low == apart.low:
            lines += ["", f"A loss of up to {-100 * min(apart.low, 0):.2f} points could be unseen."]
            break
    lines += ["", *_moved(found)] if found.moved else []
    if not found.minimum and not found.differences:
        return lines  # nothing was asked of it
    return [*lines, "", "passed" if found.passed else "not passed"]


def _moved(found: Checked) -> list[str]:
    """The questions that moved most, the worst first, with their first hits."""
    many = len(found.moved) > _MOST_MOVED
    most = sorted(found.moved, key=lambda one: -abs(one.after - one.before))[:_MOST_MOVED]
    some = sorted(most, key=lambda one: one.after - one.before)
    rows = [
        [
            f"{100 * (one.after - one.before):+.1f}",
            f"{100 * one.before:.1f}",
            f"{100 * one.after:.1f}",
            one.query,
            _first(one.first_before, one.first),
        ]
        for one in some
    ]
    columns = [Column(name, right=True) for name in ("moved", "before", "now")]
    columns += [Column("question", flexible=True), Column("first hit", most=40)]
    more = f", the {_MOST_MOVED} that moved most" if many else ""
    return [f"{counted(len(found.moved), 'question')} moved{more}:", *table(columns, rows, room())]


def _first(before: tuple[str, ...], now: tuple[str, ...]) -> str:
    old, new = (one[0] if one else "none" for one in (before, now))
    return new if old == new else f"{old} to {new}"


def _minimum(given: str) -> tuple[str, float]:
    name, equals, number = given.partition("=")
    try:
        least = float(number)
    except ValueError:
        least = -1.0
    if not equals or not 0 <= least <= 1:
        raise argparse.ArgumentTypeError(
            f"expected FIGURE=N with N from 0 to 1, such as ndcg@10=.55; got {given!r}"
        )
    return name.strip().lower(), least
