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

import numpy as np
from numpy.typing import NDArray

from cospace.collection.given import Incoming
from cospace.collection.ingest import commit, in_order, sifted
from cospace.collection.report import Report
from cospace.collection.stored import item_of, paths_of
from cospace.collection.unread import Kept, kept_of
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

_WITHOUT = "kept without its "


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
        # Whether the parts are those that are stored: photos from memory, which are none, stay.
        self.again = False
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
                    row, space = self._encoded(row, old, _asked(item, parts)), self.encoder().space
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

    def _encoded(self, row: Row, old: Row, item: Item) -> Row:
        """The row with the parts that are given, and the vectors of those that differ.

        Of a kind of which nothing can be encoded all stays; else a photo that cannot be read now
        keeps what is stored of it.
        """
        encoder, parts = self.encoder(), item.parts
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
        [[one]] = encode_items(encoder, [item], batch=1)
        if one.failed and self.strict:
            raise BadItem(row.id, "; ".join(f"{name}: {why}" for name, why in one.failed.items()))
        made = {kind_of(name) for name in one.vectors}
        if kinds - made:
            failed = {name: why for name, why in one.failed.items() if kind_of(name) not in made}
            self._tell(row.id, [f"{name}: {why}" for name, why in failed.items()])
            good = _asked(item, {k: part for k, part in parts.items() if part.kind in made})
            return self._encoded(row, old, good) if good.parts else row
        self.report.truncated += one.truncated
        kept = {name: at for name, at in kept_of(one, old).items() if kind_of(name) in made}
        lacking = {name: why for name, why in one.failed.items() if name not in kept}
        self._tell_photos(row.id, kept, lacking)
        vectors = {k: one for k, one in old.vectors.items() if kind_of(k) not in kinds}
        vectors |= one.vectors | {name: old.vectors[was] for name, (_, was) in kept.items()}
        memory = _from_memory(old, len(parts)) if self.again and "image" in kinds else {}
        vectors |= memory
        media |= {name: path for name, (path, _) in kept.items()}
        told = [*_reasons(old, kinds), *_without(lacking)]
        hash_ = b"" if kept or memory else hash_  # it is to be taken again when its file is back
        return in_order(
            changed(
                row, text=text, media=media, vectors=vectors, hash=hash_, reason="; ".join(told)
            )
        )

    def _tell_photos(self, id: str, kept: Kept, lacking: dict[str, str]) -> None:
        """Count in the photos that stay as they are stored, and those that are stored as a path."""
        if kept:
            what = ", ".join(f"{name} ({path})" for name, (path, _) in kept.items())
            self.report.keep(id, f"cannot be read now, and what is stored is kept: {what}")
        if lacking:
            self.report.fail([Failure(id, "; ".join(_without(lacking)))], partial=True)

    def _tell(self, id: str, told: list[str]) -> None:
        if told:
            self.report.fail([Failure(id, f"{'; '.join(told)}; left as it is")], partial=True)


def _from_memory(old: Row, parts: int) -> dict[str, NDArray[np.float32]]:
    """The stored photos that are in no file, named behind so many parts."""
    some = [v for k, v in old.vectors.items() if kind_of(k) == "image" and k not in old.media]
    return {f"image {number}": vector for number, vector in enumerate(some, start=parts + 1)}


def _asked(item: Item, parts: dict[str, Part]) -> Item:
    """The item with these parts alone, and the photos that its row names and that are away."""
    asked = Item(item.id, Parts(**parts))
    object.__setattr__(asked, "missing", item.missing)
    return asked


def _without(lacking: dict[str, str]) -> list[str]:
    """Why parts are stored without a vector, as a row keeps it."""
    return [f"{_WITHOUT}{name}: {why}" for name, why in lacking.items()]


def _reasons(old: Row, kinds: set[str]) -> list[str]:
    """Why stored parts of other kinds have no vector."""
    whys = [f"{_WITHOUT}{one.removesuffix('; ')}" for one in old.reason.split(_WITHOUT)[1:]]
    names = [why.removeprefix(_WITHOUT).partition(":")[0] for why in whys]
    return [why for why, name in zip(whys, names, strict=True) if kind_of(name) not in kinds]


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
