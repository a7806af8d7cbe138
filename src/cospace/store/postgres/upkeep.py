"""Upkeep: the index on vectors where there are many, fresh statistics, and what all of it takes."""

from __future__ import annotations

import zlib

from psycopg import sql

from cospace.store.postgres.asking import EXACT_BELOW, STANDING, Standing
from cospace.store.postgres.link import Link
from cospace.store.postgres.tables import table_of
from cospace.store.postgres.truth import PostgresTruth

__all__ = ["MAX_INDEXED", "about_server", "optimize"]

MAX_INDEXED = 4000  # dimensions: an index holds vectors in half precision, in a page of 8 kB
# Tables of which a tenth has changed are tidied, for the planner and for scans of an index alone.
_STALE = """SELECT relname::text FROM pg_stat_user_tables WHERE schemaname = %s
    AND n_mod_since_analyze > 1000 AND n_mod_since_analyze > n_live_tup / 10"""
_INDEXES = """SELECT c.relname::text, i.indisvalid FROM pg_class c JOIN pg_index i
    ON i.indexrelid = c.oid JOIN pg_namespace s ON s.oid = c.relnamespace
    WHERE s.nspname = %s AND c.relname LIKE 'near!_%%' ESCAPE '!'"""


def optimize(link: Link, truth: PostgresTruth) -> None:
    """Make the index of each field that has too many vectors to compare with every one.

    Beside others' reads and writes; where another process is at it already, nothing is done.
    """
    now = Standing.of(link.ask(*STANDING)[0])
    space = truth.space if now.rows > EXACT_BELOW else None
    if space is not None and space.dim <= MAX_INDEXED and set(space.kinds) - now.indexed:
        key = zlib.crc32(f"cospace index {link.address.name}".encode())
        if link.ask("SELECT pg_try_advisory_lock(%s)", [key])[0][0]:
            try:
                _index(link, truth, space.dim)
            finally:
                link.ask("SELECT pg_advisory_unlock(%s)", [key])
    for (table,) in link.ask(_STALE, [link.address.name]):
        link.alone(f"VACUUM (ANALYZE) {sql.Identifier(table).as_string()}")


def _index(link: Link, truth: PostgresTruth, dim: int) -> None:
    large = {field for field, rows in truth.counted().fields.items() if rows > EXACT_BELOW}
    known: dict[str, bool] = dict(link.ask(_INDEXES, [link.address.name]))
    for field in sorted(large):
        name = f"near_{field}"
        quoted = sql.Identifier(name).as_string()
        if known.get(name) is False:  # its making was cut short
            link.alone(f"DROP INDEX IF EXISTS {quoted}")
        if not known.get(name):
            link.alone(
                f"CREATE INDEX CONCURRENTLY {quoted} ON {table_of(field)}"
                f" USING hnsw ((vector::pgvector.halfvec({dim})) pgvector.halfvec_ip_ops)"
            )
    if large:
        truth.note_indexed(large)


def about_server(link: Link) -> tuple[int, str]:
    """Bytes that the collection takes there, and what the server is."""
    size = """SELECT coalesce(sum(pg_total_relation_size(c.oid)), 0)::bigint FROM pg_class c JOIN
        pg_namespace s ON s.oid = relnamespace WHERE nspname = %s AND relkind = 'r'"""
    version = """SELECT split_part(current_setting('server_version'), ' ', 1), extversion
        FROM pg_extension WHERE extname = 'vector'"""
    [[(number,)], [(server, vector)]] = link.ask_all([(size, [link.address.name]), (version, [])])
    return number, f"PostgreSQL {server}, pgvector {vector}"
