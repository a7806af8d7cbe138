"""Shards written: the manifest first, then each file that is not there, whole or not at all."""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from cospace.collection.ingest import in_order
from cospace.collection.shards.manifest import NAME, Digest, Manifest, Shard, is_shards, planned
from cospace.collection.stored import paths_of
from cospace.collection.transfer import about_of, arrays_of, opened, schema_of
from cospace.encode.bulk import Encoded, content_of
from cospace.encode.executor import Executor, executor
from cospace.encode.protocol import Encoder
from cospace.errors import BadArgument, BadInput, BadItem, NotACollection, NotFound
from cospace.files import check_room, make_folder, writing
from cospace.item import Item, Parts, check_id
from cospace.progress import Watch, metered
from cospace.read.metadata import sift_metadata
from cospace.read.reading import Failure, Failures, Reading
from cospace.space import Space
from cospace.store.protocol import Row

__all__ = ["SHARD_ROWS", "Written", "write_shards"]

SHARD_ROWS = 10_000
_BATCH = 1_000


@dataclass(slots=True)
class Written:
    """What a folder of shards holds, and what this run did.

    `vectors` counts rows that have some, `failed` the others with their reasons, `partial` the
    rows without a part or a cell that could not be used. `written` of the `shards` are of this run.
    """

    manifest: Manifest
    written: int = 0
    vectors: int = 0
    failed: Failures = field(default_factory=Failures)
    partial: Failures = field(default_factory=Failures)


class _Entry(NamedTuple):
    """A row of the source: an item, or, in an item without parts, the reason why there is none."""

    name: str
    item: Item
    reason: str = ""
    odd: str = ""


def write_shards(
    encoder: Encoder,
    reading: Reading,
    folder: Path,
    *,
    shard_rows: int = SHARD_ROWS,
    ray: str | None = None,
    progress: Watch = None,
) -> Written:
    """Every row of `reading` in Parquet files of `shard_rows` rows, with its vectors.

    The source is read twice: once for the manifest, which is written first, and once to encode
    it. Shards that are there and whole are left alone, so a run that was stopped goes on. A row
    that cannot be encoded is there with its reason. `ray` is as in `cospace.encode_items`.

    Raises `SpaceMismatch` and `BadInput` for a folder that was begun with another model or
    source, `NotACollection` for a folder with something else in it, and what `encode_items` does.

    >>> import cospace as cs, tempfile
    >>> from cospace.testing.tiny import tiny_model
    >>> folder = Path(tempfile.mkdtemp(), "chairs.shards")
    >>> rows = cs.read([{"id": "1", "text": "a chair"}, {"id": "2", "text": None}])
    >>> done = write_shards(tiny_model(), rows, folder, shard_rows=1)
    >>> done.written, done.vectors, len(done.failed)
    (2, 1, 1)
    """
    if shard_rows < 1:
        raise BadArgument(f"a shard holds at least one row, not {shard_rows}")
    if not is_shards(folder) and folder.exists() and (folder.is_file() or any(folder.iterdir())):
        raise NotACollection(f"{folder}: it has no {NAME}, and something else in it")
    encode = executor(ray)  # refused before anything is written
    partial = Failures()
    plan = _manifest(encoder.space, reading, folder, shard_rows, partial, progress)
    done = Written(plan, partial=partial)
    left = [shard for shard in plan.shards if not _is_whole(folder, shard, plan.space)]
    ready = plan.rows - sum(shard.rows for shard in left)
    with metered(progress, plan.rows, "rows", done=ready) as meter:
        encoded = _encoded(encoder, reading, left, plan.shard_rows, encode)
        with closing(encoded) as batches:
            for shard, rows in zip(left, batches, strict=False):
                _write(folder, shard, plan, rows)
                done.written += 1
                meter.add(len(rows))
    if done.written < len(left):
        raise _changed(plan, left[done.written])
    for shard in plan.shards:
        _count(folder / shard.file, done)
    return done


def _manifest(
    space: Space,
    reading: Reading,
    folder: Path,
    shard_rows: int,
    partial: Failures,
    progress: Watch,
) -> Manifest:
    """The manifest of the source; it is in the folder from now on.

    What items are given without goes to `partial`.
    """
    with metered(progress, reading.total, "rows") as meter:
        meter.stage = "manifest"

        def rows() -> Iterator[Row]:
            for entry in _entries(reading):
                if entry.odd:
                    partial.add(entry.name, entry.odd)
                yield _row(entry, content_of(entry.item)[0], space)
                meter.add()

        plan = planned(reading.name, space, shard_rows, rows())
    partial.take(reading.partial)
    if is_shards(folder):
        known = Manifest.load(folder)
        known.check_same(plan, folder)
        return known
    if plan.rows:  # a folder without rows would only surprise whoever reads it
        make_folder(folder)
        plan.save(folder)
    return plan


def _entries(reading: Reading) -> Iterator[_Entry]:
    """One for each row of the source; an id that was there is a failure."""
    seen: dict[str, int] = {}
    for number, one in enumerate(reading.outcomes(), start=1):
        if isinstance(one, Failure):
            yield _failed(one.name, one.reason, number)
        elif one.id in seen:
            yield _failed(one.id, f"row {seen[one.id]:,} of the source has the same id", number)
        else:
            seen[one.id] = number
            try:
                kept, odd = sift_metadata(one.metadata, one.id)
            except BadItem as error:
                yield _failed(one.id, error.reason, number)
                continue
            yield _Entry(one.id, Item(one.id, one.parts, kept), "", "; ".join(odd.values()))


def _failed(name: str, reason: str, number: int) -> _Entry:
    try:
        check_id(name)
    except BadItem:
        name = f"row {number}"
    return _Entry(name, Item(name, Parts()), reason or "it cannot be read")


def _row(entry: _Entry, content: bytes, space: Space) -> Row:
    """The row of an entry, without vectors, as the manifest knows it."""
    item = entry.item
    if entry.reason:
        return Row(entry.name, reason=entry.reason)
    text = item.parts.text
    if text is not None and not _is_unicode(text):
        text = None  # a file of Parquet cannot hold it; why it has no vector is in the reason
    hash_ = hashlib.sha256(content + space.fingerprint.encode()).digest()
    return Row(item.id, text, item.metadata, paths_of(item.parts), {}, hash_)


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _encoded(
    encoder: Encoder, reading: Reading, left: Sequence[Shard], shard_rows: int, encode: Executor
) -> Generator[list[Row], None, None]:
    """The rows of each shard that is `left`, with their vectors."""
    wanted = {shard.first // shard_rows for shard in left}
    under_way: deque[_Entry] = deque()

    def items() -> Iterator[Item]:
        for position, entry in enumerate(_entries(reading)):
            if position // shard_rows in wanted:
                under_way.append(entry)
                yield entry.item

    if not left:
        return
    with closing(encode(encoder, items(), batch=shard_rows)) as batches:
        for batch in batches:
            yield [_with_vectors(under_way.popleft(), one, encoder.space) for one in batch]


def _with_vectors(entry: _Entry, one: Encoded, space: Space) -> Row:
    row = _row(entry, one.hash, space)
    if entry.reason:
        return row
    if not one.vectors:
        reason = "; ".join(f"{k}: {why}" for k, why in one.failed.items())
        return replace(row, reason=reason or "nothing in it to encode")
    reason = "; ".join(f"kept without its {k}: {why}" for k, why in one.failed.items())
    return in_order(replace(row, vectors=one.vectors, reason=reason))


# --- files ---


def _write(folder: Path, shard: Shard, plan: Manifest, rows: Sequence[Row]) -> None:
    """The file of one shard. Raises `BadInput` when these are not the rows that were expected."""
    digest = Digest()
    for row in rows:
        digest.add(row)
    if len(rows) != shard.rows or digest.hex() != shard.sha256:
        raise _changed(plan, shard)
    space = plan.space
    check_room(folder, len(rows) * space.dim * 4 * len(space.kinds))
    about = {"first": shard.first, "rows": shard.rows, "sha256": shard.sha256}
    schema = schema_of(space, shard=about)
    with (
        writing(folder / shard.file) as file,
        pq.ParquetWriter(file, schema, compression="zstd", write_page_checksum=True) as writer,
    ):
        for start in range(0, len(rows), _BATCH):
            arrays = arrays_of(rows[start : start + _BATCH], space.kinds)
            writer.write_batch(pa.RecordBatch.from_arrays(arrays, schema=schema))


def _changed(plan: Manifest, shard: Shard) -> BadInput:
    return BadInput(
        f"{plan.source}: its {shard} are not what they were when {NAME} was written. The table or"
        " a file has changed, or a node does not see the same files: mend that, and run it again"
    )


def _is_whole(folder: Path, shard: Shard, space: Space) -> bool:
    """Whether the file of a shard is there, as its own record says."""
    try:
        with opened(folder / shard.file) as file:
            found, about = about_of(folder / shard.file, file)
            rows = file.metadata.num_rows
    except (NotFound, BadInput):
        return False
    told = {"first": shard.first, "rows": shard.rows, "sha256": shard.sha256}
    same = found is not None and found.fingerprint == space.fingerprint
    return same and about.get("shard") == told and rows == shard.rows


def _count(path: Path, done: Written) -> None:
    """Count in what a shard holds."""
    with opened(path) as file:
        vectors = [name for name in file.schema_arrow.names if name.startswith("vector_")]
        table = file.read(["id", "reason", *vectors])
    bare = pa.array([True] * table.num_rows)
    for name in vectors:
        bare = pa.compute.and_(bare, pa.compute.is_null(table[name].combine_chunks()))
    told = zip(
        *(table[name].to_pylist() for name in ("id", "reason")), bare.to_pylist(), strict=True
    )
    for id, reason, without in told:
        if without:
            done.failed.add(id, reason)
        else:
            done.vectors += 1
            if reason:
                done.partial.add(id, reason)
