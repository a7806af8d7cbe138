"""`cospace dedupe`: groups of duplicates, which item of each to keep, and the others deleted."""

from __future__ import annotations

import argparse
from shlex import join, quote

from cospace.cli.output import document, show, tell, watched
from cospace.cli.parsing import Parser, command
from cospace.counted import counted

__all__ = ["parser", "run"]

_SHOWN = 20  # groups


def parser() -> Parser:
    """The arguments of `cospace dedupe`."""
    one = command(
        "dedupe",
        "List groups of items that say and show the same, or nearly, and which of each to keep:\n"
        "the fullest, and of equals the oldest. With --delete the others are deleted, after they\n"
        "were listed. How near is near is fitted on the collection; within a group every pair is.",
        "cospace dedupe market.cospace",
        "cospace dedupe market.cospace --delete",
    )
    one.add_argument("folder", metavar="FOLDER", help="a collection")
    one.add_argument(
        "--by", choices=("both", "text", "image"), default="both",
        help="compare every part that both items have (the default), or one alone",
    )  # fmt: skip
    one.add_argument("--delete", action="store_true", help="delete all but the first of each group")
    one.add_argument("--model", help="the model's folder, where the collection cannot find it")
    one.add_argument("--seed", type=int, default=0, help="of all draws; default: 0")
    return one


def run(args: argparse.Namespace) -> int:
    """0."""
    import cospace as cs
    from cospace.audit import duplicates

    with cs.open(args.folder, model=args.model, create=False, read_only=not args.delete) as shop:
        watch = watched() and not args.json
        groups = duplicates(shop, by=args.by, seed=args.seed, progress=watch)
        gone = [id for group in groups for id in group.ids[1:]]
        if not args.json:
            listed = groups if args.delete else groups[:_SHOWN]
            show(
                f"keep {quote(one.ids[0])}  drop {join(one.ids[1:])}  ({one.said})"
                for one in listed
            )
            if len(groups) > len(listed):
                tell(
                    f"... and {counted(len(groups) - len(listed), 'group')} more; --json lists them"
                )
        deleted = shop.delete(gone) if args.delete and gone else 0
    if args.json:
        document(
            {
                "folder": args.folder,
                "by": args.by,
                "groups": [
                    {"keep": one.ids[0], "drop": list(one.ids[1:]), "said": one.said}
                    for one in groups
                ],
                "deleted": deleted,
            }
        )
    else:
        end = f"{counted(len(groups), 'group')}; "
        end += f"{counted(deleted, 'item')} deleted" if args.delete else f"{len(gone):,} could go"
        tell(end if args.delete or not gone else f"{end}: --delete")
    return 0
