"""The seal of the cache: up to which commit it was built, by which engine, and every checksum.

A cache without a seal, with another engine's, or with one byte changed is not opened: the
engine maps its files into memory, and a damaged file could end the process.
"""

from __future__ import annotations

import json
import zlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from cospace.files import remove, write_bytes

__all__ = ["Seal", "break_seal", "read_seal", "write_seal"]

_NAME = "seal.json"
# The engine rewrites its configuration at every load; what it says is checked by us instead.
_NOT_CHECKED = {"edge_config.json"}
# The engine deletes these, and changes nothing else, at the first load after they were written.
_MAY_GO = "tracker_journal.dat"


class Seal(NamedTuple):
    """What the cache was built from: the engine, its fields, and the last commit it holds."""

    engine: str
    fields: list[str]
    seq: int
    unindexed: int


def write_seal(cache: Path, shard: Path, seal: Seal) -> None:
    """Record the checksums of all files below `shard`."""
    record = {**seal._asdict(), "files": _checksums(shard)}
    write_bytes(cache / _NAME, json.dumps(record).encode())


def read_seal(cache: Path, shard: Path) -> Seal | str:
    """The seal when every file is as it was sealed; otherwise the reason for a rebuild."""
    try:
        record = json.loads((cache / _NAME).read_bytes())
        seal = Seal(*(record[name] for name in Seal._fields))
        files = record["files"]
    except FileNotFoundError:
        return "it was not closed"
    except (ValueError, KeyError, TypeError):
        return "its seal cannot be read"
    now = _checksums(shard)
    files = {n: s for n, s in files.items() if n in now or not n.endswith(_MAY_GO)}
    if now != files:
        names = sorted(set(files.items()) ^ set(now.items()))
        return f"{names[0][0]} has changed" if names else "its files have changed"
    return seal


def break_seal(cache: Path) -> None:
    """Before the first change: from here on a crash means a rebuild."""
    remove(cache / _NAME)


def _checksums(folder: Path) -> dict[str, str]:
    """Size and CRC-32 of every file below `folder`, by relative path."""
    paths = sorted(p for p in folder.rglob("*") if p.is_file() and p.name not in _NOT_CHECKED)
    with ThreadPoolExecutor(2) as pool:
        sums = pool.map(_checksum, paths)
        return {p.relative_to(folder).as_posix(): s for p, s in zip(paths, sums, strict=True)}


def _checksum(path: Path) -> str:
    crc = size = 0
    with path.open("rb") as file:
        while block := file.read(1 << 22):
            crc = zlib.crc32(block, crc)
            size += len(block)
    return f"{size}:{crc:08x}"
