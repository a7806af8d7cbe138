"""Another model for a collection, while it is in use: its vectors are made beside the stored ones.

The copy goes in rounds, each over the items that were written since the one before. Items are
encoded outside of any lock; a batch is written where its items are still as they were encoded.
The last round holds back the writers, and then one commit exchanges the two sets.
"""

from __future__ import annotations

import hashlib
import re
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from typing import Any

from cospace.collection.ingest import in_order
from cospace.collection.stored import item_of, part_names
from cospace.encode import Encoder
from cospace.encode.bulk import Encoded, encode_items
from cospace.encode.inputs import lacks, listed
from cospace.errors import BadArgument, CollectionReadOnly, SpaceMismatch
from cospace.item import Item, kind_of
from cospace.limits import limit
from cospace.progress import Meter, Watch, metered
from cospace.space import Space
from cospace.store.beside import Made, Stale
from cospace.store.local import LocalStore
from cospace.store.protocol import Failure, Store

__all__ = ["Migration", "check_target", "copy_items", "curable", "migration_of", "owned"]

# A round over so few items is followed by the last one, for which writers wait.
_FEW = 500
_NO_SOURCE = "it was added without a file or a text, so it cannot be encoded anew"
_WITHOUT = "kept without its "
_SOURCELESS = re.compile(f"{_WITHOUT}([^:]+): {_NO_SOURCE}")


@dataclass(frozen=True, slots=True)
class Migration:
    """How far a collection has come on its way to another model.

    `space` is in use, `other` is that of the second set of vectors: with `switched` the older one.
    `items` of `of` items have vectors of both, as they are now. In this run `encoded` were encoded,
    and `kept` were found as they are; of `truncated` the end was not read. `partial` items could
    not be encoded whole by the other model; `reasons` are of some of them, by id.
    """

    space: Space
    other: Space
    switched: bool
    items: int
    of: int
    encoded: int = 0
    kept: int = 0
    truncated: int = 0
    partial: int = 0
    reasons: tuple[Failure, ...] = ()
    seconds: float = 0.0

    @property
    def complete(self) -> bool:
        """Whether every item has been looked at by both models, as it is now."""
        return self.items == self.of

    def to_json(self) -> dict[str, Any]:
        """A record of plain types."""
        return {
            "model": self.space.name,
            "other": self.other.name,
            "switched": self.switched,
            "complete": self.complete,
            "items": self.items,
            "of": self.of,
            "encoded": self.encoded,
            "kept": self.kept,
            "truncated": self.truncated,
            "partial": self.partial,
            "reasons": [{"id": one.name, "reason": one.reason} for one in self.reasons],
            "seconds": round(self.seconds, 3),
        }


def owned(store: Store, name: str) -> LocalStore:
    """The store of the collection `name`, when it can be migrated. Raises `BadArgument`."""
    if type(store) is LocalStore:  # not one whose vectors are in an engine elsewhere
        return store
    if isinstance(store, LocalStore):
        raise BadArgument(
            f"{name}: its vectors are searched elsewhere, and migrate works on a folder. Close it,"
            f" migrate its folder (cospace migrate {store.folder}), and open the address again:"
            " the engine is built anew"
        )
    if getattr(store, "folder", None) is not None:
        raise CollectionReadOnly(f"{name}: opened to be read; migrate changes it")
    raise BadArgument(f"{name}: migrate works on a collection in a folder of its own")


def check_target(store: LocalStore, name: str, space: Space) -> None:
    """Raises `SpaceMismatch` or `BadArgument` when a model of `space` cannot take over."""
    stored, info = store.space, store.info()
    if stored is None or not info.items:
        raise BadArgument(f"{name}: it holds nothing yet; index with the model that you want")
    if not stored.conflict(space):
        raise SpaceMismatch(
            f"{name}: it holds {stored}, and vectors of {space} compare with those: there is"
            " nothing to migrate"
        )
    there = [kind for kind, count in info.fields.items() if count]
    if there and not set(there) & set(space.kinds):
        raise SpaceMismatch(
            f"{name}: its items have {listed(tuple(there))}, and {space.name} takes"
            f" {listed(space.kinds)}: it could encode none of them"
        )


def migration_of(store: LocalStore, **counts: Any) -> Migration | None:
    """How far the collection in `store` has come; None where no second set was begun."""
    there, space = store.beside, store.space
    if there is None or space is None:
        return None
    copied = store.copied()
    partial, some = store.beside_reasons(limit("report_reasons"))
    reasons = tuple(Failure(id, why) for id, why in some)
    return Migration(
        space, there.space, there.switched, *copied, partial=partial, reasons=reasons, **counts
    )


def curable(store: LocalStore, space: Space) -> list[str]:
    """The ids of items of which a part may be encoded after all, such as those of files away."""
    stored = () if store.space is None else store.space.kinds
    lasting = {_NO_SOURCE, *(lacks(space, kind) for kind in stored if kind not in space.kinds)}
    found = []
    for id, reason in store.beside_reasons(sys.maxsize)[1]:
        whys = (one.partition(": ")[2] for one in reason.split(_WITHOUT))
        if {why.removesuffix("; ") for why in whys} - lasting - {""}:
            found.append(id)
    return found


class _Copying:
    """One run of the copy: what it has counted."""

    def __init__(self, store: LocalStore, encoder: Encoder, meter: Meter) -> None:
        self.store, self.encoder, self.meter = store, encoder, meter
        self.encoded = self.kept = self.truncated = 0
        self._fingerprint = encoder.space.fingerprint.encode()

    def round(self) -> int:
        """How many items were looked at: those that were written since the last round."""
        there = self.store.beside
        assert there is not None
        until = self.store.revision
        asked: dict[str, Stale] = {}

        def items() -> Iterator[Item]:
            after = (there.covered, 0)
            while page := self.store.stale(after, until):
                for one in page:
                    item = item_of(one.row)
                    asked[item.id] = one
                    yield item
                after = page[-1].seq, page[-1].key

        count = 0
        batches = encode_items(
            self.encoder, items(), batch=limit("batch_items"),
            known=lambda one: self._is_known(one, asked[one.item.id]),
        )  # fmt: skip
        with closing(batches):
            for batch in batches:
                made = [self._made(one, asked.pop(one.item.id)) for one in batch]
                self.encoded += self.store.put_beside(made)
                self.kept += sum(one.kept for one in made)
                count += len(made)
                self.meter.add(len(made))
        self.store.cover(until)
        return count

    def _hash(self, one: Encoded) -> bytes:
        return hashlib.sha256(one.hash + self._fingerprint).digest()

    def _is_known(self, one: Encoded, old: Stale) -> bool:
        """Whether the other model has encoded this very content, and all of it."""
        several = any(kind_of(name) != name for name in old.row.media)
        return not several and not one.failed and self._hash(one) == old.hash

    def _made(self, one: Encoded, old: Stale) -> Made:
        """The item with the other model's vectors, and why a part has none."""
        if one.skipped:
            row = replace(old.row, hash=self._hash(one), reason="")
            return Made(old.key, old.seq, row, kept=True)
        names = part_names(old.row.media, old.fields)
        fields = {names.get(name, name) for name in old.fields}
        media = {names.get(name, name): path for name, path in old.row.media.items()}
        lost = set(_SOURCELESS.findall(old.row.reason)) - set(one.item.parts)
        # Vectors that only the other model has: they were given, and cannot be made again.
        there = self.store.beside_vectors(old.key) if lost else {}
        given = {name: there[name] for name in lost - old.fields if name in there}
        failed = dict(one.failed)
        for name in sorted((fields | lost) - set(one.item.parts) - set(given)):
            failed[name] = _NO_SOURCE
        reason = "; ".join(f"{_WITHOUT}{name}: {why}" for name, why in failed.items())
        self.truncated += one.truncated
        vectors, hash_ = {**given, **one.vectors}, b"" if given else self._hash(one)
        row = replace(old.row, media=media, vectors=vectors, hash=hash_, reason=reason)
        return Made(old.key, old.seq, in_order(row))


def copy_items(
    store: LocalStore, encoder: Encoder, progress: Watch = None, *, last: bool = False
) -> Migration:
    """Bring the second set, and its index, up to date. With `last` writers wait, and it is whole.

    The caller holds the collection's writing lock then.
    """
    started = time.monotonic()
    items, of = store.copied()
    with metered(progress, of, "items", done=items) as meter:
        run = _Copying(store, encoder, meter)
        before = of + 1
        while count := run.round():
            if not last and (count <= _FEW or count >= before):
                break
            before = count
            meter.total = None  # what is written meanwhile comes on top
    if not last:
        store.index_beside()
    counts = {"encoded": run.encoded, "kept": run.kept, "truncated": run.truncated}
    found = migration_of(store, seconds=time.monotonic() - started, **counts)
    assert found is not None
    return found
