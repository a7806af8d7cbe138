"""`cospace align`: one language's word vectors mapped onto another's, by pairs of words."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from cospace.cli.figures import change, points, tell_left_out
from cospace.cli.output import document, show, tell
from cospace.cli.parsing import Parser, command, seed
from cospace.cli.table import Column, room, table
from cospace.counted import counted
from cospace.errors import BadArgument

if TYPE_CHECKING:
    from cospace.encode.words import WordModel
    from cospace.train.translation import Alignment

__all__ = ["parser", "run"]


def parser() -> Parser:
    """The arguments of `cospace align`."""
    one = command(
        "align",
        "Maps the word vectors of SOURCE onto those of TARGET, by a file of PAIRS: a word and its\n"
        "translation a line, with a tab, a comma (.csv) or a space between them. A share of the\n"
        "words is held out to measure how many are translated rightly. FOLDER becomes\n"
        "a model of both languages: for `translate`, and for `index` and `search` across them.",
        "cospace align ./english ./german en-de.tsv -o ./en-de --from en --to de",
        "cospace translate ./en-de armchair --to de",
    )
    one.add_argument("source", metavar="SOURCE", help="a word model: its name or folder")
    one.add_argument("target", metavar="TARGET", help="a word model of the same dimensions")
    one.add_argument("pairs", metavar="PAIRS", help="a file: a source word and a target word")
    one.add_argument("-o", "--out", metavar="FOLDER", required=True, help="the model to write")
    one.add_argument("--from", dest="from_", metavar="NAME", required=True, help="such as en")
    one.add_argument("--to", metavar="NAME", required=True, help="such as de")
    one.add_argument("--held-out", type=float, default=0.2, help="share of words; default: 0.2")
    one.add_argument("--refine", type=int, default=5, help="most rounds; default: 5")
    one.add_argument("--seed", type=seed, default=0, help="of the split and draws; default: 0")
    one.add_argument("--replace", action="store_true", help="in place of what stands at FOLDER")
    return one


def run(args: argparse.Namespace) -> int:
    """0."""
    from pathlib import Path

    from cospace.train.translation import align

    out = Path(args.out)
    if out.exists() and not args.replace:  # refused before the work, not after it
        raise BadArgument(f"{out}: it exists already; name another, or add --replace")
    source, target = word_model(args.source), word_model(args.target)
    options = {"refine": args.refine, "held_out": args.held_out, "seed": args.seed}
    found = align(source, target, args.pairs, **options)
    folder = found.save(out, languages=(args.from_, args.to), replace=args.replace)
    if args.json:
        document({"folder": str(folder), **found.to_json()})
        return 0
    _show(found)
    tell(f"The model of both languages: {folder}")
    return 0


def word_model(name: str) -> WordModel:
    """The word model of a name or a folder. Raises `BadArgument` for a model of another kind."""
    from cospace.encode import load
    from cospace.encode.words import WordModel

    model = load(name, cache=False)
    if not isinstance(model, WordModel):
        raise BadArgument(f"{name} is no table of word vectors; see: cospace models show {name}")
    return model


def _show(found: Alignment) -> None:
    held, refined = found.held_out, found.refinement
    words = f"{counted(held.words, 'word')} held out, {held.asked:,} of them asked"
    show([f"{found.source.name} to {found.target.name}: {words}", ""])
    columns = [Column("choice"), *(Column(f"precision@{k}", right=True, most=32) for k in (1, 5))]
    rows = [
        [name, points(one.at_1, 1), points(one.at_5, 1)]
        for name, one in (("CSLS", held.csls), ("nearest by cosine", held.cosine))
    ]
    show(table(columns, rows, room()))
    show(["", f"CSLS against the nearest, precision@1: {change(held.difference)}"])
    rounds = counted(refined.rounds, "round") if refined.rounds else "no round"
    learnt = f"{counted(found.learnt, 'pair')} learnt from, {rounds} of refinement."
    unknown = f"{held.unknown_source:,} have no vector, of {held.unknown_target:,} no translation"
    show([learnt, f"Not asked: {unknown} has one. Intervals are 95%."])
    if found.pairs.several_words:
        tell(f"left out: {counted(found.pairs.several_words, 'pair')} of several words")
    tell_left_out(found.pairs.failed)
