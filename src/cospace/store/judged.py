"""Judgments of searches, kept with the collection: which item is how right for which question.

The table is made with the first judgment; a cospace that does not know it leaves it as it is.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator

import apsw

__all__ = ["damaged", "judged", "put"]

_TABLE = """
CREATE TABLE IF NOT EXISTS judged (
    query TEXT NOT NULL, id TEXT NOT NULL, grade INTEGER NOT NULL, crc INTEGER NOT NULL,
    PRIMARY KEY (query, id)) WITHOUT ROWID
"""


def put(db: apsw.Connection, query: str, id: str, grade: int | None) -> None:
    """One judgment in place of an earlier one of the same question and item; None takes it away."""
    db.execute(_TABLE)
    if grade is None:
        db.execute("DELETE FROM judged WHERE query=? AND id=?", (query, id))
    else:
        row = (query, id, grade, _checksum(query, id, grade))
        db.execute("INSERT OR REPLACE INTO judged VALUES (?,?,?,?)", row)


def judged(db: apsw.Connection) -> Iterator[tuple[str, str, int, bool]]:
    """(question, id, grade, whether it is as it was written) of each, by question and id."""
    there = db.execute("SELECT 1 FROM sqlite_master WHERE type='table' AND name='judged'")
    if there.fetchone() is None:
        return
    sql = "SELECT query, id, grade, crc FROM judged ORDER BY query, id"
    for query, id, grade, crc in db.execute(sql):
        yield query, id, grade, crc == _checksum(query, id, grade)


def damaged(db: apsw.Connection) -> list[str]:
    """The judgments that are not as they were written, in words."""
    return [
        f"the judgment of {id!r} for {query!r:.80} fails its checksum"
        for query, id, _, whole in judged(db)
        if not whole
    ]


def _checksum(query: str, id: str, grade: int) -> int:
    return zlib.crc32("\0".join((query, id, str(grade))).encode())
