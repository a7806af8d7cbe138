"""Searches as SQL: all that a search wants to know at once, in two messages."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from cospace.store.language import ENGLISH
from cospace.store.postgres.blocks import signed
from cospace.store.postgres.filters import condition
from cospace.store.postgres.link import Asked, Link
from cospace.store.protocol import Found, Lexical, Nearest, Request
from cospace.store.where import Node
from cospace.store.words import Asked as Terms
from cospace.store.words import asked

__all__ = ["EXACT_BELOW", "STANDING", "Standing", "count_of", "find"]

# Up to so many rows are compared with every one.
EXACT_BELOW = 20_000
# And of more rows those that pass a filter, up to so many: past it the index is faster.
_FEW = 5_000


class Standing(NamedTuple):
    """What a search must know of the collection, as of one commit."""

    seq: int
    rows: int  # items
    worded: int  # items with words
    records: Mapping[str, str]  # those of `about` that searches and filters go by

    @classmethod
    def of(cls, record: Sequence[Any]) -> Standing:
        """From the row of STANDING."""
        seq, rows, worded, records = record
        return cls(seq, rows, worded, json.loads(records or "{}"))

    def _json(self, key: str) -> Any:
        return json.loads(self.records.get(key, "null"))

    @property
    def several(self) -> frozenset[str]:
        """The fields in which rows have several vectors."""
        return frozenset(self._json("several") or ())

    @property
    def indexed(self) -> frozenset[str]:
        """The fields whose index a search goes through."""
        return frozenset((self._json("indexed") or ()) if self.rows > EXACT_BELOW else ())

    @property
    def language(self) -> str:
        """That of the words."""
        return str((self._json("language") or [ENGLISH])[0])

    def serves(self, other: Standing, lexical: bool) -> bool:
        """Whether what was asked for by the other is an answer still."""
        if lexical:
            return self.seq == other.seq and self.records == other.records
        return (self.several, self.indexed) == (other.several, other.indexed)


# Of the space, which takes kilobytes, only whether it is another one.
_RECORDS = """SELECT
    json_object_agg(key, CASE key WHEN 'space' THEN md5(value) ELSE value END)::text
    FROM about WHERE key IN ('space', 'several', 'indexed', 'language')"""
STANDING: Asked = f"SELECT seq, items, worded, ({_RECORDS}) FROM state", ()


class _Counts:
    """How many rows hold each word, as far as it was asked: see `words.Held`."""

    def __init__(self, rows: int, known: dict[int, int]) -> None:
        self.rows = rows
        self.known = known
        self.missing: set[int] = set()

    def of(self, term: int) -> int:
        """How many rows hold it; 0 while that is not known yet."""
        if term not in self.known:
            self.missing.add(term)
        return self.known.get(term, 0)


_HELD = "SELECT word, count(*) FROM words WHERE word = ANY (%s) GROUP BY word"


def find(
    link: Link, requests: Sequence[Request], before: Standing | None
) -> tuple[list[Found], Standing]:
    """What each request finds, in their order, all of one commit; and what stood there then.

    `before` is what stood there before, as far as it is known: where it has not changed, vectors
    are searched in one message, and words in two.
    """
    lexical = [one for one in requests if isinstance(one, Lexical)]
    for _ in range(2):
        found, now, same = _once(link, requests, lexical, before)
        if same:
            return found, now
        before = now
    with link.reading():
        now = Standing.of(link.ask(*STANDING)[0])
        found, now, _ = _once(link, requests, lexical, now)
    return found, now


def _once(
    link: Link, requests: Sequence[Request], lexical: Sequence[Lexical], now: Standing | None
) -> tuple[list[Found], Standing, bool]:
    """What `find` gives, and whether it holds."""
    known: dict[int, int] = {}
    if lexical or now is None:
        [now], known = _held(link, lexical, now)
    posed: list[list[Asked]] = []
    terms: dict[int, Terms] = {}
    for place, one in enumerate(requests):
        if isinstance(one, Nearest):
            posed.append([_nearest(one, now)])
        else:
            terms[place] = _terms(one, _Counts(now.worded, known), now)
            posed.append(_lexical(one, terms[place]))
    [last], *given = link.ask_all([STANDING, *(asked for each in posed for asked in each)])
    then = Standing.of(last)
    if not then.serves(now, bool(lexical)):
        return [], then, False
    answers = iter(given)
    found = []
    for place, one in enumerate(requests):
        rows = [next(answers) for _ in posed[place]]
        if isinstance(one, Lexical):
            found.append(_worded(rows, terms[place]))
        else:
            found.append(_among_all(link, one, rows[0], then))
    return found, then, True


def _held(
    link: Link, requests: Sequence[Lexical], now: Standing | None
) -> tuple[list[Standing], dict[int, int]]:
    """What stands there, and how many rows hold each word that is asked for, of one commit."""
    known: dict[int, int] = {}
    while True:
        counts = _Counts(now.worded if now else 0, known)
        for one in requests:
            _terms(one, counts, now)
        if now is not None and not counts.missing:
            return [now], known
        missing = list(counts.missing)
        [state], rows = link.ask_all([STANDING, (_HELD, [list(map(signed, missing))])])
        then = Standing.of(state)
        if now is None or not then.serves(now, True):
            known = {}
        now = then
        known |= dict.fromkeys(missing, 0)
        known |= {word + 2**31: count for word, count in rows}


def _terms(one: Lexical, counts: _Counts, now: Standing | None) -> Terms:
    return asked(one.text, counts, one.unknown, now.language if now else ENGLISH, one.meant)


# --- vectors ---

# The cosine: vectors are of length 1.
_SCORE = "-(vector OPERATOR(pgvector.<#>) %s)"


def _nearest(one: Nearest, now: Standing) -> Asked:
    """The first question of a request: exact, but for many rows with an index."""
    if one.among is None and one.field in now.indexed and now.rows > EXACT_BELOW:
        if one.where is None:
            return _indexed(one)
        return _passing(one, now)
    return _exact(one, now)


def _exact(one: Nearest, now: Standing) -> Asked:
    """Compare with every row that may be found. An index does not serve this form."""
    where, values = _allowed(one.where, one.among)
    score = _SCORE
    if one.field in now.several:
        score, where = f"max({score})", f"{where} GROUP BY n"
    text = (
        f"SELECT n, {score} AS score FROM vectors WHERE field = %s{where}"
        " ORDER BY score DESC, n LIMIT %s"
    )
    return text, [one.vector, one.field, *values, one.k]


def _passing(one: Nearest, now: Standing) -> Asked:
    """Compare with every row that passes the filter, unless that are too many: then no row."""
    assert one.where is not None
    where, values = condition(one.where)
    score = (
        "max(-(vector OPERATOR(pgvector.<#>) %s))"
        if one.field in now.several
        else "-(vector OPERATOR(pgvector.<#>) %s)"
    )
    group = "GROUP BY n" if one.field in now.several else ""
    text = (
        f"WITH passing AS MATERIALIZED (SELECT n FROM items WHERE {where} LIMIT {_FEW + 1}),"
        " many AS MATERIALIZED (SELECT count(*) AS rows FROM passing)"
        f" (SELECT n, {score} AS score FROM vectors WHERE field = %s"
        f" AND (SELECT rows FROM many) <= {_FEW} AND n IN (SELECT n FROM passing) {group}"
        " ORDER BY score DESC, n LIMIT %s)"
        f" UNION ALL SELECT NULL, NULL FROM many WHERE rows > {_FEW}"
    )
    return text, [*values, one.vector, one.field, one.k]


def _indexed(one: Nearest) -> Asked:
    """What the index gives: some more than are wanted, scored with the full vectors."""
    half = f"pgvector.halfvec({len(one.vector)})"
    where, values = _allowed(one.where, None)
    text = (
        f"SELECT n, {_SCORE} AS score FROM"
        f" (SELECT n, vector FROM vectors WHERE field = %s{where}"
        f" ORDER BY vector::{half} OPERATOR(pgvector.<#>) %s::{half} LIMIT %s) AS near"
        " ORDER BY score DESC, n"
    )
    return text, [one.vector, one.field, *values, one.vector, 2 * one.k + 10]


def _among_all(link: Link, one: Nearest, rows: list[tuple[Any, ...]], now: Standing) -> Found:
    """The answer; asked again where the index gave too few, or the filter lets many pass."""
    if rows and rows[-1][0] is None:
        rows = link.ask(*_indexed(one))
    elif one.where is not None or one.among is not None or one.field not in now.indexed:
        return _found(rows)
    best = dict(reversed(rows))  # of each row its nearest vector
    if now.rows > EXACT_BELOW and len(best) < one.k:
        return _found(link.ask(*_exact(one, now)))
    return _found(sorted(best.items(), key=lambda pair: (-pair[1], pair[0]))[: one.k])


def _found(rows: Sequence[tuple[Any, ...]]) -> Found:
    scores = [min(1.0, max(-1.0, score)) for _, score in rows]  # rounding
    return Found([n for n, _ in rows], scores)


# --- words ---


def _lexical(one: Lexical, terms: Terms) -> list[Asked]:
    """The best rows, and with a name in the request the rows that hold it."""
    if not terms.weights:
        return []
    where, values = _allowed(one.where, one.among)
    posed = [_sums("words.weight * wanted.weight", terms.weights, (where, values), one.k)]
    if terms.names and one.among is None:
        posed.append(_sums("wanted.weight", terms.names, (where, values), None))
    return posed


def _sums(what: str, weights: Mapping[int, float], allowed: Asked, k: int | None) -> Asked:
    """Rows by what their words count. As float4: the order of a sum changes the last digits."""
    where, values = allowed
    text = (
        f"SELECT n, sum({what})::real AS score"
        " FROM unnest(%s::int[], %s::float8[]) AS wanted (word, weight) JOIN words USING (word)"
        f" WHERE true{where} GROUP BY n ORDER BY score DESC, n LIMIT %s"
    )
    return text, [list(map(signed, weights)), list(weights.values()), *values, k]


def _worded(rows: Sequence[list[tuple[Any, ...]]], terms: Terms) -> Found:
    if not rows:
        return Found([], [])
    names = {n: score for part in rows[1:] for n, score in part}
    return Found([n for n, _ in rows[0]], [score for _, score in rows[0]], terms.spread, names)


# --- filters ---


def _allowed(where: Node | None, among: Sequence[int] | None) -> Asked:
    """More conditions on `n`."""
    text = ""
    values: list[Any] = []
    if where is not None:
        passing, values = condition(where)
        text = f" AND n IN (SELECT n FROM items WHERE {passing})"
    if among is not None:
        text += " AND n = ANY (%s)"
        values = [*values, list(among)]
    return text, values


def count_of(link: Link, where: Node | None) -> int:
    """How many rows pass."""
    if where is None:
        return int(link.ask("SELECT items FROM state")[0][0])
    text, values = condition(where)
    return int(link.ask(f"SELECT count(*) FROM items WHERE {text}", values)[0][0])
