"""`cospace info`: what a collection holds, also while another process has it open."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, Any

from cospace.cli.output import count, document, show, size
from cospace.cli.parsing import Parser, command
from cospace.cli.table import facts

if TYPE_CHECKING:
    from cospace.cli.holding import Holding
    from cospace.space import Space
    from cospace.store.protocol import Migrating, StoreInfo

__all__ = ["parser", "run"]

_NONE = "No item failed to be encoded. (`cospace index` lists the rows that cannot be read.)"


def parser() -> Parser:
    """The arguments of `cospace info`."""
    one = command(
        "info",
        "What a collection holds: items, vectors, their space, metadata, size, failures. It\n"
        "works while another process has the collection open.",
        "cospace info market.cospace",
        "cospace info market.cospace --failed",
    )
    one.add_argument("folder", metavar="FOLDER", help="a collection")
    one.add_argument("--failed", action="store_true", help="list what failed, and why")
    return one


def run(args: argparse.Namespace) -> int:
    """0."""
    from cospace.cli.holding import Holding

    with Holding(args.folder) as holding:
        info = holding.info()
        failed = _failed(holding) if args.failed else None
    if args.json:
        record = _record(info)
        document(record if failed is None else {**record, "failed": failed})
    elif failed is None:
        show([str(args.folder), *facts(_facts(info, args.folder))])
    else:
        show([f"{name}: {reason}" for name, reason in failed] or [_NONE])
    return 0


def _failed(holding: Holding) -> list[tuple[str, str]]:
    """(id, reason) of items that could not be stored, then of those kept without a part."""
    rows = ((row.id, row.reason) for row in holding.scan() if row.reason)
    failures = holding.truth.failures(at_most=sys.maxsize)
    return [*((one.name, one.reason) for one in failures), *rows]


def _facts(info: StoreInfo, folder: str) -> list[tuple[str, str]]:
    vectors = ", ".join(_vectors(field, n, info) for field, n in info.holders.items())
    lines = [("items", f"{info.items:,}"), ("vectors", vectors or "none yet")]
    lines += _space_facts(info.space)
    fields = [f"{f.name} ({f.type})" for f in info.schema.fields.values()]
    lines.append(("metadata", ", ".join(fields) or "none"))
    lines.append(("index", f"{info.engine}, quantization {info.quantization}"))
    if info.language:
        lines.append(("words", info.language.title()))
    if info.migrating is not None:
        lines.append(("migration", _migrating(info.migrating, folder)))
    lines.append(("size", f"{size(info.bytes)} on disk"))
    failures = count(info.failures, "item")
    lines.append(("failed", f"{failures}: cospace info {folder} --failed"))
    return lines if info.failures else lines[:-1]


def _migrating(there: Migrating, folder: str) -> str:
    """How far another model has come, or that the older one is kept."""
    far = f"{there.items:,} of {there.of:,} items"
    if there.switched:
        return f"from {there.space}, kept for {far}: cospace migrate {folder} --back, or --drop"
    return f"to {there.space}, {far}: cospace migrate {folder} --to MODEL, then --switch"


def _vectors(field: str, items: int, info: StoreInfo) -> str:
    """ "12 text", or "12 image (of 30 photos)" where items have several."""
    several = f" (of {info.fields[field]:,} photos)" if info.fields[field] > items else ""
    return f"{items:,} {field}{several}"


def _space_facts(space: Space | None) -> list[tuple[str, str]]:
    if space is None:
        return [("space", "none yet")]
    described = f"{space.name}, {space.dim} dimensions, {space.metric}"
    towers = [(f"  {tower.kind}", tower.model) for tower in space.towers]
    return [("space", described), ("  fingerprint", space.fingerprint[:16]), *towers]


def _record(info: StoreInfo) -> dict[str, Any]:
    space = info.space
    return {
        "items": info.items,
        "vectors": dict(info.fields),
        "space": None
        if space is None
        else {
            "name": space.name,
            "dim": space.dim,
            "metric": space.metric,
            "fingerprint": space.fingerprint,
            "towers": {tower.kind: tower.model for tower in space.towers},
        },
        "metadata": {field.name: field.type for field in info.schema.fields.values()},
        "bytes": info.bytes,
        "failures": info.failures,
        "engine": info.engine,
        "quantization": info.quantization,
        "migration": None
        if (there := info.migrating) is None
        else {
            "other": there.space.name,
            "fingerprint": there.space.fingerprint,
            "switched": there.switched,
            "items": there.items,
            "of": there.of,
        },
    }
