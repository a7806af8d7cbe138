"""Rows to SQLite's columns and back, under a checksum."""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cospace.errors import DataDamaged
from cospace.store.protocol import Row

__all__ = [
    "COLUMNS",
    "INSERT",
    "chunks",
    "is_whole",
    "pack",
    "rows_of",
    "shown_id",
    "unpack",
    "unpack_all",
]

_IN = 500  # bound parameters in one statement

# Texts come as bytes: a damaged one may be no UTF-8, and is to be named all the same.
_TEXTS = ("id", "text", "metadata", "media", "reason")
COLUMNS = "n, {}, hash, {}, {}, {}, {}, crc".format(*(f"CAST({t} AS BLOB)" for t in _TEXTS))
INSERT = (
    "INSERT INTO items (n, id, seq, hash, text, metadata, media, reason, crc)"
    " VALUES (?,?,?,?,?,?,?,?,?)"
)


def pack(n: int, seq: int, row: Row) -> tuple[Any, ...]:
    """The values of `INSERT` for a row with key `n`, written by commit `seq`."""
    metadata = _json(row.metadata)
    media = _json(row.media)
    texts = (t.encode() for t in (row.text or "", metadata, media, row.reason))
    crc = _checksum(row.id.encode(), row.hash, *texts)
    return (n, row.id, seq, row.hash, row.text, metadata, media, row.reason, crc)


def unpack(r: tuple[Any, ...], vectors: Mapping[str, NDArray[np.float32]] | None) -> Row:
    """The row of a record of `COLUMNS`. Raises `DataDamaged` when its checksum fails."""
    if not is_whole(r):
        raise _damaged(r)
    return _row(r, vectors or {})


def unpack_all(records: Iterable[tuple[Any, ...]]) -> dict[int, Row]:
    """The rows of records of `COLUMNS` by key, without vectors. Raises as `unpack` does."""
    rows: dict[int, Row] = {}
    for r in records:
        n, id, hash_, text, metadata, media, reason, crc = r
        try:  # as `is_whole`; each call less is felt here, where all hits of all searches pass
            texts = (id, text or b"", metadata, media, reason)
            if zlib.crc32(b"\x00".join(texts), zlib.crc32(hash_)) != crc:
                raise _damaged(r)
        except TypeError:
            raise _damaged(r) from None
        rows[n] = _row(r, {})
    return rows


@cache
def rows_of(count: int) -> str:
    """The rows of so many keys: a join, which SQLite does in three quarters of the time of IN."""
    marks = ",".join(["(?)"] * count)
    return f"WITH asked(key) AS (VALUES {marks}) SELECT {COLUMNS} FROM asked JOIN items ON n = key"


def chunks(values: Sequence[Any]) -> Iterable[Sequence[Any]]:
    """The values in parts that one statement takes."""
    return (values[i : i + _IN] for i in range(0, len(values), _IN))


def _row(r: tuple[Any, ...], vectors: Mapping[str, NDArray[np.float32]]) -> Row:
    _, id, hash_, text, metadata, media, reason, _ = r
    return Row(
        id.decode(),
        None if text is None else text.decode(),
        _parse(metadata.decode(), 0)[0] if metadata != b"{}" else {},
        _parse(media.decode(), 0)[0] if media != b"{}" else {},
        vectors,
        hash_,
        reason.decode() if reason else "",
    )


def _damaged(r: tuple[Any, ...]) -> DataDamaged:
    id = shown_id(r)
    return DataDamaged(
        f"item {id!r} (key {r[0]}) fails its checksum; run: cospace verify", ids=[id]
    )


# What `json.loads` does in the end, without its checks for other arguments: it is called for
# every hit of every search.
_parse: Callable[[str, int], tuple[Any, int]] = json.JSONDecoder().scan_once  # type: ignore[attr-defined]


def is_whole(r: tuple[Any, ...]) -> bool:
    """Whether a record of `COLUMNS` passes its checksum."""
    try:
        return bool(_checksum(r[1], r[2], r[3] or b"", *r[4:-1]) == r[-1])
    except TypeError:  # a value of another type than was written
        return False


def shown_id(r: tuple[Any, ...]) -> str:
    """The id in a record of `COLUMNS`, as far as it can be read."""
    return r[1].decode(errors="replace") if isinstance(r[1], bytes) else str(r[1])


def _checksum(id: bytes, hash_: bytes, *rest: bytes) -> int:
    """CRC-32 over everything of an item but its vectors."""
    return zlib.crc32(b"\x00".join([id, *rest]), zlib.crc32(hash_))


def _json(record: Mapping[str, Any]) -> str:
    if not record:
        return "{}"
    return json.dumps(record, ensure_ascii=False, separators=(",", ":"))
