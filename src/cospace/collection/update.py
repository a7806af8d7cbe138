"""Update: what is given of stored items changes, and nothing else does.

Only a part that is given, and differs from the stored one, is encoded.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import replace as changed
from typing import Any

from cospace.collection.given import Incoming
from cospace.collection.ingest import commit, in_order, sifted
from cospace.collection.report import Report
from cospace.collection.stored import item_of, paths_of
from cospace.encode import Encoder
from cospace.encode.bulk import encode_items
from cospace.encode.cache.hashing import content_hash
from cospace.errors import BadItem, ItemNotFound
from cospace.item import Item, Part, Parts, kind_of
from cospace.limits import limit
from cospace.progress import Watch, metered
from cospace.read.columns import long_texts
from cospace.read.media import part_bytes
from cospace.read.metadata import check_metadata
from cospace.read.template import Template
from cospace.read.texts import check_text
from cospace.store.protocol import Failure, Remembers, Row, Store
from cospace.store.schema import Schema

__all__ = ["Update"]


class Update:
    """One run of changes into `store`. An `Item` holds the parts and the metadata that change.

    A value of None takes a field of metadata away. With `strict` the first item that cannot be
    changed is raised before its batch is written; otherwise it is reported. `encoder` is called
    when something has to be encoded; `lock` is held while a batch is read, encoded and written.
    """

    def __init__(
        self,
        store: Store,
        encoder: Callable[[], Encoder],
        strict: bool,
        lock: AbstractContextManager[object],
    ) -> None:
        self.store = store
        self.encoder = encoder
        self.strict = strict
        self.report = Report()
        self._lock = lock
        made = store.templates if isinstance(store, Remembers) else []
        self._templates = [Template(pattern, list(columns)) for pattern, *columns in made]

    def run(self, given: Incoming, progress: Watch, settle: Callable[[], object]) -> Report:
        """The report, when every change has been stored or reported, and `settle` called."""
        started = time.monotonic()
        with metered(progress, given.total) as meter:
            for batch in _batches(given.items):
                with self._lock:
                    self._store(batch)
                meter.add(len(batch))
        if given.reading is not None:
            self.report.take(given.reading)
        settle()
        self.report.seconds = time.monotonic() - started
        return self.report

    def _store(self, batch: dict[str, Item]) -> None:
        """Commit one batch of changes."""
        schema = self.store.schema.copy()
        before = len(schema.fields)
        rows: list[Row] = []
        space = None
        stored = self.store.get(list(batch), vectors=True)
        for item, old in zip(batch.values(), stored, strict=True):
            self.report.named.add(item.id)
            try:
                if old is None:
                    raise ItemNotFound(
                        f"no item {item.id!r} is stored; an update changes what is there",
                        id=item.id,
                    )
                row, parts = self._row(item, old, schema)
                if parts:
                    row, space = self._encoded(row, old, parts), self.encoder().space
            except (BadItem, ItemNotFound) as error:
                if self.strict:
                    raise
                reason = error.reason if isinstance(error, BadItem) else str(error)
                self.report.fail([Failure(item.id, reason)])
                self.report.tell([item.id], "failed" if isinstance(error, BadItem) else "missing")
                continue
            if _same(row, old):
                self.report.unchanged += 1
                self.report.tell([item.id], "unchanged")
            else:
                rows.append(row)
        commit(self.store, space, rows, [], schema, before)
        self.report.updated += len(rows)
        self.report.tell((row.id for row in rows), "updated")

    def _row(self, item: Item, old: Row, schema: Schema) -> tuple[Row, dict[str, Part]]:
        """The row with its new metadata, and the parts that have to be encoded."""
        parts = dict(item.parts)
        given, why = self._remade(item, old, parts)
        metadata, fields, odd = sifted(given, item.id, schema, strict=self.strict)
        # A value that cannot be kept leaves the stored one as it is.
        gone = {key for key, value in item.metadata.items() if value is None}
        merged = {k: v for k, v in {**old.metadata, **metadata}.items() if k not in gone}
        row = changed(old, metadata=check_metadata(merged, item.id))
        schema.add(fields)
        self.report.left_out.update(odd.keys())
        self._tell(item.id, [*odd.values(), *why])
        if "text" in parts and parts["text"].value == old.text:
            del parts["text"]
        return row, parts

    def _remade(
        self, item: Item, old: Row, parts: dict[str, Part]
    ) -> tuple[dict[str, Any], list[str]]:
        """The metadata that is given, and why the text stays although what makes it is given.

        A text that was made of fields is made anew when they are given, and put into `parts`.
        """
        given = {key: value for key, value in item.metadata.items() if value is not None}
        for template in [] if "text" in parts else self._templates:
            before = template.render(old.metadata)
            if not (set(template.columns) & set(item.metadata) and _begins(old.text, before)):
                continue
            now = {**old.metadata, **item.metadata}
            lacks = [name for name in template.columns if name not in now]
            long = long_texts(template) - set(old.metadata)
            kept = {key: value for key, value in given.items() if key not in long}
            text = template.render(now)
            if lacks and before != old.text:
                made = ", ".join(template.columns)
                why = f"the text is made of {made}, and {', '.join(lacks)} is not given"
                return kept, [why] if text != before else []
            if text.strip():
                parts["text"] = Part("text", check_text(text, item.id))
            return kept, []
        return given, []

    def _encoded(self, row: Row, old: Row, parts: dict[str, Part]) -> Row:
        """The row with the parts that are given, and the vectors of those that differ."""
        encoder = self.encoder()
        kinds = {part.kind for part in parts.values()}
        rest = {name: part for name, part in item_of(old).parts.items() if part.kind not in kinds}
        whole = Parts(**{**rest, **parts})
        content = content_hash(whole, _loaded(whole))
        hash_ = hashlib.sha256(content + encoder.space.fingerprint.encode()).digest()
        media = {name: path for name, path in old.media.items() if kind_of(name) not in kinds}
        media |= paths_of(parts)
        text = str(parts["text"].value) if "text" in parts else old.text
        if hash_ == old.hash:
            return changed(row, media=media, text=text)
        [[one]] = encode_items(encoder, [Item(row.id, Parts(**parts))], batch=1)
        if one.failed:
            told = [f"{kind}: {why}" for kind, why in one.failed.items()]
            if self.strict:
                raise BadItem(row.id, "; ".join(told))
            self._tell(row.id, told)
            good = {kind: part for kind, part in parts.items() if kind not in one.failed}
            return self._encoded(row, old, good) if good else row
        self.report.truncated += one.truncated
        vectors = {k: one for k, one in old.vectors.items() if kind_of(k) not in kinds}
        cured = any(old.reason.startswith(f"kept without its {kind}") for kind in kinds)
        reason = "" if cured else old.reason
        vectors |= one.vectors
        row = changed(row, text=text, media=media, vectors=vectors, hash=hash_, reason=reason)
        return in_order(row)

    def _tell(self, id: str, told: list[str]) -> None:
        if told:
            self.report.fail([Failure(id, f"{'; '.join(told)}; left as it is")], partial=True)


def _begins(text: str | None, before: str) -> bool:
    """Whether a stored text can have been made of what the stored metadata still holds."""
    return text is not None and text.startswith(before.rstrip("."))


def _loaded(parts: Parts) -> dict[str, bytes]:
    """The bytes of parts in files; none where one cannot be read, so that it is taken again."""
    loaded: dict[str, bytes] = {}
    for kind, part in parts.items():
        try:
            data = part_bytes(part)
        except BadItem:
            data = b""
        if data is not None:
            loaded[kind] = data
    return loaded


def _batches(items: Iterable[Item]) -> Iterator[dict[str, Item]]:
    """Items by id, at most `batch_items` at a time; an id that comes again begins a new batch."""
    batch: dict[str, Item] = {}
    for item in items:
        if item.id in batch or len(batch) >= max(1, limit("batch_items")):
            yield batch
            batch = {}
        batch[item.id] = item
    if batch:
        yield batch


def _same(row: Row, old: Row) -> bool:
    """Whether nothing has to be written."""
    mine = (row.text, row.metadata, row.media, row.hash, row.reason)
    return mine == (old.text, old.metadata, old.media, old.hash, old.reason)
