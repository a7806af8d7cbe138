"""`cospace info`: what a collection holds, also while another process has it open."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, Any

from cospace.cli.output import document, show, size
from cospace.cli.parsing import Parser, command
from cospace.cli.table import facts
from cospace.counted import counted

if TYPE_CHECKING:
    from cospace.cli.holding import Holding
    from cospace.space import Space
    from cospace.store.protocol import Migrating, Promises, StoreInfo

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
        info, promises = holding.info(), holding.promises
        failed = _failed(holding) if args.failed else None
    if args.json:
        record = {**_record(info), "promises": promises._asdict()}
        document(record if failed is None else {**record, "failed": failed})
    elif failed is None:
        show([str(args.folder), *facts(_facts(info, promises, args.folder))])
    else:
        show([f"{name}: {reason}" for name, reason in failed] or [_NONE])
    return 0


def _failed(holding: Holding) -> list[tuple[str, str]]:
    """(id, reason) of items that could not be stored, then of those kept without a part."""
    rows = ((row.id, row.reason) for row in holding.scan() if row.reason)
    failures = holding.failures(sys.maxsize)
    return [*((one.name, one.reason) for one in failures), *rows]


def _facts(info: StoreInfo, promises: Promises, folder: str) -> list[tuple[str, str]]:
    vectors = ", ".join(_vectors(field, n, info) for field, n in info.holders.items())
    lines = [("items", f"{info.items:,}"), ("vectors", vectors or "none yet")]
    lines += _space_facts(info.space)
    fields = [f"{f.name} ({f.type})" for f in info.schema.fields.values()]
    lines.append(("metadata", ", ".join(fields) or "none"))
    lines.append(("index", f"{info.engine}, quantization {info.quantization}"))
    lines.append(("search", _exactness(promises)))
    lines += [("promises", kept)] if (kept := _kept(promises)) else []
    if info.language:
        lines.append(("words", info.language.title()))
    if info.migrating is not None:
        lines.append(("migration", _migrating(info.migrating, folder)))
    lines.append(("size", f"{size(info.bytes)} on disk"))
    failures = counted(info.failures, "item")
    lines.append(("failed", f"{failures}: cospace info {folder} --failed"))
    return lines if info.failures else lines[:-1]


def _migrating(there: Migrating, folder: str) -> str:
    """How far another model has come, or that the older one is kept."""
    far = f"{there.items:,} of {there.of:,} items"
    if there.switched:
        return f"from {there.space}, kept for {far}: cospace migrate {folder} --back, or --drop"
    return f"to {there.space}, {far}: cospace migrate {folder} --to MODEL, then --switch"


def _exactness(promises: Promises) -> str:
    """How many items are all compared with a question."""
    if promises.exact_rows >= 1 << 40:
        return "exact: every vector is compared"
    if not promises.exact_rows:
        return "by an index, which may miss some"
    return f"exact up to {promises.exact_rows:,} vectors of a kind, above that by an index"


_ODD = {
    "atomic": "a write may be seen half",
    "read_your_writes": "what was written may be found late",
    "exact_counts": "counts are estimates",
    "snapshots": "a reader may see a write half",
    "ordered_scan": "items come in no order",
}


def _kept(promises: Promises) -> str:
    """What a store does not promise, or that it may have several writers; "" for the usual."""
    broken = [text for name, text in _ODD.items() if not getattr(promises, name)]
    return "; ".join([*broken, *(["several may write at once"] * promises.several_writers)])


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
