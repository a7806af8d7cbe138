"""Verifying the truth: every fault in the file, named."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from pathlib import Path

import apsw

from cospace.store.judged import damaged
from cospace.store.packing import COLUMNS, is_whole, shown_id

__all__ = ["faults"]


def faults(db: apsw.Connection, path: Path | None) -> list[str]:
    """SQLite's own check, then each row's checksum; at most 20 of SQLite's faults are named."""
    found: list[str] = []
    try:
        found += [r[0] for r in db.execute("PRAGMA integrity_check(20)") if r[0] != "ok"]
        for key, value, crc in db.execute("SELECT key, CAST(value AS BLOB), crc FROM about"):
            if zlib.crc32(value) != crc:
                found.append(f"the record {key!r} fails its checksum")
        for r in db.execute(f"SELECT {COLUMNS} FROM items"):
            if not is_whole(r):
                found.append(f"item {shown_id(r)!r} (key {r[0]}) fails its checksum")
        sql = (
            "SELECT v.n, CAST(id AS BLOB), CAST(field AS BLOB), v.crc, vector"
            " FROM vectors v LEFT JOIN items i ON i.n = v.n"
        )
        for n, id, field, crc, blob in db.execute(sql):
            if id is None:
                found.append(f"a vector of key {n}, which is no item's")
            elif zlib.crc32(blob) != crc:
                name, what = (b.decode(errors="replace") for b in (id, field))
                found.append(f"item {name!r}: its {what} vector fails its checksum")
        found += damaged(db)
        if db.execute("SELECT 1 FROM sqlite_master WHERE name='beside'").fetchone():
            found += _beside(db)
    except (apsw.Error, UnicodeDecodeError, TypeError) as error:
        found.append(f"{path}: {error}")
    return found


def _beside(db: apsw.Connection) -> Iterator[str]:
    """The faults of the second set of vectors, which another model has made."""
    sql = (
        "SELECT v.n, CAST(id AS BLOB), CAST(field AS BLOB), v.crc, vector"
        " FROM beside v LEFT JOIN items i ON i.n = v.n"
    )
    for n, id, field, crc, blob in db.execute(sql):
        if id is None:
            yield f"a vector of the other model of key {n}, which is no item's"
        elif zlib.crc32(blob) != crc:
            name, what = (b.decode(errors="replace") for b in (id, field))
            yield f"item {name!r}: its {what} vector of the other model fails its checksum"
    columns = "i.n, CAST(i.id AS BLOB), b.hash, CAST(i.text AS BLOB), CAST(i.metadata AS BLOB)"
    sql = (
        f"SELECT {columns}, CAST(b.media AS BLOB), CAST(b.reason AS BLOB), b.crc"
        " FROM beside_items b JOIN items i ON i.n = b.n AND i.seq = b.at"
    )
    for r in db.execute(sql):
        if not is_whole(r):
            yield f"item {shown_id(r)!r}: its record for the other model fails its checksum"
