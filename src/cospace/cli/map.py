"""`cospace map`: a collection's items as points on a plane, near what they are near to."""

from __future__ import annotations

import argparse
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cospace.cli.output import document, show, tell, watched
from cospace.cli.parsing import Parser, command, seed
from cospace.cli.table import facts
from cospace.counted import counted
from cospace.errors import BadArgument, MapMissing

if TYPE_CHECKING:
    from cospace.collection import Collection
    from cospace.map import Map

__all__ = ["parser", "run"]

_SHOWN = 12  # clusters


def parser() -> Parser:
    """The arguments of `cospace map`."""
    one = command(
        "map",
        "Lay a collection's items out on a plane, near what they are near to, and name the\n"
        "clusters that they form. The map is made once and kept in FOLDER; another process may\n"
        "own the collection meanwhile. With -o it is drawn, coloured by cluster or by a field.",
        "cospace map market.cospace",
        "cospace map market.cospace -o map.png --color category",
        "cospace map market.cospace -o map.html",
        "cospace map market.cospace --update",
    )
    one.add_argument("folder", metavar="FOLDER", help="a collection")
    one.add_argument("--again", action="store_true", help="make it anew")
    one.add_argument(
        "--update", action="store_true", help="place what is new or changed; nothing else moves"
    )
    one.add_argument("--seed", type=seed, default=0, help="of a new map; default: 0")
    one.add_argument(
        "-o", "--out", metavar="FILE", help="draw it: .png, .svg or .pdf; or .html, to move in"
    )
    one.add_argument("--color", metavar="FIELD", help="colour by a field, not by cluster")
    return one


def run(args: argparse.Namespace) -> int:
    """0."""
    import cospace as cs

    if args.again and args.update:
        raise BadArgument("--again makes a new map, --update keeps the old one; one of the two")
    if args.color and not args.out:
        raise BadArgument("--color goes with -o FILE")
    html = bool(args.out) and Path(args.out).suffix.lower() == ".html"
    if html and args.color:
        raise BadArgument("--color goes with a picture; in .html the reader chooses the colour")
    if args.out and not html:
        from cospace.draw.map import check_drawable

        check_drawable(args.out)  # before minutes of work
    with cs.open(args.folder, read_only=True) as shop:
        how = _kept(args, shop)
        map = shop.map()
        if html:
            _write_page(args, shop, map)
        elif args.out:
            _draw(args, shop, map)
    if args.json:
        document({"folder": args.folder, "how": how, "drawn": args.out, **map.to_json()})
    else:
        _told(args, how, map, getattr(shop.store, "folder", None))
    return 0


def _kept(args: argparse.Namespace, shop: Collection) -> str:
    """What was done so that there is a map: "made", "updated", or nothing, for it was there."""
    from cospace import map
    from cospace.progress import metered

    folder = getattr(shop.store, "folder", None)
    if folder is None:  # it stays in memory, for this command
        if args.update:
            raise BadArgument(f"{args.folder}: no map is kept there; leave out --update")
        shop.make_map(seed=args.seed, progress=watched() and not args.json)
        return "unkept"
    before = None if args.again else map.read(folder)  # a damaged one can be made again
    if args.update and before is None:
        raise MapMissing(f"{args.folder} has no map yet; make it: cospace map {args.folder}")
    if before is not None and not args.update:
        return "kept"
    with metered(watched() and not args.json, map.STEPS, "steps") as meter:
        if args.update and before is not None:
            map.write(folder, map.updated(before, shop.store, args.folder, meter=meter))
            return "updated"
        map.write(folder, map.made(shop.store, args.folder, seed=args.seed, meter=meter))
    return "made"


def _write_page(args: argparse.Namespace, shop: Collection, map: Map) -> None:
    from cospace.files import write_bytes
    from cospace.map.page import page

    text = page(map, shop.store, shop.name)
    write_bytes(Path(args.out), text.encode())


def _draw(args: argparse.Namespace, shop: Collection, map: Map) -> None:
    from cospace.draw.map import draw_map
    from cospace.map.colours import colours

    by = colours(map, args.color, shop.store.schema, shop.store.get) if args.color else None
    left = draw_map(map, args.out, title=shop.name, by=by)
    if left:
        tell(f"note: no room on the picture for the names of {counted(len(left), 'cluster')}")


def _told(args: argparse.Namespace, how: str, map: Map, folder: Path | None) -> None:
    from cospace.map import FILE

    lines: list[tuple[str, Any]] = [("points", f"{len(map):,}")]
    if map.trustworthiness is not None:
        lines.append(
            ("keeps", f"trustworthiness {map.trustworthiness:.3f}, continuity {map.continuity:.3f}")
        )
    lines.append(("clusters", f"{len(map.clusters):,}"))
    shown = [f"  {one.size:>7,}  {one.name}" for one in map.clusters[:_SHOWN]]
    if len(map.clusters) > _SHOWN:
        shown.append(f"  ... and {len(map.clusters) - _SHOWN} more; --json lists them")
    file = Path() if folder is None else folder / FILE
    end = {
        "made": f"made and kept in {file}",
        "updated": f"updated, and kept in {file}",
        "unkept": "made, and not kept: this store has no folder",
        "kept": f"as it was made {map.made[:10]}; --again makes it anew",
    }[how]
    show([*facts(lines), *shown, end])
    if args.out:
        show([f"drawn in {args.out}"])
    if map.stale:
        tell("note: it is of another model's vectors than are stored now: --again")
    elif map.missing or map.changed:
        counts = Counter(missing=map.missing, changed=map.changed)
        tell(
            f"note: {counted(counts['missing'], 'item')} not on it,"
            f" {counts['changed']:,} changed since: --update"
        )
