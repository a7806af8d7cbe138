"""`cospace adapt`: a collection's own pairs teach its model where its images lie."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from cospace.cli.output import document, show, tell, watched
from cospace.cli.parsing import Parser, command
from cospace.cli.text import cut, one_line
from cospace.cli.training import figures, head_options, options_of
from cospace.counted import counted
from cospace.errors import BadArgument

if TYPE_CHECKING:
    from cospace.train import Adaptation
    from cospace.train.binding.adapt import Moved

__all__ = ["adapt_after", "parser", "run"]


def parser() -> Parser:
    """The arguments of `cospace adapt`."""
    one = command(
        "adapt",
        "Bind the images of a collection anew to the texts of their own items: a small head is\n"
        "trained on its pairs of image and text, and checked on a fifth of them that it did not\n"
        "see. Only if an image finds its text, and a text its image, better beyond doubt, all\n"
        "images get new vectors, in one step; texts keep theirs. Until then the old ones serve.\n"
        "--back returns to them. It needs no torch, and the image files where they were.",
        "cospace adapt market.cospace",
        "cospace adapt market.cospace --check",
        "cospace adapt market.cospace --back",
    )
    one.add_argument("folder", metavar="FOLDER", help="a collection")
    one.add_argument("--model", help="the model's folder, where the collection cannot find it")
    one.add_argument("--check", action="store_true", help="train and measure; change nothing")
    one.add_argument("--back", action="store_true", help="return to the vectors before adapt")
    head_options(one)
    return one


def run(args: argparse.Namespace) -> int:
    """0, also when the model stays as it is."""
    import cospace as cs
    from cospace.train import adapt, adapt_back

    options = options_of(args)
    if args.back and (args.check or options):
        raise BadArgument("--back goes alone")
    with cs.open(args.folder, model=args.model, create=False) as shop:
        if args.back:
            new = adapt_back(shop, progress=watched())
            record = {"folder": args.folder, "encoded": new}
            lines = [f"{args.folder} has the vectors that it had before adapt ({shop.space})"]
            if new:
                lines.append(f"{counted(new, 'item')} that came or changed since had to be encoded")
            _told(args, record, lines)
            return 0
        made = adapt(shop, check_only=args.check, progress=watched(), **options)
    _told(args, {"folder": args.folder, **_record(made)}, _lines(made, args.folder))
    return 0


def _lines(made: Adaptation, folder: str) -> list[str]:
    """What came of it, for people."""
    gain = made.gain.times(100)
    counts = made.card.counts
    found = [
        f"{counts['pairs']:,} pairs of image and text; {counts['held out']:,} were held out:",
        "",
        *figures(made.card.figures),
        "",
        f"recall at 10: {gain.value:+.1f} points, 99% interval {gain.low:+.1f} to {gain.high:+.1f}",
    ]
    if made.moved:
        found += ["", "held-out images that moved most (rank for their own text):"]
        found += [f"  {_moved(one)}" for one in made.moved]
    for name, reason in made.failed[:5]:
        found.append(f"not read: {name}: {reason}")
    found.append("")
    if made.switched:
        found.append(f"{made.kept}")
        found.append(f"{folder} searches with the new vectors. Back: cospace adapt {folder} --back")
    else:
        found.append(f"nothing was changed: {made.reason}")
    return found


def _record(made: Adaptation) -> dict[str, Any]:
    """What came of it, for programs."""
    return {
        "switched": made.switched,
        "reason": made.reason,
        "gain": {**made.gain.to_json(), "level": 0.99},
        "moved": [one._asdict() for one in made.moved],
        "failed": [{"name": name, "reason": reason} for name, reason in made.failed],
        "kept": None if made.kept is None else made.kept._asdict(),
        "card": made.card.to_json(),
    }


def _moved(one: Moved) -> str:
    name, text = cut(one_line(one.id), 24), cut(one_line(one.text), 50)
    return f"{one.before:,.0f} -> {one.after:,.0f}  {name}  {text}"


def _told(args: argparse.Namespace, record: dict[str, Any], lines: list[str]) -> None:
    if args.json:
        document(record)
    else:
        show(lines)


def adapt_after(shop: Any, folder: str, *, json: bool) -> dict[str, Any]:
    """`cospace index --adapt`: what came of it, shown; a record for programs.

    Too few pairs are told, and are no error.
    """
    from cospace.train import adapt

    try:
        made = adapt(shop, progress=watched())
    except BadArgument as error:
        tell(f"not adapted: {error}")
        return {"switched": False, "reason": str(error)}
    if not json:
        show(["", *_lines(made, folder)])
    return _record(made)
