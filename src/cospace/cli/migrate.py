"""`cospace migrate`: another model for a collection, beside the old one, then in its place."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from cospace.cli.check import FAILED
from cospace.cli.migration import add_gate, judged, migration_lines
from cospace.cli.output import document, show, tell, watched
from cospace.cli.parsing import Parser, command
from cospace.cli.text import cut, one_line
from cospace.counted import counted
from cospace.errors import BadArgument

if TYPE_CHECKING:
    from cospace.collection import Collection
    from cospace.collection.migrate import Migration
    from cospace.evaluate.migration import JudgedMigration

__all__ = ["parser", "run"]

_SHOWN = 5


def parser() -> Parser:
    """The arguments of `cospace migrate`."""
    one = command(
        "migrate",
        "Move a collection to another model. --to makes the vectors of that model beside the\n"
        "stored ones, from the stored texts and the files: nothing that is found changes. Ended\n"
        "at any moment, the same command goes on where it was. --check asks both models the same\n"
        "questions. --switch does so too, and moves over in one step where the new one passes.\n"
        "--back returns to the older model and its very vectors. They are kept until --drop.\n"
        "Without an option it says how far a migration has come. The exit code is 11 where the\n"
        "new model does not pass.",
        "cospace migrate market.cospace --to bge-small",
        "cospace migrate market.cospace --check --judgments judged.jsonl",
        "cospace migrate market.cospace --switch",
        "cospace migrate market.cospace --back",
        "cospace migrate market.cospace --drop",
    )
    one.add_argument("folder", metavar="FOLDER", help="a collection")
    one.add_argument("--to", metavar="MODEL", help="the name or folder of another model")
    one.add_argument("--check", action="store_true", help="compare the two models; change nothing")
    one.add_argument("--switch", action="store_true", help="use the other model from now on")
    one.add_argument("--anyway", action="store_true", help="with --switch: whatever was compared")
    one.add_argument("--back", action="store_true", help="use the older model again")
    one.add_argument("--drop", action="store_true", help="remove the vectors that are not in use")
    one.add_argument("--model", metavar="MODEL", help="the model in use, if it is not found")
    one.add_argument("--yes", action="store_true", help="do not ask what a hosted model may cost")
    add_gate(one, "--check, --switch")
    return one


def run(args: argparse.Namespace) -> int:
    """0, or 11 where the new model does not pass."""
    import cospace as cs

    _check(args)
    with cs.open(args.folder, model=args.model, create=False) as shop:
        lines: list[str] = []
        made = shop.migration
        if args.drop:
            shop.drop_model()
            made, lines = None, [f"{args.folder} keeps the vectors of {shop.space} alone"]
        if args.to and not args.back:
            made = _copy(shop, args, begun=made is not None)
            lines = _copied(made, args)
        passed = None
        if args.check or (args.switch and not args.anyway):
            passed = _judged(shop, args, made)
            made = shop.migration
            lines += _verdict(passed, args.folder, back=made is not None and made.switched)
        if args.switch and (passed is None or passed.passed):
            made = shop.switch_model(progress=watched())
            lines += _switched(made, args.folder)
        if args.back:
            made = shop.switch_back(args.to, progress=watched())
            lines = _switched(made, args.folder)
        if not lines:
            lines = _state(made, args.folder)
    if args.json:
        record = {"folder": args.folder, "migration": None if made is None else made.to_json()}
        document(record if passed is None else {**record, "compared": passed.to_json()})
    else:
        show(lines)
        for note in () if passed is None else passed.verdict.notes:
            tell(f"note: {note}")
    return 0 if passed is None or passed.passed else FAILED


def _copy(shop: Collection, args: argparse.Namespace, *, begun: bool) -> Migration:
    """The second set of vectors; what a hosted model costs is asked first, and told after."""
    import cospace as cs
    from cospace.cli.cost import agree, billed

    model = cs.load(args.to)
    if not begun:  # what goes on was agreed to
        agree(model, shop, yes=args.yes)
    with billed(model):
        return shop.migrate(args.to, progress=watched())


def _check(args: argparse.Namespace) -> None:
    """Raises `BadArgument` for options that do not go together."""
    if args.back + args.drop + args.switch + args.check > 1 or (args.drop and args.to):
        raise BadArgument("give one of --check, --switch, --back and --drop; --drop without --to")
    if args.anyway and not args.switch:
        raise BadArgument("--anyway goes with --switch")
    given = (args.judgments, args.questions, args.wanted, args.bridges or None)
    asked = any(one is not None for one in given)
    if asked and (args.anyway or not (args.check or args.switch)):
        raise BadArgument("--judgments, --questions, --wanted, --bridges: with --check or --switch")


def _judged(shop: Collection, args: argparse.Namespace, made: Migration | None) -> JudgedMigration:
    """Both models asked the same questions, end to end."""
    if args.switch and made is not None:
        if made.switched:
            raise BadArgument(f"{args.folder}: it is switched to {made.space} already")
        if not made.complete:  # what was written since --to
            shop.migrate(progress=watched())
    with shop.candidate() as new:
        return judged(shop, new, args)


def _verdict(found: JudgedMigration, folder: str, *, back: bool) -> list[str]:
    lines = migration_lines(found)
    if found.passed:
        return [*lines, ""]
    again = f"cospace migrate {folder} {'--back' if back else '--switch --anyway'}"
    return [*lines, "", f"nothing was switched; to do so all the same: {again}"]


def _state(made: Migration | None, folder: str) -> list[str]:
    if made is None:
        return [f"{folder} keeps vectors of one model; begin with: --to MODEL"]
    what = "the older model" if made.switched else "coming in"
    far = f"{made.items:,} of {made.of:,} items"
    lines = [f"in use: {made.space}", f"{what}: {made.other}, {far} as they are now"]
    return lines + _partial(made)


def _copied(made: Migration, args: argparse.Namespace) -> list[str]:
    done = f"{counted(made.encoded, 'item')} encoded in {made.seconds:.1f} s"
    kept = f", {made.kept:,} found as they are" if made.kept else ""
    lines = [f"{made.other}: {made.items:,} of {made.of:,} items; {done}{kept}"]
    if made.truncated:
        lines.append(
            f"of {counted(made.truncated, 'item')} the end was not read: the text is longer"
        )
    lines += _partial(made)
    if not args.switch:
        lines.append(f"{args.folder} searches with {made.space} as before")
        lines.append(f"move over: cospace migrate {args.folder} --switch")
    return lines


def _partial(made: Migration) -> list[str]:
    if not made.partial:
        return []
    lines = [
        f"{counted(made.partial, 'item')} could not be encoded whole by {made.other}, such as:"
    ]
    lines += [f"  {cut(one_line(r.name), 40)}: {r.reason}" for r in made.reasons[:_SHOWN]]
    return lines


def _switched(made: Migration, folder: str) -> list[str]:
    lines = [f"{folder} searches with {made.space}"]
    if made.encoded:
        lines.append(f"{counted(made.encoded, 'item')} that came or changed had to be encoded")
    if made.switched:
        lines.append(f"the vectors of {made.other} are kept; back: cospace migrate {folder} --back")
    else:
        lines.append(f"those of {made.other} are kept; again: cospace migrate {folder} --switch")
    return [*lines, f"remove them: cospace migrate {folder} --drop"]
