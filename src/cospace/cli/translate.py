"""`cospace translate`: words of one language in another, by a model that `align` made."""

from __future__ import annotations

import argparse

from cospace.cli.output import document, show, tell
from cospace.cli.parsing import Parser, command
from cospace.cli.table import Column, room, table
from cospace.errors import BadArgument, UnknownWord

__all__ = ["parser", "run"]


def parser() -> Parser:
    """The arguments of `cospace translate`."""
    one = command(
        "translate",
        "The likeliest translations of words, by a model of two languages that `cospace align`\n"
        "made. A word that the model does not know is named, and the others go on.",
        "cospace translate ./en-de armchair lamp --to de",
    )
    one.add_argument("model", metavar="MODEL", help="a model of two languages: name or folder")
    one.add_argument("words", metavar="WORD", nargs="+", help="words of the other language")
    one.add_argument("--to", metavar="NAME", required=True, help="the language, such as de")
    one.add_argument("-k", type=int, default=5, help="translations of each word; default: 5")
    return one


def run(args: argparse.Namespace) -> int:
    """0; 4 when the model knows none of the words."""
    from cospace.encode import load
    from cospace.encode.words import BilingualModel

    model = load(args.model, cache=False)
    if not isinstance(model, BilingualModel):
        raise BadArgument(
            f"{args.model} is not of two languages; `cospace align` makes such models"
        )
    found, unknown = {}, []
    for word in args.words:
        try:
            found[word] = model.translate(word, to=args.to, k=args.k)
        except UnknownWord as error:
            unknown.append(error)
    if not found:
        raise unknown[0]
    if args.json:
        record = {word: [one._asdict() for one in ones] for word, ones in found.items()}
        document({"to": args.to, "translations": record, "unknown": [one.word for one in unknown]})
        return 0
    columns = [Column("word", most=40), Column("translations, the likeliest first", flexible=True)]
    rows = [
        [word, ", ".join(f"{one.word} {one.score:.2f}" for one in ones)]
        for word, ones in found.items()
    ]
    show(table(columns, rows, room()))
    for one in unknown:
        tell(str(one))
    return 0
