"""The cache: the engine's shard, kept up with the truth, sealed when whole, rebuilt on doubt."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from cospace.errors import StorageError
from cospace.files import check_room, copy_folder, hidden, make_folder, move_folder, remove
from cospace.space import Space
from cospace.store.about import Language
from cospace.store.apart import Builder
from cospace.store.edge import BUILD, ENGINE, SEGMENT_ROWS, SEVERAL, Edge, is_due, is_small
from cospace.store.language import ENGLISH, recognised
from cospace.store.schema import Schema
from cospace.store.seal import Seal, break_seal, checksums, read_seal, renew_seal, write_seal
from cospace.store.truth import Change, Truth

__all__ = ["Aside", "Cache", "remove_graphs"]

log = logging.getLogger("cospace.store")

_BATCH = 2000
_TEXTS = 200  # a language is recognised from
_ROOM = 4_000_000  # bytes that the engine takes for an empty shard, generously
_GRAPH = "graph"  # ends the names of folders in which graphs are built
_MORE = 7  # further photos of an item, generously
_ROW = 1_000  # bytes that it takes for a row, beside its vectors


class Draft(NamedTuple):
    """A seal that is not written yet, and how often the cache had changed when it was made."""

    seal: Seal
    changes: int


class Aside(NamedTuple):
    """A copy of the shard in which a graph is built, and the cache as it was when it was made.

    `life` is that of the engine which was copied, `newest` its newest row.
    """

    folder: Path
    seq: int
    newest: int
    changes: int
    life: int


class Cache:
    """The engine's shard in `folder`, kept up with the truth. Guarded by the store's mutex.

    Without `dense` it holds words and metadata alone: the vectors are in an engine elsewhere.
    """

    def __init__(self, folder: Path, truth: Truth, *, dense: bool = True) -> None:
        self.folder = folder
        self._dense = dense
        self.shard = folder / ENGINE.replace(" ", "-")
        self._truth = truth
        self._edge: Edge | None = None
        self._seq = -1
        self._changes = 0
        self._life = 0
        self._builder = Builder()
        self._asides: set[Path] = set()
        self._space: Space | None = None
        self._language = Language(ENGLISH, False)
        self.sealed = False
        self.rows = 0
        self.unindexed = 0

    def current(self, space: Space | None, schema: Schema, *, build: bool = False) -> Edge | None:
        """The engine, opened or rebuilt, and caught up with the truth.

        With `build`, each part that is as large as a graph may be gets its graph on the way.
        """
        if self._edge is not None and space is self._space and self._seq == self._truth.seq:
            return self._edge  # as for every search but the first
        if space is None:
            return None
        self._space = space
        several = self._truth.several
        fields = [kind + SEVERAL if kind in several else kind for kind in self._kinds(space)]
        if self._edge is not None and (self._seq < 0 or list(self._edge.layout) != fields):
            self.discard()  # it has other fields, or an error ended its making
        if self._edge is None:
            rows = self._truth.count_since(0)
            if not rows:
                return None  # nothing can be found
            self._language = self._spoken(rows)
            self._load(space, fields)
        if self._seq != self._truth.seq:
            if self._seq >= 0:
                self._listen(fields)
            self._catch_up(schema, build)
        return self._edge

    def _kinds(self, space: Space) -> list[str]:
        """The fields whose vectors the engine holds."""
        return sorted(space.kinds) or ["text"] if self._dense else []

    def _spoken(self, rows: int) -> Language:
        """The language of the words: as told, or as recognised when there were `rows` rows.

        It is recognised again when there are ten times as many.
        """
        known = self._truth.language
        if known is not None and (known.told or rows < 10 * known.rows):
            return known
        found = Language(recognised(self._truth.sample(_TEXTS)), False, rows)
        if not self._truth.read_only:
            with suppress(StorageError):  # a search needs no room on the disk
                self._truth.speak(found)
        return found

    def _listen(self, fields: list[str]) -> None:
        """Begin anew where the rows that came are of another language."""
        assert self._space is not None
        found = self._spoken(self.rows + self._truth.count_since(self._seq))
        if found.name != self._language.name:
            log.warning(
                "%s: rebuilding the search index (its words are %s, not %s)",
                self.folder.parent, found.name.title(), self._language.name.title(),
            )  # fmt: skip
            self.discard()
            self._language = found
            self._load(self._space, fields)

    @property
    def _build(self) -> str:
        return f"{BUILD}, {self._language.name}"

    def _load(self, space: Space, fields: list[str]) -> None:
        """Open the sealed shard, or begin an empty one."""
        self._check_room(0)
        remove_graphs(self.folder, but=self._asides)
        seal: Seal | str = "there is none"
        if self.shard.exists():
            seal = read_seal(self.folder, self.shard)
            if isinstance(seal, Seal) and (seal.engine != self._build or seal.fields != fields):
                seal = "it was built otherwise"
            if isinstance(seal, Seal) and seal.quantization != self._truth.quantization:
                seal = f"quantization was {seal.quantization}, and is {self._truth.quantization}"
            if isinstance(seal, Seal) and seal.token != self._truth.token:
                seal = "it belongs to another collection, or to another state of this one"
        if isinstance(seal, Seal):
            try:
                self._edge = self._opened(space, fields, create=False)
                self.rows = self._edge.size()
            except StorageError as error:
                seal = str(error)
            else:
                self._seq, self.unindexed, self.sealed = seal.seq, seal.unindexed, True
                try:
                    renew_seal(self.folder, self.shard)
                except (StorageError, OSError) as error:
                    self._not_kept(error)
                return
        if self.shard.exists():
            log.warning("%s: rebuilding the search index (%s)", self.folder.parent, seal)
        self.discard()
        check_room(self.folder.parent)
        make_folder(self.shard)
        self._edge = self._opened(space, fields, create=True)

    def _opened(self, space: Space, fields: list[str], *, create: bool) -> Edge:
        quantization = self._truth.quantization
        return Edge(
            self.shard,
            dim=space.dim,
            fields=fields,
            create=create,
            quantization=quantization,
            language=self._language.name,
        )

    def _catch_up(self, schema: Schema, build: bool) -> None:
        """Bring what was committed since `_seq` into the engine."""
        assert self._edge is not None
        target, fresh = self._truth.seq, self._seq < 0
        rows = self._truth.count_since(self._seq)
        gone = [] if fresh else self._truth.deleted_since(self._seq)
        if not (fresh or rows or gone):  # the commit was of the other model
            self._seq = target
            return
        self._check_room(rows)
        self._unseal()
        self._edge.learn(schema.fields.values())
        if gone:
            self._edge.drop(gone)
        for page in _pages(self._truth.changes(self._seq, vectors=self._dense)):
            self._edge.put(page, schema.fields)
            self.unindexed += len(page)
            if build and self.unindexed >= SEGMENT_ROWS:
                self._check_room(2 * SEGMENT_ROWS)
                self._graph()
        self._seq = target
        self.rows = self._edge.size()

    def follow(self, truth: Truth, space: Space) -> None:
        """From now on keep up with `truth`, whose last commit made it that of this very index."""
        self._truth, self._space, self._seq = truth, space, truth.seq

    def follow_beside(self, truth: Truth) -> None:
        """From now on keep up with `truth`, in which this is the other index.

        A graph that is being built for it is not taken.
        """
        self._truth, self._space = truth, truth.space
        self._life += 1

    @property
    def seq(self) -> int:
        """The last commit that it holds; -1 while it is not open."""
        return self._seq

    def release(self) -> None:
        """Let go of the engine, sealed or not."""
        if self._edge is not None:
            self._edge.close()
        self._forget()

    def _forget(self) -> None:
        self._edge, self._seq, self.rows, self.unindexed = None, -1, 0, 0
        self.sealed = False
        self._life += 1

    def holds(self, edge: Edge) -> bool:
        """Whether this is the engine in use still."""
        return self._edge is edge

    # --- graphs ---

    def is_due(self) -> bool:
        """Whether a graph is to be built."""
        return is_due(self.rows, self.unindexed)

    @property
    def is_small(self) -> bool:
        """Whether a search compares with every row."""
        return is_small(self.rows)

    def optimize(self) -> None:
        """Build the graph when that is due. Nobody can search meanwhile."""
        if self.is_due():
            self._check_room(2 * self.rows)
            self._unseal()
            self._graph()

    def _graph(self) -> None:
        """Build it in a process of its own, in a folder that nobody else knows.

        Should this process end meanwhile, the other one harms nothing.
        """
        edge, space = self._edge, self._space
        assert edge is not None
        assert space is not None
        if is_small(edge.size()):
            edge.tidy()
            self.unindexed = 0
            return
        place = hidden(self.folder, _GRAPH)
        try:
            edge.flush()
            edge.close()
            move_folder(self.shard, place, sync=False)
            self._builder.build(place)
            move_folder(place, self.shard, sync=False)
            self._edge = self._opened(space, list(edge.layout), create=False)
            self._edge.newest, self.unindexed = edge.newest, 0
            self._life += 1
        except BaseException:
            self.discard()
            remove(place)
            raise

    def aside(self) -> Aside | None:
        """All of the engine on the disk, to be copied and built while this one is searched.

        None where no graph is due, or another thread builds it.
        """
        if not self.is_due() or self._asides:
            return None
        self._check_room(3 * self.rows)
        place = hidden(self.folder, _GRAPH)
        aside = self._noted(place)
        self._asides.add(place)
        return aside

    def _noted(self, place: Path) -> Aside:
        assert self._edge is not None
        self._edge.flush()
        return Aside(place, self._seq, self._edge.newest, self._changes, self._life)

    def copy(self, aside: Aside) -> bool:
        """Make the copy; whether it is whole, as nothing changed the shard meanwhile."""
        try:
            copy_folder(self.shard, aside.folder)
        except StorageError:
            if self._is_as(aside):
                raise
        return self._is_as(aside)

    def copy_again(self, aside: Aside) -> Aside:
        """Make it anew, while the store's mutex holds others back; not where nobody needs it."""
        remove(aside.folder)
        if self.needs(aside):
            aside = self._noted(aside.folder)
            self.copy(aside)
        return aside

    def _is_as(self, aside: Aside) -> bool:
        return aside.changes == self._changes and self.needs(aside)

    def needs(self, aside: Aside) -> bool:
        """Whether the engine that was copied is in use still, for the same set of vectors."""
        return aside.life == self._life

    def build(self, aside: Aside) -> None:
        """Build the graph of the copy, outside of the store's mutex."""
        try:
            self._builder.build(aside.folder)
        except StorageError:
            if self.needs(aside):
                raise

    def take(self, aside: Aside) -> None:
        """Search the copy from now on, unless this one was thrown away meanwhile.

        What came since is brought into it by the next `current`.
        """
        if not self.needs(aside):
            return
        edge, space = self._edge, self._space
        assert edge is not None
        assert space is not None
        self._unseal()
        self.release()
        move_folder(aside.folder, self.shard, sync=False)
        self._edge = self._opened(space, list(edge.layout), create=False)
        self.rows = self._edge.size()
        self._edge.newest, self._seq = aside.newest, aside.seq

    def drop(self, aside: Aside) -> None:
        """The copy is not needed any more. What cannot be removed is so at the next opening."""
        with suppress(OSError, StorageError):
            remove(aside.folder)
        self._asides.discard(aside.folder)

    def stop(self) -> None:
        """End what builds a graph; from now on none is built. Any thread may call this."""
        self._builder.stop()

    # --- the end ---

    def close(self) -> None:
        """Seal what is there, and let go of it."""
        if self._edge is not None:
            draft = self.draft()
            if draft is not None:
                self.seal(draft, checksums(self.shard))
            self.release()

    def discard(self) -> None:
        """Throw the cache away; the next search rebuilds it."""
        if self._edge is not None:
            self._edge.close()
        self._forget()
        self._changes += 1
        break_seal(self.folder)
        remove(self.folder)

    def _check_room(self, rows: int) -> None:
        """Raises `DiskFull` in good time: the engine maps its files, and dies with a full disk."""
        space = self._truth.space
        vectors = 0 if space is None else len(self._kinds(space))
        vectors += _MORE * len(self._truth.several) if vectors else 0
        row = 0 if space is None else 4 * space.dim * vectors + _ROW
        check_room(self.folder.parent, _ROOM + rows * row, floor=0)

    def _unseal(self) -> None:
        if self.sealed or (self.folder / "seal.json").exists():
            break_seal(self.folder)
        self.sealed = False
        self._changes += 1

    def draft(self) -> Draft | None:
        """All of the engine on the disk, and the seal for it; None where there is none to make.

        Without a seal the cache would be rebuilt at the next opening.
        """
        if self.sealed or self._edge is None or self._seq < 0:
            return None
        try:
            self._edge.flush()
            fields, token = list(self._edge.layout), self._truth.new_token()
        except StorageError as error:
            self._not_kept(error)
            return None
        quantization = self._truth.quantization
        seal = Seal(self._build, fields, self._seq, self.unindexed, token, quantization)
        return Draft(seal, self._changes)

    def seal(self, draft: Draft, sums: Mapping[str, str]) -> None:
        """Put the seal on, unless the cache has changed since it was drafted."""
        if draft.changes != self._changes:
            return
        try:
            write_seal(self.folder, draft.seal, sums)
        except StorageError as error:
            self._not_kept(error)
        else:
            self.sealed = True

    def _not_kept(self, error: Exception) -> None:
        log.warning("%s: the search index was not kept (%s)", self.folder.parent, error)


def remove_graphs(folder: Path, *, but: Collection[Path] = ()) -> None:
    """Remove what processes left that ended while they built a graph for the index in `folder`."""
    for left in folder.parent.glob(f".{folder.name}.*.{_GRAPH}"):
        if left not in but:
            with suppress(OSError, StorageError):
                remove(left)


def _pages(changes: Iterator[Change]) -> Iterator[list[Change]]:
    page: list[Change] = []
    for change in changes:
        page.append(change)
        if len(page) == _BATCH:
            yield page
            page = []
    if page:
        yield page
