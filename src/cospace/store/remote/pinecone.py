"""Pinecone: an index that exists, and in it a namespace for each field, through its own SDK.

`pinecone://INDEX-HOST/market` needs a dense index of metric cosine and of the collection's
dimension. Reads come late after writes there; so each write waits until a query shows it, which
Pinecone tells by the number of the write (its LSN) in the headers of its answers.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any, TypeVar

import numpy as np

from cospace.errors import BadArgument, NotACollection, StorageError, StoreUnreachable
from cospace.need import need
from cospace.store.remote import flat
from cospace.store.remote.address import Address
from cospace.store.remote.calls import Calls
from cospace.store.remote.engine import Ask, Hit, Point, Traits
from cospace.store.schema import Field
from cospace.store.where import Node

__all__ = ["EXTRA", "OPTIONS", "Pinecone", "connect"]

T = TypeVar("T")
EXTRA = "pinecone"
OPTIONS: tuple[str, ...] = ()
_KEY = "PINECONE_API_KEY"
_MARK = "cospace"  # the id of the record that holds the mark

# Limits of the service, as its pages tell them.
_MAX_DIM = 20_000
_MAX_HITS = 10_000
_MAX_POINTS = 1_000  # of one request to write or to delete
_MAX_BYTES = 1_900_000  # of one request; the limit is 2 MB
# Of a record's values: they take up to five times as much in flat form, and 40 kB are allowed.
_MAX_VALUES = 7_500
_PAGE = 100  # ids in one answer of a list
_DECIMALS = 9  # of a number in a vector: past what a float32 below 1 holds, in half the bytes


def connect(address: Address) -> Pinecone:
    """The index at an address. The key is PINECONE_API_KEY.

    Raises `StoreUnreachable` without a key, and `MissingExtra`.
    """
    return Pinecone(address)


class Pinecone:
    """A collection's place in an index: see `Engine`.

    The namespace NAME holds the mark, NAME.FIELD the points of a field.
    """

    def __init__(self, address: Address) -> None:
        self._sdk = need("pinecone", extra=EXTRA)
        self._address = address
        self._calls = Calls(
            address,
            passes=self._passes,
            refused=self._refused,
            keys=f"set {_KEY} to one of its own",
        )
        if not os.environ.get(_KEY):
            raise StoreUnreachable(f"{address}: there is no key; set {_KEY} to one of Pinecone's")
        self._index = self._opened()
        self._facts: Any = None

    def _opened(self) -> Any:
        host = self._address.host
        local = host == "localhost" or host.startswith("127.")
        port = f":{self._address.port}" if self._address.port else ""
        try:
            index = self._sdk.Index(host=f"http{'' if local else 's'}://{host}{port}")
        except self._sdk.PineconeValueError as error:
            raise StoreUnreachable(f"{self._address}: {error}") from error
        # The SDK makes three further tries, with waits that no setting of an index ends.
        client = index._http._client
        client._transport = client._transport._transport
        return index

    def _passes(self, error: Exception) -> bool:
        late = self._sdk.PineconeConnectionError, self._sdk.PineconeTimeoutError, NotYet
        status = getattr(error, "status_code", 0)
        return isinstance(error, late) or status in (408, 429) or status >= 500

    def _refused(self, error: Exception) -> bool:
        return getattr(error, "status_code", 0) in (401, 403)

    def _namespace(self, field: str) -> str:
        return f"{self._address.name}.{field}"

    def _known(self) -> Any:
        """What the index says of itself, asked once; checked for what never changes."""
        if self._facts is None:
            facts = self._stats()
            if facts.metric != "cosine" or not facts.dimension:
                raise NotACollection(
                    f"{self._address}: this index has metric {facts.metric!r} and dimension"
                    f" {facts.dimension}; cospace needs a dense one with metric 'cosine'"
                )
            self._facts = facts
        return self._facts

    def _stats(self) -> Any:
        return self._calls(lambda seconds: self._index.describe_index_stats(timeout=seconds))

    @property
    def traits(self) -> Traits:
        """What an index takes; its search promises to compare with no number of points."""
        self._known()
        return Traits("Pinecone", 0, _MAX_DIM, _MAX_HITS, _MAX_VALUES)

    def read_mark(self) -> str | None:
        """See `Engine`."""
        self._known()
        mark = self._calls(self._mark)
        if mark is None:
            self._refuse_others()
        return mark

    def _mark(self, seconds: float) -> str | None:
        got = self._index.fetch(ids=[_MARK], namespace=self._address.name, timeout=seconds)
        held = got.vectors.get(_MARK)
        mark = None if held is None else (held.metadata or {}).get("mark")
        return mark if isinstance(mark, str) else None

    def _refuse_others(self) -> None:
        # The counts come late, so a namespace that was just removed may still be among them.
        for name in {self._address.name, *self._own(self._stats().namespaces)}:
            if self._page(name, None, limit=1)[0]:
                raise NotACollection(
                    f"{self._address}: the namespace {name!r} of this index holds records that"
                    " cospace did not write; they were left as they are. Take another name"
                )

    def _own(self, namespaces: Any) -> list[str]:
        return [name for name in namespaces if name.startswith(self._namespace(""))]

    def write_mark(self, mark: str) -> None:
        """See `Engine`; on return it can be read back."""
        dim = self._known().dimension
        record = {"id": _MARK, "values": [1.0] * dim, "metadata": {"mark": mark}}
        self._upsert(self._address.name, [record])

        def shown(seconds: float) -> None:
            if self._mark(seconds) != mark:
                raise NotYet("the mark that was written does not show yet")

        self._calls(shown)

    def prepare(self, dim: int, fields: Sequence[str]) -> None:  # noqa: ARG002 - of Engine
        """Check the dimension; a namespace is made by its first record."""
        if dim > _MAX_DIM:
            raise BadArgument(f"Pinecone takes up to {_MAX_DIM} dimensions, and these are {dim}")
        if self._known().dimension != dim:
            raise NotACollection(
                f"{self._address}: this index has dimension {self._facts.dimension}, and the"
                f" collection {dim}; name an index of dimension {dim}, metric cosine"
            )

    def lacks(self, fields: Sequence[str]) -> list[str]:
        """See `Engine`; a namespace without records is none."""
        probe = np.ones(self._known().dimension, np.float32)
        return [field for field in fields if not self._nearest(Ask(field, probe, 1))]

    def learn(self, fields: Sequence[Field]) -> None:
        """Nothing is to be done: all metadata can be filtered by."""

    def put(self, field: str, points: Sequence[Point]) -> None:
        """See `Engine`. Waits until queries see the points."""
        name = self._namespace(field)
        last = [self._upsert(name, batch) for batch in _batches(points)]
        if last:
            self._wait(name, max(last))

    def _upsert(self, name: str, records: list[dict[str, Any]]) -> int:
        answer = self._calls(
            lambda seconds: self._index.upsert(vectors=records, namespace=name, timeout=seconds)
        )
        if answer.upserted_count != len(records):
            raise StorageError(
                f"{self._address}: Pinecone took {answer.upserted_count} of {len(records)} records"
            )
        return self._written(answer.response_info)

    def drop(self, field: str, numbers: Sequence[int]) -> None:
        """See `Engine`. Waits until queries miss the points."""
        name = self._namespace(field)
        ids = [str(number) for number in numbers]
        written = []
        for start in range(0, len(ids), _MAX_POINTS):
            answer = self._or_absent(partial(self._delete, name, ids[start : start + _MAX_POINTS]))
            if answer is not None:
                headers = {key.lower(): value for key, value in answer.headers.items()}
                written.append(self._written(self._sdk.ResponseInfo(raw_headers=headers)))
        if written:
            self._wait(name, max(written))

    def _delete(self, name: str, ids: list[str], seconds: float) -> Any:
        # The SDK's `delete` keeps back the headers, and with them the number of the write.
        body = {"ids": ids, "namespace": name}
        return self._index._http.post("/vectors/delete", timeout=seconds, json=body)

    def _written(self, info: Any) -> int:
        number = None if info is None else info.lsn_committed
        if number is None:
            raise StorageError(
                f"{self._address}: the index gave no number (LSN) for a write, so that nobody can"
                " tell when it shows; cospace needs a serverless index"
            )
        return int(number)

    def _wait(self, name: str, written: int) -> None:
        """Return when a query of the namespace has seen the write of this number."""
        probe = [1.0] * self._known().dimension

        def seen(seconds: float) -> None:
            answer = self._index.query(vector=probe, top_k=1, namespace=name, timeout=seconds)
            if not answer.response_info.is_reconciled(written):
                raise NotYet("what was written does not show yet")

        self._calls(seen)

    def count(self, field: str) -> int:
        """Exact: the ids are listed, 100 a request, since Pinecone's own counts come late."""
        name, total, token = self._namespace(field), 0, None
        while True:
            found, token = self._page(name, token, limit=_PAGE)
            total += found
            if token is None:
                return total

    def _page(self, name: str, token: str | None, *, limit: int) -> tuple[int, str | None]:
        """How many ids stand on a page, and the token of the next."""
        page = self._or_absent(
            lambda seconds: self._index.list_paginated(
                namespace=name, limit=limit, pagination_token=token, timeout=seconds
            )
        )
        if page is None:
            return 0, None
        return len(page.vectors), page.pagination.next if page.pagination else None

    def _or_absent(self, call: Callable[[float], T]) -> T | None:
        """What the call gives, or None where there is no such namespace."""

        def made(seconds: float) -> T | None:
            try:
                return call(seconds)
            except self._sdk.NotFoundError:
                return None

        return self._calls(made)

    def nearest(self, asked: Sequence[Ask]) -> list[list[Hit]]:
        """See `Engine`: one request for each, since Pinecone takes no more."""
        return [self._nearest(ask) for ask in asked]

    def _nearest(self, ask: Ask) -> list[Hit]:
        form = None if ask.where is None else flat.said(ask.where, _Filters())
        if form is not None and form.nothing:
            return []
        answer = self._or_absent(
            lambda seconds: self._index.query(
                vector=_numbers(ask.vector),
                top_k=ask.limit,
                namespace=self._namespace(ask.field),
                filter=None if form is None else form.form,
                timeout=seconds,
            )
        )
        hits = [] if answer is None else [Hit(int(m.id), float(m.score)) for m in answer.matches]
        if not all(np.isfinite(hit.score) for hit in hits):
            raise StorageError(f"{self._address}: Pinecone gave a score that is no number")
        return hits

    def _delete_all(self, name: str, seconds: float) -> None:
        self._index.delete_namespace(name=name, timeout=seconds)

    def says(self, where: Node) -> bool:
        """See `Engine`."""
        return flat.said(where, _Filters()).exact

    def optimize(self) -> None:
        """Nothing is to be done: Pinecone does it by itself."""

    def remove(self) -> None:
        """See `Engine`. The index stays."""
        for name in [*self._own(self._stats().namespaces), self._address.name]:
            self._or_absent(partial(self._delete_all, name))

        def gone(seconds: float) -> None:
            if self._mark(seconds) is not None:
                raise NotYet("the mark that was removed shows still")

        self._calls(gone)

    def close(self) -> None:
        """See `Engine`."""
        self._index.close()


class NotYet(Exception):
    """A write that does not show yet; asked for again until the time is over."""


class _Filters:
    """The words of Pinecone's filters: see `flat.Words`."""

    def knows(self, slot: str) -> bool:  # noqa: ARG002 - of Words
        return True

    def one_of(self, name: str, texts: Sequence[str]) -> Any:
        return {name: {"$in": list(texts)}}

    def none_of(self, name: str, texts: Sequence[str]) -> Any:
        return {name: {"$nin": list(texts)}}

    def compare(self, name: str, op: str, number: float) -> Any:
        return {name: {f"${op}": number}}

    def there(self, name: str, yes: bool) -> Any:
        return {name: {"$exists": yes}}

    def every(self, parts: Sequence[Any]) -> Any:
        return {"$and": list(parts)}

    def some(self, parts: Sequence[Any]) -> Any:
        return {"$or": list(parts)}


def _numbers(vector: np.ndarray[Any, Any]) -> list[float]:
    rounded: list[float] = np.round(vector.astype(np.float64), _DECIMALS).tolist()
    return rounded


def _batches(points: Sequence[Point]) -> Iterator[list[dict[str, Any]]]:
    """The points as records, as many together as one request may hold."""
    batch: list[dict[str, Any]] = []
    size = 0
    for point in {point.number: point for point in points}.values():
        values = flat.flattened(point.values)
        record = {"id": str(point.number), "values": _numbers(point.vector), "metadata": values}
        # A number takes 12 characters at most, and a comma.
        own = 13 * len(point.vector) + len(json.dumps(values, ensure_ascii=False).encode()) + 80
        if batch and (len(batch) == _MAX_POINTS or size + own > _MAX_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(record)
        size += own
    if batch:
        yield batch
