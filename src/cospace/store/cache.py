"""The cache: the engine's shard, kept up with the truth, sealed when whole, rebuilt on doubt."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

from cospace.files import check_room, make_folder, remove
from cospace.space import Space
from cospace.store.edge import ENGINE, Edge, is_due
from cospace.store.schema import Schema
from cospace.store.seal import Seal, break_seal, read_seal, write_seal
from cospace.store.truth import Change, Truth

__all__ = ["Cache"]

log = logging.getLogger("cospace.store")

_BATCH = 2000


class Cache:
    """The engine's shard under `cache`, kept up with the truth. Guarded by the store's mutex."""

    def __init__(self, folder: Path, truth: Truth) -> None:
        self.folder = folder
        self.shard = folder / ENGINE.replace(" ", "-")
        self._truth = truth
        self._edge: Edge | None = None
        self._seq = -1
        self._sealed = False
        self._indexed_fields: set[str] = set()
        self.rows = 0
        self.unindexed = 0

    def current(self, space: Space | None, schema: Schema) -> Edge | None:
        """The engine, opened or rebuilt, and caught up with the truth."""
        if space is None:
            return None
        fields = sorted(space.kinds) or ["text"]
        if self._edge is not None and sorted(self._edge.fields) != fields:
            self.discard()
        if self._edge is None:
            self._load(space, fields)
        if self._seq != self._truth.seq:
            self._catch_up(schema)
        return self._edge

    def _load(self, space: Space, fields: list[str]) -> None:
        """Open the sealed shard, or begin an empty one."""
        seal: Seal | str = "there is none"
        if self.shard.exists():
            seal = read_seal(self.folder, self.shard)
            if isinstance(seal, Seal) and (seal.engine != ENGINE or seal.fields != fields):
                seal = "it was built otherwise"
            if isinstance(seal, Seal) and seal.seq > self._truth.seq:
                seal = "it is newer than the truth"
        if isinstance(seal, Seal):
            self._edge = Edge(self.shard, dim=space.dim, fields=fields, create=False)
            self._seq, self.unindexed, self._sealed = seal.seq, seal.unindexed, True
            self.rows = self._edge.count(None)
            self._indexed_fields = set(self._truth.schema.fields)
            return
        if self.shard.exists():
            log.warning("%s: rebuilding the search index (%s)", self.folder.parent, seal)
        self.discard()
        check_room(self.folder.parent)
        make_folder(self.shard)
        self._edge = Edge(self.shard, dim=space.dim, fields=fields, create=True)

    def _catch_up(self, schema: Schema) -> None:
        """Bring what was committed since `_seq` into the engine."""
        assert self._edge is not None
        target, fresh = self._truth.seq, self._seq < 0
        self._unseal()
        new = [f for name, f in schema.fields.items() if name not in self._indexed_fields]
        self._edge.learn(new)
        self._indexed_fields.update(f.name for f in new)
        gone = [] if fresh else self._truth.deleted_since(self._seq)
        if gone:
            self._edge.drop(gone)
        for page in _pages(self._truth.changes(self._seq)):
            self._edge.put(page, schema.fields)
            self.unindexed += len(page)
        self._seq = target
        self.rows = self._edge.count(None)

    def optimize(self) -> None:
        """Build the graph when that is due; then seal."""
        assert self._edge is not None
        if is_due(self.rows, self.unindexed):
            self._unseal()
            self._edge.optimize()
            self.unindexed = 0
        self._seal()

    def close(self) -> None:
        """Seal what is there, and let go of it."""
        if self._edge is not None:
            self._seal()
            self._edge.close()
            self._edge = None

    def discard(self) -> None:
        """Throw the cache away; the next search rebuilds it."""
        if self._edge is not None:
            self._edge.close()
        self._edge, self._seq, self.rows, self.unindexed = None, -1, 0, 0
        self._sealed, self._indexed_fields = False, set()
        break_seal(self.folder)
        remove(self.folder)

    def _unseal(self) -> None:
        if self._sealed or (self.folder / "seal.json").exists():
            break_seal(self.folder)
        self._sealed = False

    def _seal(self) -> None:
        if self._sealed or self._edge is None:
            return
        self._edge.flush()
        seal = Seal(ENGINE, sorted(self._edge.fields), self._seq, self.unindexed)
        write_seal(self.folder, self.shard, seal)
        self._sealed = True


def _pages(changes: Iterator[Change]) -> Iterator[list[Change]]:
    page: list[Change] = []
    for change in changes:
        page.append(change)
        if len(page) == _BATCH:
            yield page
            page = []
    if page:
        yield page
