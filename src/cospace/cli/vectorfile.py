"""Vectors to a .npy or a .parquet file, streamed, with their ids and their space beside them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import BinaryIO, TypeAlias

import numpy as np
from numpy.typing import NDArray

from cospace.errors import BadArgument
from cospace.files import writing
from cospace.space import Space

__all__ = ["Batch", "writer_of"]

Batch: TypeAlias = tuple[list[str], NDArray[np.float32]]
Writer: TypeAlias = Callable[[Path, Space, Iterable[Batch]], int]


def writer_of(out: Path) -> Writer:
    """The function that writes files of `out`'s kind, and gives the number of vectors.

    Raises `BadArgument` for another suffix, or a folder that is not there.
    """
    writers: dict[str, Writer] = {".npy": _write_npy, ".parquet": _write_parquet}
    if out.suffix.lower() not in writers:
        raise BadArgument(f"the file to write ends in .npy or .parquet, unlike {out}")
    if not out.parent.is_dir():
        raise BadArgument(f"there is no folder {out.parent} to write into")
    return writers[out.suffix.lower()]


def _write_npy(out: Path, space: Space, batches: Iterable[Batch]) -> int:
    """float32 [n, dim] in `out`; a JSON object with the ids and the space in OUT.ids.json."""
    ids: list[str] = []
    with writing(out.with_suffix(".ids.json")) as names, writing(out) as file:
        start = _header(file, 0, space.dim)
        for some, rows in batches:
            ids += some
            file.write(np.ascontiguousarray(rows, "<f4").data)
        file.seek(0)
        # The number of rows is known only now; numpy keeps room for it in the header.
        if _header(file, len(ids), space.dim) != start:
            raise BadArgument(f"{out}: too many vectors for one .npy file; write a .parquet file")
        about = {"space": space.name, "fingerprint": space.fingerprint, "ids": ids}
        names.write(json.dumps(about).encode())
    return len(ids)


def _header(file: BinaryIO, rows: int, dim: int) -> int:
    """Where the numbers begin, after a header for [rows, dim] was written."""
    shape = {"descr": "<f4", "fortran_order": False, "shape": (rows, dim)}
    np.lib.format.write_array_header_1_0(file, shape)
    return file.tell()


def _write_parquet(out: Path, space: Space, batches: Iterable[Batch]) -> int:
    """Columns id and vector (a list of `dim` float32) in `out`; the space in its metadata."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    about = {"space": space.name, "fingerprint": space.fingerprint}
    columns = [("id", pa.string()), ("vector", pa.list_(pa.float32(), space.dim))]
    schema = pa.schema(columns).with_metadata({"cospace": json.dumps(about)})
    count = 0
    with writing(out) as file, pq.ParquetWriter(file, schema, compression="zstd") as writer:
        for ids, rows in batches:
            vectors = pa.FixedSizeListArray.from_arrays(pa.array(rows.reshape(-1)), space.dim)
            writer.write_batch(pa.record_batch([pa.array(ids), vectors], schema=schema))
            count += len(ids)
    return count
