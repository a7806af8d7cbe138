"""Collections to Parquet and back, with their vectors: for other tools, and for a second copy."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from cospace.collection.exported import checked_columns, checked_rows, vector_column
from cospace.encode.folder import check_types
from cospace.errors import BadArgument, BadInput, BadItem, NotFound
from cospace.files import writing
from cospace.item import kind_of
from cospace.progress import Meter
from cospace.space import Space
from cospace.store.protocol import Row, Store
from cospace.store.sides import switched
from cospace.store.where import Node

__all__ = [
    "about_of",
    "arrays_of",
    "batches_of",
    "export_parquet",
    "import_parquet",
    "opened",
    "schema_of",
]

_BATCH = 1000
_KEY = b"cospace"
_FORMAT = 1


class Holds(Protocol):
    """What can be exported: a store, or the truth of one that another process has open."""

    @property
    def space(self) -> Space | None:
        """The space of the vectors, or None before the first one."""
        ...

    def scan(self, *, where: Node | None = None, vectors: bool = False) -> Iterator[Row]:
        """Every row that `where` matches, oldest first."""
        ...


def export_parquet(
    store: Holds, path: Path, where: Node | None = None, meter: Meter | None = None
) -> int:
    """The number of rows written to `path`, a .parquet, which appears whole or not at all.

    Columns: id, text, metadata and media (JSON), hash, reason, and `vector_<field>` as a list
    of float32: `dim` numbers, or as many times that as the item has photos. The space is in the
    file's own metadata.

    Raises `BadArgument` for a path that does not end in .parquet.
    """
    if path.suffix.lower() != ".parquet":
        raise BadArgument(f"the file to write ends in .parquet, unlike {path}")
    meter = meter or Meter()
    era, space = getattr(store, "era", 0), store.space
    fields = () if space is None else space.kinds
    schema = schema_of(space)
    count = 0
    with writing(path) as file, pq.ParquetWriter(file, schema, compression="zstd") as writer:
        for rows in _batches(store.scan(where=where, vectors=True)):
            writer.write_batch(pa.RecordBatch.from_arrays(arrays_of(rows, fields), schema=schema))
            count += len(rows)
            meter.add(len(rows))
        if era != getattr(store, "era", 0):
            raise switched(path)
    return count


def schema_of(space: Space | None, **about: Any) -> pa.Schema:
    """The columns of an exported file, with its space, and what else is told `about` it."""
    fields = () if space is None else space.kinds
    columns = [("id", pa.string()), ("text", pa.string()), ("metadata", pa.string())]
    columns += [("media", pa.string()), ("hash", pa.binary()), ("reason", pa.string())]
    columns += [(vector_column(field), pa.list_(pa.float32())) for field in fields]
    record = {"format": _FORMAT, "space": None if space is None else space.to_json(), **about}
    return pa.schema(columns).with_metadata({_KEY: json.dumps(record)})


def arrays_of(rows: Sequence[Row], fields: tuple[str, ...]) -> list[Any]:
    """The columns of some rows of an exported file."""
    arrays = [
        pa.array([row.id for row in rows], pa.string()),
        pa.array([row.text for row in rows], pa.string()),
        pa.array([json.dumps(row.metadata, ensure_ascii=False) for row in rows], pa.string()),
        pa.array([json.dumps(row.media, ensure_ascii=False) for row in rows], pa.string()),
        pa.array([row.hash for row in rows], pa.binary()),
        pa.array([row.reason for row in rows], pa.string()),
    ]
    nothing = np.zeros(0, dtype=np.float32)
    for field in fields:
        vectors = [np.concatenate([nothing, *_all(row, field)]) for row in rows]
        starts = np.cumsum([0, *map(len, vectors)], dtype=np.int32)
        mask = pa.array([field not in row.vectors for row in rows])
        flat = pa.array(np.concatenate(vectors))
        arrays.append(pa.ListArray.from_arrays(pa.array(starts), flat, mask=mask))
    return arrays


def _all(row: Row, field: str) -> list[NDArray[np.float32]]:
    """The vectors of a row in a field, in the order of their names."""
    names = sorted((n for n in row.vectors if kind_of(n) == field), key=lambda n: (len(n), n))
    return [row.vectors[name] for name in names]


def import_parquet(
    store: Store,
    path: Path,
    *,
    replace: bool = False,
    meter: Meter | None = None,
    lock: AbstractContextManager[object] | None = None,
) -> int:
    """The number of rows read from a file that `export_parquet` made.

    Each field of each row is checked. At a bad one reading ends; of the rows before it, batches
    of 1,000 that are whole are stored.

    Raises `NotFound` for a file that is not there, `SpaceMismatch` when the collection holds
    another space, `BadInput` when the file is not such an export, `BadItem` and `BadVector`
    with the row and the field that cannot be what an export holds.
    """
    with opened(path) as file:
        space = _space_of(path, file)
        if space is None:
            return 0
        checked_columns(path, file.schema_arrow, space)
        known = store.space
        merged = space if known is None else known.merged(space)
        schema = store.schema.copy()
        count = 0
        seen: set[str] = set()
        meter = meter or Meter()
        meter.total = file.metadata.num_rows
        for batch in batches_of(path, file):
            rows = checked_rows(path, batch, space, count)
            for number, row in enumerate(rows, start=count + 1):
                if row.id in seen:
                    why = f"{row.id!r} stands in an earlier row too"
                    raise BadItem(f"{path}, row {number:,}, id", why)
                seen.add(row.id)
                schema.add(schema.learn(row.metadata, row.id))
            with lock or nullcontext():
                store.extend(merged, schema)
                store.write(rows, replace=replace)
            count += len(rows)
            meter.add(len(rows))
    return count


def opened(path: Path) -> pq.ParquetFile:
    """A Parquet file. Raises `NotFound`, and `BadInput` for what is none."""
    if not path.exists():
        raise NotFound(f"no such file: {path}")
    try:
        return pq.ParquetFile(path, page_checksum_verification=True)
    except (OSError, ValueError) as error:
        raise _foreign(path, error) from error


def _space_of(path: Path, file: pq.ParquetFile) -> Space | None:
    """The space that the file's own record names; None for the export of an empty collection."""
    space = about_of(path, file)[0]
    if space is None and file.metadata.num_rows:
        raise BadInput(f"{path}: it holds {file.metadata.num_rows:,} rows and names no space")
    return space


def about_of(path: Path, file: pq.ParquetFile) -> tuple[Space | None, dict[str, Any]]:
    """The file's own record: the space it names, and all of it. Raises `BadInput`."""
    try:
        about = json.loads((file.schema_arrow.metadata or {})[_KEY])
        format, record = int(about["format"]), about["space"]
        space = None if record is None else Space.from_json(record)
        if space is not None:
            check_types(space)
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise _foreign(path, error) from error
    if format > _FORMAT:
        raise BadInput(f"{path}: export format {format}; this reads up to {_FORMAT}")
    return space, about


def _foreign(path: Path, error: Exception) -> BadInput:
    return BadInput(f"{path}: not a Parquet file that `cospace export` wrote ({error})")


def batches_of(path: Path, file: pq.ParquetFile) -> Iterator[pa.RecordBatch]:
    """The rows of a file, 1,000 at a time. Raises `BadInput` where it is damaged."""
    batches = file.iter_batches(_BATCH)
    while True:
        try:
            batch = next(batches, None)
        except (OSError, ValueError) as error:
            raise BadInput(f"{path}: the file is damaged ({error})") from error
        if batch is None:
            return
        yield batch


def _batches(rows: Iterator[Row]) -> Iterator[list[Row]]:
    batch: list[Row] = []
    for row in rows:
        batch.append(row)
        if len(batch) == _BATCH:
            yield batch
            batch = []
    if batch:
        yield batch
