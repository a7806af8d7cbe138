"""`cospace backup`: a consistent copy of a collection, in a folder that is one itself."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from cospace.cli.output import document, show
from cospace.cli.parsing import Parser, command
from cospace.counted import counted
from cospace.errors import BadArgument

if TYPE_CHECKING:
    from cospace.cli.holding import Holding

__all__ = ["parser", "run"]


def parser() -> Parser:
    """The arguments of `cospace backup`."""
    one = command(
        "backup",
        "Copy a collection into the new folder TARGET, consistently, while others may write.\n"
        "TARGET is a collection itself. Images stay where they are; only vectors, texts,\n"
        "metadata, the images' paths and the map are copied.",
        "cospace backup market.cospace backups/market-monday.cospace",
    )
    one.add_argument("folder", metavar="FOLDER", help="a collection")
    one.add_argument("target", metavar="TARGET", help="a folder that is not there yet")
    return one


def run(args: argparse.Namespace) -> int:
    """0."""
    from cospace.cli.holding import Holding
    from cospace.store.remote.address import is_address

    if is_address(args.target):
        raise BadArgument(f"a backup goes into a folder; into {args.target}: cospace copy")
    target = Path(args.target)
    if target.exists() or target.is_symlink():
        raise BadArgument(f"{target} exists; a backup goes into a new folder")
    with Holding(args.folder) as holding:
        _copy(holding, target)
    with Holding(target) as copy:
        items = copy.truth.counts()[0]
    if args.json:
        document({"target": str(target), "items": items})
    else:
        show([f"{counted(items, 'item')} copied to {target}, a collection of its own"])
    return 0


def _copy(holding: Holding, target: Path) -> None:
    """Make `target` from the truth: whole, or not at all."""
    from cospace.collection.models import MODELS
    from cospace.files import check_room, copy_file, folder_beside, make_folder, sync_folder
    from cospace.map.kept import FILE

    # Of a collection that was adapted; not what is being written just now.
    models = (holding.folder / MODELS).glob("[!.]*/**/*")
    files = [file.relative_to(holding.folder) for file in models if file.is_file()]
    files += [Path(FILE)] if (holding.folder / FILE).is_file() else []
    sizes = [(holding.folder / file).stat().st_size for file in (*files, Path("truth.sqlite"))]
    check_room(target, sum(sizes))
    with folder_beside(target, "cospace-backup") as temporary:
        holding.truth.backup(temporary / "truth.sqlite")
        for file in files:
            make_folder((temporary / file).parent)
            copy_file(holding.folder / file, temporary / file)
        sync_folder(temporary)
        temporary.replace(target)
        sync_folder(target.parent)
