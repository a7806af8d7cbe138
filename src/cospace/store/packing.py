"""Rows to SQLite's columns and back, under a checksum."""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cospace.errors import DataDamaged
from cospace.store.protocol import Row

__all__ = ["COLUMNS", "INSERT", "checksum", "pack", "unpack"]

COLUMNS = "n, id, hash, text, metadata, media, reason, crc"
INSERT = (
    "INSERT INTO items (n, id, seq, hash, text, metadata, media, reason, crc)"
    " VALUES (?,?,?,?,?,?,?,?,?)"
)


def pack(n: int, seq: int, row: Row) -> tuple[Any, ...]:
    """The values of `INSERT` for a row with key `n`, written by commit `seq`."""
    metadata = _json(row.metadata)
    media = _json(row.media)
    crc = checksum(row.id, row.hash, row.text, metadata, media, row.reason)
    return (n, row.id, seq, row.hash, row.text, metadata, media, row.reason, crc)


def unpack(r: tuple[Any, ...], vectors: Mapping[str, NDArray[np.float32]] | None) -> Row:
    """The row of a record of `COLUMNS`. Raises `DataDamaged` when its checksum fails."""
    n, id, hash_, text, metadata, media, reason, crc = r
    if checksum(id, hash_, text, metadata, media, reason) != crc:
        raise DataDamaged(
            f"item {id!r} (key {n}) fails its checksum; run: cospace verify", ids=[id]
        )
    return Row(
        id,
        text,
        json.loads(metadata) if metadata != "{}" else {},
        json.loads(media) if media != "{}" else {},
        vectors or {},
        hash_,
        reason,
    )


def checksum(id: str, hash_: bytes, text: str | None, *rest: str) -> int:
    """CRC-32 over everything of an item but its vectors."""
    return zlib.crc32("\x00".join([id, text or "", *rest]).encode(), zlib.crc32(hash_))


def _json(record: Mapping[str, Any]) -> str:
    if not record:
        return "{}"
    return json.dumps(record, ensure_ascii=False, separators=(",", ":"))
