"""`cospace index`: a table or a folder into a collection. Again: only what changed."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from cospace.cli.output import count, document, show, tell, watched
from cospace.cli.parsing import Parser, command, names_of
from cospace.errors import BadArgument, BadItem, CospaceError

if TYPE_CHECKING:
    from cospace.collection import Collection, Report
    from cospace.encode import Encoder
    from cospace.item import Item
    from cospace.read import Reading

__all__ = ["fill", "parser", "report_lines", "run"]

# Items committed together: small enough for a bar that moves, and for little lost at Ctrl-C.
_BATCH = 128
_MOST_REASONS = 5


def parser() -> Parser:
    """The arguments of `cospace index`."""
    one = command(
        "index",
        "Read SOURCE (.csv, .tsv, .jsonl, .parquet, or a folder of images and texts) into a\n"
        "collection. What is not said is guessed from the names of the columns, and shown. Run it\n"
        "again after a change or a stop: only what is new or changed is encoded.",
        "cospace index listings.csv",
        "cospace index listings.csv --into shop.cospace --id sku --image photo \\\n"
        "      --text '{title}. {description}' --metadata price,city --lat lat --lon lon",
    )
    one.add_argument("source", metavar="SOURCE", help="a table, or a folder")
    one.add_argument("--into", metavar="FOLDER", help="default: SOURCE's name + .cospace, here")
    one.add_argument("--model", help="a model's name or folder; default: the collection's own")
    one.add_argument("--dim", type=int, metavar="N", help="keep the first N numbers of each vector")
    one.add_argument(
        "--quantization", choices=("none", "int8", "binary"), help="of the index; default: int8"
    )
    one.add_argument("--id", metavar="COLUMN", help="the column of ids")
    one.add_argument("--text", metavar="COLUMN", help="a column, or '{title}. {description}'")
    one.add_argument("--image", metavar="COLUMN", help="the column of images' paths")
    one.add_argument(
        "--metadata", metavar="COLUMNS", action="append", help="columns to keep, with commas"
    )
    one.add_argument("--lat", metavar="COLUMN", help="the column of latitudes")
    one.add_argument("--lon", metavar="COLUMN", help="the column of longitudes")
    one.add_argument("--strict", action="store_true", help="stop at the first bad item")
    one.add_argument("--yes", action="store_true", help="do not ask what a hosted model may cost")
    return one


def run(args: argparse.Namespace) -> int:
    """0 when something is stored, 2 when nothing could be."""
    import cospace as cs
    from cospace.cli.cost import agree, bill_of, billed

    if (args.lat is None) != (args.lon is None):
        raise BadArgument("--lat and --lon go together: name both columns")
    reading = cs.read(
        args.source,
        id=args.id,
        text=args.text,
        image=args.image,
        metadata=names_of(args.metadata),
        location=None if args.lat is None else (args.lat, args.lon),
    )
    into = Path(args.into) if args.into else _beside(args.source)
    model = _model(args, into)
    with cs.open(into, model=model, quantization=args.quantization) as collection:
        note = getattr(collection.model, "note", "")
        notes = [*reading.notes, *([note] if note else [])]
        if not args.json:
            tell(f"Indexing {args.source} into {into} ({collection.model.space})")
            tell("\n".join(f"  {note}" for note in notes))
        agree(collection.model, reading, yes=args.yes)
        with billed(collection.model):
            report = fill(collection, reading, strict=args.strict)
        items, bill = len(collection), bill_of(collection.model)
    if args.json:
        record = {"into": str(into), "items": items, "notes": notes}
        document({**record, "report": report.to_json(), **bill})
    else:
        show(report_lines(report))
        show(_next(into, items))
    return 0 if report.stored else 2


def _model(args: argparse.Namespace, into: Path) -> str | Encoder | None:
    """The model to open the collection with; None is its own.

    Raises `BadArgument` when --dim is not the one that the collection was made with.
    """
    import cospace as cs
    from cospace.cli.holding import Holding

    name = args.model or default_model(into)
    if args.dim is None:
        return name
    if name is not None:
        return cs.load(name, dim=args.dim)
    with Holding(into) as holding:
        stored = holding.space
    if stored is not None and stored.dim != args.dim:
        raise BadArgument(
            f"{into} holds {stored}; --dim {args.dim} is chosen when a collection is made."
            f" Index into another folder: cospace index {args.source} --into OTHER --dim {args.dim}"
        )
    return None


def default_model(folder: Path) -> str | None:
    """The starter while a collection has no space; afterwards None, which is its own model."""
    from cospace.cli.holding import Holding

    if not (folder / "truth.sqlite").exists():
        return "starter"
    with Holding(folder) as holding:
        return "starter" if holding.space is None else None


def fill(collection: Collection, reading: Reading, *, strict: bool = False) -> Report:
    """The report of all items of `reading`, encoded and stored, with a progress bar.

    When Ctrl-C stops it, it prints what is stored, and that a second run goes on from there.
    """
    from cospace.limits import limit, override
    from cospace.progress import metered

    items: Iterable[Item] = _strictly(reading) if strict else reading
    errors = "raise" if strict else "report"
    try:
        with (
            metered(watched(), reading.total) as meter,
            override(batch_items=min(_BATCH, limit("batch_items"))),
        ):
            return collection.upsert(items, errors=errors, progress=meter.add)
    except (KeyboardInterrupt, CospaceError):
        stored = count(len(collection), "item")
        tell(f"Stopped. {stored} safe in {collection.name}; the same command goes on from there.")
        raise


def _strictly(reading: Reading) -> Iterator[Item]:
    """The items of `reading`, up to the first thing in it that fails: that is raised."""
    for item in reading:
        _raise_first(reading)
        yield item
    _raise_first(reading)


def _raise_first(reading: Reading) -> None:
    for failure in reading.failed:
        raise BadItem(failure.name, failure.reason)


def report_lines(report: Report) -> list[str]:
    """Lines that say what became of every item, with the first reasons of what failed."""
    rate = (report.added + report.updated) / report.seconds if report.seconds > 0.5 else 0
    speed = f" ({rate:,.0f} items/s)" if rate >= 1 else ""
    lines = [f"{report} in {report.seconds:.1f} s{speed}"]
    reasons = list(report.reasons)
    lines += [f"  {reason.name}: {reason.reason}" for reason in reasons[:_MOST_REASONS]]
    more = len(report.reasons) - min(len(reasons), _MOST_REASONS)
    if more > 0:
        lines.append(f"  ... and {more:,} more; --json lists them")
    if not report.stored:
        lines.append("nothing could be stored" if report.failed else "the source holds no items")
    return lines


def _next(into: Path, items: int) -> list[str]:
    if not items:
        return []
    return [f"{into} holds {count(items, 'item')}. Search it:", f'  cospace search {into} "..."']


def _beside(source: str) -> Path:
    """The collection's folder in the current one, named after the source."""
    name = Path(source).resolve().name.removesuffix(".gz")
    return Path(Path(name).stem + ".cospace")
