"""`cospace verify`: every stored byte against its checksum."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from cospace.cli.output import document, show, tell
from cospace.cli.parsing import Parser, command
from cospace.cli.table import facts
from cospace.counted import counted
from cospace.errors import DataDamaged

if TYPE_CHECKING:
    from cospace.cli.holding import Holding

__all__ = ["parser", "run"]


def parser() -> Parser:
    """The arguments of `cospace verify`."""
    one = command(
        "verify",
        "Check every item and vector of a collection against its checksum, and the state of the\n"
        "search index. Nothing is changed. Exit code 6 when something is damaged.",
        "cospace verify market.cospace",
    )
    one.add_argument("folder", metavar="FOLDER", help="a collection")
    return one


def run(args: argparse.Namespace) -> int:
    """0 when all is sound, 6 when something stored is damaged."""
    from cospace.cli.holding import Holding

    with Holding(args.folder) as holding:
        faults = holding.truth.verify()
        items = None if faults else holding.truth.counts()[0]
        index = _index(holding)
    if args.json:
        document({"sound": not faults, "items": items, "faults": faults, "index": index})
    elif faults:
        show(faults)
        tell(
            f"cospace: DataDamaged: {counted(len(faults), 'fault')} in {args.folder}. Restore a"
            " backup; or index the source again into a new folder"
        )
    else:
        sound = f"{counted(items or 0, 'item')}: every checksum holds"
        show([f"{args.folder}: sound", *facts([("truth", sound), ("index", index)])])
    return DataDamaged.exit_code if faults else 0


def _index(holding: Holding) -> str:
    """The state of the cache. It is made from the truth, so it is never a loss."""
    from cospace.store.cache import Cache
    from cospace.store.remote.address import is_address
    from cospace.store.seal import Seal, read_seal

    if is_address(holding.place):
        return "at its engine, and not looked at; cospace compact brings back what it lost"
    cache = Cache(holding.folder / holding.truth.index, holding.truth)
    if not cache.shard.exists():
        return "none yet; the first search builds it"
    seal = read_seal(cache.folder, cache.shard)
    if not isinstance(seal, Seal):
        return f"{seal}, or is in use; it is rebuilt from the items when that is needed"
    if seal.token != holding.truth.token:
        return "of another state of this collection; it is rebuilt when it is opened"
    if seal.quantization != holding.truth.quantization:
        return f"built for quantization {seal.quantization}; it is rebuilt when it is opened"
    behind = holding.truth.seq - seal.seq
    if behind:
        return f"sealed and whole; {counted(behind, 'commit')} behind, taken in when it is opened"
    return "sealed and whole, up to the last commit"
