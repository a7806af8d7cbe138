"""Items into a store: encode what is new, keep what is not, report the rest.

A batch is one commit. An item whose parts are as stored, under the same space, is not encoded
again; when only its metadata changed, only that is written.
"""

from __future__ import annotations

import hashlib
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from dataclasses import replace as changed
from itertools import islice

from cospace.collection.given import Columns, Incoming
from cospace.collection.report import Report
from cospace.collection.stored import checked_ids
from cospace.encode import Encoder
from cospace.encode.bulk import Encoded, encode_items
from cospace.errors import BadItem, DuplicateId, EmptyItem
from cospace.item import Item, check_id
from cospace.limits import limit
from cospace.progress import Watch, metered
from cospace.read.metadata import check_metadata
from cospace.read.regular import listed
from cospace.read.texts import check_text, is_blank
from cospace.store.protocol import Failure, Row, Store
from cospace.store.schema import Schema
from cospace.vectors import Vectors

__all__ = ["Ingest", "ingest_vectors", "vector_rows"]


class Ingest:
    """One run of items into `store`, encoded by `encoder`.

    With `strict` the first bad item is raised before its batch is written; otherwise it is
    reported, and the rest goes on. With `replace` a stored item is replaced, otherwise it is
    a `DuplicateId`.
    """

    def __init__(self, store: Store, encoder: Encoder, *, replace: bool, strict: bool) -> None:
        self.store = store
        self.encoder = encoder
        self.replace = replace
        self.strict = strict
        self.report = Report()
        self._seen: set[str] = set()
        self._fingerprint = encoder.space.fingerprint.encode()

    def run(self, given: Incoming, progress: Watch, settle: Callable[[], object]) -> Report:
        """The report, when every item has been stored or reported, and `settle` called."""
        started = time.monotonic()
        batches = encode_items(
            self.encoder, given.items, batch=limit("batch_items"), known=self._is_stored
        )
        # Closed here and now when a batch is refused: left to the garbage collector, its threads
        # would be joined wherever that happens to run.
        with metered(progress, given.total) as meter, closing(batches):
            for batch in batches:
                self._store(batch)
                if given.reading is not None:
                    meter.total = given.reading.total  # a long file's is an estimate, and changes
                meter.add(len(batch))
            if given.reading is not None:
                self.report.take(given.reading)
                meter.total = given.reading.total
                meter.add(len(given.reading.failed))
        settle()
        self.report.seconds = time.monotonic() - started
        return self.report

    def _hash(self, content: bytes) -> bytes:
        return hashlib.sha256(content + self._fingerprint).digest()

    def _is_stored(self, id: str, content: bytes) -> bool:
        return self.store.hashes([id]).get(id) == self._hash(content)

    def _store(self, batch: Sequence[Encoded]) -> None:
        """Commit one batch: rows that are whole, and the reasons of those that are not."""
        schema = self.store.schema.copy()
        before = len(schema.fields)
        stored = {
            row.id: row
            for row in self.store.get([one.item.id for one in batch], vectors=True)
            if row is not None
        }
        rows: dict[str, Row] = {}
        failures: list[Failure] = []
        for one in batch:
            try:
                old = rows.get(one.item.id) or stored.get(one.item.id)
                row = self._row(self._afresh(one, old), old, schema)
            except (BadItem, DuplicateId) as error:
                if self.strict:
                    raise
                reason = error.reason if isinstance(error, BadItem) else str(error)
                failures.append(Failure(one.item.id, reason))
                continue
            if row is not None:
                self.report.repeated += one.item.id in rows
                rows[one.item.id] = row
            self._seen.add(one.item.id)
        self._commit(list(rows.values()), failures, schema, before)
        self.report.updated += sum(id in stored for id in rows)
        self.report.added += sum(id not in stored for id in rows)

    def _afresh(self, one: Encoded, old: Row | None) -> Encoded:
        """`one`, encoded after all when what it was like has changed since it was skipped."""
        if not one.skipped or (old is not None and old.hash == self._hash(one.hash)):
            return one
        [[again]] = encode_items(self.encoder, [one.item], batch=1)
        return again

    def _row(self, one: Encoded, old: Row | None, schema: Schema) -> Row | None:
        """The row to write, or None when the stored one is as it should be."""
        item = one.item
        check_id(item.id)
        if not self.replace and (item.id in self._seen or (old is not None and not one.skipped)):
            raise DuplicateId(f"the id {item.id!r} is there already", ids=[item.id])
        metadata = check_metadata(item.metadata, item.id)
        fields = schema.learn(metadata, item.id)
        media = {kind: str(part.path) for kind, part in item.parts.items() if part.path}
        new = Row(item.id, item.parts.text, metadata, media, hash=self._hash(one.hash))
        if one.skipped and old is not None:
            kept = changed(old, metadata=metadata, media=media, text=new.text)
            same = (old.metadata, old.media, old.text) == (kept.metadata, kept.media, kept.text)
            self.report.unchanged += same
            schema.add(fields)
            return None if same else kept
        if not one.vectors and not one.failed:
            raise EmptyItem(item.id, "nothing in it to encode")
        if one.failed and (self.strict or not one.vectors):
            kind = EmptyItem if _is_empty(item) else BadItem
            raise kind(item.id, "; ".join(f"{k}: {why}" for k, why in one.failed.items()))
        schema.add(fields)  # only now: what is not stored teaches nothing
        self.report.truncated += one.truncated
        reason = "; ".join(f"kept without its {k}: {why}" for k, why in one.failed.items())
        if reason:
            self.report.fail([Failure(item.id, reason)], partial=True)
        return changed(new, vectors=one.vectors, reason=reason)

    def _commit(
        self, rows: list[Row], failures: list[Failure], schema: Schema, before: int
    ) -> None:
        known = self.store.space
        space = self.encoder.space if known is None else known.merged(self.encoder.space)
        if space != known or len(schema.fields) != before:
            self.store.extend(space, schema)
        if rows or failures:
            self.store.write(rows, replace=True, failures=failures)
        self.report.fail(failures)


def _is_empty(item: Item) -> bool:
    """Whether it has nothing but a text in which nothing can be seen."""
    text = item.parts.text
    return list(item.parts) == ["text"] and len(text or "") < 100 and is_blank(text or "")


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
        if column is not None and len(column) != len(vectors):
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
