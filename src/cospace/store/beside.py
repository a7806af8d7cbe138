"""The second set of vectors of a collection: how another model comes in while the first one serves.

Table `beside` is to the other model what `vectors` is to the one in use. `beside_items` holds what
else depends on the model: an item's hash, the order of its photos, what could not be encoded, the
checksum with these. `at` is the commit of the item as it was encoded: an item that was written
since has another, and is to be taken again. `seq` is the commit that wrote the row.

The switch exchanges the two sides in one transaction; no vector is copied.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

import apsw

from cospace.space import Space
from cospace.store.packing import pack
from cospace.store.protocol import Row

__all__ = ["SETTINGS", "TABLES", "Beside", "Made", "Stale", "forget", "put", "stale", "switch"]

# Records that belong to one model: they are exchanged with it.
SETTINGS = ("weights", "part_weights", "reranking", "earlier")

_ITEMS = """(
    n INTEGER PRIMARY KEY, seq INTEGER NOT NULL, at INTEGER NOT NULL, hash BLOB NOT NULL,
    media TEXT NOT NULL, reason TEXT NOT NULL, crc INTEGER NOT NULL)"""
TABLES = f"""
CREATE TABLE beside (
    n INTEGER NOT NULL, field TEXT NOT NULL, crc INTEGER NOT NULL, vector BLOB NOT NULL,
    PRIMARY KEY (n, field));
CREATE TABLE beside_items {_ITEMS};
CREATE INDEX beside_seq ON beside_items (seq);
"""
# Items behind (seq, n), up to a commit, that the other model has not encoded as they are.
_STALE = """
SELECT i.n, i.seq, b.hash, b.reason FROM items i LEFT JOIN beside_items b ON b.n = i.n
WHERE (i.seq, i.n) > (?, ?) AND i.seq <= ? AND (b.at IS NULL OR b.at <> i.seq)
ORDER BY i.seq, i.n LIMIT ?
"""
_SWITCH = f"""
CREATE TABLE other_items {_ITEMS};
INSERT INTO other_items SELECT n, seq, seq, hash, media, reason, crc FROM items;
UPDATE items SET hash = b.hash, media = b.media, reason = b.reason, crc = b.crc
    FROM beside_items b WHERE b.n = items.n;
DROP TABLE beside_items;
ALTER TABLE other_items RENAME TO beside_items;
CREATE INDEX beside_seq ON beside_items (seq);
ALTER TABLE vectors RENAME TO other_vectors;
ALTER TABLE beside RENAME TO vectors;
ALTER TABLE other_vectors RENAME TO beside;
"""


class Beside(NamedTuple):
    """What is recorded of the second set: the other model, and how far its copy has come.

    `model` is the name or folder that it was given by, "" where it was given as an object. `folder`
    is that of its search index. `switched` is true when the other model is the older one.
    Items up to commit `covered` have been looked at. `settings` are its records of `SETTINGS`.
    `own` is to the model in use what `model` is to the other one.
    """

    space: Space
    model: str
    folder: str
    switched: bool = False
    covered: int = 0
    settings: Mapping[str, str] = MappingProxyType({})
    own: str = ""

    def to_json(self) -> str:
        """A record that `read` reads back."""
        record = {"space": self.space.to_json(), "settings": dict(self.settings)}
        return json.dumps({**self._asdict(), **record})

    @classmethod
    def read(cls, text: str) -> Beside:
        """The record that `to_json` gave."""
        record = json.loads(text)
        return cls(**{**record, "space": Space.from_json(record["space"])})


class Stale(NamedTuple):
    """An item that the other model is to encode: its key, commit, row, and fields with vectors.

    `hash` is that of the item as the other model has it, b"" when it has not, or not whole.
    """

    key: int
    seq: int
    row: Row
    fields: frozenset[str]
    hash: bytes


class Made(NamedTuple):
    """An item as the other model has encoded it; with `kept`, its vectors there are right as is."""

    key: int
    seq: int
    row: Row
    kept: bool = False


def stale(
    db: apsw.Connection, after: tuple[int, int], until: int, most: int
) -> list[tuple[Any, ...]]:
    """(key, commit, hash, reason) of the next items to encode."""
    return db.execute(_STALE, (*after, until, most)).fetchall()


def put(
    db: apsw.Connection, made: Iterable[Made], seq: int, vectors: Sequence[tuple[Any, ...]]
) -> int:
    """How many were written: those whose items are as they were encoded. Within a transaction."""
    written = set()
    for key, at, row, kept in made:
        there = db.execute("SELECT 1 FROM items WHERE n=? AND seq=?", (key, at)).fetchone()
        if there is None:
            continue
        if not kept:
            db.execute("DELETE FROM beside WHERE n=?", (key,))
            written.add(key)
        _, _, _, hash_, _, _, media, reason, crc = pack(key, at, row)
        db.execute(
            "INSERT OR REPLACE INTO beside_items VALUES (?,?,?,?,?,?,?)",
            (key, seq, at, hash_, media, reason, crc),
        )
    db.executemany("INSERT INTO beside VALUES (?,?,?,?)", [v for v in vectors if v[0] in written])
    return len(written)


def forget(db: apsw.Connection, keys: Sequence[int]) -> None:
    """Items that are deleted go from the second set too. Within the same transaction."""
    db.executemany("DELETE FROM beside WHERE n=?", [(n,) for n in keys])
    db.executemany("DELETE FROM beside_items WHERE n=?", [(n,) for n in keys])


def switch(db: apsw.Connection) -> None:
    """Exchange the two sets. Within a transaction, when no item is stale."""
    db.execute(_SWITCH)
