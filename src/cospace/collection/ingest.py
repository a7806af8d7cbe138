"""Items into a store: encode what is new, keep what is not, report the rest.

A batch is one commit. An item whose parts are as stored, under the same space, is not encoded
again; when only its metadata changed, only that is written. A part whose file cannot be read now
keeps what is stored of it.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, closing, nullcontext
from dataclasses import replace as changed
from typing import Any

from cospace.collection.chunking import Chunking, remove_stale
from cospace.collection.given import Incoming
from cospace.collection.report import Report
from cospace.collection.stored import paths_of
from cospace.collection.unread import Kept, kept_of, unread
from cospace.encode import Encoder
from cospace.encode.bulk import Encoded, encode_items
from cospace.errors import BadItem, DuplicateId, EmptyItem, SpaceMismatch
from cospace.item import Item, check_id, kind_of
from cospace.limits import limit
from cospace.progress import Watch, metered
from cospace.read.metadata import check_metadata, sift_metadata
from cospace.read.texts import is_blank
from cospace.space import Space
from cospace.store.protocol import Failure, Remembers, Row, Store
from cospace.store.schema import Field, Schema

__all__ = ["Ingest", "check_kinds", "commit", "in_order", "sifted"]


class Ingest:
    """One run of items into `store`, encoded by `encoder`.

    With `strict` the first bad item is raised before its batch is written; otherwise it is
    reported, and the rest goes on. With `replace` a stored item is replaced, otherwise it is
    a `DuplicateId`. `lock` is held from the reading of stored rows to the commit.

    Raises `SpaceMismatch` for a replacement that would take away vectors of a kind that the
    encoder cannot make.
    """

    def __init__(
        self,
        store: Store,
        encoder: Encoder,
        *,
        replace: bool,
        strict: bool,
        lock: AbstractContextManager[object] | None = None,
    ) -> None:
        if replace:
            check_kinds(store, encoder.space)
        self._lock = lock or nullcontext()
        self.store = store
        self.encoder = encoder
        self.replace = replace
        self.strict = strict
        self.report = Report()
        # The model of a collection that was switched to another one meanwhile.
        self.anew: Callable[[], Encoder] = lambda: encoder
        self._seen: set[str] = set()
        # Items that keep what is stored of all their files that cannot be read now.
        self._whole: list[str] = []
        self._encoded_by = encoder.space
        self._fingerprint = encoder.space.fingerprint.encode()
        # What was stored before `adapt` has the new vectors, and the old hash.
        earlier = getattr(store, "earlier", None)
        self._before = b"" if earlier is None else earlier.space.fingerprint.encode()

    def run(self, given: Incoming, progress: Watch, settle: Callable[[], object]) -> Report:
        """The report, when every item has been stored or reported, and `settle` called."""
        started = time.monotonic()
        items = Chunking(given.items, self.encoder, strict=self.strict)
        batches = encode_items(
            self.encoder, items, batch=limit("batch_items"), known=self._is_stored
        )
        # Closed here and now when a batch is refused: left to the garbage collector, its threads
        # would be joined wherever that happens to run.
        with metered(progress, given.total) as meter, closing(batches):
            for batch in batches:
                with self._lock:
                    self._store(self._of_now(batch))
                if not items.documents:  # a chunk is not what a template made
                    self._remember(given)
                if items.documents:
                    meter.total = None  # nobody knows how many chunks there will be
                elif given.reading is not None:
                    meter.total = given.reading.total  # a long file's is an estimate, and changes
                meter.add(len(batch))
            if given.reading is not None:
                for id in self._whole:
                    given.reading.keep(id)
                self.report.take(given.reading)
                self._keep_unread(given.reading.unread)
                meter.total = None if items.documents else given.reading.total
                meter.add(len(given.reading.failed))
        self._finish(items)
        settle()
        self.report.seconds = time.monotonic() - started
        return self.report

    def _finish(self, items: Chunking) -> None:
        """Count in what became of documents; chunks that a document has no longer are removed."""
        self.report.fail(items.failures)
        self.report.tell((one.name for one in items.failures), "failed")
        self.report.notes += items.notes
        self.report.documents = len(items.documents)
        if self.replace:
            with self._lock:
                self.report.removed = remove_stale(self.store, items.documents, self.report.named)

    def _of_now(self, batch: Sequence[Encoded]) -> Sequence[Encoded]:
        """The batch by the collection's own model, which may be another one by now."""
        space = self.store.space
        if space is None or not space.apart(self._encoded_by):
            return batch
        if space.apart(self.encoder.space):
            self.encoder = self.anew()
            self._fingerprint = self.encoder.space.fingerprint.encode()
            check_kinds(self.store, self.encoder.space)
        items = [one.item for one in batch]
        [again] = encode_items(self.encoder, items, batch=len(items), known=self._is_stored)
        return again

    def _keep_unread(self, ids: list[str]) -> None:
        """Count in stored items whose row holds nothing but a photo that cannot be used now."""
        for id in self.store.hashes(ids):
            self.report.keep(id, "nothing of it can be read now, and what is stored is kept")

    def _hash(self, content: bytes) -> bytes:
        return hashlib.sha256(content + self._fingerprint).digest()

    def _is_of(self, hash_: bytes, content: bytes) -> bool:
        """Whether a stored hash is that of the content, under this space or that before adapt."""
        if hash_ == self._hash(content):
            return True
        return bool(self._before) and hash_ == hashlib.sha256(content + self._before).digest()

    def _is_stored(self, one: Encoded) -> bool:
        id = one.item.id
        hash_ = self.store.hashes([id]).get(id)
        if hash_ is None or self._is_of(hash_, one.hash):
            return hash_ is not None
        if not unread(one):
            return False
        [old] = self.store.get([id], vectors=True)
        return old is not None and _stays(one, old)

    def _remember(self, given: Incoming) -> None:
        """Keep the template that texts are made by: an update makes them by it again."""
        columns = None if given.reading is None else given.reading.columns
        if columns is not None and columns.text is not None and isinstance(self.store, Remembers):
            self.store.remember([columns.text.pattern, *columns.text.columns])

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
            self.report.named.add(one.item.id)
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
        commit(self.store, self.encoder.space, list(rows.values()), failures, schema, before)
        self.report.fail(failures)
        self.report.updated += sum(id in stored for id in rows)
        self.report.added += sum(id not in stored for id in rows)
        self.report.tell((one.name for one in failures if one.name not in self._seen), "failed")
        self.report.tell((one.item.id for one in batch if one.item.id in self._seen), "unchanged")
        self.report.tell((id for id in rows if id in stored), "updated")
        self.report.tell((id for id in rows if id not in stored), "added")

    def _afresh(self, one: Encoded, old: Row | None) -> Encoded:
        """`one`, encoded after all when what it was like has changed since it was skipped."""
        if not one.skipped:
            return one
        if old is not None and (self._is_of(old.hash, one.hash) or _stays(one, old)):
            return one
        [[again]] = encode_items(self.encoder, [one.item], batch=1)
        return again

    def _row(self, one: Encoded, old: Row | None, schema: Schema) -> Row | None:
        """The row to write, or None when the stored one is as it should be."""
        item = one.item
        check_id(item.id)
        if not self.replace and (item.id in self._seen or (old is not None and not one.skipped)):
            raise DuplicateId(f"the id {item.id!r} is there already", ids=[item.id])
        metadata, fields, odd = sifted(item.metadata, item.id, schema, strict=self.strict)
        kept = kept_of(one, old)
        media = paths_of(item.parts)
        media |= {name: path for name, (path, _) in kept.items()}
        new = Row(item.id, item.parts.text, metadata, media, hash=self._hash(one.hash))
        failed = {name: why for name, why in one.failed.items() if name not in kept}
        if one.failed and (self.strict or not (one.skipped or one.vectors or kept)):
            kind = EmptyItem if _is_empty(item) else BadItem
            raise kind(item.id, "; ".join(f"{k}: {why}" for k, why in one.failed.items()))
        if old is not None and (one.skipped or (kept and _stays(one, old))):
            row = changed(old, metadata=metadata, media=media, text=new.text)
            if kept or _same_photos(media, old):
                row.media = dict(old.media)
            elif {name for name in media if name not in old.vectors}:
                row.media, row.hash = dict(old.media), b""  # which vector is whose is not known
            was, now = ((r.metadata, r.media, r.text, r.hash) for r in (old, row))
            same = was == now
            self.report.unchanged += same
        else:
            same = False
            if not one.vectors and not one.failed:
                raise EmptyItem(item.id, "nothing in it to encode")
            reason = "; ".join(f"kept without its {k}: {why}" for k, why in failed.items())
            stays = {} if old is None else {k: old.vectors[was] for k, (_, was) in kept.items()}
            row = in_order(changed(new, vectors={**one.vectors, **stays}, reason=reason))
            if kept:  # it is to be taken again when its file is back
                row.hash = b""
            self.report.truncated += one.truncated
        schema.add(fields)  # only now: what is not stored teaches nothing
        if kept and len(kept) == len(unread(one)):
            self._whole.append(item.id)
        self._tell(item, kept, failed, odd)
        return None if same else row

    def _tell(self, item: Item, kept: Kept, failed: dict[str, str], odd: dict[str, str]) -> None:
        """Count in what the item is stored without, and what it keeps."""
        if kept:
            what = ", ".join(f"{name} ({path})" for name, (path, _) in kept.items())
            self.report.keep(item.id, f"cannot be read now, and what is stored is kept: {what}")
        told = [f"kept without its {kind}: {why}" for kind, why in failed.items()]
        told += [f"{why}; kept without it" for why in odd.values()]
        if told:
            self.report.left_out.update(odd.keys())
            self.report.fail([Failure(item.id, "; ".join(told))], partial=True)


def commit(
    store: Store,
    encoded: Space | None,
    rows: list[Row],
    failures: list[Failure],
    schema: Schema,
    before: int,
    *,
    replace: bool = True,
) -> None:
    """Write rows and failures; first the space and the schema, where these are wider now.

    `encoded` is the space of new vectors, `before` how many fields the stored schema has.
    Raises `DuplicateId` for an id that is stored, without `replace`.
    """
    known = store.space
    space = encoded if known is None or encoded is None else known.merged(encoded)
    if (space is not None and space != known) or len(schema.fields) != before:
        store.extend(space or known, schema)
    if rows or failures:
        store.write(rows, replace=replace, failures=failures)


def sifted(
    metadata: Mapping[str, Any], name: str, schema: Schema, *, strict: bool
) -> tuple[dict[str, Any], list[Field], dict[str, str]]:
    """The metadata to store, the fields it adds, and by key why a value cannot be kept.

    With `strict` such a value raises `BadItem`.
    """
    if strict:
        whole = check_metadata(metadata, name)
        return whole, schema.learn(whole, name), {}
    kept, odd = sift_metadata(metadata, name)
    try:
        return kept, schema.learn(kept, name), odd
    except BadItem:
        wider, fields = schema.copy(), []
        for key in list(kept):
            try:
                new = wider.learn({key: kept[key]}, name)
            except BadItem as error:
                odd[key] = error.reason
                del kept[key]
            else:
                wider.add(new)
                fields += new
        return kept, fields, odd


def check_kinds(store: Store, space: Space) -> None:
    """Refuse to replace items by a model that cannot make some of their vectors."""
    stored = store.space
    if stored is None or set(stored.kinds) <= set(space.kinds):
        return
    there = store.info().fields
    lost = [k for k in stored.kinds if k not in space.kinds and there.get(k)]
    if lost:
        raise SpaceMismatch(
            f"the collection holds {' and '.join(lost)} vectors of {stored}, and {space} cannot"
            f" encode {' or '.join(lost)}: replacing items by this model would take those"
            " vectors away. Open it without model= (on the command line without --model), or add"
            " new items alone, with add"
        )


def in_order(row: Row) -> Row:
    """The row with its photos numbered without a gap, those without a vector last."""
    names = dict.fromkeys([*row.vectors, *row.media])
    images = [name for name in names if kind_of(name) == "image"]
    images.sort(key=lambda name: (name not in row.vectors, len(name), name))
    new = {was: "image" if n == 1 else f"image {n}" for n, was in enumerate(images, start=1)}
    vectors = {new.get(name, name): vector for name, vector in row.vectors.items()}
    media = {new.get(name, name): path for name, path in row.media.items()}
    return changed(row, vectors=vectors, media=dict(sorted(media.items(), key=_place)))


def _same_photos(media: Mapping[str, str], old: Row) -> bool:
    """Whether the stored paths are these, in another order: those without a vector stand last."""
    pairs = [sorted((kind_of(k), path) for k, path in one.items()) for one in (media, old.media)]
    return pairs[0] == pairs[1]


def _place(one: tuple[str, str]) -> tuple[str, int, str]:
    return kind_of(one[0]), len(one[0]), one[0]


def _stays(one: Encoded, old: Row) -> bool:
    """Whether all that can be read of an item is as it is stored, and the rest is kept."""
    parts = one.item.parts
    kept = kept_of(one, old)
    return (
        set(unread(one)) == set(kept)
        and set(one.failed) <= set(kept)
        and set(parts) - set(kept) <= {"text"}
        and set(old.vectors) - {"text"} == {was for _, was in kept.values()}
        and old.text == parts.text
        and ("text" not in parts or "text" in old.vectors)
    )


def _is_empty(item: Item) -> bool:
    """Whether it has nothing but a text in which nothing can be seen."""
    text = item.parts.text
    return list(item.parts) == ["text"] and len(text or "") < 100 and is_blank(text or "")
