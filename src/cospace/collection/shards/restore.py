"""Shards into a collection: first all of them are held to the manifest, then they are stored."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from cospace.collection.exported import checked_columns, checked_rows
from cospace.collection.ingest import commit, sifted
from cospace.collection.shards.manifest import Digest, Manifest, Shard
from cospace.collection.transfer import about_of, batches_of, opened
from cospace.errors import BadInput, NotFound, SpaceMismatch
from cospace.progress import Meter
from cospace.read.reading import Failures
from cospace.store.protocol import Failure, Row, Store

__all__ = ["Restored", "import_shards"]


@dataclass(slots=True)
class Restored:
    """What became of the rows: `stored` now, `unchanged` since they were stored before.

    `failed` are rows without vectors, which the collection lists with their reasons. `left_out`
    are cells whose type is not that of their column in the collection.
    """

    stored: int = 0
    unchanged: int = 0
    failed: Failures = field(default_factory=Failures)
    left_out: Failures = field(default_factory=Failures)


def import_shards(
    store: Store,
    folder: Path,
    *,
    replace: bool = False,
    meter: Meter | None = None,
    lock: AbstractContextManager[object] | None = None,
) -> Restored:
    """Store the rows of a folder that `write_shards` filled, 1,000 in a commit.

    Before anything is stored, every range of the manifest must be there once, and hold what the
    manifest says. Rows that are stored already as they are here are left alone, so that an import
    that was stopped goes on, and a second one changes nothing.

    Raises `BadInput` that names the range which is missing, there twice, or other than expected;
    `SpaceMismatch`; `DuplicateId` for an id that is stored otherwise, without `replace`; `BadItem`
    and `BadVector` with the row that cannot be what `write_shards` wrote.
    """
    plan = Manifest.load(folder)
    meter = meter or Meter()
    known = store.space
    if known is not None:
        known.merged(plan.space)
    _check(folder, plan)
    meter.total = plan.rows
    done = Restored()
    for shard in plan.shards:
        path = folder / shard.file
        with opened(path) as file:
            count = 0
            for batch in batches_of(path, file):
                rows = checked_rows(path, batch, plan.space, count, bare=True)
                with lock or nullcontext():
                    _store(store, plan, rows, replace, done)
                count += len(rows)
                meter.add(len(rows))
    return done


def _store(store: Store, plan: Manifest, rows: list[Row], again: bool, done: Restored) -> None:
    """One commit: rows that are new or changed, and the reasons of those without vectors."""
    schema = store.schema.copy()
    before = len(schema.fields)
    failures = [Failure(row.id, row.reason) for row in rows if not row.vectors]
    new: list[Row] = []
    with_vectors = [row for row in rows if row.vectors]
    for row, old in zip(with_vectors, store.get([r.id for r in with_vectors]), strict=True):
        metadata, fields, odd = sifted(row.metadata, row.id, schema, strict=False)
        kept = replace(row, metadata=metadata)
        schema.add(fields)
        for why in odd.values():
            done.left_out.add(row.id, why)
        if old is not None and _content(old) == _content(kept):
            done.unchanged += 1
        else:
            new.append(kept)
    commit(store, plan.space, new, failures, schema, before, replace=again)
    done.stored += len(new)
    for failure in failures:
        done.failed.add(*failure)


def _content(row: Row) -> tuple[Any, ...]:
    """What a row is besides its vectors, which its hash stands for."""
    return row.text, dict(row.metadata), dict(row.media), row.hash, row.reason


# --- the manifest ---


def _check(folder: Path, plan: Manifest) -> None:
    """Every range once, with the rows that the manifest expects; and an id once in all of them."""
    names = {shard.file for shard in plan.shards}
    for path in sorted(folder.glob("*.parquet")):
        if path.name not in names:
            raise _stranger(path, plan)
    seen: set[str] = set()
    for shard in plan.shards:
        path = folder / shard.file
        try:
            file = opened(path)
        except NotFound as error:
            raise BadInput(
                f"{folder}: {shard} are missing ({shard.file}); `cospace embed` with the same"
                " arguments writes what is missing"
            ) from error
        with file:
            _check_shard(path, file, shard, plan)
            digest = Digest()
            count = 0
            for row in _contents(path, file, plan):
                digest.add(row)
                count += 1
                if row.hash and row.id in seen:
                    raise BadInput(f"{path}: the id {row.id!r} is there twice")
                if row.hash:  # a row that could not be read has a name that may be an item's id
                    seen.add(row.id)
        if count != shard.rows or digest.hex() != shard.sha256:
            raise BadInput(f"{path}: {shard} are not those that the manifest expects{_AGAIN}")


_AGAIN = "; remove the file, and run `cospace embed` again with the same arguments"


def _check_shard(path: Path, file: pq.ParquetFile, shard: Shard, plan: Manifest) -> None:
    space, about = about_of(path, file)
    if space is None or space.fingerprint != plan.space.fingerprint:
        raise SpaceMismatch(f"{path}: its vectors are of {space}; the manifest says {plan.space}")
    checked_columns(path, file.schema_arrow, plan.space)
    told = about.get("shard")
    if told != {"first": shard.first, "rows": shard.rows, "sha256": shard.sha256}:
        what = "another range, or other rows, than the manifest expects"
        raise BadInput(f"{path}: by its own record it holds {what}{_AGAIN}")


def _stranger(path: Path, plan: Manifest) -> BadInput:
    """What a file is that the manifest does not name."""
    try:
        with opened(path) as file:
            told = about_of(path, file)[1]["shard"]
            first, last = int(told["first"]), int(told["first"]) + int(told["rows"])
    except (BadInput, KeyError, TypeError, ValueError):
        return BadInput(f"{path}: the manifest knows no such file; move it elsewhere")
    for shard in plan.shards:
        if first < shard.first + shard.rows and shard.first < last:
            return BadInput(
                f"{shard} are there twice, in {shard.file} and in {path.name}: move one elsewhere"
            )
    return BadInput(f"{path}: holds rows from {first:,} on, which the manifest does not have")


def _contents(path: Path, file: pq.ParquetFile, plan: Manifest) -> Iterator[Row]:
    """The rows without their vectors, each field checked."""
    count = 0
    for batch in batches_of(path, file):
        rows = checked_rows(path, batch, plan.space, count, bare=True)
        count += len(rows)
        yield from rows
