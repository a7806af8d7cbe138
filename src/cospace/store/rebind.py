"""The switch of a collection to newly bound vectors, and back: one commit of the truth.

The vectors that the first switch replaces are kept in the table `earlier`, with the hash of the
item that they are of, so that the way back needs no files.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

import apsw
import numpy as np
from numpy.typing import NDArray

from cospace.space import Space

__all__ = ["Earlier", "earlier_vectors", "keep", "switch"]

Array = NDArray[np.float32]
_TABLE = """
CREATE TABLE IF NOT EXISTS earlier (
    n INTEGER NOT NULL, field TEXT NOT NULL, hash BLOB NOT NULL, crc INTEGER NOT NULL,
    vector BLOB NOT NULL, PRIMARY KEY (n, field)) WITHOUT ROWID
"""
_KEEP = """
INSERT INTO earlier SELECT v.n, v.field, i.hash, v.crc, v.vector FROM vectors v
JOIN items i ON i.n = v.n WHERE v.field = ? OR v.field LIKE ? || ' %'
"""


class Earlier(NamedTuple):
    """What a collection was before it was bound anew: its space, and the kind that changed."""

    space: Space
    kind: str

    def to_json(self) -> str:
        """A record that `read` reads back."""
        return json.dumps({"space": self.space.to_json(), "kind": self.kind})

    @classmethod
    def read(cls, text: str) -> Earlier:
        """The record that `to_json` gave."""
        record = json.loads(text)
        return cls(Space.from_json(record["space"]), record["kind"])


def switch(
    db: apsw.Connection, vectors: Iterable[tuple[str, Mapping[str, Array]]], seq: int
) -> list[str]:
    """Replaces vectors of items, given as (id, vectors by field), within a transaction.

    The ids of items that are not there, or have no such vector, are given back.
    """
    gone: list[str] = []
    for id, by_field in vectors:
        found = db.execute("SELECT n FROM items WHERE id=?", (id,)).fetchone()
        if found is None:
            gone.append(id)
            continue
        changed = 0
        for field, vector in by_field.items():
            blob = np.ascontiguousarray(vector, "<f4").tobytes()
            db.execute(
                "UPDATE vectors SET crc=?, vector=? WHERE n=? AND field=?",
                (zlib.crc32(blob), blob, found[0], field),
            )
            changed += db.changes()
        if changed < len(by_field):
            gone.append(id)
        else:
            db.execute("UPDATE items SET seq=? WHERE n=?", (seq, found[0]))
    return gone


def keep(db: apsw.Connection, kind: str) -> None:
    """Keeps the vectors of a kind as the earlier ones, within a transaction."""
    db.execute(_TABLE)
    db.execute("DELETE FROM earlier")
    db.execute(_KEEP, (kind, kind))


def earlier_vectors(db: apsw.Connection) -> Iterator[tuple[str, str, Array]]:
    """(id, field, vector) of each vector that was kept, and still is of its item as it stands."""
    there = db.execute("SELECT 1 FROM sqlite_master WHERE name='earlier'").fetchone()
    if there is None:
        return
    # An item of which a photo was kept unread has no hash, before and after: it tells nothing.
    sql = (
        "SELECT i.id, e.field, e.crc, e.vector FROM earlier e JOIN items i"
        " ON i.n = e.n AND i.hash = e.hash AND length(i.hash) > 0 ORDER BY e.n"
    )
    for id, field, crc, blob in db.execute(sql):
        if zlib.crc32(blob) == crc:  # a damaged one is made anew
            yield id, field, np.frombuffer(blob, "<f4")
