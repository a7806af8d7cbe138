"""`cospace nearest`: the words nearest to words, and analogies, by a word model."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from cospace.cli.output import document, show, tell
from cospace.cli.parsing import Parser, command
from cospace.cli.table import Column, room, table
from cospace.errors import BadArgument, UnknownWord

if TYPE_CHECKING:
    from cospace.encode.words import Neighbour, WordModel

__all__ = ["parser", "run"]


def parser() -> Parser:
    """The arguments of `cospace nearest`."""
    one = command(
        "nearest",
        "The words nearest to each WORD, with their cosines, by a word model: one that was\n"
        "trained, or added from a file. With --analogy three words are one question: what is to\n"
        "the third as the second is to the first? A word that the model does not know is named,\n"
        "and the others go on.",
        "cospace nearest ./my-words armchair lamp",
        "cospace nearest ./my-words man king woman --analogy",
    )
    one.add_argument("model", metavar="MODEL", help="a word model: its name or folder")
    one.add_argument("words", metavar="WORD", nargs="+", help="a word of its vocabulary")
    one.add_argument("-k", type=int, default=5, help="words for each; default: 5")
    one.add_argument("--analogy", action="store_true", help="three words: A is to B as C to what")
    return one


def run(args: argparse.Namespace) -> int:
    """0; 4 when the model knows none of the words."""
    from cospace.encode import load
    from cospace.encode.words import WordModel

    model = load(args.model, cache=False)
    if not isinstance(model, WordModel):
        raise BadArgument(
            f"{args.model} is no word model; `cospace train` and `cospace models add` make them"
        )
    if args.analogy and len(args.words) != 3:
        raise BadArgument(f"--analogy takes three words, as man king woman; not {len(args.words)}")
    found, unknown = _analogy(model, args) if args.analogy else _nearest(model, args)
    if args.json:
        record = {word: [one._asdict() for one in ones] for word, ones in found.items()}
        document({"nearest": record, "unknown": [one.word for one in unknown]})
        return 0
    columns = [Column("word", most=60), Column("nearest", flexible=True)]
    rows = [
        [word, ", ".join(f"{one.word} {one.score:.2f}" for one in ones)]
        for word, ones in found.items()
    ]
    show(table(columns, rows, room()))
    for one in unknown:
        tell(str(one))
    return 0


Found = tuple[dict[str, "list[Neighbour]"], list[UnknownWord]]


def _nearest(model: WordModel, args: argparse.Namespace) -> Found:
    found, unknown = {}, []
    for word in args.words:
        try:
            found[word] = model.nearest(word, k=args.k)
        except UnknownWord as error:
            unknown.append(error)
    if not found:
        raise unknown[0]
    return found, unknown


def _analogy(model: WordModel, args: argparse.Namespace) -> Found:
    first, second, third = args.words
    return {f"{second} - {first} + {third}": model.analogy(first, second, third, args.k)}, []
