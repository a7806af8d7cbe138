"""The part of the truth that puts a collection under another space: bound anew, or migrated."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cospace.errors import BadArgument, CollectionBusy, DataDamaged
from cospace.space import Space
from cospace.store import beside
from cospace.store.about import About
from cospace.store.beside import SETTINGS, TABLES, Beside, Made, Stale
from cospace.store.protocol import Row
from cospace.store.rebind import Earlier, earlier_vectors, keep, switch
from cospace.store.sqlite import sqlite_errors

__all__ = ["BESIDE_FORMAT", "PLAIN_INDEX", "Copied", "Sides", "packed", "switched"]

# A cospace that knows nothing of the second set would leave deleted items in it.
BESIDE_FORMAT = 2
PLAIN_INDEX = "cache"
_PAGE = 1000


class Copied(NamedTuple):
    """How far the second set has come: items that it has as they are, and all items."""

    items: int
    of: int


class Sides(About):
    """Vectors exchanged for others: of one kind (`rebind`), or all, by those of another model."""

    @property
    def seq(self) -> int:
        """The number of the last commit that changed items."""
        raise NotImplementedError

    def _next_seq(self) -> int:
        raise NotImplementedError

    def _bound_log(self) -> None:
        raise NotImplementedError

    def rows(self, keys: Sequence[int]) -> dict[int, Row]:
        """The rows of the keys, by key, without vectors."""
        raise NotImplementedError

    # --- one kind, bound anew ---

    def rebind(
        self,
        space: Space,
        vectors: Iterable[tuple[str, Mapping[str, NDArray[np.float32]]]],
        *,
        kind: str,
        back: bool = False,
    ) -> None:
        """Puts the collection under another space, with new vectors of `kind`; all or nothing.

        What the first such commit replaces is kept; with `back` it is no longer needed.
        Raises `DataDamaged` when an item of the new vectors is not there as it was, `BadArgument`
        while there is a second set of vectors.
        """
        with sqlite_errors(self.path), self._db:
            self._check_alone()
            if not back and self.earlier is None:
                assert self.space is not None
                keep(self._db, kind)
                self._set("earlier", Earlier(self.space, kind).to_json())
            gone = switch(self._db, vectors, self._next_seq())
            if gone:
                shown = ", ".join(map(repr, gone[:5])) + (" and more" if len(gone) > 5 else "")
                raise DataDamaged(
                    f"{shown} changed meanwhile, and nothing was switched; try again", ids=gone
                )
            self._set("space", json.dumps(space.to_json()))
            self._set("era", self.era + 1)
            if back:
                self._db.execute("DELETE FROM about WHERE key='earlier'")
                self._db.execute("DROP TABLE IF EXISTS earlier")
        self._bound_log()

    @property
    def earlier(self) -> Earlier | None:
        """What the collection was before a kind of its vectors was bound anew; None: it was not."""
        record = self._about("earlier")
        return None if record is None else Earlier.read(record)

    def earlier_vectors(self) -> Iterator[tuple[str, str, NDArray[np.float32]]]:
        """(id, field, vector) of what was kept of items that have not changed since."""
        with sqlite_errors(self.path):
            yield from earlier_vectors(self._db)

    # --- all, by another model ---

    @property
    def beside(self) -> Beside | None:
        """What is recorded of the second set of vectors; None where there is none."""
        record = self._about("beside")
        return None if record is None else Beside.read(record)

    @property
    def era(self) -> int:
        """How often the vectors were exchanged for others. What is asked is of one era."""
        return int(self._about("era") or 0)

    @property
    def index(self) -> str:
        """The name of the folder of the search index in use."""
        return self._about("index") or PLAIN_INDEX

    def _check_alone(self) -> None:
        if (there := self.beside) is not None:
            raise BadArgument(
                f"{self.path and self.path.parent.name}: it holds a second set of vectors, of"
                f" {there.space}; finish that first: cospace migrate FOLDER --switch, or --drop"
            )

    def begin_beside(self, space: Space, model: str, own: str = "") -> None:
        """An empty second set of vectors, of `space`: see `Beside`. Raises `BadArgument`."""
        with sqlite_errors(self.path), self._db:
            self._check_alone()
            number = int(self._about("indexes") or 0) + 1
            made = Beside(space, model, f"{PLAIN_INDEX}-{number}", own=own)
            self._db.execute(TABLES)
            self._db.execute(f"PRAGMA user_version={BESIDE_FORMAT}")
            self._set("indexes", number)
            self._set("beside", made.to_json())

    def stale(self, after: tuple[int, int], until: int) -> list[Stale]:
        """The next items, behind (commit, key) and up to commit `until`, to be encoded."""
        with sqlite_errors(self.path):
            found = beside.stale(self._db, after, until, _PAGE)
            keys = [n for n, *_ in found]
            rows = self.rows(keys)
            marks = ",".join("?" * len(keys))
            fields: dict[int, set[str]] = {}
            for n, name in self._db.execute(
                f"SELECT n, field FROM vectors WHERE n IN ({marks})", keys
            ):
                fields.setdefault(n, set()).add(name)
        return [
            Stale(n, seq, rows[n], frozenset(fields.get(n, ())), b"" if reason else hash_ or b"")
            for n, seq, hash_, reason in found
        ]

    def beside_vectors(self, key: int) -> dict[str, NDArray[np.float32]]:
        """The vectors that the second set has of an item, by field. Raises `DataDamaged`."""
        found = {}
        sql = "SELECT field, crc, vector FROM beside WHERE n=?"
        with sqlite_errors(self.path):
            for field, crc, blob in self._db.execute(sql, (key,)):
                if zlib.crc32(blob) != crc:
                    raise DataDamaged(
                        f"an item (key {key}): its {field} vector of the other model fails its"
                        " checksum; run: cospace verify"
                    )
                found[str(field)] = np.frombuffer(blob, dtype="<f4")
        return found

    def put_beside(self, made: Sequence[Made]) -> int:
        """How many items were encoded and written; those that changed meanwhile are left out."""
        vectors = [one for item in made if not item.kept for one in packed(item.key, item.row)]
        with sqlite_errors(self.path), self._db:
            written = beside.put(self._db, made, self._next_seq(), vectors)
            self._note_several({field for _, field, *_ in vectors})
        self._bound_log()
        return written

    def cover(self, seq: int) -> None:
        """Record that all items up to commit `seq` have been looked at."""
        with sqlite_errors(self.path), self._db:
            if (there := self.beside) is not None:
                self._set("beside", there._replace(covered=seq).to_json())

    def retry_beside(self, ids: Sequence[str]) -> None:
        """These items are to be encoded by the other model again."""
        if not ids:
            return
        sql = "UPDATE beside_items SET at = -1 WHERE n = (SELECT n FROM items WHERE id = ?)"
        with sqlite_errors(self.path), self._db:
            self._db.executemany(sql, [(id,) for id in ids])
            self.cover(0)

    def copied(self) -> Copied:
        """How far the second set has come."""
        sql = "SELECT count(*) FROM beside_items b JOIN items i ON i.n = b.n AND i.seq = b.at"
        with sqlite_errors(self.path):
            [(items,)] = self._db.execute(sql)
            [(of,)] = self._db.execute("SELECT count(*) FROM items")
        return Copied(items, of)

    def beside_reasons(self, at_most: int) -> tuple[int, list[tuple[str, str]]]:
        """How many items the other model could not encode whole, and (id, reason) of some."""
        where = "FROM beside_items b JOIN items i ON i.n = b.n WHERE b.reason <> ''"
        with sqlite_errors(self.path):
            [(count,)] = self._db.execute(f"SELECT count(*) {where}")
            sql = f"SELECT i.id, b.reason {where} ORDER BY i.n LIMIT ?"
            return int(count), [
                (str(id), str(why)) for id, why in self._db.execute(sql, (at_most,))
            ]

    def exchange(self) -> bool:
        """Exchange the two sets of vectors and all that belongs to them, in one commit.

        False, and nothing is done, while an item is not as it was encoded.
        """
        with sqlite_errors(self.path), self._db:
            there = self.beside
            if there is None or beside.stale(self._db, (there.covered, 0), self.seq, 1):
                return False
            seq = self._next_seq()
            beside.switch(self._db)
            was = {name: text for name in SETTINGS if (text := self._about(name)) is not None}
            assert self.space is not None
            old = (self.space, there.own, self.index, not there.switched, seq)
            # An engine elsewhere, if there is one, begins anew: the rows keep their commits.
            for name in (*SETTINGS, "follower"):
                self._db.execute("DELETE FROM about WHERE key=?", (name,))
            for name, text in there.settings.items():
                self._set(name, text)
            self._set("space", json.dumps(there.space.to_json()))
            self._set("index", there.folder)
            self._set("era", self.era + 1)
            self._set("beside", Beside(*old, was, there.model).to_json())
        self._bound_log()
        return True

    def drop_beside(self) -> Beside | None:
        """What the second set was; it is gone on return."""
        with sqlite_errors(self.path), self._db:
            there = self.beside
            if there is not None:
                self._db.execute("DROP TABLE beside")
                self._db.execute("DROP TABLE beside_items")
                if "earlier" in there.settings:
                    self._db.execute("DROP TABLE IF EXISTS earlier")
                self._db.execute(
                    "DELETE FROM about WHERE key IN ('beside', ?)", (f"{there.folder}",)
                )
                if self.index == PLAIN_INDEX:
                    self._db.execute("PRAGMA user_version=1")
        self._bound_log()
        return there

    def _forget_beside(self, keys: Sequence[int]) -> None:
        """Within the commit that deletes the items of these keys."""
        if self._about("beside") is not None:
            beside.forget(self._db, keys)


def switched(where: object) -> CollectionBusy:
    """What is raised where vectors of two models would be given out as one answer."""
    return CollectionBusy(
        f"{where}: it was switched to another model while its vectors were read; read them again"
    )


def packed(n: int, row: Row) -> list[tuple[int, str, int, bytes]]:
    """The records of a row's vectors: key, field, checksum, little-endian float32."""
    blobs = ((f, np.asarray(v, dtype="<f4").tobytes()) for f, v in row.vectors.items())
    return [(n, field, zlib.crc32(blob), blob) for field, blob in blobs]
