"""`cospace bind`: a tower for one kind of part, bound to a model's vectors of another."""

from __future__ import annotations

import argparse
from pathlib import Path

from cospace.cli.output import document, show, watched
from cospace.cli.parsing import Parser, columns_of, command, named_columns
from cospace.cli.training import figures, head_options, options_of
from cospace.errors import BadArgument

__all__ = ["parser", "run"]


def parser() -> Parser:
    """The arguments of `cospace bind`."""
    one = command(
        "bind",
        "Make a model whose tower for one kind of part (image, audio, ...) lies in another\n"
        "model's space: a head is trained on pairs of that kind and of one that the anchor\n"
        "encodes, and checked on a fifth of them. The anchor's own vectors stay as they are, so\n"
        "what is stored stays valid. SOURCE is a table or a folder, as `cospace index` reads it.\n"
        "Audio and motion (imu) need no --encoder: a small network is trained, with torch.\n"
        "OUT gets card.md: how good it is on held-out pairs, beside chance.",
        "cospace bind listings.csv -o ./my-model --anchor starter --kind image",
        "cospace bind clips.csv -o ./hears --anchor ./my-model --kind audio --to image",
    )
    one.add_argument("source", metavar="SOURCE", help="a table, or a folder")
    one.add_argument("-o", "--out", metavar="OUT", required=True, help="the new model's folder")
    one.add_argument("--anchor", default="starter", help="the model of the space; default: starter")
    one.add_argument("--kind", default="image", help="what is bound; default: image")
    one.add_argument("--to", default="text", metavar="KIND", help="to what; default: text")
    one.add_argument("--encoder", metavar="MODEL", help="whose tower it is; default: the anchor's")
    one.add_argument(
        "--group", metavar="COLUMN", help="never on both sides of the check, such as the speaker"
    )
    named_columns(one)
    head_options(one)
    return one


def run(args: argparse.Namespace) -> int:
    """0; the folder is written also when the tower is no better, and the result says so."""
    import cospace as cs
    from cospace.train import bind

    if args.kind == args.to:
        raise BadArgument("--kind and --to are two kinds, such as image and text")
    reading = cs.read(args.source, **columns_of(args))
    made = bind(
        reading, Path(args.out), anchor=args.anchor, kind=args.kind, to=args.to,
        encoder=args.encoder, group=args.group, progress=watched(), **options_of(args),
    )  # fmt: skip
    failed = [{"name": name, "reason": reason} for name, reason in made.failed]
    if args.json:
        kept = [one._asdict() for one in made.kept]
        record = {"folder": args.out, "better": made.better, "failed": failed, "kept": kept}
        document({**record, "card": made.card.to_json()})
        return 0
    better = "better beyond doubt" if made.better else "NOT better beyond doubt"
    show(
        [
            f"{args.out} is ready ({made.model.space})",
            "",
            *figures(made.card.figures),
            "",
            f"recall at 10 on held-out pairs is {better} than before",
            *map(str, made.kept),
            *(f"not read: {one['name']}: {one['reason']}" for one in failed[:5]),
        ]
    )
    return 0
