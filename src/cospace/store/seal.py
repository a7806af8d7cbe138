"""The seal of the cache: up to which commit it was built, by which engine, and every checksum.

A cache without a seal, with another engine's, or with one byte changed is not opened: the
engine maps its files into memory, and a damaged file could end the process.
"""

from __future__ import annotations

import json
import os
import zlib
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from cospace.files import blocks, remove, write_bytes

__all__ = ["Seal", "break_seal", "checksums", "read_seal", "renew_seal", "write_seal"]

_NAME = "seal.json"
# The engine rewrites its configuration at every load; what it says is checked by us instead.
_NOT_CHECKED = {"edge_config.json"}
# The engine deletes these, and changes nothing else, at the first load after they were written.
_MAY_GO = "tracker_journal.dat"
# With several vectors, the engine writes the keys of this one anew at a load, in any order.
_ANY_ORDER = "segment.json"


class Seal(NamedTuple):
    """What the cache was built from: the engine, its fields, and the last commit it holds.

    `token` stands in the truth too: a cache of another collection, or of the same one before
    an older truth was put back, has another. `quantization` is how its vectors were made smaller.
    """

    engine: str
    fields: list[str]
    seq: int
    unindexed: int
    token: str
    quantization: str


def write_seal(cache: Path, seal: Seal, sums: Mapping[str, str]) -> None:
    """Record the `checksums` of the shard, and a checksum of the record itself."""
    record = {**seal._asdict(), "files": sums}
    write_bytes(cache / _NAME, json.dumps({**record, "crc": _crc(record)}).encode())


def read_seal(cache: Path, shard: Path) -> Seal | str:
    """The seal when every file is as it was sealed; otherwise the reason for a rebuild."""
    try:
        record = json.loads((cache / _NAME).read_bytes())
        if record.pop("crc") != _crc(record):
            return "its seal fails its checksum"
        seal = Seal(*(record[name] for name in Seal._fields))
        files = record["files"]
    except FileNotFoundError:
        return "it was not closed"
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return "its seal cannot be read"
    now = checksums(shard)
    files = {n: s for n, s in files.items() if n in now or not n.endswith(_MAY_GO)}
    if now != files:
        names = sorted(set(files.items()) ^ set(now.items()))
        return f"{names[0][0]} has changed" if names else "its files have changed"
    return seal


# Files that take more than this are never written by a load.
_SMALL = 4_000_000


def renew_seal(cache: Path, shard: Path) -> None:
    """Seal small files as they are now: a load writes some anew (0.9.0: after rows were deleted).

    To be called right after a load whose seal held, and before any change.
    """
    record = json.loads((cache / _NAME).read_bytes())
    del record["crc"]
    now = {n: s for n, s in record["files"].items() if (shard / n).exists()}
    for path in _files(shard):
        if path.stat().st_size <= _SMALL or _allocated(path) <= _SMALL:
            now[path.relative_to(shard).as_posix()] = _checksum(path)
    if now != record["files"]:
        write_seal(cache, Seal(*(record[name] for name in Seal._fields)), now)


def _allocated(path: Path) -> int:
    stat = path.stat()
    return getattr(stat, "st_blocks", stat.st_size // 512) * 512


def break_seal(cache: Path) -> None:
    """Before the first change: from here on a crash means a rebuild."""
    remove(cache / _NAME)


def _crc(record: dict[str, Any]) -> int:
    return zlib.crc32(json.dumps(record).encode())


def checksums(folder: Path) -> dict[str, str]:
    """Size and CRC-32 of every file below `folder`, by relative path."""
    paths = _files(folder)
    try:
        with ThreadPoolExecutor(2) as pool:
            sums = list(pool.map(_checksum, paths))
    except RuntimeError:  # Python is ending, and starts no thread any more
        sums = [_checksum(path) for path in paths]
    return {p.relative_to(folder).as_posix(): s for p, s in zip(paths, sums, strict=True)}


def _files(folder: Path) -> list[Path]:
    return sorted(p for p in folder.rglob("*") if p.is_file() and p.name not in _NOT_CHECKED)


_ZEROS = bytes(1 << 18)  # as large as the blocks


def _checksum(path: Path) -> str:
    """Over the size, and over every block that is not all zeros together with its place."""
    if path.name == _ANY_ORDER:
        return _checksum_in_order(path.read_bytes())
    with path.open("rb", buffering=0) as file:
        size = os.fstat(file.fileno()).st_size
        crc = 0
        for at, block in blocks(file.fileno(), size):
            if block != _ZEROS[: len(block)]:
                crc = zlib.crc32(block, zlib.crc32(at.to_bytes(8, "little"), crc))
    return f"{size}:{crc:08x}"


def _checksum_in_order(data: bytes) -> str:
    """Over a JSON object with its keys in order; over the bytes where it cannot be read."""
    with suppress(ValueError, RecursionError):
        data = json.dumps(json.loads(data), sort_keys=True).encode()
    return f"{len(data)}:{zlib.crc32(data):08x}"
