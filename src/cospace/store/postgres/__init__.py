"""A collection as a schema of a PostgreSQL database with pgvector: `postgresql://host/NAME`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from cospace.errors import CospaceError
from cospace.need import need
from cospace.store.protocol import Store
from cospace.store.remote.address import Address

__all__ = ["EXTRA", "OPTIONS", "connect", "unless_refused"]

EXTRA = "postgresql"
OPTIONS = ("database", "socket")


def connect(
    address: Address, *, create: bool, language: str | None = None, read_only: bool = False
) -> Store:
    """The collection at `postgresql://HOST:PORT/NAME?database=DATABASE`; made with `create`.

    NAME is a schema of the database. User, password, certificates and what else libpq reads come
    from the environment: PGUSER, PGPASSWORD, PGSERVICE, PGSSLMODE, ~/.pgpass. `?socket=FOLDER`
    goes through a unix socket in place of the host. `language` is that of the words, as
    `store.language.named` takes it. With `read_only` nothing is written, so that a role that may
    only read, or a server that is a copy of another, is enough.

    Raises `MissingExtra`, `StoreUnreachable`, `CollectionNotFound`, `NotACollection`,
    `FormatTooNew`, `StorageError`.
    """
    need("psycopg", extra=EXTRA)
    from cospace.store.postgres.store import PostgresReader, PostgresStore

    if read_only:
        return PostgresReader(address)
    return PostgresStore(address, create=create, language=language)


@contextmanager
def unless_refused(address: Address) -> Iterator[None]:
    """A block that makes the collection at an address if there is none, and fills it.

    When it raises before anything is stored in a collection that was none, its tables go again,
    and the schema that was made for them.
    """
    need("psycopg", extra=EXTRA)
    from cospace.store.postgres.link import Link
    from cospace.store.postgres.tables import take_away, there

    link = Link(address)
    try:
        schema, collection = there(link)
        try:
            yield
        except BaseException:
            if not collection:
                with suppress(CospaceError):  # what was refused is what is told
                    take_away(link, schema=not schema)
            raise
    finally:
        link.close()
