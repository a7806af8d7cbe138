"""A connection to PostgreSQL: every call within its time, failures in our own words.

A read whose connection was lost is asked once more on a new one. A transaction is not: what it
has read so far may have changed.
"""

from __future__ import annotations

import atexit
import math
import time
import weakref
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, TypeAlias, TypeVar

import numpy as np
import psycopg
from numpy.typing import NDArray
from psycopg import errors, sql
from psycopg.abc import PQGen
from psycopg.adapt import Dumper, Loader
from psycopg.pq import Format

from cospace.errors import CollectionNotFound, DiskFull, StorageError, StoreUnreachable
from cospace.store.remote.address import Address

__all__ = ["Asked", "Link", "Row"]

T = TypeVar("T")
Row: TypeAlias = tuple[Any, ...]
# A statement and its values.
Asked: TypeAlias = tuple[str, Sequence[Any]]
_SNAPSHOT = "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY"
# What is acknowledged is on the disk, whatever the server does for others.
_DURABLE = """SELECT set_config(name, 'on', false) FROM pg_settings
    WHERE name = 'synchronous_commit' AND setting = 'off'"""
_CONNECTING = 2  # seconds: libpq takes no fewer


class _LateError(Exception):
    """The time of a call is over."""


class _Timed(psycopg.Connection[Row]):
    """A connection that waits for the server until `end`, and no longer."""

    end = math.inf

    def wait(self, gen: PQGen[T], interval: float = 0.1, timeout: float | None = None) -> T:
        """See `psycopg.Connection`."""
        del timeout  # there is a time for all of them
        return super().wait(self._limited(gen), interval)

    def _limited(self, gen: PQGen[T]) -> Generator[Any, Any, T]:
        try:
            wanted = next(gen)
            while True:
                ready = yield wanted
                if time.monotonic() > self.end:
                    gen.close()
                    raise _LateError
                wanted = gen.send(ready)
        except StopIteration as done:
            value: T = done.value
            return value


class Link:
    """One connection, made on first use and again when it was lost; for one thread at a time.

    With `read_only` the server refuses to write. Names in statements are those of the collection's
    schema, which is that of `address.name`.
    """

    def __init__(self, address: Address, *, read_only: bool = False) -> None:
        self.address = address
        self._read_only = read_only
        self._open: _Timed | None = None
        self._within = False  # a transaction
        _links.add(self)
        self._sent = False  # its commit

    # --- asking ---

    def ask(self, text: str, values: Sequence[Any] = ()) -> list[Row]:
        """The rows of one statement that reads; within `reading` or `writing`, of its snapshot."""
        return self._read(lambda db: db.execute(self._query(text), values, binary=True).fetchall())

    def ask_all(self, asked: Sequence[Asked]) -> list[list[Row]]:
        """The rows of each of many statements, all of one snapshot, in one message."""
        if not asked:
            return []

        def work(db: _Timed) -> list[list[Row]]:
            with db.pipeline():
                if not self._within:
                    db.execute(_SNAPSHOT)
                cursors = [
                    db.execute(self._query(text), values, binary=True) for text, values in asked
                ]
                if not self._within:
                    db.execute("COMMIT")
                return [cursor.fetchall() for cursor in cursors]

        return self._read(work)

    def do(self, text: str, values: Sequence[Any] = ()) -> int:
        """Execute a statement within `writing`; the number of rows that it changed."""
        return self._told(lambda db: db.execute(self._query(text), values).rowcount)

    def copy(self, text: str, blocks: Iterable[bytes]) -> None:
        """Execute a COPY in the binary format within `writing`, of blocks of whole rows."""

        def work(db: _Timed) -> None:
            with db.cursor() as cursor, cursor.copy(self._query(text)) as copy:
                copy.write(b"PGCOPY\n\xff\r\n\0" + bytes(8))
                for block in blocks:
                    db.end = self._end()
                    copy.write(block)
                copy.write(b"\xff\xff")

        self._told(work)

    @contextmanager
    def reading(self) -> Iterator[None]:
        """A block whose statements all see the same commits."""
        if self._within:
            yield
            return
        with self._transaction(_SNAPSHOT):
            yield

    @contextmanager
    def writing(self, *, limited: bool = True) -> Iterator[None]:
        """A transaction: all that is done in it is durable behind it, or nothing is.

        Not `limited`, its statements may take as long as they take.
        """
        with self._transaction("BEGIN"):
            if not limited:
                self.do("SET LOCAL statement_timeout = 0")
            self._unlimited = not limited
            try:
                yield
            finally:
                self._unlimited = False

    def alone(self, text: str) -> None:
        """Execute a statement that stands in no transaction, such as VACUUM, however long."""

        def work(db: _Timed) -> None:
            db.end = math.inf
            db.execute("SET statement_timeout = 0")
            try:
                db.execute(self._query(text))
            finally:
                if not db.closed:
                    db.execute(self._query(f"SET statement_timeout = {self._milliseconds}"))

        self._told(work)

    def close(self) -> None:
        """Let go of the connection."""
        db, self._open = self._open, None
        if db is not None:
            with suppress(psycopg.Error, OSError):
                db.close()

    def __del__(self) -> None:
        self.close()

    # --- inside ---

    _unlimited = False

    _pgvector = "public"  # the schema that pgvector is in

    def _query(self, text: str) -> Any:
        """A statement, put together of constants and marks alone, with what is pgvector's."""
        return text.replace("pgvector.", f"{self._pgvector}.")

    @property
    def _settings(self) -> dict[str, str]:
        """What each connection is told first."""
        return {
            "statement_timeout": str(self._milliseconds),
            "idle_in_transaction_session_timeout": str(6 * self._milliseconds),
            "client_min_messages": "warning",
            "default_transaction_read_only": "on" if self._read_only else "off",
            "jit": "off",  # it takes longer than what it makes faster
            "plan_cache_mode": "force_custom_plan",  # what passes a filter depends on its values
        }

    @property
    def _milliseconds(self) -> int:
        return max(1, int(1000 * self.address.timeout))

    def _end(self) -> float:
        return math.inf if self._unlimited else time.monotonic() + self.address.timeout

    @contextmanager
    def _transaction(self, begin: str) -> Iterator[None]:
        assert not self._within
        # Begun anew where the connection was lost before: nothing has been done in it yet.
        self._read(lambda db: db.execute(self._query(begin)))
        self._within, self._sent = True, False
        try:
            yield
            self._sent = True
            self._told(lambda db: db.execute("COMMIT"))
        except BaseException:
            db = self._open
            if db is not None and not db.closed:
                try:
                    db.end = time.monotonic() + self.address.timeout
                    db.execute("ROLLBACK")
                except (psycopg.Error, _LateError, OSError):
                    self.close()
            raise
        finally:
            self._within = self._sent = False

    def _read(self, work: Callable[[_Timed], T]) -> T:
        """What `work` gives, on a new connection where the old one was lost."""
        had = self._open is not None
        try:
            return self._told(work)
        except StoreUnreachable:
            if self._within or not had or self._open is not None or self._late:
                raise
        return self._told(work)

    _late = False

    def _told(self, work: Callable[[_Timed], T]) -> T:
        """What `work` gives; failures as cospace's. A connection that was lost is let go of."""
        self._late = False
        db = self._open
        try:
            if db is None:
                if self._within:
                    raise self._unreachable("the connection was lost")
                db = self._open = self._connected()
            db.end = self._end()
            return work(db)
        except _LateError:
            self._late = True
            self.close()
            raise self._unreachable(f"no answer within {self.address.timeout:g} s") from None
        except psycopg.Error as error:
            lost = db is None or db.closed
            if db is None or db.closed:
                self.close()
            elif not self._within:
                with suppress(psycopg.Error, _LateError):
                    db.rollback()  # a pipeline that broke off
            raise self._in_words(error, lost) from error
        except BaseException:  # interrupted: what the connection is in the middle of is unknown
            self.close()
            raise

    def _in_words(self, error: psycopg.Error, lost: bool) -> StorageError | CollectionNotFound:
        said = " ".join(str(error).split()).partition(" Is the server running")[0][:300]
        if lost:
            return self._unreachable(said)
        if isinstance(error, errors.QueryCanceled):
            return self._unreachable(f"no answer within {self.address.timeout:g} s")
        if isinstance(error, errors.DiskFull):
            return DiskFull(f"{self.address}: {said}")
        if isinstance(error, errors.UndefinedTable | errors.InvalidSchemaName):
            return CollectionNotFound(f"{self.address}: the collection is not there ({said})")
        return StorageError(f"{self.address}: {said}")

    def _unreachable(self, why: str) -> StoreUnreachable:
        if self._sent:
            return StoreUnreachable(
                f"{self.address}: {why}. The commit was on its way, so it may have been made or"
                " not; to do it again by upsert is safe"
            )
        return StoreUnreachable(
            f"{self.address}: {why}. Is the server running, and the address right? User, password"
            " and database come from PGUSER, PGPASSWORD (or ~/.pgpass) and ?database="
        )

    def _connected(self) -> _Timed:
        address = self.address
        given: dict[str, Any] = {
            "host": address.options.get("socket") or address.host.strip("[]"),
            "connect_timeout": max(_CONNECTING, math.ceil(address.timeout)),
            "application_name": "cospace",
            "client_encoding": "UTF8",
        }
        if address.port:
            given["port"] = address.port
        if "database" in address.options:
            given["dbname"] = address.options["database"]
        end = time.monotonic() + address.timeout
        while True:
            try:
                db = _Timed.connect(autocommit=True, **given)
                break
            except psycopg.OperationalError as error:
                starting = "starting up" in str(error) or "not yet accepting" in str(error)
                if not starting or time.monotonic() > end:
                    raise
                time.sleep(0.05)
        try:
            db.end = end
            self._prepare(db)
        except BaseException:
            db.close()
            raise
        return db

    def _prepare(self, db: _Timed) -> None:
        """The names that statements use, and vectors as arrays."""
        found = db.execute(
            "SELECT t.oid, s.nspname FROM pg_type t JOIN pg_namespace s ON s.oid = t.typnamespace"
            " WHERE t.typname = 'vector' AND EXISTS"
            " (SELECT FROM pg_extension WHERE extname = 'vector' AND extnamespace = s.oid)"
        ).fetchone()
        if found is not None:
            self._pgvector = sql.Identifier(found[1]).as_string()
            dumper = type("_Dumper", (_VectorDumper,), {"oid": found[0]})
            db.adapters.register_dumper(np.ndarray, dumper)
            db.adapters.register_loader(found[0], _VectorLoader)
        with db.pipeline():
            for name, value in self._settings.items():
                db.execute("SELECT set_config(%s, %s, false)", [name, value])
            db.execute(_DURABLE)
        # This schema alone: in another there may be tables of these names.
        db.execute(sql.SQL("SET search_path = {}").format(sql.Identifier(self.address.name)))
        if found is not None:
            db.execute(
                self._query("SELECT '[1]'::pgvector.vector")
            )  # its settings are known from its first use on
            db.execute("SET hnsw.iterative_scan = 'strict_order'")
            db.execute("SET hnsw.ef_search = 100")


# Let go of at the end of a script that never did, while that can be done.
_links: weakref.WeakSet[Link] = weakref.WeakSet()


@atexit.register
def _close_all() -> None:
    for link in list(_links):
        link.close()


class _VectorDumper(Dumper):
    """float32 [dim] as pgvector receives it."""

    format = Format.BINARY

    def dump(self, obj: NDArray[Any]) -> bytes:
        """See `psycopg`."""
        return len(obj).to_bytes(2) + bytes(2) + obj.astype(">f4").tobytes()


class _VectorLoader(Loader):
    """float32 [dim] as pgvector sends it."""

    format = Format.BINARY

    def load(self, data: Any) -> NDArray[np.float32]:
        """See `psycopg`."""
        return np.frombuffer(data, ">f4", offset=4).astype(np.float32)
