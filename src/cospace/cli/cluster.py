"""`cospace cluster`: groups of items that lie together, named, and how stable they are."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from cospace.cli.filled import code_of, filled_record, tell_filled
from cospace.cli.output import document, show, tell, watched
from cospace.cli.parsing import Parser, command, seed
from cospace.cli.search import opened
from cospace.cli.table import Column, facts, room, table
from cospace.counted import counted
from cospace.errors import BadArgument

if TYPE_CHECKING:
    from cospace.collection import Collection
    from cospace.tasks.cluster import Clustered
    from cospace.tasks.filling import Filled

__all__ = ["parser", "run"]


def parser() -> Parser:
    """The arguments of `cospace cluster`."""
    one = command(
        "cluster",
        "Groups of a collection's items that lie together, by k-means or HDBSCAN (extra cluster),\n"
        "each named by its own words, with the everyday concepts that it is near to; and how\n"
        "far another run finds the same groups. --write puts the names into a column.",
        "cospace cluster market.cospace",
        "cospace cluster market.cospace -k 12 --by text",
        "cospace cluster market.cospace --hdbscan",
        "cospace cluster market.cospace --write group",
    )
    one.add_argument("folder", metavar="FOLDER", help="a collection")
    one.add_argument(
        "-k", type=int, metavar="N", help="clusters; default: the hills of the items' map"
    )
    one.add_argument("--hdbscan", action="store_true", help="dense clusters; the rest is in none")
    one.add_argument(
        "--least", type=int, metavar="N", help="with --hdbscan: items of a cluster; default: 10"
    )
    one.add_argument("--by", metavar="KIND", help="text or image; default: all that there are")
    one.add_argument("--silhouettes", action="store_true", help="how well apart they are")
    one.add_argument("--write", metavar="COLUMN", help="put each item's cluster name there")
    one.add_argument("--replace", action="store_true", help="with --write: over what is there")
    one.add_argument("--seed", type=seed, default=0, help="of starts and draws; default: 0")
    one.add_argument("--model", help="the model's folder, where the collection cannot find it")
    one.set_defaults(queries=None)
    return one


def run(args: argparse.Namespace) -> int:
    """0, or 2 where nothing of what was to be written could be."""
    if args.least is not None and not args.hdbscan:
        raise BadArgument("--least goes with --hdbscan")
    if args.replace and args.write is None:
        raise BadArgument("--replace goes with --write COLUMN")
    if args.write is not None:
        return _write(args)
    with opened(args) as shop:
        _told(args, _found(args, shop), None)
    return 0


def _write(args: argparse.Namespace) -> int:
    import cospace as cs
    from cospace.tasks.cluster import write

    with cs.open(args.folder, model=args.model, create=False) as shop:
        found = _found(args, shop)
        bar = watched() and not args.json
        done = write(shop, found, args.write, replace=args.replace, progress=bar)
    _told(args, found, done)
    return code_of(done)


def _found(args: argparse.Namespace, shop: Collection) -> Clustered:
    from cospace.tasks import cluster, gather

    bar = watched() and not args.json
    return cluster(
        gather(shop, by=args.by, progress=bar),
        args.k,
        method="hdbscan" if args.hdbscan else "kmeans",
        least=10 if args.least is None else args.least,
        silhouettes=args.silhouettes,
        seed=args.seed,
        progress=bar,
    )


def _told(args: argparse.Namespace, found: Clustered, done: Filled | None) -> None:
    if args.json:
        record = filled_record(done)
        written = None if record is None else {"column": args.write, **record}
        document({**found.to_json(), "written": written})
        return
    groups, items = counted(len(found.clusters), "cluster"), counted(len(found.ids), "item")
    show([f"{found.name}: {groups} of {items}, {found.by}"])
    columns = [
        Column("cluster", most=32),
        Column("items", right=True),
        Column("near", flexible=True),
        Column("typical", flexible=True),
    ]
    rows = [
        [one.name, f"{one.size:,}", ", ".join(one.concepts), ", ".join(one.typical)]
        for one in found.clusters
    ]
    if found.silhouette is not None:
        columns.insert(2, Column("silhouette", right=True))
        for row, one in zip(rows, found.clusters, strict=True):
            row.insert(2, f"{one.silhouette:.3f}")
    show(["", *table(columns, rows, room()), ""] if rows else [""])
    lines = [("number", found.chosen)]
    if found.noise:
        lines.append(("in no cluster", f"{found.noise:,}"))
    if found.stability is not None:
        s = found.stability
        told = f"adjusted Rand {s.rand:.2f}, mutual information {s.information:.2f}"
        lines.append(("stability", f"{told}: {s.runs} runs, other {s.by}; chance is 0"))
    if found.silhouette is not None:
        lines.append(("silhouette", f"{found.silhouette:.3f}"))
    show(facts(lines))
    for note in found.notes:
        tell(f"note: {note}")
    if done is not None:
        tell_filled(done, args.write, "item", "written")
