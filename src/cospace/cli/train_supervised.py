"""`cospace train supervised`: an embedding from labels, on an encoder's vectors."""

from __future__ import annotations

import argparse

from cospace.cli.figures import change, points
from cospace.cli.output import document, show, tell
from cospace.cli.parsing import Parser, command
from cospace.cli.rowsfile import check_out, read_source
from cospace.cli.table import Column, room, table
from cospace.cli.train_autoencoder import head_options, options_of

__all__ = ["parser", "run"]


def parser() -> Parser:
    """The arguments of `cospace train supervised`."""
    one = command(
        "train supervised",
        "A head on an encoder's vectors, after which items of one label lie together. SOURCE is a\n"
        "collection whose items have the label as metadata, or a .parquet file with a column\n"
        "`vector`. It is measured on items that were held out, beside the vectors as they came;\n"
        "FOLDER is written only when it is better by its 5 nearest neighbours, or --anyway.\n"
        "Ctrl-C keeps the best so far.",
        "cospace train supervised clothes.cospace --label class --kind image -o ./by-class",
        "cospace train supervised photos.parquet --label class --model starter -o ./by-class",
    )
    one.add_argument("source", metavar="SOURCE", help="a collection, or a .parquet file")
    one.add_argument("-o", "--out", metavar="FOLDER", required=True, help="what is written")
    one.add_argument("--label", metavar="FIELD", required=True, help="what items are labelled by")
    one.add_argument("--group", default="", metavar="FIELD", help="never on both sides")
    one.add_argument("--dim", type=int, help="numbers in a vector; default: at most 128")
    one.add_argument("--loss", choices=("softmax", "contrastive"), default="softmax")
    one.add_argument("--anyway", action="store_true", help="written even if it is not better")
    head_options(one)
    return one


def run(args: argparse.Namespace) -> int:
    """0; 1 when it was not better and so not written; 130 after Ctrl-C."""
    from cospace.train import supervised

    out = check_out(args.out, args.replace)
    source = read_source(
        args.source, model=args.model, kind=args.kind, label=args.label, group=args.group
    )
    found = supervised(
        source.vectors, source.labels, dim=args.dim, loss=args.loss,
        groups=source.groups or None, **options_of(args),
    )  # fmt: skip
    written = found.better or args.anyway
    if written:
        found.head.save(out, replace=args.replace)
    if args.json:
        document({"folder": str(out) if written else None, **found.to_json()})
    else:
        columns = [Column("measure"), *(Column(n, most=32) for n in ("before", "after", "change"))]
        both = zip(found.card.figures, (found.neighbours, found.probe), strict=True)
        rows = [
            [one.name, points(one.before, 1) if one.before else "-", points(one.held, 1), change(d)]
            for one, d in both
        ]
        show([*table(columns, rows, room()), ""])
        shuffled = found.card.figures[0].shuffled
        if shuffled is not None:
            chance = 100 * found.card.figures[0].chance
            show([f"Shuffled labels: {100 * shuffled:.1f}; the largest class: {chance:.1f}."])
        show([f"{out} is ready"] if written else [])
    for note in found.notes:
        tell(note)
    if not written:
        tell("not better than the vectors as they came, so nothing was written; --anyway writes it")
    return 130 if found.stopped else 0 if written else 1
