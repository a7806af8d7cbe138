"""`cospace embed`: texts and images to vectors in a file."""

from __future__ import annotations

import argparse
from collections.abc import Generator, Iterator
from contextlib import closing
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from cospace.cli.output import document, reasons, show, tell, watched
from cospace.cli.parsing import SIGNALS, Parser, command, signal_columns, signals_of
from cospace.counted import counted
from cospace.errors import BadArgument
from cospace.progress import Meter, metered

if TYPE_CHECKING:
    from cospace.cli.vectorfile import Batch
    from cospace.collection.shards import Written
    from cospace.encode import Encoder
    from cospace.item import Item
    from cospace.read import Failures, Reading

__all__ = ["parser", "run"]

_BATCH = 256


def parser() -> Parser:
    """The arguments of `cospace embed`."""
    one = command(
        "embed",
        "Write the vectors of SOURCE (a table, or a folder of images, sounds or texts), or of\n"
        "queries, to OUT.npy (float32 [n, dim], with the ids in OUT.ids.json) or OUT.parquet\n"
        "(columns id, vector). An item with a text and an image gives the vector of its text,\n"
        "unless --part says image. OUT.shards is a folder of Parquet files for `cospace import`,\n"
        "with everything that items hold; a run that was stopped goes on.",
        "cospace embed listings.csv -o vectors.npy",
        "cospace embed photos/ -o photos.parquet",
        "cospace embed heat/ --files thermal --model ./my-model -o heat.npy",
        "cospace embed listings.parquet -o listings.shards --ray auto",
        'cospace embed --query "vintage comfortable seating" "a red bicycle" -o queries.npy',
    )
    one.add_argument("source", metavar="SOURCE", nargs="?", help="a table, or a folder")
    one.add_argument("--query", metavar="TEXT", nargs="+", help="queries, in place of SOURCE")
    one.add_argument(
        "-o",
        "--out",
        metavar="OUT",
        required=True,
        help="a .npy or .parquet file, or a folder named OUT.shards",
    )
    one.add_argument("--model", default="starter", help="a name or a folder; default: starter")
    one.add_argument("--dim", type=int, metavar="N", help="the first N numbers of each vector")
    one.add_argument("--id", metavar="COLUMN", help="the column of ids")
    one.add_argument("--text", metavar="COLUMN", help="a column, or '{title}. {description}'")
    one.add_argument("--image", metavar="COLUMN", help="the column of images' paths")
    signal_columns(one)
    one.add_argument("--part", choices=("text", "image", *SIGNALS), help="which part of each item")
    one.add_argument(
        "--shard-rows",
        type=int,
        metavar="N",
        help="rows in each file of OUT.shards; default: 10000",
    )
    one.add_argument(
        "--ray", metavar="ADDRESS", nargs="?", const="local",
        help="encode on all nodes of a Ray cluster: auto or HOST:PORT; alone, on this machine",
    )  # fmt: skip
    one.add_argument("--yes", action="store_true", help="do not ask what a hosted model may cost")
    return one


def run(args: argparse.Namespace) -> int:
    """0 when vectors were written, 2 when there were none to write."""
    import cospace as cs
    from cospace.cli.cost import agree, billed
    from cospace.cli.vectorfile import writer_of
    from cospace.read import Failures

    if (args.source is None) == (args.query is None):
        raise BadArgument("give a SOURCE, or --query TEXT; see: cospace embed --help")
    out = Path(args.out)
    if args.query is not None and args.ray is not None:
        raise BadArgument("queries are encoded here: leave out --ray")
    if out.suffix.lower() == ".shards":
        return _shards(args, out)
    if args.shard_rows is not None:
        raise BadArgument(f"--shard-rows is for a folder named OUT.shards, unlike {out}")
    write = writer_of(out)
    failed, left_out = Failures(), Failures()
    notes: list[str] = []
    if args.query is not None:
        model = cs.load(args.model, dim=args.dim)
        with billed(model):
            rows = model.encode_query(args.query).normalized
        written = write(out, model.space, [(list(args.query), rows)])
    else:
        named = {"id": args.id, "text": args.text, "image": args.image, **signals_of(args)}
        reading = cs.read(args.source, **named, metadata=[])
        if any(note.startswith("several photos") for note in reading.notes):
            notes.append("of several photos of an item the first is embedded")
        model = cs.load(args.model, dim=args.dim)
        agree(model, _parts(model, reading, args.part), yes=args.yes)
        with (
            billed(model),
            metered(watched(), reading.total) as meter,
            closing(
                _encoded(model, _parts(model, reading, args.part), failed, meter, args.ray)
            ) as batches,
        ):
            first = next(batches, None)
            # A file without vectors would only surprise whoever reads it.
            written = write(out, model.space, chain([first], batches)) if first else 0
        left_out.take(reading.failed)
    left_out.take(failed)
    notes += filter(None, [getattr(model, "note", "")])
    _tell(args, model, written, left_out, "; ".join(notes))
    return 0 if written else 2


def _encoded(
    model: Encoder, items: Iterator[Item], failed: Failures, meter: Meter, ray: str | None
) -> Generator[Batch, None, None]:
    """(ids, unit vectors) in batches; what cannot be encoded goes to `failed`."""
    import numpy as np

    from cospace.encode.executor import executor

    # Its threads end with it.
    with closing(executor(ray)(model, items, batch=_BATCH)) as batches:
        for batch in batches:
            good = [one for one in batch if one.vectors]
            for one in batch:
                if not one.vectors:
                    reason = "; ".join(one.failed.values()) or "nothing in it to encode"
                    failed.add(one.item.id, reason)
            if good:
                rows = np.stack([next(iter(one.vectors.values())) for one in good])
                yield [one.item.id for one in good], rows
            meter.add(len(batch))


def _shards(args: argparse.Namespace, out: Path) -> int:
    """0 when there are vectors in the folder, 2 when there are none."""
    import cospace as cs
    from cospace.cli.cost import agree, billed
    from cospace.collection.shards import write_shards
    from cospace.collection.shards.write import SHARD_ROWS

    if args.query is not None or args.part is not None:
        what = "--query" if args.query is not None else "--part"
        raise BadArgument(f"{out} holds whole items: leave out {what}, or write a .parquet file")
    if not out.parent.is_dir():
        raise BadArgument(f"there is no folder {out.parent} to write into")
    named = {"id": args.id, "text": args.text, "image": args.image, **signals_of(args)}
    reading = cs.read(args.source, **named)
    model = cs.load(args.model, dim=args.dim)
    agree(model, reading, yes=args.yes)
    size = SHARD_ROWS if args.shard_rows is None else args.shard_rows
    with billed(model):
        done = write_shards(model, reading, out, shard_rows=size, ray=args.ray, progress=watched())
    _tell_shards(args, model, done)
    return 0 if done.vectors else 2


def _tell_shards(args: argparse.Namespace, model: Encoder, done: Written) -> None:
    from cospace.cli.cost import bill_of

    plan = done.manifest
    if args.json:
        space = {"name": model.space.name, "fingerprint": model.space.fingerprint}
        shards = {"shards": len(plan.shards), "written": done.written}
        lists = {
            name: [{"name": one.name, "reason": one.reason} for one in some]
            for name, some in (("failed", done.failed), ("partial", done.partial))
        }
        record = {"out": args.out, "rows": plan.rows, "vectors": done.vectors, **shards}
        document({**record, "space": space, **lists, **bill_of(model)})
        return
    files = f"{counted(done.written, 'shard')} of {len(plan.shards):,} written to {args.out}"
    held = f"{counted(plan.rows, 'row')}, {done.vectors:,} with vectors of {model.space}"
    show([f"{files}: {held}" if plan.rows else "No rows; nothing was written."])
    for what, some in (
        ("without vectors", done.failed),
        ("without a part or a cell", done.partial),
    ):
        if len(some):
            tell("\n".join([f"{counted(len(some), 'row')} {what}:", *reasons(some)]))


def _parts(model: Encoder, reading: Reading, part: str | None) -> Iterator[Item]:
    """The items with one part each: `part`, or else their text where there is one."""
    from cospace.item import Item, Parts

    first = part or ("text" if "text" in model.space.kinds else "image")
    for item in reading:
        kind = first if first in item.parts or part else next(iter(item.parts), first)
        yield Item(item.id, Parts(**{kind: item.parts.get(kind)}))


def _tell(
    args: argparse.Namespace, model: Encoder, written: int, failed: Failures, note: str
) -> None:
    from cospace.cli.cost import bill_of

    if args.json:
        listed = [{"name": one.name, "reason": one.reason} for one in failed]
        space = {"name": model.space.name, "fingerprint": model.space.fingerprint}
        record = {"out": args.out, "vectors": written, "dim": model.space.dim, "space": space}
        left_out = {"failed": listed, "unlisted": failed.unlisted}
        document({**record, "note": note, **left_out, **bill_of(model)})
        return
    done = f"{counted(written, 'vector')} of {model.space} written to {args.out}"
    show([done if written else "No vectors; nothing was written."])
    if note:
        tell(f"note: {note}")
    if len(failed):
        tell("\n".join([f"{counted(len(failed), 'item')} left out:", *reasons(failed)]))
