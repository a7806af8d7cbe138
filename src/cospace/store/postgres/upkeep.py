"""Upkeep: the index on vectors where there are many, fresh statistics, and what all of it takes."""

from __future__ import annotations

import zlib

from psycopg import sql

from cospace.errors import DiskFull
from cospace.store.postgres.asking import EXACT_BELOW, STANDING, Standing
from cospace.store.postgres.link import Link
from cospace.store.postgres.tables import table_of
from cospace.store.postgres.truth import PostgresTruth
from cospace.store.remote.address import Address

__all__ = ["MAX_DIM", "MAX_INDEXED", "about_server", "is_due", "optimize"]

# Neighbours looked at for each vector of an index. Of 100,000 x 384 in 200 clusters the ten nearest
# are found 0.9965 with 64 (pgvector's default), 1.0000 with 200, which takes three times as long.
_TRIED = 128
_NEIGHBOURS = 1500  # bytes a vector in an index that is being made, beside the vector
_ROOM = 2048  # megabytes of the server's memory, at most
MAX_DIM = 16_000  # dimensions of a vector of pgvector
MAX_INDEXED = 4000  # dimensions: an index holds vectors in half precision, in a page of 8 kB
# Tables of which a tenth has changed are tidied, for the planner and for scans of an index alone.
_STALE = """SELECT relname::text FROM pg_stat_user_tables WHERE schemaname = %s
    AND n_mod_since_analyze > 1000 AND n_mod_since_analyze > n_live_tup / 10"""
_INDEXES = """SELECT c.relname::text, i.indisvalid FROM pg_class c JOIN pg_index i
    ON i.indexrelid = c.oid JOIN pg_namespace s ON s.oid = c.relnamespace
    WHERE s.nspname = %s AND c.relname LIKE 'near!_%%' ESCAPE '!'"""


def optimize(address: Address) -> None:
    """Make the index of each field that has too many vectors to compare with every one.

    On a connection of its own, beside all reads and writes; where others are at it, nothing is
    done.
    """
    link = Link(address)
    try:
        truth = PostgresTruth(link, create=False)
        key = zlib.crc32(f"cospace index {address.name}".encode())
        if link.ask("SELECT pg_try_advisory_lock(%s)", [key])[0][0]:
            _index(link, truth)
            for (table,) in link.ask(_STALE, [address.name]):
                link.alone(f"VACUUM (ANALYZE) {sql.Identifier(table).as_string()}")
    finally:
        link.close()  # and gives the lock back


def is_due(link: Link, truth: PostgresTruth) -> bool:
    """Whether `optimize` has something to do."""
    now = Standing.of(link.ask(*STANDING)[0])
    space = truth.space if now.rows > EXACT_BELOW else None
    if space is not None and space.dim <= MAX_INDEXED and set(space.kinds) - now.indexed:
        large = (
            f"SELECT count(*) FROM (SELECT FROM vectors WHERE field = %s LIMIT {EXACT_BELOW + 1})"
        )
        for field in set(space.kinds) - now.indexed:
            if link.ask(f"{large} AS held", [field])[0][0] > EXACT_BELOW:
                return True
    return bool(link.ask(_STALE, [link.address.name]))


def _index(link: Link, truth: PostgresTruth) -> None:
    space = truth.space
    if space is None or space.dim > MAX_INDEXED:
        return
    counted = truth.counted().fields
    large = {field: rows for field, rows in counted.items() if rows > EXACT_BELOW}
    known: dict[str, bool] = dict(link.ask(_INDEXES, [link.address.name]))
    for field, rows in large.items():
        name = f"near_{field}"
        quoted = sql.Identifier(name).as_string()
        if known.get(name) is False:  # its making was cut short
            link.alone(f"DROP INDEX IF EXISTS {quoted}")
        if not known.get(name):
            half = f"pgvector.halfvec({space.dim})"
            what = f"ON {table_of(field)} USING hnsw ((vector::{half}) pgvector.halfvec_ip_ops)"
            what += f" WITH (ef_construction = {_TRIED})"
            _make(link, quoted, what, rows * (2 * space.dim + _NEIGHBOURS))
    if large:
        truth.note_indexed(set(large))


def _make(link: Link, name: str, what: str, size: int) -> None:
    """Make an index with room for its `size` bytes in the server's memory: ten times as fast."""
    megabytes = min(_ROOM, max(64, size >> 20))
    link.alone(f"SET maintenance_work_mem = '{megabytes}MB'")
    try:
        link.alone(f"CREATE INDEX CONCURRENTLY {name} {what}")
    except DiskFull:  # several workers share memory, and containers may have little of that
        link.alone(f"DROP INDEX IF EXISTS {name}")
        link.alone("SET max_parallel_maintenance_workers = 0")
        link.alone(f"CREATE INDEX CONCURRENTLY {name} {what}")


def about_server(link: Link) -> tuple[int, str]:
    """Bytes that the collection takes there, and what the server is."""
    size = """SELECT coalesce(sum(pg_total_relation_size(c.oid)), 0)::bigint FROM pg_class c JOIN
        pg_namespace s ON s.oid = relnamespace WHERE nspname = %s AND relkind = 'r'"""
    version = """SELECT split_part(current_setting('server_version'), ' ', 1), extversion
        FROM pg_extension WHERE extname = 'vector'"""
    [[(number,)], [(server, vector)]] = link.ask_all([(size, [link.address.name]), (version, [])])
    return number, f"PostgreSQL {server}, pgvector {vector}"
