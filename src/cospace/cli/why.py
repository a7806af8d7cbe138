"""`cospace why`: which words of an item, or which region of its photo, speak for it."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from cospace.cli.output import document, show, tell
from cospace.cli.parsing import Parser, command
from cospace.cli.search import opened
from cospace.cli.text import one_line

if TYPE_CHECKING:
    from cospace.collection.why import Reasons, Region

__all__ = ["parser", "run"]


def parser() -> Parser:
    """The arguments of `cospace why`."""
    one = command(
        "why",
        "Why an item answers a question: its text with the words marked that it would lose most\n"
        "without, each tried alone, and the squares of its photo in the same way, 0 to 9.",
        'cospace why market.cospace MK-1966 "vintage comfortable seating"',
    )
    one.add_argument("folder", metavar="FOLDER", help="a collection")
    one.add_argument("id", metavar="ID", help="a stored item")
    one.add_argument("query", metavar="QUERY", nargs="+", help="a text")
    one.add_argument("--model", help="the model's folder, where the collection cannot find it")
    one.set_defaults(queries=None)
    return one


def run(args: argparse.Namespace) -> int:
    """0."""
    with opened(args) as collection:
        found = collection.why(" ".join(args.query), args.id)
    if args.json:
        document(found.to_json())
        return 0
    if found.text:
        show([one_line(_marked(found)), ""])
    for word in sorted(found.words, key=lambda word: -word.weight)[:12]:
        said = "in the question" if word.exact else "by meaning"
        show([f"{word.weight:5.2f}  {(found.text or '')[word.start : word.end]}  ({said})"])
    for why in found.score:
        rank = "" if why.rank is None else f", rank {why.rank}"
        show([f"{why.list} {why.score:.3f}{rank}, adds {why.share:+.3f}"])
    if found.region is not None:
        show(["", f"{found.region.part}:", *_squares(found.region)])
    for note in found.notes:
        tell(f"note: {note}")
    return 0


def _marked(found: Reasons) -> str:
    """The text with each word that counts in brackets."""
    text, made, at = found.text or "", "", 0
    for word in found.words:
        made += f"{text[at : word.start]}[{text[word.start : word.end]}]"
        at = word.end
    return made + text[at:]


def _squares(region: Region) -> list[str]:
    return ["  " + " ".join(f"{9 * one:.0f}" for one in row) for row in region.heat]
