"""`cospace facets`: of which values the items of a collection are, as bars."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from cospace.cli.hits import cell
from cospace.cli.output import document, show
from cospace.cli.parsing import Parser, command, filter_of, names_of, place
from cospace.cli.search import opened
from cospace.cli.table import Column, room, table
from cospace.counted import counted
from cospace.errors import BadArgument

if TYPE_CHECKING:
    from cospace.collection.facets import Facet

__all__ = ["parser", "run"]

_BAR = 24  # columns of the longest bar


def parser() -> Parser:
    """The arguments of `cospace facets`."""
    one = command(
        "facets",
        "Of which values the items of a collection are: categories, numbers, dates and places,\n"
        "with how many items each. With --where, of the items that pass; a field's own counts\n"
        "leave its own condition out.",
        "cospace facets market.cospace",
        'cospace facets market.cospace --where \'{"price": {"$lt": 300}}\' --fields city,condition',
    )
    one.add_argument("folder", metavar="FOLDER", help="a collection")
    one.add_argument("--where", metavar="JSON", help='a filter, such as \'{"price": {"$lt": 9}}\'')
    one.add_argument("--fields", metavar="NAMES", action="append", help="with commas; default: all")
    one.add_argument("--near", metavar="LAT,LON", type=place, help="only near this place")
    one.add_argument("--km", metavar="N", type=float, help="how near, with --near; default: 10")
    one.set_defaults(model=None, queries=None)
    return one


def run(args: argparse.Namespace) -> int:
    """0."""
    near = near_of(args.near, args.km)
    with opened(args) as collection:
        found = collection.facets(filter_of(args.where), names_of(args.fields), near=near)
    if args.json:
        document(found.to_json())
        return 0
    where = f" within {near['km']:g} km of {near['lat']:g},{near['lon']:g}" if near else ""
    show([f"{counted(found.items, 'item')}{where}"])
    for facet in found.fields:
        show(["", *_lines(facet)])
    return 0


def near_of(
    near: tuple[float, float] | None, km: float | None, least: float | None = 10.0
) -> dict[str, Any] | None:
    """What --near and --km say, as the library takes it. Raises `BadArgument`."""
    if near is None:
        if km is not None:
            raise BadArgument("--km goes with --near LAT,LON")
        return None
    far = least if km is None else km
    return {"lat": near[0], "lon": near[1], **({} if far is None else {"km": far})}


def _lines(facet: Facet) -> list[str]:
    """The head of a facet, and a bar for each of its values."""
    record = facet.to_json()
    if record["type"] == "location":
        box = record["box"]
        south, west, north, east = box or (0, 0, 0, 0)
        where = f", {south:g} to {north:g} north, {west:g} to {east:g} east" if box else ""
        return [f"{facet.name}: {counted(record['count'], 'item')}{where}"]
    if record["type"] == "category":
        rows = [(cell(one["value"]), one["count"]) for one in record["values"]]
        more = f" (and {record['more']:,} more)" if record["more"] else ""
        head = f"{facet.name}{more}"
    else:
        rows = [
            (f"{cell(one['from'])} to {cell(one['to'])}", one["count"]) for one in record["bins"]
        ]
        rows = [row for row in rows if row[1]]
        head = f"{facet.name}: {cell(record['min'])} to {cell(record['max'])}"
    most = max((items for _, items in rows), default=1)
    columns = [Column(head, most=40), Column("items", right=True), Column("", most=_BAR)]
    bars = [[name, f"{n:,}", "#" * round(_BAR * n / most) if n else ""] for name, n in rows]
    return table(columns, bars, room()) if rows else [f"{head}: none of these items has it"]
