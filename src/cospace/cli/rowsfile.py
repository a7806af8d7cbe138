"""Vectors that a trainer learns from: of a collection, or of a file that `embed` or numpy wrote."""

from __future__ import annotations

import json
from collections.abc import Hashable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from cospace.errors import BadArgument, BadItem, NotFound, SpaceMismatch
from cospace.space import Space
from cospace.vectors import Vectors

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Source", "check_out", "read_source"]


@dataclass(slots=True)
class Source:
    """Vectors, or small pictures as an array, and the values of a column for each, "" if none."""

    name: str
    vectors: Vectors | NDArray[Any]
    labels: list[Hashable] = field(default_factory=list)
    groups: list[Hashable] = field(default_factory=list)


def check_out(out: str, replace: bool) -> Path:
    """The folder to write. Raises `BadArgument` before the work where it cannot be written."""
    path = Path(out)
    if path.exists() and not replace and (not path.is_dir() or any(path.iterdir())):
        raise BadArgument(f"{path}: it exists already; name another, or add --replace")
    if not path.absolute().parent.is_dir():
        raise BadArgument(f"there is no folder {path.parent} to write into")
    return path


def read_source(
    source: str, *, model: str | None = None, kind: str = "", label: str = "", group: str = ""
) -> Source:
    """The vectors of a collection (those of `kind`), of a .npy or of a .parquet file.

    `model` names the space of a file; where the file says which it was made with, that is checked.
    `label` and `group` are fields of a collection's metadata, or columns of the .parquet file.

    Raises `NotFound`, `BadArgument`, `SpaceMismatch`, and `BadVector`.
    """
    path = Path(source)
    if not path.exists():
        raise NotFound(f"{source}: there is no such collection or file")
    if path.is_dir():
        if model is not None:
            raise BadArgument(f"{source}: a collection knows its model; leave out --model")
        return _collection(path, kind, label, group)
    if kind:
        raise BadArgument("--kind is for collections")
    if path.suffix.lower() not in (".npy", ".parquet"):
        raise BadArgument(f"{source}: give a collection, or a file of vectors, .npy or .parquet")
    read = _npy if path.suffix.lower() == ".npy" else _parquet
    array, about, labels, groups = read(path, label, group)
    if array.ndim != 2 and model is None:
        return Source(path.name, array, labels, groups)
    return Source(path.name, Vectors(array, _space(path, array, about, model)), labels, groups)


def _collection(path: Path, kind: str, label: str, group: str) -> Source:
    from cospace.cli.holding import Holding

    rows: list[NDArray[np.float32]] = []
    labels: list[Hashable] = []
    groups: list[Hashable] = []
    with Holding(path) as holding:
        space, counts = holding.space, holding.info().fields
        if space is None or not counts:
            raise BadArgument(f"{path}: there are no vectors in it")
        kinds = sorted({name.partition(" ")[0] for name in counts})
        if not kind and len(kinds) > 1:
            raise BadArgument(f"{path}: it has vectors of {' and '.join(kinds)}: say which, --kind")
        kind = kind or kinds[0]
        if kind not in kinds:
            raise BadArgument(f"{path}: it has vectors of {' and '.join(kinds)}, none of {kind!r}")
        for row in holding.scan(vectors=True):
            for name in sorted(row.vectors):
                if name.partition(" ")[0] == kind:
                    rows.append(row.vectors[name])
                    labels.append(row.metadata.get(label) if label else None)
                    # The photos of one item belong together, whatever else is said.
                    groups.append(row.metadata.get(group, row.id) if group else row.id)
    if label and all(one is None for one in labels):
        raise BadArgument(f"{path}: no item has a field {label!r}")
    return Source(path.name, Vectors(np.stack(rows), space), labels, groups)


def _npy(path: Path, label: str, group: str) -> tuple[NDArray[Any], dict[str, Any], Any, Any]:
    if label or group:
        raise BadArgument(f"{path.name}: a .npy file has no columns; give a .parquet file")
    try:
        with path.open("rb") as file:
            array = np.lib.format.read_array(file, allow_pickle=False)
    except (ValueError, OSError, EOFError) as error:
        raise BadItem(path.name, f"not a .npy file of numbers ({error})") from None
    beside = path.with_suffix(".ids.json")
    about: dict[str, Any] = {}
    if beside.is_file():
        try:
            about = dict(json.loads(beside.read_bytes()))
        except (TypeError, ValueError) as error:
            raise BadItem(beside.name, f"not a JSON object ({error})") from None
    return array, about, [], []


def _parquet(path: Path, label: str, group: str) -> tuple[NDArray[Any], dict[str, Any], Any, Any]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        file = pq.ParquetFile(path)
        names = file.schema_arrow.names
        for name in ("vector", *filter(None, (label, group))):
            if name not in names:
                raise BadArgument(
                    f"{path.name}: there is no column {name!r}; it has {', '.join(names)}"
                )
        table = file.read(["vector", *dict.fromkeys(filter(None, (label, group)))])
        about = json.loads((file.schema_arrow.metadata or {}).get(b"cospace", b"{}"))
        column = table.column("vector").combine_chunks()
        if column.null_count:
            raise ValueError(f"{column.null_count:,} rows have no vector")
        if pa.types.is_fixed_size_list(column.type):  # as embed writes them: no lists are made
            rows = column.flatten().to_numpy(zero_copy_only=False)
            rows = rows.astype(np.float32).reshape(len(column), -1)
        else:
            rows = np.array(column.to_pylist(), np.float32)
    except (pa.ArrowException, ValueError, TypeError) as error:
        if isinstance(error, BadArgument):
            raise
        raise BadItem(path.name, f"no file of vectors ({str(error)[:200]})") from None
    cells = [table.column(name).to_pylist() if name else [] for name in (label, group)]
    return rows, about, cells[0], cells[1]


def _space(path: Path, array: NDArray[Any], about: dict[str, Any], model: str | None) -> Space:
    """The space of a file's vectors: that of the model, or one known by its name alone."""
    if model is None:
        return Space.of(str(about.get("space") or path.stem), array.shape[-1])
    from cospace.encode import load

    space = load(model, cache=False).space
    known = about.get("fingerprint")
    if known and known != space.fingerprint:
        raise SpaceMismatch(
            f"{path}: made with {about.get('space')} ({str(known)[:8]}); --model {model} is {space}"
        )
    return space
