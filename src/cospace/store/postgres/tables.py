"""The tables of a collection, made in a schema of its own, and told from what others made."""

from __future__ import annotations

import zlib

from psycopg import sql

from cospace.errors import CollectionNotFound, FormatTooNew, NotACollection, StorageError
from cospace.need import UPGRADE
from cospace.store.postgres.link import Link
from cospace.store.words import VERSION

__all__ = ["FORMAT", "INLINE", "begin", "place_for", "table_of", "take_away", "there"]

FORMAT = 1
# Up to so many dimensions a vector stands in its row, where comparing with all of them reads it
# three times as fast; a larger one does not fit in a page of 8 kB.
INLINE = 2000
_VECTOR = (0, 8)  # the first pgvector with iterative scans

# `state` has one row: whoever changes anything locks it first, so commits have an order. `seq` is
# the number of the last one, `next` the next key.
_TABLES = (
    """CREATE TABLE state (
        one boolean PRIMARY KEY CHECK (one), seq bigint NOT NULL, next bigint NOT NULL,
        items bigint NOT NULL, worded bigint NOT NULL)""",
    "INSERT INTO state VALUES (true, 0, 1, 0, 0)",
    "CREATE TABLE about (key text PRIMARY KEY, value text NOT NULL)",
    """CREATE TABLE items (
        n bigint PRIMARY KEY, seq bigint NOT NULL, id text COLLATE "C" NOT NULL UNIQUE,
        hash bytea NOT NULL, text text, metadata text NOT NULL, media text NOT NULL,
        reason text NOT NULL, fields jsonb NOT NULL, words int[] NOT NULL)""",
    "CREATE INDEX items_seq ON items (seq, n)",
    "CREATE INDEX items_fields ON items USING gin (fields jsonb_path_ops)",
    """CREATE TABLE vectors (
        n bigint NOT NULL, i smallint NOT NULL, field text NOT NULL,
        vector pgvector.vector NOT NULL, PRIMARY KEY (n, i, field)) PARTITION BY LIST (field)""",
    """CREATE TABLE words (
        n bigint NOT NULL, word int NOT NULL, weight real NOT NULL,
        PRIMARY KEY (word, n) INCLUDE (weight))""",
    "CREATE TABLE deleted (n bigint PRIMARY KEY, seq bigint NOT NULL)",
    "CREATE INDEX deleted_seq ON deleted (seq)",
    "CREATE TABLE failures (key bytea PRIMARY KEY, name text NOT NULL, reason text NOT NULL)",
    """CREATE TABLE judged (
        key bytea PRIMARY KEY, query text NOT NULL, id text NOT NULL, grade int NOT NULL)""",
)

_NAMES = ("state", "about", "items", "vectors", "words", "deleted", "failures", "judged")


def begin(link: Link, *, create: bool) -> None:
    """Make the collection where there is none and it may be made; check the one that is there.

    Raises `CollectionNotFound`, `NotACollection`, `FormatTooNew`, `StorageError`.
    """
    if _is_ours(link):
        return
    if not create:
        raise CollectionNotFound(
            f"{link.address}: no collection here; make one with: cospace index"
        )
    encoding = link.ask("SHOW server_encoding")[0][0]
    if encoding != "UTF8":
        raise StorageError(
            f"{link.address}: the database is in {encoding}; cospace needs one in UTF8"
        )
    _find_pgvector(link)
    name = link.address.name
    with link.writing():
        # Two that make it at once: the second waits, and finds it made.
        link.do("SELECT pg_advisory_xact_lock(%s)", [zlib.crc32(f"cospace {name}".encode())])
        if _is_ours(link):
            return
        if not link.ask("SELECT FROM pg_namespace WHERE nspname = %s", [name]):
            link.do(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(name)).as_string())
        for table in _TABLES:
            link.do(table)
        made = [str(FORMAT), str(VERSION)]
        link.do("INSERT INTO about VALUES ('format', %s), ('words', %s)", made)


def there(link: Link) -> tuple[bool, bool]:
    """Whether the schema is there, and whether it holds a collection. Raises as `begin`."""
    found = link.ask("SELECT FROM pg_namespace WHERE nspname = %s", [link.address.name])
    return bool(found), _is_ours(link)


def take_away(link: Link, *, schema: bool) -> None:
    """Remove the tables of a collection that holds nothing, and its schema if that is said."""
    with link.writing():
        if not _is_ours(link):
            return
        link.do("LOCK TABLE state IN ACCESS EXCLUSIVE MODE")  # others may write meanwhile
        if link.ask("SELECT FROM items LIMIT 1") or link.ask("SELECT FROM failures LIMIT 1"):
            return
        name = link.address.name
        tables = sql.SQL(", ").join(sql.Identifier(name, table) for table in _NAMES)
        link.do(sql.SQL("DROP TABLE {}").format(tables).as_string())
        if schema:
            link.do(sql.SQL("DROP SCHEMA {}").format(sql.Identifier(name)).as_string())


def _is_ours(link: Link) -> bool:
    """Whether the schema holds a collection; False where it is empty, or not there."""
    tables = {
        name
        for (name,) in link.ask(
            "SELECT relname::text FROM pg_class c JOIN pg_namespace s ON s.oid = relnamespace"
            " WHERE nspname = %s AND relkind IN ('r', 'p', 'v', 'm', 'f')",
            [link.address.name],
        )
    }
    if not tables:
        return False
    known = {"about", "state", "items", "vectors", "words"} <= tables
    found = link.ask("SELECT value FROM about WHERE key = 'format'") if known else []
    if not found:
        raise NotACollection(
            f"{link.address}: the schema {link.address.name!r} holds tables of something else; it"
            " was left untouched. Choose another name"
        )
    if int(found[0][0]) > FORMAT:
        raise FormatTooNew(
            f"{link.address}: written in format {found[0][0]}; this cospace reads up to {FORMAT}."
            f" Upgrade; {UPGRADE}"
        )
    return True


def _find_pgvector(link: Link) -> None:
    """Raises `StorageError` where the database has no pgvector, and cannot be given it."""
    sql_text = "SELECT extversion FROM pg_extension WHERE extname = 'vector'"
    found = link.ask(sql_text)
    if not found:
        try:
            with link.writing():
                link.do("CREATE EXTENSION IF NOT EXISTS vector SCHEMA public")
        except StorageError as error:
            raise StorageError(
                f"{link.address}: the database has no pgvector, and it could not be added"
                f" ({error}). Install pgvector on the server; then, as an owner of the database:"
                " CREATE EXTENSION vector"
            ) from error
        link.close()  # the next connection knows it
        found = link.ask(sql_text)
    version = found[0][0]
    if tuple(int(part) for part in version.split(".")[:2]) < _VECTOR:
        raise StorageError(
            f"{link.address}: pgvector is {version}; cospace needs 0.8 or later. Upgrade it on the"
            " server; then: ALTER EXTENSION vector UPDATE"
        )


def table_of(field: str) -> str:
    """The name of a field's part of `vectors`, as SQL."""
    return sql.Identifier(f"vectors_{field}").as_string()


def place_for(link: Link, field: str, dim: int) -> None:
    """The part of `vectors` that holds a field, within `writing`."""
    table = table_of(field)
    known = link.ask("SELECT to_regclass(%s) IS NOT NULL", [table])
    if known[0][0]:
        return
    value = sql.Literal(field).as_string()
    link.do(f"CREATE TABLE {table} PARTITION OF vectors FOR VALUES IN ({value})")
    storage = "PLAIN" if dim <= INLINE else "EXTERNAL"
    link.do(f"ALTER TABLE {table} ALTER COLUMN vector SET STORAGE {storage}")
