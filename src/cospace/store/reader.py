"""A reader of a local collection: it searches beside the owner, in any number of processes.

It follows the truth, which SQLite lets others read while one writes. The engine's files are its
owner's alone, for the engine changes them even when it only loads them; so each reader works on a
copy of its own, in the system's folder for temporary files.
"""

from __future__ import annotations

import atexit
import os
import tempfile
import time
import weakref
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from cospace.errors import CospaceError, DiskFull, StorageError
from cospace.files import check_room, copy_folder, on_disk, remove
from cospace.space import Space
from cospace.store.cache import Cache
from cospace.store.edge import Edge
from cospace.store.gate import Gate
from cospace.store.lock import Lock
from cospace.store.opened import Opened, truth_path
from cospace.store.otherside import OtherSide
from cospace.store.refusing import Refusing
from cospace.store.schema import Schema
from cospace.store.truth import Truth

__all__ = ["LocalReader"]

# The owner may seal anew, or begin to write, while its files are being copied.
_TRIES = 3
_PREFIX = "cospace-reader-"
# A folder that a reader has just made may not be locked yet.
_NEW_SECONDS = 60.0


class LocalReader(Refusing, Opened):
    """A collection's folder, read until `close`; another process may own it and write.

    Each search sees all that was committed before it. Writing raises `CollectionReadOnly`.
    With `beside` it reads the second set of vectors: docs/migrate.md.

    Raises `CollectionNotFound`, `NotACollection`, `FormatTooNew`, `DataDamaged`.
    """

    def __init__(self, folder: Path, *, beside: bool = False) -> None:
        self.folder = folder
        self._gate = Gate(folder)
        path = truth_path(folder)
        self._truth = OtherSide(path) if beside else Truth(path, read_only=True)
        try:
            with self._truth.snapshot():
                self._seen = self._truth.seq
                self._space, self._schema = self._truth.space, self._truth.schema
            _remove_left()
            self._own = Path(tempfile.mkdtemp(prefix=_PREFIX))
            self._lock = Lock(self._own / "lock")
            self._cache = Cache(self._own / self._truth.index, self._truth)
            self._copied = False
        except BaseException:
            self._truth.close()
            raise
        _open_readers.add(self)

    @property
    def space(self) -> Space | None:
        """See `Store`."""
        with self._following():
            return self._space

    @property
    def schema(self) -> Schema:
        """See `Store`."""
        with self._following():
            return self._schema

    # --- following the owner ---

    @contextmanager
    def _following(self) -> Iterator[None]:
        """A block that sees what the last commit left, with the space and the schema of it."""
        with self._gate, self._truth.snapshot():
            self._follow()
            yield

    def _follow(self) -> None:
        """Take over the space and the schema of the last commit, within a snapshot."""
        if self._truth.seq == self._seen:
            return
        if self._truth.index != self._cache.folder.name:  # the owner has switched to another model
            self._cache.discard()
            self._cache, self._copied = Cache(self._own / self._truth.index, self._truth), False
        space, schema = self._truth.space, self._truth.schema
        known = self._schema.fields
        if self._truth.compacted > self._seen or not known.items() <= schema.fields.items():
            # Which rows went is not recorded any more, or a field has another type now.
            self._cache.discard()
        if space != self._space:  # the cache knows it by identity
            self._space = space
        self._seen, self._schema = self._truth.seq, schema

    def _edge(self) -> Edge | None:
        with self._truth.snapshot():
            self._follow()
            if not self._copied and self._space is not None:
                self._copied = True
                self._copy()
            return self._cache.current(self._space, self._schema)

    def _copy(self) -> None:
        """The owner's cache, where it is sealed; what is copied is checked when it is loaded."""
        theirs = self.folder / self._truth.index
        for _ in range(_TRIES):
            seal = _bytes(theirs / "seal.json")
            if not seal:
                return
            check_room(self._own, on_disk(theirs), floor=0)
            try:
                copy_folder(theirs, self._cache.folder)
            except DiskFull:
                raise
            except StorageError:  # files go while the owner writes, or has built a graph
                seal = b""
            if seal and seal == _bytes(theirs / "seal.json"):
                return
            remove(self._cache.folder)

    # --- upkeep ---

    def optimize(self) -> None:
        """Bring this reader's copy of the index up to date."""
        with self._gate:
            self._edge()

    def close(self) -> None:
        """Close the truth, remove the copy of the index."""
        with self._gate.closing() as first:
            if not first:
                return
            try:
                self._cache.discard()
            finally:
                self._truth.close()
                self._lock.release()
                remove(self._own)
            _open_readers.discard(self)


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return b""


def _remove_left() -> None:
    """Remove copies of readers that were killed: of this user, with a lock that nobody holds."""
    for left in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        with suppress(CospaceError, OSError):
            stat = left.lstat()
            ours = not hasattr(os, "getuid") or stat.st_uid == os.getuid()
            if ours and time.time() - stat.st_mtime > _NEW_SECONDS:
                Lock(left / "lock").release()
                remove(left)


# Closed at the end of a script that never did, so that its copy goes.
_open_readers: weakref.WeakSet[LocalReader] = weakref.WeakSet()


@atexit.register
def _close_all() -> None:
    for reader in list(_open_readers):
        reader.close()
