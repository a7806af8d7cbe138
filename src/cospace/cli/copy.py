"""`cospace copy`: a collection to another folder or to a store elsewhere, compared at the end."""

from __future__ import annotations

import argparse
from pathlib import Path

from cospace.cli.fresh import unless_refused
from cospace.cli.output import document, show, tell, watched
from cospace.cli.parsing import Parser, command
from cospace.counted import counted
from cospace.errors import BadArgument

__all__ = ["parser", "run"]

_SHOWN = 5


def parser() -> Parser:
    """The arguments of `cospace copy`."""
    one = command(
        "copy",
        "Copy a collection, with its vectors, to another folder or address: nothing is encoded.\n"
        "Ended at any moment, the same command goes on. In the end every item of both is\n"
        "compared, and what differs is named and sent again. Images stay where they are.",
        "cospace copy market.cospace moved.cospace",
        "cospace copy market.cospace postgresql://localhost/market",
    )
    one.add_argument("source", metavar="SOURCE", help="a collection: a folder or an address")
    one.add_argument("target", metavar="TARGET", help="where it goes: a folder or an address")
    one.add_argument("--prune", action="store_true", help="delete what the target alone has")
    return one


def run(args: argparse.Namespace) -> int:
    """0."""
    import cospace as cs
    from cospace.collection.copying import copy_collection
    from cospace.collection.models import own_model
    from cospace.store.remote.address import is_address

    folder = not is_address(args.source)  # read beside its owner
    same = args.source == args.target
    if folder and not is_address(args.target):
        same = Path(args.source).resolve() == Path(args.target).resolve()
    if same:
        raise BadArgument(f"{args.source}: source and target are the same")
    with (
        cs.open(args.source, create=False, read_only=folder) as source,
        unless_refused(args.target),
        cs.open(args.target) as target,
    ):
        made = copy_collection(source, target, prune=args.prune, progress=watched())
        own = None if source.space is None else own_model(Path(args.source), source.space)
    stays = "" if own is None or not own.is_dir() else str(own)
    if args.json:
        record = {"source": args.source, "target": args.target, "model": stays}
        document({**record, **made.to_json()})
        return 0
    lines = [f"{counted(made.sent, 'item')} sent to {args.target} in {made.seconds:.1f} s"]
    if made.there:
        lines[0] += f", {made.there:,} were there"
    lines.append(f"{counted(made.compared, 'item')} compared: all the same")
    if made.mended:
        lines[-1] = f"{counted(made.compared, 'item')} compared; {made.mended:,} differed, mended:"
        lines += [f"  {one.id}: its {one.what}" for one in made.differences[:_SHOWN]]
    if made.removed:
        lines.append(f"{counted(made.removed, 'item')} removed that {args.source} has not")
    show(lines)
    if stays:
        tell(f"note: the model that adapt made stays there; open the copy with --model {stays}")
    return 0
