"""`cospace index`: a table or a folder into a collection. Again: only what changed."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import islice
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

from cospace.cli.flags import spoken
from cospace.cli.output import document, show, tell
from cospace.cli.parsing import Parser, columns_of, command, named_columns
from cospace.cli.report import report_lines, tell_notes
from cospace.cli.update import change
from cospace.counted import counted
from cospace.errors import BadArgument, BadInput, CospaceError

if TYPE_CHECKING:
    from cospace.cli.holding import Place
    from cospace.collection import Collection, Report
    from cospace.encode import Encoder
    from cospace.read import Reading
    from cospace.space import Space

__all__ = ["fill", "parser", "run"]

# Items committed together: small enough for a bar that moves, and for little lost at Ctrl-C.
_BATCH = 128
# Items, the oldest, whose language is looked at.
_LOOKED = 1_000
# The exit code when what is stored was kept of a part that cannot be read now.
KEPT = 10


def parser() -> Parser:
    """The arguments of `cospace index`."""
    one = command(
        "index",
        "Read SOURCE (.csv, .tsv, .jsonl, .json, .xml, .xlsx, .parquet, or a folder) into a\n"
        "collection. What is not said is guessed from the names of the columns, and shown. Run it\n"
        "again after a change or a stop: only what is new or changed is encoded. A photo that\n"
        "cannot be read now keeps what is stored of it (exit code 10). A table that lacks columns\n"
        "which its stored items have is refused: say --update or --replace.",
        "cospace index listings.csv",
        "cospace index listings.csv --dry-run",
        "cospace index listings.csv --prune",
        "cospace index handbook/ --chunks",
        "cospace index prices.csv --into listings.cospace --update",
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
    one.add_argument(
        "--language", metavar="NAME",
        help="of the words, such as german or de; default: recognised from the texts",
    )  # fmt: skip
    named_columns(one)
    one.add_argument(
        "--update", action="store_true", help="change what SOURCE holds of stored items, no more"
    )
    one.add_argument(
        "--replace", action="store_true", help="replace stored items whole; what SOURCE lacks goes"
    )
    one.add_argument(
        "--prune", action="store_true", help="then remove stored items that are not in SOURCE"
    )
    one.add_argument(
        "--dry-run",
        action="store_true",
        help="show the first items and what --prune would remove; write nothing",
    )
    one.add_argument(
        "--adapt", action="store_true", help="then bind its images anew to its texts, if better"
    )
    one.add_argument(
        "--chunks",
        action="store_true",
        help="store long texts in chunks of whole sentences, so that all of them is read",
    )
    one.add_argument("--strict", action="store_true", help="stop at the first bad item")
    one.add_argument("--yes", action="store_true", help="do not ask what a hosted model may cost")
    return one


def run(args: argparse.Namespace) -> int:
    """0 when something is stored, 2 when nothing could be, 10 when stored parts were kept."""
    import cospace as cs
    from cospace.cli import pruning
    from cospace.cli.adapt import adapt_after
    from cospace.cli.cost import agree, bill_of, billed
    from cospace.cli.fresh import unless_refused
    from cospace.cli.holding import placed
    from cospace.collection.compared import check_columns
    from cospace.collection.ingest import check_kinds

    into = placed(args.into) if args.into else _beside(args.source)
    if args.update:
        if args.replace or args.prune or args.dry_run or args.adapt or args.chunks:
            others = "--replace, --prune, --dry-run, --adapt and --chunks"
            raise BadArgument(f"--update goes without {others}")
        return change(args, into)
    reading = cs.read(args.source, chunks=args.chunks, **columns_of(args))
    if args.dry_run:
        return pruning.dry_run(reading, args.source, into, _space(args, into), json=args.json)
    model = _model(args, into)
    choices = {"quantization": args.quantization, "language": args.language}
    with unless_refused(into), cs.open(into, model=model, **choices) as collection:
        note, seen = getattr(collection.model, "note", ""), len(reading.notes)
        notes = [*map(spoken, reading.notes), *([note] if note else [])]
        if not args.json:
            tell(f"Indexing {args.source} into {into} ({collection.model.space})")
            tell_notes(notes)
        with _told_unchanged(args):
            check_kinds(collection.store, collection.model.space)
            if not args.replace:
                check_columns(collection.store, reading, args.source, str(into))
        agree(collection.model, reading, yes=args.yes)
        with billed(collection.model):
            report = fill(collection, reading, strict=args.strict)
        _check_filled(collection, report, args.source)
        notes += _told(report, reading.notes[seen:], json=args.json)
        left = pruning.not_in_source(collection, report, len(reading.failed))
        removed = pruning.prune(collection, report, args.source) if args.prune else None
        adapted = adapt_after(collection, str(into), json=args.json) if args.adapt else None
        info, bill = collection.info(), bill_of(collection.model)
        items, unread = info.items, _unread(collection, into) if report.stored else []
    if args.json:
        record = {"into": str(into), "items": items, "notes": [*notes, *unread]}
        record |= {"language": info.language, **pruning.record(left, removed)}
        record |= {} if adapted is None else {"adapted": adapted}
        document({**record, "report": report.to_json(), **bill})
    else:
        show(pruning.lines(report, left, removed, args.source))
        if info.language not in ("", "english") and args.language is None:
            tell(f"words are read as {info.language.title()}; say --language for another")
        show([*_cut(report, args), *unread])
        show(_next(into, items, args))
    if report.kept:
        return KEPT
    return 0 if report.stored else 2


def _check_filled(collection: Collection, report: Report, source: str) -> None:
    """Raises `BadInput` where a source without items would leave a collection without any."""
    if not (report.stored or report.failed or report.kept or len(collection)):
        raise BadInput(f"{source} holds no items: nothing to index")


def _told(report: Report, notes: list[str], *, json: bool) -> list[str]:
    """The notes of rows further down as they are spoken; printed with the report, but in JSON."""
    notes = [spoken(note) for note in notes]
    if not json:
        tell_notes(notes)
        show(report_lines(report))
    return notes


@contextmanager
def _told_unchanged(args: argparse.Namespace) -> Iterator[None]:
    """A block of checks: when one refuses, the result says that nothing was changed."""
    try:
        yield
    except CospaceError:
        if not args.json:
            show(["nothing was changed"])
        raise


def _model(args: argparse.Namespace, into: Place) -> str | Encoder | None:
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


def _space(args: argparse.Namespace, into: Place) -> Space | None:
    """The space that items would be encoded into; None where the model cannot be had."""
    import cospace as cs
    from cospace.cli.holding import Holding

    with suppress(CospaceError):
        model = _model(args, into)
        if model is None:
            with Holding(into) as holding:
                return holding.space
        return cs.load(model).space if isinstance(model, str) else model.space
    return None


def default_model(place: Place) -> str | None:
    """The starter while a collection has no space; afterwards None, which is its own model."""
    from cospace.cli.holding import Holding, is_made

    if not is_made(place):
        return "starter"
    with Holding(place) as holding:
        return "starter" if holding.space is None else None


def fill(collection: Collection, reading: Reading, *, strict: bool = False) -> Report:
    """The report of all items of `reading`, encoded and stored, with a progress bar.

    When Ctrl-C stops it, it prints what is stored, and that a second run goes on from there.
    """
    from cospace.limits import limit, override

    errors = "raise" if strict else "report"
    try:
        with override(batch_items=min(_BATCH, limit("batch_items"))):
            return collection.upsert(reading, errors=errors, progress=sys.stderr.isatty())
    except (KeyboardInterrupt, CospaceError):
        if stored := len(collection):
            safe = f"{counted(stored, 'item')} safe in {collection.name}"
            tell(f"Stopped. {safe}; the same command goes on from there.")
        raise


def _cut(report: Report, args: argparse.Namespace) -> list[str]:
    """What to do where texts were cut."""
    if not report.truncated or args.chunks:
        return []
    return ["the end of long texts is not found; with --chunks all of every text is read"]


def _unread(collection: Collection, into: Place) -> list[str]:
    """What to do where the model does not know the language of the texts."""
    from cospace.audit.languages.check import unknown_languages
    from cospace.encode.inputs import listed

    texts = [row.text for row in islice(collection.store.scan(), _LOOKED)]
    names = unknown_languages(texts, collection.model)
    if not names:
        return []
    model = collection.model.space.name
    mend = f"cospace models add multilingual; cospace migrate {quote(str(into))} --to multilingual"
    return [f"{model} knows few words of {listed(names)}, so little is found by meaning: {mend}"]


def _next(into: Place, items: int, args: argparse.Namespace) -> list[str]:
    if not items:
        return []
    named = quote(str(into))
    if args.chunks:
        return [f"{into} holds {counted(items, 'chunk')}. Ask it:", f'  cospace ask {named} "..."']
    return [
        f"{into} holds {counted(items, 'item')}. Search it, here or in a browser:",
        f'  cospace search {named} "..."',
        f"  cospace serve {named}",
    ]


def _beside(source: str) -> Path:
    """The collection's folder in the current one, named after the source."""
    name = Path(source).resolve().name.removesuffix(".gz")
    return Path(Path(name).stem + ".cospace")
