"""PostgreSQL with pgvector as a whole store: truth and index in one, for many writers."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from cospace.errors import BadArgument
from cospace.space import Space
from cospace.store.finds import Finds
from cospace.store.gate import Gate
from cospace.store.kept import Kept
from cospace.store.language import named
from cospace.store.postgres.asking import EXACT_BELOW, Standing, count_of, find
from cospace.store.postgres.link import Link
from cospace.store.postgres.truth import PostgresTruth
from cospace.store.postgres.upkeep import MAX_DIM, MAX_INDEXED, about_server, is_due, optimize
from cospace.store.protocol import (
    Failure,
    Found,
    Promises,
    Request,
    Row,
    StoreInfo,
)
from cospace.store.refusing import Refusing
from cospace.store.remote.address import Address
from cospace.store.schema import Schema
from cospace.store.where import Node

__all__ = ["PostgresStore"]


class PostgresStore(Finds, Kept):
    """A collection in a schema of a database, used until `close`; others may write meanwhile.

    Each search sees all that was committed before it. Raises as `connect` does.
    """

    _truth: PostgresTruth  # type: ignore[assignment]

    def __init__(self, address: Address, *, create: bool, language: str | None = None) -> None:
        spoken = None if language is None else named(language)
        self._begin(Link(address), create=create)
        try:
            self._truth.make_words()
            if spoken is not None:
                self._truth.tell(spoken)
        except BaseException:
            self._link.close()
            raise

    def _begin(self, link: Link, *, create: bool) -> None:
        self.address = link.address
        self._gate = Gate(link.address)
        self._now: Standing | None = None  # when it was last asked for
        self._space = None
        self._link = link
        try:
            self._truth = PostgresTruth(link, create=create)
        except BaseException:
            link.close()
            raise

    @property
    def space(self) -> Space | None:
        """See `Store`."""
        with self._gate:
            if self._space is None:
                self._space = self._truth.space
            return self._space

    @property
    def schema(self) -> Schema:
        """See `Store`; as it is now, also where others have extended it."""
        with self._gate:
            return self._truth.schema

    @property
    def promises(self) -> Promises:
        """See `Store`. Vectors too large for an index are always compared with every row."""
        space = self.space
        exact = sys.maxsize if space is not None and space.dim > MAX_INDEXED else EXACT_BELOW
        return Promises(several_writers=True, exact_rows=exact)

    # --- writing ---

    def write(self, rows: Sequence[Row], *, replace: bool, failures: Sequence[Failure] = ()) -> int:
        """See `Store`."""
        with self._gate:
            return self._truth.write(rows, replace=replace, failures=failures)

    def delete(self, ids: Sequence[str]) -> int:
        """See `Store`."""
        with self._gate:
            return self._truth.delete(ids)

    def extend(self, space: Space | None, schema: Schema) -> None:
        """See `Store`. What others have recorded meanwhile stays beside it.

        Raises `SpaceMismatch` and `BadItem` where that is something else, `BadArgument` for more
        dimensions than pgvector takes.
        """
        if space is not None and space.dim > MAX_DIM:
            raise BadArgument(
                f"{self.address}: pgvector takes vectors of up to {MAX_DIM:,} numbers; {space.name}"
                f" makes {space.dim:,}. Load the model with a smaller dim=, or take another store"
            )
        with self._gate:
            self._space, _ = self._truth.extend(space, schema)

    def count(self, where: Node | None = None) -> int:
        """See `Store`."""
        with self._gate:
            return count_of(self._link, where)

    # --- asking ---

    def find(self, requests: Sequence[Request]) -> list[Found]:
        """See `Store`."""
        if not requests:
            return []
        with self._gate:
            found, now = find(self._link, requests, self._now)
            if self._now is None or now.records.get("space") != self._now.records.get("space"):
                self._space = None  # another one: to be asked for
            self._now = now
            return found

    # --- upkeep ---

    def optimize(self) -> None:
        """See `Store`. An index is made beside searches and writes, and takes minutes."""
        with self._gate:
            due = is_due(self._link, self._truth)
        if due:
            optimize(self.address)

    def compact(self) -> None:
        """Forget which rows were deleted, and let the space of old rows be used again."""
        with self._gate:
            self._truth.compact()
            for table in ("items", "vectors", "words", "deleted"):
                self._link.alone(f"VACUUM (ANALYZE) {table}")

    def info(self) -> StoreInfo:
        """See `Store`."""
        with self._gate:
            items, fields, holders, failures = self._truth.counted()
            space, schema = self._truth.space_and_schema()
            language = self._truth.language
            size, engine = about_server(self._link)
        return StoreInfo(
            items, fields, space, schema, items, failures, size, engine,
            language=language.name if language else "", holders=holders,
        )  # fmt: skip

    def close(self) -> None:
        """See `Store`."""
        with self._gate.closing() as first:
            if first:
                self._link.close()


class PostgresReader(Refusing, PostgresStore):
    """As `PostgresStore`; writing raises `CollectionReadOnly`. The server refuses it too."""

    def __init__(self, address: Address) -> None:
        self._begin(Link(address, read_only=True), create=False)

    @property
    def place(self) -> str:
        """See `Refusing`."""
        return str(self.address)

    def optimize(self) -> None:
        """See `Store`; it is for those who write."""
        self._gate.check()
