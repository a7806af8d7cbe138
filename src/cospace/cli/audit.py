"""`cospace audit`: what is wrong with a collection, with its effect, its certainty, its items."""

from __future__ import annotations

import argparse
from contextlib import ExitStack
from typing import TYPE_CHECKING

from cospace.cli.output import document, show, tell, watched
from cospace.cli.parsing import Parser, command, names_of

if TYPE_CHECKING:
    from cospace.audit import Audit, Finding

__all__ = ["parser", "run"]

_SHOWN = 3  # groups of a finding


def parser() -> Parser:
    """The arguments of `cospace audit`."""
    one = command(
        "audit",
        "Look for what is wrong with a collection: duplicates, leaks, wrong labels, photos that\n"
        "do not fit, hubs, drift, texts cut short, missing parts, and more. Nothing is changed;\n"
        "another process may own the collection meanwhile.",
        "cospace audit market.cospace",
        "cospace audit market.cospace --label category",
        "cospace audit market.cospace --date listed --since 2026-01-01 --label category",
        "cospace audit train.cospace --against test.cospace --checks leaks",
    )
    one.add_argument("folder", metavar="FOLDER", help="a collection")
    one.add_argument("--label", metavar="COLUMN", help="metadata whose values are classes")
    one.add_argument("--split", metavar="COLUMN", help="metadata of two values: train and test")
    one.add_argument("--date", metavar="COLUMN", help="metadata of dates, for drift")
    one.add_argument("--since", metavar="DATE", help="the first day that is new: 2026-01-31")
    one.add_argument("--against", metavar="FOLDER", help="another collection of the same space")
    one.add_argument("--checks", metavar="NAMES", action="append", help="only these, with commas")
    one.add_argument("--model", help="the model's folder, where the collection cannot find it")
    one.add_argument("--seed", type=int, default=0, help="of all draws; default: 0")
    return one


def run(args: argparse.Namespace) -> int:
    """0, whatever was found."""
    import cospace as cs
    from cospace.audit import audit

    with ExitStack() as held:
        shop = held.enter_context(cs.open(args.folder, model=args.model, read_only=True))
        other = None
        if args.against is not None:
            other = held.enter_context(cs.open(args.against, read_only=True))
        found = audit(
            shop, label=args.label, split=args.split, date=args.date, since=args.since,
            against=other, checks=names_of(args.checks), seed=args.seed,
            progress=watched() and not args.json,
        )  # fmt: skip
    if args.json:
        document({"folder": args.folder, **found.to_json()})
    else:
        _told(found)
    return 0


def _told(audit: Audit) -> None:
    for verdict in ("found", "inconclusive", "clean", "skipped"):
        for one in audit.findings:
            if one.verdict == verdict:
                show(_lines(one))
    wrong = len(audit.found)
    tell(f"{audit.items:,} items, {len(audit.findings)} checks: {wrong} found something")


def _lines(finding: Finding) -> list[str]:
    """A finding in lines: what it says, the first of its items, what mends it."""
    lines = [str(finding)]
    if finding.verdict == "found":
        if finding.p is not None:
            lines[0] += f" (p {finding.p:.2g})"
        for group in finding.groups[:_SHOWN]:
            ids = ", ".join(group.ids[:4]) + (", ..." if len(group.ids) > 4 else "")
            lines.append(f"                {ids}: {group.said}")
        if len(finding.groups) > _SHOWN:
            more = len(finding.groups) - _SHOWN
            lines.append(f"                ... and {more:,} more; --json lists them")
        if finding.mend:
            lines.append(f"                mend: {finding.mend}")
    return lines
