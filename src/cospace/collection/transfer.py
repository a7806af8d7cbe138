"""Collections to Parquet and back, with their vectors: for other tools, and for a second copy."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from cospace.errors import BadArgument, BadInput, CospaceError
from cospace.files import writing
from cospace.item import check_id
from cospace.progress import Meter
from cospace.read.metadata import check_metadata
from cospace.space import Space
from cospace.store.protocol import Row, Store
from cospace.store.where import Node
from cospace.vectors import Vectors

__all__ = ["export_parquet", "import_parquet"]

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
    """The number of rows written to `path`, which appears whole or not at all.

    Columns: id, text, metadata and media (JSON), hash, reason, and `vector_<field>` as a list
    of float32. The space is in the file's own metadata.
    """
    meter = meter or Meter()
    space = store.space
    fields = () if space is None else space.kinds
    columns = [("id", pa.string()), ("text", pa.string()), ("metadata", pa.string())]
    columns += [("media", pa.string()), ("hash", pa.binary()), ("reason", pa.string())]
    columns += [(f"vector_{field}", pa.list_(pa.float32())) for field in fields]
    about = {"format": _FORMAT, "space": None if space is None else space.to_json()}
    schema = pa.schema(columns).with_metadata({_KEY: json.dumps(about)})
    count = 0
    with writing(path) as file, pq.ParquetWriter(file, schema, compression="zstd") as writer:
        for rows in _batches(store.scan(where=where, vectors=True)):
            writer.write_batch(pa.RecordBatch.from_arrays(_arrays(rows, fields), schema=schema))
            count += len(rows)
            meter.add(len(rows))
    return count


def _arrays(rows: list[Row], fields: tuple[str, ...]) -> list[Any]:
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
        vectors = [row.vectors.get(field, nothing) for row in rows]
        starts = np.cumsum([0, *map(len, vectors)], dtype=np.int32)
        mask = pa.array([field not in row.vectors for row in rows])
        flat = pa.array(np.concatenate(vectors))
        arrays.append(pa.ListArray.from_arrays(pa.array(starts), flat, mask=mask))
    return arrays


def import_parquet(
    store: Store, path: Path, *, replace: bool = False, meter: Meter | None = None
) -> int:
    """The number of rows read from a file that `export_parquet` made.

    Raises `SpaceMismatch` when the collection holds another space, `BadInput` when the file
    is not such an export, `BadVector` when a vector in it is no vector.
    """
    try:
        file = pq.ParquetFile(path)
        about = json.loads((file.schema_arrow.metadata or {})[_KEY])
        format, record = int(about["format"]), about["space"]
        space = None if record is None else Space.from_json(record)
    except FileNotFoundError:
        raise BadArgument(f"{path}: no such file") from None
    except (KeyError, TypeError, ValueError, AttributeError, OSError) as error:
        raise BadInput(
            f"{path}: not a Parquet file that `cospace export` wrote ({error})"
        ) from None
    if format > _FORMAT:
        raise BadInput(f"{path}: export format {format}; this reads up to {_FORMAT}")
    if space is None:
        return 0
    known = store.space
    merged = space if known is None else known.merged(space)
    schema = store.schema.copy()
    count = 0
    meter = meter or Meter()
    meter.total = file.metadata.num_rows
    with file:
        for batch in file.iter_batches(_BATCH):
            try:
                rows = _rows(batch.to_pydict(), space)
            except (KeyError, TypeError, ValueError) as error:
                if isinstance(error, CospaceError):
                    raise
                raise BadInput(f"{path}: a row cannot be read ({error!r})") from error
            for row in rows:
                schema.add(schema.learn(row.metadata, row.id))
            store.extend(merged, schema)
            store.write(rows, replace=replace)
            count += len(rows)
            meter.add(len(rows))
    return count


def _rows(columns: dict[str, list[Any]], space: Space) -> list[Row]:
    names = zip(
        *(columns[n] for n in ("id", "text", "metadata", "media", "hash", "reason")), strict=True
    )
    rows = [
        Row(
            check_id(id),
            text,
            check_metadata(json.loads(metadata), id),
            json.loads(media),
            {},
            hash_,
            reason,
        )
        for id, text, metadata, media, hash_, reason in names
    ]
    for field in space.kinds:
        column = columns.get(f"vector_{field}") or []
        there = [i for i, vector in enumerate(column) if vector is not None]
        if not there:
            continue
        array = np.array([column[i] for i in there], dtype=np.float32)
        for i, vector in zip(there, Vectors(array, space).normalized, strict=True):
            rows[i].vectors = {**rows[i].vectors, field: vector}
    return rows


def _batches(rows: Iterator[Row]) -> Iterator[list[Row]]:
    batch: list[Row] = []
    for row in rows:
        batch.append(row)
        if len(batch) == _BATCH:
            yield batch
            batch = []
    if batch:
        yield batch
