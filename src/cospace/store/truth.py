"""The truth: items, metadata and vectors in SQLite. A commit is the acknowledgement.

Tables: `about` (space, schema, counters), `items` (one row an item; `n` is its key for ever),
`vectors` (one row an item and field), `deleted` (keys that the cache must forget), `failures`.
Every item, vector and record carries a CRC-32 of its content, so that damage is found and named.
"""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import apsw
import numpy as np
from numpy.typing import NDArray

from cospace.errors import (
    CollectionNotFound,
    DataDamaged,
    DuplicateId,
    FormatTooNew,
    ItemNotFound,
    NotACollection,
)
from cospace.item import kind_of
from cospace.need import UPGRADE
from cospace.store.packing import (
    COLUMNS,
    INSERT,
    chunks,
    pack,
    rows_of,
    unpack,
    unpack_all,
)
from cospace.store.protocol import Failure, Row
from cospace.store.sides import BESIDE_FORMAT, Sides, packed, switched
from cospace.store.sqlite import Peek, bound_log, connect, peek, sqlite_errors
from cospace.store.verify import faults

__all__ = ["FORMAT", "Change", "Truth"]

FORMAT = BESIDE_FORMAT  # what is read; without a second set of vectors, 1 is written
_PLAIN = 1
_APPLICATION = 0x636F7370  # "cosp": tells our file from any other SQLite file
_TABLES = """
CREATE TABLE about (
    key TEXT PRIMARY KEY, value TEXT NOT NULL, crc INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE items (
    n INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, seq INTEGER NOT NULL,
    hash BLOB NOT NULL, text TEXT, metadata TEXT NOT NULL, media TEXT NOT NULL,
    reason TEXT NOT NULL, crc INTEGER NOT NULL);
CREATE INDEX items_seq ON items (seq);
CREATE TABLE vectors (
    n INTEGER NOT NULL, field TEXT NOT NULL, crc INTEGER NOT NULL, vector BLOB NOT NULL);
CREATE UNIQUE INDEX vectors_n ON vectors (n, field);
CREATE TABLE deleted (n INTEGER PRIMARY KEY, seq INTEGER NOT NULL);
CREATE TABLE failures (name TEXT PRIMARY KEY, reason TEXT NOT NULL) WITHOUT ROWID;
"""
_FIELDS = "SELECT field, count(*) FROM {} GROUP BY field"
_EACH = (
    "SELECT n FROM (SELECT n, row_number() OVER (ORDER BY n) AS r FROM {} WHERE field=?)"
    " WHERE r % ? = 0"
)
_HOLDS = (
    "SELECT EXISTS(SELECT 1 FROM vectors JOIN items USING (n)"
    " WHERE seq<=? AND (field=? OR field GLOB ?))"
)
_PUT_VECTOR = "INSERT INTO vectors (n, field, crc, vector) VALUES (?,?,?,?)"
_PAGE = 2000  # rows read at a time


class Change(NamedTuple):
    """One item as the cache needs it: its key and its row with vectors."""

    key: int
    row: Row


class Counted(NamedTuple):
    """Items, vectors by field, items that have a vector of each field, and failures."""

    items: int
    fields: dict[str, int]
    holders: dict[str, int]
    failures: int


class Truth(Sides):
    """The SQLite file of a collection, or one in memory when `path` is None.

    With `read_only`, other processes may go on writing; each statement sees one snapshot.
    """

    _table = "vectors"

    def __init__(self, path: Path | None, *, read_only: bool = False) -> None:
        self.path = path
        self.read_only = read_only
        self._records, self._records_at = {}, -1
        if path is not None and path.exists() and (header := peek(path)) is not None:
            # Before SQLite opens it: a file that is not ours is left as it is, to the byte.
            self._check_header(header)
        with sqlite_errors(path):
            self._db = connect(path, read_only)
            try:
                self._check_format(read_only)
            except BaseException:
                self._db.close()
                raise

    def _check_header(self, header: Peek) -> None:
        ours = header.application == _APPLICATION
        if not header.sqlite and ours:
            raise DataDamaged(f"{self.path}: its first bytes are damaged; restore a backup")
        if not header.sqlite or (not ours and (header.tables or header.application)):
            raise NotACollection(f"{self.path}: a file of another program; it was left untouched")
        if header.version > FORMAT:
            raise FormatTooNew(
                f"{self.path}: written in format {header.version}; this cospace reads up to"
                f" {FORMAT}. Upgrade; {UPGRADE}"
            )

    def _check_format(self, read_only: bool) -> None:
        """As the header, with what the journal still holds; an empty file becomes a collection."""
        application = self._value("PRAGMA application_id")
        version = self._value("PRAGMA user_version")
        tables = self._value("SELECT count(*) FROM sqlite_master") > 0
        if application or version or tables:
            self._check_header(Peek(True, application, version, tables))
        elif read_only:
            raise CollectionNotFound(f"{self.path}: no collection has been made here yet")
        else:
            with self._db:
                self._db.execute(f"PRAGMA application_id={_APPLICATION}")
                self._db.execute(f"PRAGMA user_version={_PLAIN}")
                self._db.execute(_TABLES)
                self._set("seq", 0)

    # --- what is recorded about the collection ---

    @property
    def seq(self) -> int:
        """The number of the last commit that changed items."""
        return int(self._about("seq") or 0)

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """A block whose every statement sees the same commits, whatever others write meanwhile."""
        with sqlite_errors(self.path), self._db:
            yield

    def sample(self, count: int) -> list[str]:
        """About so many texts, from all over the collection."""
        with sqlite_errors(self.path):
            step = max(1, (self._value("SELECT max(n) FROM items") or 0) // count)
            sql = "SELECT text FROM items WHERE n % ? = 0 AND text IS NOT NULL LIMIT ?"
            return [text for (text,) in self._all(sql, (step, count))]

    def vectors_from_all_over(self, count: int) -> dict[str, NDArray[np.float32]]:
        """About so many vectors of each field, evenly spaced: float32 [n, dim] each."""
        found = {}
        with sqlite_errors(self.path):
            for field, rows in self._all(_FIELDS.format(self._table), ()):
                keys = [
                    n for (n,) in self._all(_EACH.format(self._table), (field, -(-rows // count)))
                ]
                picked = self._vectors(keys)
                found[field] = np.stack([picked[n][field] for n in keys])
        return found

    # --- writing ---

    def write(self, rows: Sequence[Row], *, replace: bool, failures: Sequence[Failure]) -> int:
        """The number of rows that replaced older ones; durable on return, all or none."""
        known = self._known(rows, replace)
        with sqlite_errors(self.path), self._db:
            seq = self._next_seq()
            if known:
                keys = [(n,) for n in known.values()]
                self._db.executemany("DELETE FROM vectors WHERE n=?", keys)
                self._db.executemany("DELETE FROM items WHERE n=?", keys)
            next_n = (self._value("SELECT seq FROM sqlite_sequence WHERE name='items'") or 0) + 1
            items, vectors = [], []
            for row in rows:
                n = known.get(row.id)
                if n is None:
                    n, next_n = next_n, next_n + 1
                items.append(pack(n, seq, row))
                vectors += packed(n, row)
            self._note_several({field for _, field, *_ in vectors})
            self._db.executemany(INSERT, items)
            self._db.executemany(_PUT_VECTOR, vectors)
            self._db.executemany("DELETE FROM failures WHERE name=?", [(r.id,) for r in rows])
            self._db.executemany("INSERT OR REPLACE INTO failures VALUES (?,?)", failures)
        self._bound_log()
        return len(known)

    def _known(self, rows: Sequence[Row], replace: bool) -> dict[str, int]:
        """The keys of the rows that are stored already, by id; raises `DuplicateId`."""
        seen: set[str] = set()
        twice = [row.id for row in rows if row.id in seen or seen.add(row.id)]  # type: ignore[func-returns-value]
        if twice:
            raise DuplicateId(f"the same id twice in one batch: {_list(twice)}", ids=twice)
        known = {id: n for n, id in self._by_ids("n, id", [row.id for row in rows])}
        if known and not replace:
            ids = list(known)
            raise DuplicateId(
                f"already stored: {_list(ids)}; use upsert to replace, or another id", ids=ids
            )
        return known

    def delete(self, ids: Sequence[str]) -> int:
        """How many of the ids were there; gone for good on return."""
        with sqlite_errors(self.path), self._db:
            keys = [(n,) for (n,) in self._by_ids("n", list(dict.fromkeys(ids)))]
            if keys:
                seq = self._next_seq()
                self._db.executemany("DELETE FROM vectors WHERE n=?", keys)
                self._db.executemany("DELETE FROM items WHERE n=?", keys)
                self._forget_beside([n for (n,) in keys])
                self._db.executemany(
                    "INSERT OR REPLACE INTO deleted VALUES (?,?)", [(n, seq) for (n,) in keys]
                )
            if keys and self._value("SELECT 1 FROM items LIMIT 1") is None:
                # Nothing holds the types of the fields any more: the next items teach them anew.
                self._set("schema", "[]")
        self._bound_log()
        return len(keys)

    def _bound_log(self) -> None:
        if self.path is not None:
            bound_log(self._db, self.path)

    # --- reading ---

    def get(self, ids: Sequence[str], *, vectors: bool) -> list[Row | None]:
        """The rows of the ids, in their order; None where there is none."""
        with sqlite_errors(self.path):
            found = list(self._by_ids(COLUMNS, list(dict.fromkeys(ids))))
            by_key = self._vectors([r[0] for r in found]) if vectors else {}
            rows = {row.id: row for r in found for row in [unpack(r, by_key.get(r[0]))]}
        return [rows.get(id) for id in ids]

    def rows(self, keys: Sequence[int]) -> dict[int, Row]:
        """The rows of the keys, by key, without vectors; keys that are gone are left out."""
        found: dict[int, Row] = {}
        with sqlite_errors(self.path):
            for part in chunks(keys):
                found.update(unpack_all(self._db.execute(rows_of(len(part)), part)))
        return found

    def key_of(self, id: str) -> int:
        """The key of an item. Raises `ItemNotFound`."""
        with sqlite_errors(self.path):
            found = self._all("SELECT n FROM items WHERE id=?", (id,))
        if not found:
            raise ItemNotFound(f"no item {id!r} is stored", id=id)
        return int(found[0][0])

    def vectors_of(self, keys: Sequence[int]) -> dict[int, dict[str, NDArray[np.float32]]]:
        """The vectors of the keys, by key and field; keys that are gone are left out."""
        with sqlite_errors(self.path):
            return self._vectors(keys)

    def scan(self, *, vectors: bool, after: int = 0) -> Iterator[Change]:
        """Rows behind the key `after`, by key: in pages, so that a slow reader holds no lock."""
        era = self.era
        while True:
            with self.snapshot():
                page, now = self.page(after, vectors=vectors), self.era
            if not page:
                return
            if vectors and now != era:
                raise switched(self.path)
            yield from page
            after = page[-1].key

    def changes(self, since: int, *, vectors: bool = True) -> Iterator[Change]:
        """Rows that commits after `since` wrote, in the order of commits."""
        seq, after = since, 1 << 62
        while page := self.changed(seq, after, vectors=vectors):
            yield from (change for change, _ in page)
            seq, after = page[-1][1], page[-1][0].key

    def changed(self, seq: int, after: int, *, vectors: bool) -> list[tuple[Change, int]]:
        """The next rows behind the key `after` of commit `seq`, each with its commit, by commit."""
        sql = f"SELECT {COLUMNS}, seq FROM items WHERE (seq, n) > (?, ?) ORDER BY seq, n LIMIT ?"
        with sqlite_errors(self.path):
            page = self._all(sql, (seq, after, _PAGE))
            by_key = self._vectors([r[0] for r in page]) if vectors else {}
        return [(Change(r[0], unpack(tuple(r[:-1]), by_key.get(r[0]))), r[-1]) for r in page]

    def page(self, after: int, *, vectors: bool) -> list[Change]:
        """The next rows behind the key `after`, by key; none behind the last one."""
        sql = f"SELECT {COLUMNS} FROM items WHERE n > ? ORDER BY n LIMIT ?"
        with sqlite_errors(self.path):
            page = self._all(sql, (after, _PAGE))
            by_key = self._vectors([r[0] for r in page]) if vectors else {}
        return [Change(r[0], unpack(r, by_key.get(r[0]))) for r in page]

    def deleted_since(self, seq: int) -> list[int]:
        """Keys that were deleted after commit `seq`."""
        with sqlite_errors(self.path):
            return [n for (n,) in self._all("SELECT n FROM deleted WHERE seq > ?", (seq,))]

    def count_since(self, seq: int) -> int:
        """How many rows commits after `seq` wrote."""
        with sqlite_errors(self.path):
            return int(self._value(f"SELECT count(*) FROM items WHERE seq > {int(seq)}"))

    def holds(self, kind: str, until: int) -> bool:
        """Whether a row of a commit up to `until` has a vector of that kind."""
        with sqlite_errors(self.path):
            [[found]] = self._db.execute(_HOLDS, (until, kind, f"{kind} *")).fetchall()
        return bool(found)

    def hashes(self, ids: Sequence[str]) -> dict[str, bytes]:
        """The content hashes of those ids that are stored."""
        with sqlite_errors(self.path):
            return dict(self._by_ids("id, hash", list(ids)))

    def counts(self) -> tuple[int, dict[str, int], int]:
        """(items, vectors by field, failures)."""
        found = self.counted()
        return found.items, found.fields, found.failures

    def counted(self) -> Counted:
        """As `counts`, and how many items have a vector of each field."""
        with sqlite_errors(self.path):
            items = self._value("SELECT count(*) FROM items")
            fields: Counter[str] = Counter()
            holders: dict[str, int] = {}
            for name, count in self._all(_FIELDS.format(self._table), ()):
                fields[kind_of(name)] += count
                if kind_of(name) == name:
                    holders[name] = count
            failures = self._value("SELECT count(*) FROM failures")
        return Counted(items, dict(fields), holders, failures)

    # --- upkeep ---

    def verify(self) -> list[str]:
        """Every fault in the file, named: SQLite's own check, then each row's checksum."""
        return faults(self._db, self.path)

    def backup(self, target: Path) -> None:
        """A consistent copy in `target`, taken while others may write."""
        with sqlite_errors(target):
            copy = apsw.Connection(str(target))
            try:
                with copy.backup("main", self._db, "main") as running:
                    while not running.done:
                        running.step(2000)
            finally:
                copy.close()

    def compact(self) -> None:
        """Give the space of deleted rows back to the disk."""
        with sqlite_errors(self.path):
            with self._db:
                self._db.execute("DELETE FROM deleted")
                self._set("compacted", self.seq)
            self._db.execute("VACUUM")
            self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def close(self) -> None:
        """Close the file; the journal is folded in."""
        self._db.close()

    # --- small pieces ---

    def _all(self, sql: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
        return self._db.execute(sql, values).fetchall()

    def _value(self, sql: str) -> Any:
        row = self._db.execute(sql).fetchone()
        return None if row is None else row[0]

    def _next_seq(self) -> int:
        """The number of the commit that is under way."""
        seq = self.seq + 1
        self._set("seq", seq)
        return seq

    def _by_ids(self, columns: str, ids: Sequence[str]) -> Iterator[tuple[Any, ...]]:
        for part in chunks(ids):
            marks = ",".join("?" * len(part))
            yield from self._db.execute(f"SELECT {columns} FROM items WHERE id IN ({marks})", part)

    def _vectors(self, keys: Sequence[int]) -> dict[int, dict[str, NDArray[np.float32]]]:
        by_key: dict[int, dict[str, NDArray[np.float32]]] = {}
        for part in chunks(keys):
            marks = ",".join("?" * len(part))
            sql = f"SELECT n, field, crc, vector FROM {self._table} WHERE n IN ({marks})"
            for n, field, crc, blob in self._db.execute(sql, part):
                if zlib.crc32(blob) != crc:
                    raise self._damaged_vector(n, field)
                by_key.setdefault(n, {})[field] = np.frombuffer(blob, dtype="<f4")
        return by_key

    def _damaged_vector(self, n: int, field: str) -> DataDamaged:
        id = self._value(f"SELECT id FROM items WHERE n={n}")
        return DataDamaged(
            f"item {id!r} (key {n}): its {field} vector fails its checksum; run: cospace verify",
            ids=[id],
        )


def _list(ids: Sequence[str]) -> str:
    shown = ", ".join(repr(id) for id in ids[:5])
    return shown if len(ids) <= 5 else f"{shown} and {len(ids) - 5} more"
