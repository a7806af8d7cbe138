"""The truth in PostgreSQL: items, vectors and words. A commit is the acknowledgement.

Many processes may write: each locks the row of `state` first, so commits have an order, and a
number that is seen is never followed by a smaller one.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cospace.errors import DuplicateId, FormatTooNew, ItemNotFound
from cospace.item import kind_of
from cospace.need import UPGRADE
from cospace.store.about import Language
from cospace.store.language import AUTO, ENGLISH, recognised
from cospace.store.postgres import blocks
from cospace.store.postgres.filters import fields_of, plain, written
from cospace.store.postgres.link import Link
from cospace.store.postgres.link import Row as Record
from cospace.store.postgres.records import LOCK, Records, State, digest
from cospace.store.postgres.tables import begin, place_for, table_of
from cospace.store.protocol import Failure, Row
from cospace.store.truth import Change, Counted
from cospace.store.words import VERSION, document

__all__ = ["PostgresTruth"]

_COLUMNS = "n, id, hash, text, metadata, media, reason"
_COPIED = "n, seq, id, hash, text, metadata, media, reason, fields, words"
_PAGE = 2000  # rows read at a time
# Vectors that go into an index by one statement: each may take 10 ms, and a statement has its time.
_AT_ONCE = 100
_TEXTS = 200  # a language is recognised from


class PostgresTruth(Records):
    """The tables of a collection, reached by `link`. Raises as `tables.begin` does."""

    era = 0  # its vectors are never exchanged for another model's

    def __init__(self, link: Link, *, create: bool) -> None:
        self.link = link
        begin(link, create=create)
        self._spoken: Language | None = None
        self._places: set[str] = set()
        self._taught: str | None = None

    @property
    def seq(self) -> int:
        """The number of the last commit that changed items."""
        return int(self.link.ask("SELECT seq FROM state")[0][0])

    def snapshot(self) -> AbstractContextManager[None]:
        """A block whose every statement sees the same commits."""
        return self.link.reading()

    # --- writing ---

    def write(self, rows: Sequence[Row], *, replace: bool, failures: Sequence[Failure]) -> int:
        """The number of rows that replaced older ones; durable on return, all or none."""
        _check_once(rows)
        packed = [_packed(row) for row in rows]
        language = self._spoken
        held = [_words(row, language) for row in rows] if language else []
        with self.link.writing():
            state = State(*self.link.ask(LOCK)[0])
            known = self._known(rows, replace)
            self._forget(list(known.values()), state)
            keys = [known.get(row.id) or self._next(state) for row in rows]
            self._teach(rows)
            state.seq += 1
            state.items += len(rows)
            now = self._language(state, rows)
            if now != language or not held:
                held = [_words(row, now) for row in rows]
            self._put(keys, rows, packed, held, state)
            if rows:
                names = [digest(row.id) for row in rows]
                self.link.do("DELETE FROM failures WHERE key = ANY (%s)", [names])
            self._fail(failures)
            self._keep(state)
        self._spoken = now
        self._places.update(kind_of(name) for row in rows for name in row.vectors)
        return len(known)

    def _teach(self, rows: Sequence[Row]) -> None:
        """Record the fields that these rows have and the schema lacks: others may have emptied it.

        Within `writing`. Raises `BadItem` where others have given a field another type.
        """
        recorded = self._about("schema")
        if recorded == self._taught:
            return
        schema, known = self.schema, len(self.schema.fields)
        for row in rows:
            schema.add(schema.learn(row.metadata, row.id))
        if len(schema.fields) > known:
            self._set("schema", schema.to_json())

    def _put(
        self,
        keys: Sequence[int],
        rows: Sequence[Row],
        packed: Sequence[tuple[Any, ...]],
        held: Sequence[Mapping[int, float]],
        state: State,
    ) -> None:
        records = (
            (key, state.seq, *columns, blocks.int_array(list(words)))
            for key, columns, words in zip(keys, packed, held, strict=True)
        )
        self.link.copy(f"COPY items ({_COPIED}) FROM STDIN (FORMAT binary)", blocks.items(records))
        by_field: dict[str, list[tuple[tuple[int, int], NDArray[np.float32]]]] = {}
        for key, row in zip(keys, rows, strict=True):
            for name, vector in row.vectors.items():
                field, _, number = name.partition(" ")
                place = key, int(number or 1) - 1
                by_field.setdefault(field, []).append((place, vector))
        self._note_several({name for row in rows for name in row.vectors})
        indexed = self._json("indexed") or ()
        for field, pairs in by_field.items():
            if field not in self._places:
                place_for(self.link, field, len(pairs[0][1]))
            size = _AT_ONCE if field in indexed else len(pairs)
            for start in range(0, len(pairs), size):
                part = pairs[start : start + size]
                self.link.copy(
                    f"COPY {table_of(field)} (n, i, field, vector) FROM STDIN (FORMAT binary)",
                    blocks.vectors(field, [place for place, _ in part], [one for _, one in part]),
                )
        self._index_words(list(zip(keys, held, strict=True)))
        state.worded += sum(map(bool, held))

    def _index_words(self, held: Sequence[tuple[int, Mapping[int, float]]]) -> None:
        self.link.copy(
            "COPY words (n, word, weight) FROM STDIN (FORMAT binary)", blocks.words(held)
        )

    def _known(self, rows: Sequence[Row], replace: bool) -> dict[str, int]:
        """The keys of the rows that are stored already, by id; raises `DuplicateId`."""
        ids = [written(row.id) for row in rows]
        found = self.link.ask("SELECT id, n FROM items WHERE id = ANY (%s)", [ids])
        known = {plain(id): n for id, n in found}
        if known and not replace:
            raise DuplicateId(
                f"already stored: {_list(list(known))}; use upsert to replace, or another id",
                ids=list(known),
            )
        return known

    @staticmethod
    def _next(state: State) -> int:
        state.next += 1
        return state.next - 1

    def _forget(self, keys: Sequence[int], state: State) -> None:
        """Take items out, with their vectors and words."""
        if not keys:
            return
        self.link.do(
            "DELETE FROM words USING (SELECT n, unnest(words) AS word FROM items WHERE n = ANY"
            " (%s)) AS old WHERE words.word = old.word AND words.n = old.n",
            [keys],
        )
        self.link.do("DELETE FROM vectors WHERE n = ANY (%s)", [keys])
        text = "SELECT count(*) FROM items WHERE n = ANY (%s) AND words <> '{}'"
        state.worded -= self.link.ask(text, [keys])[0][0]
        state.items -= self.link.do("DELETE FROM items WHERE n = ANY (%s)", [keys])

    def _fail(self, failures: Sequence[Failure]) -> None:
        for name, reason in dict(failures).items():
            self.link.do(
                "INSERT INTO failures VALUES (%s, %s, %s)"
                " ON CONFLICT (key) DO UPDATE SET reason = excluded.reason",
                [digest(name), written(name), written(reason)],
            )

    def _keep(self, state: State) -> None:
        self.link.do(
            "UPDATE state SET seq = %s, next = %s, items = %s, worded = %s",
            [state.seq, state.next, state.items, state.worded],
        )

    def delete(self, ids: Sequence[str]) -> int:
        """How many of the ids were there; gone for good on return."""
        given = list(dict.fromkeys(map(written, ids)))
        with self.link.writing():
            state = State(*self.link.ask(LOCK)[0])
            found = self.link.ask("SELECT n FROM items WHERE id = ANY (%s)", [given])
            keys = [n for (n,) in found]
            if not keys:
                return 0
            state.seq += 1
            self._forget(keys, state)
            text = "INSERT INTO deleted SELECT unnest(%s::bigint[]), %s"
            self.link.do(text, [keys, state.seq])
            if not state.items:
                # Nothing holds the types of the fields any more: the next items teach them anew.
                self._set("schema", [])
            self._keep(state)
        return len(keys)

    def compact(self) -> None:
        """Forget which keys were deleted."""
        with self.link.writing():
            state = State(*self.link.ask(LOCK)[0])
            self.link.do("DELETE FROM deleted")
            self._set("compacted", state.seq)

    # --- the language of the words ---

    def _language(self, state: State, rows: Sequence[Row]) -> Language:
        """The language as it was told, or as it is recognised from rows that are there and new.

        It is recognised again when there are ten times as many; then all words are made anew.
        Within `writing`.
        """
        known = self.language
        if known is not None and (known.told or state.items < 10 * max(1, known.rows)):
            return known
        texts = [*self.sample(_TEXTS), *(row.text for row in rows if row.text)]
        picked = texts[:: max(1, len(texts) // _TEXTS)]
        found = Language(recognised(picked), False, state.items)
        self._set("language", found)
        if known is not None and known.name != found.name:
            self._word_anew(found, state)
        return found

    def tell(self, language: str) -> None:
        """Record the language that was told, or that it is to be recognised from now on."""
        with self.link.writing(limited=False):
            state = State(*self.link.ask(LOCK)[0])
            known = self.language
            if language == AUTO:
                if known is None or not known.told:
                    return
                found = Language(recognised(self.sample(_TEXTS)), False, state.items)
            elif known is not None and known.name == language and known.told:
                return
            else:
                found = Language(language, True)
            self._set("language", found)
            if (known.name if known else ENGLISH) != found.name:
                self._word_anew(found, state)
            self._keep(state)

    def make_words(self) -> None:
        """Make all words anew, where an earlier cospace made them. Raises `FormatTooNew`."""
        made = int(self._about("words") or 0)
        if made > VERSION:
            raise FormatTooNew(f"{self.link.address}: its words are of a newer cospace. {UPGRADE}")
        if made < VERSION:
            with self.link.writing(limited=False):
                state = State(*self.link.ask(LOCK)[0])
                self._word_anew(self.language or Language(ENGLISH, False), state)
                self._set("words", VERSION)
                self._keep(state)

    def _word_anew(self, language: Language, state: State) -> None:
        self.link.do("DELETE FROM words")
        after, state.worded = 0, 0
        while page := self.page(after, vectors=False):
            held = [(key, _words(row, language)) for key, row in page]
            self._index_words(held)
            state.worded += sum(bool(words) for _, words in held)
            arrays = [f"{{{','.join(str(blocks.signed(w)) for w in words)}}}" for _, words in held]
            self.link.do(
                "UPDATE items SET words = made.words::int[] FROM unnest(%s::bigint[], %s::text[])"
                " AS made (n, words) WHERE items.n = made.n",
                [[key for key, _ in held], arrays],
            )
            after = page[-1].key

    def sample(self, count: int) -> list[str]:
        """About so many texts, from all over the collection."""
        text = (
            "SELECT text FROM items WHERE n %% greatest(1, (SELECT max(n) FROM items) / %s) = 0"
            " AND text IS NOT NULL LIMIT %s"
        )
        return [plain(one) for (one,) in self.link.ask(text, [count, count])]

    # --- reading ---

    def get(self, ids: Sequence[str], *, vectors: bool) -> list[Row | None]:
        """The rows of the ids, in their order; None where there is none."""
        given = list(dict.fromkeys(map(written, ids)))
        where = "id = ANY (%s)"
        rows = {change.row.id: change.row for change in self._rows(where, [given], vectors)}
        return [rows.get(id) for id in ids]

    def rows(self, keys: Sequence[int]) -> dict[int, Row]:
        """The rows of the keys, by key, without vectors; keys that are gone are left out."""
        if not keys:
            return {}
        text = f"SELECT {_COLUMNS} FROM items WHERE n = ANY (%s)"
        return {record[0]: _row(record) for record in self.link.ask(text, [list(keys)])}

    def page(self, after: int, *, vectors: bool) -> list[Change]:
        """The next rows behind the key `after`, by key; none behind the last one."""
        return self._rows("n > %s ORDER BY n LIMIT %s", [after, _PAGE], vectors)

    def _rows(self, where: str, values: Sequence[Any], vectors: bool) -> list[Change]:
        """Rows, and with `vectors` those of the same commit."""
        asked = [(f"SELECT {_COLUMNS} FROM items WHERE {where}", values)]
        if vectors:
            picked = f"SELECT n FROM items WHERE {where}"
            text = f"SELECT n, i, field, vector FROM vectors WHERE n IN ({picked}) ORDER BY n, i"
            asked.append((text, values))
        records, *found = self.link.ask_all(asked)
        by_key = _by_key(found[0]) if found else {}
        return [Change(record[0], _row(record, by_key.get(record[0]))) for record in records]

    def changed(self, seq: int, after: int, *, vectors: bool) -> list[tuple[Change, int]]:
        """The next rows behind the key `after` of commit `seq`, each with its commit, by commit."""
        where = "(seq, n) > (%s, %s) ORDER BY seq, n LIMIT %s"
        asked = [(f"SELECT {_COLUMNS}, seq FROM items WHERE {where}", [seq, after, _PAGE])]
        if vectors:
            picked = f"SELECT n FROM items WHERE {where}"
            text = f"SELECT n, i, field, vector FROM vectors WHERE n IN ({picked}) ORDER BY n, i"
            asked.append((text, [seq, after, _PAGE]))
        records, *found = self.link.ask_all(asked)
        by_key = _by_key(found[0]) if found else {}
        return [(Change(r[0], _row(r[:-1], by_key.get(r[0]))), r[-1]) for r in records]

    def key_of(self, id: str) -> int:
        """The key of an item. Raises `ItemNotFound`."""
        found = self.link.ask("SELECT n FROM items WHERE id = %s", [written(id)])
        if not found:
            raise ItemNotFound(f"no item {id!r} is stored", id=id)
        return int(found[0][0])

    def changes(self, since: int, *, vectors: bool = True) -> Iterator[Change]:
        """Rows that commits after `since` wrote, in the order of commits."""
        seq, after = since, 2**62
        while page := self.changed(seq, after, vectors=vectors):
            yield from (change for change, _ in page)
            seq, after = page[-1][1], page[-1][0].key

    def deleted_since(self, seq: int) -> list[int]:
        """Keys that were deleted after commit `seq`."""
        return [n for (n,) in self.link.ask("SELECT n FROM deleted WHERE seq > %s", [seq])]

    def hashes(self, ids: Sequence[str]) -> dict[str, bytes]:
        """The content hashes of those ids that are stored."""
        text = "SELECT id, hash FROM items WHERE id = ANY (%s)"
        found = self.link.ask(text, [list(map(written, ids))])
        return {plain(id): bytes(hash_) for id, hash_ in found}

    def vectors_from_all_over(self, count: int) -> dict[str, NDArray[np.float32]]:
        """About so many vectors of each field, evenly spaced: float32 [n, dim] each."""
        text = (
            "SELECT field, vector FROM (SELECT field, n, vector, row_number() OVER w AS place,"
            " count(*) OVER (PARTITION BY field) AS rows FROM vectors WHERE i = 0 WINDOW w AS"
            " (PARTITION BY field ORDER BY n)) AS placed"
            " WHERE place %% ((rows + %s - 1) / %s) = 0 ORDER BY field, n"
        )
        found: dict[str, list[NDArray[np.float32]]] = {}
        for field, vector in self.link.ask(text, [count, count]):
            found.setdefault(field, []).append(vector)
        return {field: np.stack(picked) for field, picked in found.items()}

    def counted(self) -> Counted:
        """How many items, vectors of each field, items that have one, and failures."""
        [[(items,)], fields, [(failures,)]] = self.link.ask_all(
            [
                ("SELECT items FROM state", []),
                (
                    "SELECT field, count(*), count(*) FILTER (WHERE i = 0) FROM vectors GROUP BY 1",
                    [],
                ),
                ("SELECT count(*) FROM failures", []),
            ]
        )
        vectors = Counter({kind_of(field): count for field, count, _ in fields})
        return Counted(items, dict(vectors), {field: n for field, _, n in fields}, failures)


def _check_once(rows: Sequence[Row]) -> None:
    twice = [id for id, count in Counter(row.id for row in rows).items() if count > 1]
    if twice:
        raise DuplicateId(f"the same id twice in one batch: {_list(twice)}", ids=twice)


def _words(row: Row, language: Language) -> dict[int, float]:
    return document(row.id, row.text, row.metadata, language.name)


def _packed(row: Row) -> tuple[Any, ...]:
    """The columns from `id` to `fields` for COPY."""
    text = None if row.text is None else written(row.text).encode()
    fields = b"\x01" + fields_of(row.metadata).encode()  # jsonb's version goes before it
    rest = (_json(row.metadata), _json(row.media), written(row.reason).encode())
    return (written(row.id).encode(), row.hash, text, *rest, fields)


def _row(record: Record, vectors: Mapping[str, NDArray[np.float32]] | None = None) -> Row:
    _, id, hash_, text, metadata, media, reason = record
    return Row(
        plain(id),
        None if text is None else plain(text),
        json.loads(metadata),
        json.loads(media),
        vectors or {},
        bytes(hash_),
        plain(reason),
    )


def _by_key(found: Sequence[Record]) -> dict[int, dict[str, NDArray[np.float32]]]:
    by_key: dict[int, dict[str, NDArray[np.float32]]] = {}
    for n, i, field, vector in found:
        by_key.setdefault(n, {})[field if not i else f"{field} {i + 1}"] = vector
    return by_key


def _json(record: Mapping[str, Any]) -> bytes:
    return json.dumps(record, ensure_ascii=False, separators=(",", ":")).encode()


def _list(ids: Sequence[str]) -> str:
    shown = ", ".join(repr(id) for id in ids[:5])
    return shown if len(ids) <= 5 else f"{shown} and {len(ids) - 5} more"
