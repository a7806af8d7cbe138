"""`cospace train autoencoder`: fewer numbers a vector, by the best of three ways."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from cospace.cli.figures import change, points
from cospace.cli.output import document, show, tell, watched
from cospace.cli.parsing import Parser, command
from cospace.cli.rowsfile import check_out, read_source
from cospace.cli.table import Column, room, table
from cospace.errors import BadArgument

if TYPE_CHECKING:
    from cospace.train import Compression

__all__ = ["head_options", "parser", "run"]


def parser() -> Parser:
    """The arguments of `cospace train autoencoder`."""
    one = command(
        "train autoencoder",
        "Fewer numbers a vector: PCA, PCA with a quadratic way back, and an autoencoder, measured\n"
        "on vectors that were held out. SOURCE is a collection, or a file of vectors (.npy or\n"
        ".parquet, as `cospace embed` writes them; a .npy may hold small pictures). FOLDER gets\n"
        "the recommended one for each size, as FOLDER/32: cs.train.Head.load opens it.\n"
        "Ctrl-C keeps the best so far.",
        "cospace train autoencoder market.cospace --kind text -o ./smaller",
        "cospace train autoencoder vectors.npy --model starter --dims 32,64 -o ./smaller",
    )
    one.add_argument("source", metavar="SOURCE", help="a collection, a .npy or a .parquet file")
    one.add_argument("-o", "--out", metavar="FOLDER", required=True, help="what is written")
    one.add_argument("--dims", metavar="A,B", default="32,64,128", help="default: 32,64,128")
    one.add_argument(
        "--by", choices=("decoded", "codes"), default="decoded", help="which recall recommends"
    )
    head_options(one)
    return one


def head_options(one: Parser) -> None:
    """The options that trainers of heads share."""
    one.add_argument("--model", metavar="MODEL", help="a file's: whose vectors these are")
    one.add_argument("--kind", default="", metavar="KIND", help="of a collection: text, image")
    one.add_argument("--replace", action="store_true", help="in place of what stands at FOLDER")
    one.add_argument("--name", default="", help="of the new space; default: source and method")
    one.add_argument("--epochs", type=int, default=60, help="passes, at most; default: 60")
    one.add_argument("--held-out", type=float, default=0.2, help="share; default: 0.2")
    one.add_argument("--most", type=int, default=20_000, help="vectors used; default: 20000")
    one.add_argument("--seed", type=int, default=0, help="of all that is drawn; default: 0")


def options_of(args: argparse.Namespace) -> dict[str, Any]:
    """What the library takes for them."""
    names = ("name", "epochs", "held_out", "most", "seed")
    return {name: getattr(args, name) for name in names} | {"progress": watched()}


def run(args: argparse.Namespace) -> int:
    """0; 130 after Ctrl-C, when the best so far was saved."""
    from cospace.train import autoencoder

    try:
        dims = [int(part) for part in args.dims.split(",")]
    except ValueError:
        raise BadArgument(f"--dims are numbers such as 32,64,128, not {args.dims!r}") from None
    out = check_out(args.out, args.replace)
    source = read_source(args.source, model=args.model, kind=args.kind)
    found = autoencoder(source.vectors, dims, by=args.by, **options_of(args))
    folder = found.save(out, replace=args.replace)
    if args.json:
        document({"folder": str(folder), **found.to_json()})
    else:
        _show(found)
        for size in found.sizes:
            show([f"{folder / str(size.dim)}: {size.ways[0].method}"])
    for note in found.notes:
        tell(note)
    if found.stopped:
        tell("stopped: these are the best so far")
        return 130
    return 0


def _show(found: Compression) -> None:
    show([f"{found.learnt:,} vectors learnt from, {found.held_out:,} held out", ""])
    columns = [
        Column("numbers", right=True), Column("way"), Column("recall@10, decoded", most=32),
        Column("codes", right=True), Column("lost variance", right=True),
    ]  # fmt: skip
    rows = []
    for size in found.sizes:
        for i, way in enumerate(size.ways):
            kept = way.kept
            name = f"{way.method}{' *' if i == 0 else ''}"
            rows.append(
                [str(size.dim), name, points(kept.decoded, 1), f"{100 * kept.codes.value:.1f}",
                 f"{100 * kept.error:.1f}%"]
            )  # fmt: skip
    show([*table(columns, rows, room()), ""])
    for size in found.sizes:
        next_ = size.ways[1].method
        show([f"{size.dim}: against {next_} {change(size.difference)}"])
    show([
        "", "* recommended. Decoded: the whole vector of a query against decoded vectors; codes:",
        f"codes against codes. Of a vector's 10 nearest; by chance {100 * found.chance:.1f}.", "",
    ])  # fmt: skip
