"""`cospace recommend`: more like these, less like those, and what goes with them."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from cospace.cli.figures import points
from cospace.cli.output import document, show, tell, watched
from cospace.cli.parsing import Parser, command, filter_of, seed
from cospace.cli.search import opened
from cospace.cli.table import Column, facts, room, table

if TYPE_CHECKING:
    from cospace.collection import Collection
    from cospace.tasks.recommend import Learnt, Recommended, Sessions

__all__ = ["parser", "run"]


def parser() -> Parser:
    """The arguments of `cospace recommend`."""
    one = command(
        "recommend",
        "Items of a collection that are like those of --like and unlike those of --unlike, by\n"
        "their vectors. --diversity keeps them from being all alike. --sessions is a table with\n"
        "the columns session, item and perhaps time: what was looked at together counts too, as\n"
        "much as that finds the last items of held-out sessions.",
        "cospace recommend market.cospace --like MK-1008",
        "cospace recommend market.cospace --like MK-1008 --unlike MK-1009 --diversity 0.3",
        "cospace recommend market.cospace --like MK-1008 --sessions log.csv",
    )
    one.add_argument("folder", metavar="FOLDER", help="a collection")
    one.add_argument(
        "--like", metavar="ID", action="append", required=True, help="an item; repeatable"
    )
    one.add_argument("--unlike", metavar="ID", action="append", help="not like it; repeatable")
    one.add_argument("-k", type=int, default=10, metavar="N", help="items to show; default: 10")
    one.add_argument(
        "--diversity", type=float, default=0.0, metavar="D",
        help="0 to 1: how much an item counts less for being like one above it; default: 0",
    )  # fmt: skip
    one.add_argument("--where", metavar="JSON", help='a filter, such as \'{"price": {"$lt": 9}}\'')
    one.add_argument("--sessions", metavar="FILE", help="a table: session, item, perhaps time")
    one.add_argument("--seed", type=seed, default=0, help="of the split of sessions; default: 0")
    one.add_argument("--model", help="the model's folder, where the collection cannot find it")
    one.set_defaults(queries=None)
    return one


def run(args: argparse.Namespace) -> int:
    """0."""
    from cospace.tasks import Sessions, recommend

    where = filter_of(args.where)
    given = None if args.sessions is None else Sessions.read(args.sessions)
    with opened(args) as shop:
        learnt = None if given is None else _learnt(args, shop, given)
        found = recommend(
            shop,
            args.like,
            unlike=args.unlike or (),
            k=args.k,
            diversity=args.diversity,
            where=where,
            sessions=learnt,
        )
    if args.json:
        asked = {"like": args.like, "unlike": args.unlike or [], "diversity": args.diversity}
        document({**asked, **found.to_json()})
        return 0
    _told(args, found)
    return 0


def _learnt(args: argparse.Namespace, shop: Collection, given: Sessions) -> Learnt:
    from cospace.tasks import gather
    from cospace.tasks.recommend import learn

    bar = watched() and not args.json
    return learn(gather(shop, progress=bar), given, seed=args.seed, progress=bar)


def _told(args: argparse.Namespace, found: Recommended) -> None:
    columns = [Column("score", right=True), Column("id", most=40), Column("text", flexible=True)]
    rows = [[f"{one.score:.3f}", one.id, one.text or ""] for one in found.items]
    if args.diversity:
        columns.insert(1, Column("nearest above", right=True))
        for row, one in zip(rows, found.items, strict=True):
            row.insert(1, f"{one.nearest:.3f}")
    if not rows:
        show(["Nothing found: no other item has a vector and passes the filter."])
        return
    show(table(columns, rows, room()))
    if args.diversity:
        tell(
            f"alike, mean cosine of two: {found.alike:.3f}, without --diversity"
            f" {found.alike_without:.3f}; mean score {found.relevance:.3f}, without it"
            f" {found.relevance_without:.3f}"
        )
    if found.learnt is not None:
        _told_sessions(found.learnt)


def _told_sessions(learnt: Learnt) -> None:
    if learnt.recall is not None:
        lines = [(name, f"{points(one, 1)} %") for name, one in learnt.recall.items()]
        lines.append(("chance", f"{100 * learnt.chance:.1f} %"))
        asked = f"{learnt.tested:,} held-out sessions, of {learnt.sessions:,}"
        show(["", f"recall@10 of the last item of {asked}:", *facts(lines)])
        show([f"sessions count {learnt.share:.0%} in the score"])
    for note in learnt.notes:
        tell(f"note: {note}")
