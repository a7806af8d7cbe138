"""`cospace search`: a query to a collection, as a table."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cospace.cli.hits import hit_table
from cospace.cli.output import document, show, tell
from cospace.cli.parsing import SIGNALS, Parser, command, filter_of, names_of, place, scale
from cospace.counted import counted
from cospace.errors import BadArgument, CollectionBusy, NotFound, StorageError

if TYPE_CHECKING:
    from cospace.collection import Collection
    from cospace.item import Content
    from cospace.results import Results
    from cospace.store.schema import Schema

__all__ = ["opened", "parser", "run"]

_RERANKER = "reranker"  # what `cospace models add reranker` is called


def parser() -> Parser:
    """The arguments of `cospace search`."""
    one = command(
        "search",
        "The items of a collection that come nearest to a text, an image, a sound, ..., or to\n"
        "several of these together.",
        'cospace search market.cospace "vintage comfortable seating"',
        'cospace search market.cospace "a bicycle" --where \'{"price": {"$lt": 300}}\'',
        "cospace search market.cospace bicycle --near 52.52,13.40 --km 30",
        'cospace search market.cospace "in green" --image chair.jpg',
        'cospace search market.cospace "but in green" --like MK-1',
        "cospace search market.cospace --audio bark.wav",
        "cospace search market.cospace bicycle --queries ./my-student",
        'cospace search market.cospace "a place to sit" --rerank',
        'cospace search market.cospace "a place to sit" --sort price',
    )
    one.add_argument("folder", metavar="FOLDER", help="a collection")
    one.add_argument("query", metavar="QUERY", nargs="*", default=[], help="a text, never a path")
    one.add_argument("--image", metavar="PATH", help="an image to search by")
    for kind in SIGNALS:
        one.add_argument(f"--{kind}", metavar="PATH", help=f"search by this {kind} file")
    one.add_argument(
        "--depth-scale", metavar="SCALE", type=scale,
        help="what one unit of --depth is: metres=0.001,focal=518.9 or disparity=1",
    )  # fmt: skip
    one.add_argument("--like", metavar="ID", help="a stored item to search by; it is not found")
    one.add_argument("--exclude", metavar="ID", action="append", help="never this item; repeatable")
    one.add_argument(
        "--weight", metavar="KIND=N", action="append", type=_weight,
        help="how much a part counts beside the others, such as text=0.5; default: 1",
    )  # fmt: skip
    one.add_argument("--where", metavar="JSON", help='a filter, such as \'{"price": {"$lt": 9}}\'')
    one.add_argument("--near", metavar="LAT,LON", type=place, help="only near this place")
    one.add_argument("--km", metavar="N", type=float, help="how near, with --near; default: 10")
    one.add_argument(
        "--sort", metavar="FIELD",
        help="price, or -price for the most first, or distance with --near: of the best matches,"
        " and without a QUERY of all items; without --sort all are found, best first",
    )  # fmt: skip
    one.add_argument("--as-typed", action="store_true", help="typing errors are not mended")
    one.add_argument("-k", type=int, default=10, metavar="N", help="hits to show; default: 10")
    one.add_argument("--offset", type=int, default=0, metavar="N", help="hits to leave out first")
    one.add_argument(
        "--by",
        metavar="LISTS",
        action="append",
        help="of text, image, audio, ..., words; with commas",
    )
    one.add_argument("--explain", action="store_true", help="each list's part in each score")
    one.add_argument("--model", help="the model's folder, where the collection cannot find it")
    one.add_argument("--queries", metavar="MODEL", help="a student that encodes the text instead")
    one.add_argument(
        "--rerank", metavar="NAME", nargs="?", const=_RERANKER,
        help="a reranker scores the first hits anew; default: reranker; '' for none",
    )  # fmt: skip
    return one


def run(args: argparse.Namespace) -> int:
    """0, also when nothing was found."""
    query = None if _browses(args) else _query(args)
    where = filter_of(args.where)
    if args.km is not None and args.near is None:
        raise BadArgument("--km goes with --near LAT,LON")
    with opened(args) as collection:
        near, place = None, None
        if args.near is not None:
            near = (location_field(collection.store.schema), *args.near)
            place = {"field": near[0], "lat": near[1], "lon": near[2]}
            if args.km is not None or args.sort is None:
                where = _both(where, near, 10.0 if args.km is None else args.km)
        if query is None:
            span = {"offset": args.offset, "k": args.k}
            results = collection.browse(where, sort=args.sort, near=place, **span)
        else:
            results = collection.search(
                query,
                args.k,
                where=where,
                offset=args.offset,
                by=names_of(args.by),
                explain=args.explain,
                exclude=args.exclude or (),
                rerank=args.rerank,
                sort=args.sort,
                near=place,
                spelling=not args.as_typed,
            )
        if args.json:
            document(_record(args, results, near))
            return 0
        lines = hit_table(results, offset=args.offset, near=near, explain=args.explain)
        told = bool(results.notes) and not args.offset  # the notes say why nothing is found
        show(lines or ["Nothing found." if told else _nothing(collection, where, args)])
    meant = results.did_you_mean
    if meant is not None:
        used = "searched for {!r}; as typed: --as-typed" if meant.used else "did you mean {!r}?"
        tell(f"note: {used.format(meant.text)}")
    if results:
        tell(f"score: {results.score}")
    for note in results.notes:
        tell(f"note: {note}")
    return 0


def _browses(args: argparse.Namespace) -> bool:
    """Whether all items are asked for, in an order. Raises `BadArgument` for what needs a query."""
    asked = ("query", "image", "like", *SIGNALS)
    if args.sort is None or any(getattr(args, name) for name in asked):
        return False
    for name in ("by", "explain", "exclude", "weight"):
        if getattr(args, name):
            raise BadArgument(f"--{name} goes with a QUERY; --sort alone shows all items")
    return True


def opened(args: argparse.Namespace) -> Collection:
    """The collection, as its owner; as a reader where another process is that, or none can be."""
    import cospace as cs

    try:
        return cs.open(args.folder, model=args.model, queries=args.queries, create=False)
    except (CollectionBusy, StorageError) as error:
        if type(error) not in (CollectionBusy, StorageError):  # damage, a newer format
            raise
        return cs.open(args.folder, model=args.model, queries=args.queries, read_only=True)


def _weight(given: str) -> tuple[str, float]:
    """("text", 0.5), of "text=0.5"."""
    kind, equals, number = given.partition("=")
    try:
        if equals and kind:
            return kind, float(number)
    except ValueError:
        pass
    raise argparse.ArgumentTypeError(f"expected KIND=N, such as text=0.5; got {given!r}")


def _query(args: argparse.Namespace) -> Content:
    """What was asked: a text, files, a stored item, or Parts of several."""
    from cospace.item import Parts
    from cospace.read.rows import IMAGE_SUFFIXES
    from cospace.read.signals import NOUNS, checked_scale, made

    text = " ".join(args.query)
    given = {kind: getattr(args, kind) for kind in ("image", *SIGNALS)}
    paths = {kind: path for kind, path in given.items() if path is not None}
    if not text and not paths and args.like is None:
        raise BadArgument(
            "give a QUERY, --image PATH, --like ID, or several; see: cospace search --help"
        )
    for kind, path in paths.items():
        if not Path(path).is_file():
            raise NotFound(f"no such {NOUNS[kind]}: {path}")
    unit = checked_scale(args.depth_scale)
    if "depth" in paths and unit is None:
        raise BadArgument(
            "--depth goes with --depth-scale metres=0.001,focal=518.9, or disparity=1"
        )
    parts = {kind: made(kind, Path(path), unit) for kind, path in paths.items()}
    if not paths and Path(text).suffix.lower() in IMAGE_SUFFIXES and not args.json:
        tell(f"note: {text!r} is searched as a text; for the image write --image {text}")
    weights = None if args.weight is None else dict(args.weight)
    if weights is not None and len(weights) < len(args.weight):
        raise BadArgument("--weight names a kind twice")
    return Parts(text=text or None, **parts, like=args.like, weights=weights)


def location_field(schema: Schema) -> str:
    """The one field of the schema that holds places. Raises `BadArgument` for none, or several."""
    names = [field.name for field in schema.fields.values() if field.type == "location"]
    if len(names) == 1:
        return names[0]
    if not names:
        raise BadArgument(
            "--near: the items of this collection have no location; index them again with"
            " --lat COLUMN --lon COLUMN"
        )
    example = f'{{"{names[0]}": {{"$near": [52.5, 13.4], "$km": 10}}}}'
    raise BadArgument(
        f"--near: there are several locations, {', '.join(names)}; say which: --where '{example}'"
    )


def _both(
    where: dict[str, Any] | None, near: tuple[str, float, float], km: float
) -> dict[str, Any]:
    name, lat, lon = near
    close = {name: {"$near": [lat, lon], "$km": km}}
    return {"$and": [where, close]} if where else close


def _nothing(collection: Collection, where: dict[str, Any] | None, args: argparse.Namespace) -> str:
    """Why there are no hits."""
    items = len(collection)
    if not items:
        return "Nothing found: the collection is empty."
    if where is not None:
        passing = collection.count(where)
        if passing <= args.offset:
            return f"Nothing found: {passing} of {counted(items, 'item')} pass the filter."
    if args.offset:
        return f"Nothing found from hit {args.offset + 1} on."
    return "Nothing found."


def _record(
    args: argparse.Namespace, results: Results, near: tuple[str, float, float] | None
) -> dict[str, Any]:
    asked: dict[str, Any] = {
        "query": " ".join(args.query),
        "image": args.image,
        "offset": args.offset,
    }
    asked |= {kind: path for kind in SIGNALS if (path := getattr(args, kind)) is not None}
    if args.like is not None or args.exclude:
        asked |= {"like": args.like, "exclude": args.exclude or []}
    from cospace.store.where import kilometres

    record = {**asked, **results.to_json()}
    if near is not None:
        for hit, shown in zip(results, record["hits"], strict=True):
            km = kilometres(hit.metadata, near)
            shown["km"] = None if km is None else round(km, 3)
    return record
