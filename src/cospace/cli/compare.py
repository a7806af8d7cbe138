"""`cospace compare`: encoders side by side on labelled items of one's own."""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from cospace.cli.figures import change, plotted, points, tell_left_out
from cospace.cli.migration import add_gate, are_collections, run_gate
from cospace.cli.output import document, show, size, tell, watched
from cospace.cli.parsing import Parser, command, seed
from cospace.cli.table import Column, room, table
from cospace.errors import BadArgument, MissingExtra
from cospace.need import need

if TYPE_CHECKING:
    from cospace.evaluate import Compared, Comparison
    from cospace.evaluate.labelled import Source

__all__ = ["parser", "run"]

_DEFAULT = "compare.png"


def parser() -> Parser:
    """The arguments of `cospace compare`."""
    one = command(
        "compare",
        "How well each MODEL tells your classes apart, by k nearest neighbours and by a linear\n"
        "probe on held-out items, and what it costs: speed, size, memory. Images lie in a\n"
        "folder with one subfolder for each class (or in train/ and validation/, and those of\n"
        "the classes below); texts stand in a table with a column of labels. With --corpus each\n"
        "MODEL is a way to train word vectors (word2vec, glove, subwords) on your own texts.\n"
        "Two collections of the same items, OLD and NEW, are asked the same questions: is the\n"
        "new model better, worse, or not worse by more than --wanted? The exit code is 0 when\n"
        "NEW may take OLD's place, else 11.",
        "cospace compare starter ./my-model --images photos/",
        "cospace compare minilm --table reviews.csv --text body --label stars -o reviews.png",
        "cospace compare market.cospace market-new.cospace --judgments judged.jsonl --bridges",
        "cospace compare word2vec glove --corpus texts.txt --yardsticks questions-words.txt",
    )
    one.add_argument("models", metavar="MODEL", nargs="+", help="models, or two collections")
    one.add_argument("--images", metavar="FOLDER", help="images, one subfolder a class")
    one.add_argument("--table", metavar="FILE", help="a table, with --label and --text or --image")
    one.add_argument("--text", metavar="COLUMN", help="a column, or '{title}. {description}'")
    one.add_argument("--image", metavar="COLUMN", help="the column of images' paths")
    one.add_argument("--label", metavar="COLUMN", help="the column of classes")
    one.add_argument("--test", type=float, default=0.25, help="share held out; default: 0.25")
    one.add_argument("-k", type=int, default=5, help="neighbours that vote; default: 5")
    one.add_argument("--seed", type=seed, default=0, help="of the split and draws; default: 0")
    one.add_argument("--corpus", metavar="FILE", help="texts to train word vectors on")
    one.add_argument("--yardsticks", metavar="FILE", help="--corpus: analogies, rated pairs")
    one.add_argument("--words", action="append", help="--corpus: whose neighbours to show")
    one.add_argument("--dim", type=int, help="--corpus: numbers in a vector; default: 100")
    one.add_argument("--workers", type=int, help="--corpus: threads; default: 1")
    one.add_argument("-o", "--out", metavar="FILE", help=f"the plot; default: {_DEFAULT}")
    one.add_argument("--no-plot", action="store_true", help="no plot")
    one.add_argument(
        "--model", action="append", metavar="FOLDER",
        help="two collections: a model that they cannot find; again for another",
    )  # fmt: skip
    add_gate(one, "two collections")
    return one


def run(args: argparse.Namespace) -> int:
    """0; the exit code of its error when the plot could not be written; see `run_gate`."""
    from cospace.evaluate import compare

    if are_collections(args.models):
        if args.images or args.table or args.corpus or args.out:
            raise BadArgument(
                "two collections are compared on questions: leave out -o, --table,"
                " --images and --corpus"
            )
        return run_gate(args)
    gate = (args.judgments, args.questions, args.wanted, args.bridges or None, args.model)
    if any(one is not None for one in gate):
        raise BadArgument(
            "--judgments, --questions, --wanted, --bridges and --model go with two collections,"
            f" not with {' '.join(args.models)}"
        )
    out, why = _plot(args)
    if args.corpus is not None:
        from cospace.cli.methods import run_methods

        return run_methods(args, out, why)
    source = _source(args)
    found = compare(
        args.models, source, test=args.test, k=args.k, seed=args.seed, progress=watched()
    )
    plot = plotted(partial(_draw, found), out, why)
    if args.json:
        document({**found.to_json(), **plot.to_json()})
    else:
        _show(found)
        _tell(found)
        plot.tell()
    return plot.code


def _source(args: argparse.Namespace) -> Source:
    from cospace.evaluate import Pictures, Table

    if (args.images is None) == (args.table is None):
        raise BadArgument(
            "give --images FOLDER, or --table FILE, or --corpus FILE; see: cospace compare --help"
        )
    if args.images is not None:
        if args.text or args.image or args.label:
            raise BadArgument("--text, --image and --label go with --table, not with --images")
        return Pictures(args.images)
    if args.label is None:
        raise BadArgument("--table needs --label COLUMN, the column of classes")
    return Table(args.table, args.label, text=args.text, image=args.image)


def _plot(args: argparse.Namespace) -> tuple[Path | None, str]:
    """Where the plot goes, or why there is none; checked before anything is measured."""
    if args.no_plot:
        if args.out is not None:
            raise BadArgument("-o asks for a plot, --no-plot for none")
        return None, ""
    out = Path(args.out or _DEFAULT)
    try:
        need("matplotlib", extra="draw")
    except MissingExtra as error:
        if args.out is not None:
            raise
        return None, f"No plot was drawn: {error}"
    from cospace.draw.comparison import FORMATS

    if out.suffix.lower() not in FORMATS:
        raise BadArgument(f"{out}: a plot ends in {', '.join(FORMATS)}")
    if not out.parent.is_dir():
        raise BadArgument(f"there is no folder {out.parent} to write into")
    return out, ""


def _draw(found: Comparison, out: Path) -> None:
    from cospace.draw import Point, draw_comparison

    marks = []
    for one in found.results:
        knn, probe = one.accuracy["knn"].bar, one.accuracy["probe"].bar
        megabytes = None if one.bytes_on_disk is None else one.bytes_on_disk / 1e6
        marks.append(Point(one.model, knn, probe, one.per_second, megabytes))
    draw_comparison(marks, out, title=_title(found), chance=found.chance, test=found.test)


def _title(found: Comparison) -> str:
    classes = f"{found.name}: {len(found.classes)} classes"
    return f"{classes}, {found.train:,} items to train on, {found.test:,} held out"


def _show(found: Comparison) -> None:
    names = ("k-NN, %", "probe, %", "dim", "parameters", "on disk", "items/s", "memory")
    columns = [Column("model", most=40), *(Column(name, right=True, most=32) for name in names)]
    show([_title(found), "", *table(columns, [_row(one) for one in found.results], room())])
    if len(found.results) > 1:
        columns = [Column(f"against {found.results[0].model}", most=48)]
        columns += [Column("k-NN", most=48), Column("probe", most=48)]
        rows = [
            [one.model, change(one.differences["knn"]), change(one.differences["probe"])]
            for one in found.results[1:]
        ]
        show(["", *table(columns, rows, room())])
    chance = f"Chance is {100 * found.chance:.1f}: always {found.commonest!r}."
    show(["", f"Split: {found.split}. {chance} Intervals are 95%."])


def _row(one: Compared) -> list[str]:
    parameters = "unknown" if one.parameters is None else f"{one.parameters / 1e6:,.3g} M"
    return [
        one.model,
        points(one.accuracy["knn"], 1),
        points(one.accuracy["probe"], 1),
        str(one.dim),
        parameters,
        "unknown" if one.bytes_on_disk is None else size(one.bytes_on_disk),
        f"{one.per_second:,.1f}",
        "unknown" if one.memory is None else size(one.memory),
    ]


def _tell(found: Comparison) -> None:
    for note in found.notes:
        tell(note)
    for one in found.results:
        if one.truncated:
            tell(f"{one.model}: {one.truncated:,} texts were cut short at the model's limit")
        if not one.converged:
            tell(f"{one.model}: the probe's training had not ended; it may do a little better")
    tell_left_out(found.failed)
