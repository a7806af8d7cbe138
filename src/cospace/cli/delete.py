"""`cospace delete`: items out of a collection, by id or by filter."""

from __future__ import annotations

import argparse

from cospace.cli.output import document, show, tell
from cospace.cli.parsing import Parser, command, filter_of
from cospace.counted import counted
from cospace.errors import BadArgument

__all__ = ["parser", "run"]


def parser() -> Parser:
    """The arguments of `cospace delete`."""
    one = command(
        "delete",
        "Delete the items of the IDs, or all that pass a filter. They are gone for good, all or\n"
        "none. An empty filter is refused.",
        "cospace delete market.cospace MK-1 MK-2",
        "cospace delete market.cospace --where '{\"sold\": true}' --dry-run",
    )
    one.add_argument("folder", metavar="FOLDER", help="a collection")
    one.add_argument("ids", metavar="ID", nargs="*", default=[], help="an item's id")
    one.add_argument("--where", metavar="JSON", help="a filter, such as '{\"sold\": true}'")
    one.add_argument("--dry-run", action="store_true", help="list them, and delete nothing")
    return one


def run(args: argparse.Namespace) -> int:
    """0; 4 when none of the ids is there."""
    import cospace as cs

    where = filter_of(args.where)
    if (where is None) == (not args.ids):
        raise BadArgument("give IDs, or --where JSON; see: cospace delete --help")
    ids = list(dict.fromkeys(args.ids))
    if args.dry_run:
        return _dry_run(args, ids)
    with cs.open(args.folder, create=False) as collection:
        there = {item.id for item in collection.get(ids) if item is not None}
        unknown = [id for id in ids if id not in there]
        deleted = collection.delete(where=where) if where is not None else collection.delete(ids)
        items = len(collection)
    if args.json:
        document({"folder": args.folder, "deleted": deleted, "unknown": unknown, "items": items})
    else:
        show([f"{counted(deleted, 'item')} deleted; {args.folder} holds {counted(items, 'item')}"])
        if unknown:
            tell(f"not there: {', '.join(unknown)}")
    return 4 if ids and not deleted else 0


def _dry_run(args: argparse.Namespace, ids: list[str]) -> int:
    """As `run`, but nothing is deleted. It works while another process has the collection open."""
    from cospace.cli.holding import Holding
    from cospace.collection.stored import checked_where
    from cospace.store.where import parse

    where = filter_of(args.where)
    with Holding(args.folder) as holding:
        if where is None:
            wanted = set(ids)
            found = [row.id for row in holding.scan() if row.id in wanted]
        else:
            node = checked_where(parse(where, holding.schema))
            found = [row.id for row in holding.scan(where=node)]
    unknown = [id for id in ids if id not in set(found)]
    if args.json:
        document({"folder": args.folder, "would_delete": found, "unknown": unknown, "deleted": 0})
    else:
        show([*found, f"{counted(len(found), 'item')} would be deleted; nothing was"])
        if unknown:
            tell(f"not there: {', '.join(unknown)}")
    return 4 if ids and not found else 0
