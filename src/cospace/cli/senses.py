"""`cospace senses`: the senses of a word in a corpus, beside the one vector that it has."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from cospace.cli.output import document, show, tell, watched
from cospace.cli.parsing import Parser, command, seed
from cospace.cli.table import Column, room, table
from cospace.counted import counted
from cospace.errors import BadArgument, NotFound

if TYPE_CHECKING:
    from cospace.encode.words import WordModel
    from cospace.tasks.senses import Senses

__all__ = ["parser", "run"]


def parser() -> Parser:
    """The arguments of `cospace senses`."""
    one = command(
        "senses",
        "The senses that WORD has in a corpus: its occurrences, grouped by what is said around\n"
        "them, each group with the words that tell it and with examples. A table of word vectors\n"
        "has one vector for all of them; --words shows it beside. -o draws both (extra draw).",
        "cospace senses bank --corpus texts.txt",
        "cospace senses bank --corpus texts.txt --words ./glove -o bank.png",
    )
    one.add_argument("word", metavar="WORD", help="a word, or several in quotes")
    one.add_argument(
        "--corpus", metavar="FILE", required=True, help="texts, one a line; .gz and .xz too"
    )
    one.add_argument("--model", default="starter", help="what encodes contexts; default: starter")
    one.add_argument("--words", metavar="MODEL", help="a model of word vectors, to show beside")
    one.add_argument("-k", type=int, metavar="N", help="senses; default: 2 to 4, what fits best")
    one.add_argument(
        "--most", type=int, default=1_000, metavar="N", help="occurrences looked at; default: 1000"
    )
    one.add_argument("--seed", type=seed, default=0, help="of the draw; default: 0")
    one.add_argument("-o", "--out", metavar="FILE", help="draw them: .png, .svg or .pdf")
    return one


def run(args: argparse.Namespace) -> int:
    """0."""
    from cospace.tasks import senses

    if not Path(args.corpus).is_file():
        raise NotFound(f"no such corpus: {args.corpus}")
    if args.most < 1:
        raise BadArgument(f"--most is a whole number, 1 or more, not {args.most}")
    if args.out:
        from cospace.draw.senses import check_drawable

        check_drawable(args.out)
    found = senses(
        args.corpus,
        args.word,
        model=args.model,
        words=None if args.words is None else _words(args.words),
        groups=args.k,
        most=args.most,
        seed=args.seed,
        progress=watched() and not args.json,
    )
    if args.out:
        _draw(found, args.out)
    if args.json:
        document({**found.to_json(), "drawn": args.out})
        return 0
    _told(found)
    if args.out:
        show([f"drawn in {args.out}"])
    return 0


def _words(name: str) -> WordModel:
    import cospace as cs
    from cospace.encode.words import WordModel

    model = cs.load(name)
    if not isinstance(model, WordModel):
        raise BadArgument(f"--words takes a model of word vectors; {name} is none")
    return model


def _draw(found: Senses, out: str) -> None:
    from cospace.draw.senses import Group, draw_senses

    groups = [
        Group([(o.x, o.y) for o in found.occurrences if o.group == at], one.words)
        for at, one in enumerate(found.senses)
    ]
    known = found.static if found.static is not None and found.static.known else None
    draw_senses(
        found.word,
        groups,
        out,
        static="" if known is None else known.name,
        neighbours=() if known is None else known.neighbours,
    )


def _told(found: Senses) -> None:
    looked = len(found.occurrences)
    drawn = f", {looked:,} of them looked at" if looked < found.found else ""
    show([f"{found.word!r}: {counted(found.found, 'occurrence')}{drawn}, by {found.model}", ""])
    columns = [
        Column("sense", right=True),
        Column("size", right=True),
        Column("within", right=True),
        Column("to others", right=True),
        Column("words", flexible=True),
    ]
    rows = [
        [str(at), f"{one.size:,}", f"{one.within:.2f}", f"{one.between:.2f}", ", ".join(one.words)]
        for at, one in enumerate(found.senses, start=1)
    ]
    if found.static is not None and found.static.known:
        near = ", ".join(found.static.neighbours)
        rows.append([found.static.name, f"{looked:,}", "1.00", "1.00", f"nearest: {near}"])
    show(table(columns, rows, room()))
    for at, one in enumerate(found.senses, start=1):
        show(["", *(f"  {at}  {example}" for example in one.examples)])
    if found.static is not None and not found.static.known:
        tell(f"note: {found.static.name} has no vector of {found.word!r}")
    if found.alone:
        tell(f"note: {counted(found.alone, 'occurrence')} alone, with nothing around, left out")
    if found.silhouettes:
        told = ", ".join(f"{k}: {value:.3f}" for k, value in found.silhouettes.items())
        tell(f"within and to others are mean cosines; silhouette by number of senses: {told}")
