"""Vectors that are ready: stored as they are, with metadata and texts beside them."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence, Sized
from itertools import islice

from cospace.collection.given import Columns
from cospace.collection.report import Report
from cospace.collection.stored import checked_ids
from cospace.errors import BadArgument, BadItem, DuplicateId
from cospace.item import check_id
from cospace.limits import limit
from cospace.progress import Watch
from cospace.read.metadata import check_metadata
from cospace.read.regular import listed
from cospace.read.texts import check_text
from cospace.space import Space
from cospace.store.protocol import Row, Store
from cospace.vectors import Vectors

__all__ = ["ingest_vectors", "space_of", "store_vectors", "vector_rows"]


def ingest_vectors(
    store: Store,
    add_vectors: Callable[..., int],
    columns: Columns,
    replace: bool,
    progress: Watch,
) -> Report:
    """The report of columns with `embeddings`, stored by the collection's `add_vectors`."""
    started = time.monotonic()
    ids, documents, metadatas, _, embeddings = columns.listed()
    stored = len(store.hashes(checked_ids(ids)))
    count = add_vectors(
        ids,
        embeddings,
        metadata=None if metadatas is None else [one or {} for one in metadatas],
        texts=documents,
        replace=replace,
        progress=progress,
    )
    return Report(added=count - stored, updated=stored, seconds=time.monotonic() - started)


def vector_rows(
    ids: Sequence[str], vectors: Vectors, field: str, columns: dict[str, Sequence[object] | None]
) -> Iterable[list[Row]]:
    """Batches of rows for ready-made vectors; all columns must be as long as the vectors."""
    for name, column in {"ids": ids, **columns}.items():
        if column is None and name != "ids":
            continue
        if isinstance(column, (str, bytes, Mapping)) or not isinstance(column, Sized):
            raise BadArgument(f"{name} is a list, as long as the vectors, not {column!r:.60}")
        if len(column) != len(vectors):
            raise BadItem("", f"{len(vectors)} vectors came with {len(column)} {name}")
    known = [check_id(id) for id in ids]
    if len(set(known)) < len(known):
        twice = sorted(id for id, count in Counter(known).items() if count > 1)
        raise DuplicateId(f"the same id twice: {listed([repr(id) for id in twice], 5)}", ids=twice)
    unit = vectors.normalized
    metadata = columns.get("metadata")
    texts = columns.get("texts")
    numbers = iter(range(len(known)))
    while part := list(islice(numbers, max(1, limit("batch_items")))):
        # The two checks take what they are given, and say of what type it should have been.
        yield [
            Row(
                known[i],
                text=check_text(texts[i], known[i]) if texts and texts[i] else None,  # type: ignore[arg-type]
                metadata={} if metadata is None else check_metadata(metadata[i], known[i]),  # type: ignore[arg-type]
                vectors={field: unit[i]},
                hash=b"",
            )
            for i in part
        ]


def space_of(stored: Space | None, vectors: Vectors, field: str, name: str) -> Space:
    """The space to store vectors under: the stored one, or their own when it is the first.

    Raises `BadArgument` for what are no `Vectors` and for a field that the space has not,
    `SpaceMismatch` for vectors of another space.
    """
    if not isinstance(vectors, Vectors):
        raise BadArgument(
            f"expected Vectors, not {type(vectors).__name__}: write"
            " cs.Vectors(array, cs.Space.of('name', dim))"
        )
    space = stored or vectors.space
    space.check(vectors.space, what=name, stored=True)
    if field not in space.kinds:
        raise BadArgument(f"field is one of {', '.join(space.kinds)}, not {field!r}")
    return space


def store_vectors(store: Store, space: Space, rows: list[Row], *, replace: bool) -> int:
    """How many rows were written; first the space and the schema, where these are wider now."""
    schema = store.schema.copy()
    before = -1 if store.space is None else len(schema.fields)
    for row in rows:
        schema.add(schema.learn(row.metadata, row.id))
    if len(schema.fields) != before:
        store.extend(space, schema)
    store.write(rows, replace=replace)
    return len(rows)
