"""The local store: the truth in SQLite, a cache in the vector engine that follows it.

Writes touch the truth alone. The cache catches up when somebody searches or when the store is
asked to optimize. It is sealed at the close, and when nothing was written for some seconds; it is
rebuilt when its seal does not hold.
"""

from __future__ import annotations

import atexit
import weakref
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cospace.arguments import is_one_of
from cospace.errors import BadArgument, CollectionClosed, FormatTooNew
from cospace.files import check_room, check_writable, make_folder
from cospace.need import UPGRADE
from cospace.space import Space
from cospace.store.about import Language
from cospace.store.cache import Aside, Cache
from cospace.store.edge import QUANTIZATIONS, Edge
from cospace.store.gate import Gate
from cospace.store.idle import Idle
from cospace.store.language import AUTO, ENGLISH, named
from cospace.store.lock import Lock
from cospace.store.moving import Moving
from cospace.store.opened import truth_path
from cospace.store.protocol import Failure, Row
from cospace.store.rebind import Earlier
from cospace.store.schema import Schema
from cospace.store.seal import checksums
from cospace.store.truth import Truth

__all__ = ["LocalStore"]

# The cache is sealed when nothing was written for so many seconds. A process that is killed before
# leaves a cache that is rebuilt.
SEAL_AFTER = 5.0


class LocalStore(Moving):
    """A collection's folder, owned by this process until `close`.

    `quantization` ("none", "int8" or "binary") is how the cache makes its vectors smaller. It is
    recorded; None is what is recorded, or "int8". With another one the cache is rebuilt.
    `language` is that of the words, as `named` takes it; recorded too, "auto" is recognised.

    Raises `BadArgument`, `CollectionBusy`, `NotACollection`, `FormatTooNew`, `CollectionNotFound`.
    """

    def __init__(
        self,
        folder: Path,
        *,
        create: bool = True,
        quantization: str | None = None,
        language: str | None = None,
    ) -> None:
        if quantization is not None and not is_one_of(quantization, QUANTIZATIONS):
            names = ", ".join(map(repr, QUANTIZATIONS))
            raise BadArgument(f"quantization is one of {names}, not {quantization!r}")
        spoken = None if language is None else named(language)
        self.folder = folder
        truth = truth_path(folder, create=create)
        if not folder.is_dir():
            make_folder(folder)
        self._gate = Gate(folder)
        self._prepare()
        self._idle = Idle(self._seal, SEAL_AFTER)
        self._lock = Lock(folder / "lock")
        try:
            check_writable(folder)
            self._truth = Truth(truth)
        except BaseException:
            self._lock.release()
            raise
        try:
            recorded = self._truth.quantization
            if quantization is None and recorded not in QUANTIZATIONS:
                raise FormatTooNew(
                    f"{folder}: its index was made with quantization {recorded!r}, which this"
                    " cospace does not know. Open it with quantization='int8', or upgrade;"
                    f" {UPGRADE}"
                )
            if quantization is not None and quantization != recorded:
                self._truth.quantization = quantization
            if spoken is not None:
                self._tell(spoken)
            self._space = self._truth.space
            self._schema = self._truth.schema
            self._cache = self._indexed()
        except BaseException:
            self._truth.close()
            self._lock.release()
            raise
        _open_stores.add(self)

    def _indexed(self) -> Cache:
        """The cache that follows the truth."""
        return Cache(self.folder / self._truth.index, self._truth)

    def tell_language(self, language: str) -> None:
        """Record the language of the words; the next commit is the first that is read so."""
        with self._gate:
            self._tell(language)

    def _tell(self, language: str) -> None:
        """Record the language that was told, or that it is to be recognised from now on."""
        known = self._truth.language
        if language == AUTO:
            if known is not None and known.told:
                self._truth.speak(Language(ENGLISH, False))
        elif known is None or known.name != language or not known.told:
            self._truth.speak(Language(language, True))

    # --- writing ---

    def write(self, rows: Sequence[Row], *, replace: bool, failures: Sequence[Failure] = ()) -> int:
        """See `Store`."""
        with self._gate:
            check_room(self.folder, sum(_size(row) for row in rows))
            return self._truth.write(rows, replace=replace, failures=failures)

    def delete(self, ids: Sequence[str]) -> int:
        """See `Store`."""
        with self._gate:
            gone = self._truth.delete(ids)
            if gone and len(self._schema.fields) > len(self._truth.schema.fields):
                self._schema = self._truth.schema
                self._cache.discard()  # its fields have the old types
            return gone

    def extend(self, space: Space | None, schema: Schema) -> None:
        """See `Store`."""
        with self._gate:
            if self._space is not None and space is not None:
                self._space.check(space, what=str(self.folder), stored=True)
            self._truth.extend(space, schema)
            self._space, self._schema = self._truth.space, schema.copy()

    def rebind(
        self,
        space: Space,
        vectors: Iterable[tuple[str, Mapping[str, NDArray[np.float32]]]],
        *,
        kind: str,
        back: bool = False,
    ) -> None:
        """Puts the collection under another space, with new vectors of `kind`: see `Sides`."""
        with self._gate:
            check_room(self.folder, 2 * (self.folder / "truth.sqlite").stat().st_size)
            self._truth.rebind(space, vectors, kind=kind, back=back)
            self._space = self._truth.space

    def _changed(self) -> None:
        self._idle.wait_anew()

    def _edge(self) -> Edge | None:
        edge = super()._edge()
        if edge is not None and not self._cache.sealed:
            self._idle.wait_anew()
        return edge

    @property
    def earlier(self) -> Earlier | None:
        """What the collection was before a kind was bound anew; None when none was."""
        with self._gate:
            return self._truth.earlier

    def earlier_vectors(self) -> Iterator[tuple[str, str, NDArray[np.float32]]]:
        """See `Truth`."""
        with self._gate:
            found = list(self._truth.earlier_vectors())
        yield from found

    # --- upkeep ---

    def optimize(self) -> None:
        """See `Store`. Other threads search and write while a graph is built.

        It returns at once while another thread builds one: that thread goes on for what came
        meanwhile.
        """
        while True:
            with self._gate:
                cache = self._cache
                if cache.current(self._space, self._schema, build=True) is None:
                    return
                if cache.is_small:
                    cache.optimize()
                if not cache.sealed:
                    self._idle.wait_anew()
                aside = cache.aside()
            if aside is None:
                return
            self._build_aside(cache, aside)

    def _build_aside(self, cache: Cache, aside: Aside) -> None:
        """Build the graph of a copy, and search that from then on.

        Once another thread has exchanged or thrown away what was copied, the cache is not this
        one's to touch.
        """
        try:
            if not cache.copy(aside):  # others write all the time: they are held back for it
                with self._gate:
                    aside = cache.copy_again(aside)
            if cache.needs(aside):
                cache.build(aside)
            with self._gate:
                cache.take(aside)
        finally:
            cache.drop(aside)

    def compact(self) -> None:
        """Give the space of deleted rows back to the disk; the cache is rebuilt when needed."""
        with self._moving, self._gate:
            check_room(self.folder, 2 * (self.folder / "truth.sqlite").stat().st_size)
            self._cache.discard()
            self._close_second(sealed=False)
            self._truth.compact()
            if (there := self._truth.beside) is not None:
                self._remove_second(there)

    def close(self) -> None:
        """Seal the cache, close the files, release the lock.

        What Ctrl-C has ended is taken up again by the next call, as all of it may be done twice.
        """
        if not self._lock.held:  # closed, or of the process that this one was forked from
            return
        with suppress(CollectionClosed):
            self._gate.check()
            self._stop_building()
        try:
            with self._gate.closing() as first:
                if first:
                    self._idle.stop()
                    self._cache.close()
                    self._truth.close()
            with self._moving:  # what builds the second index finds the gate shut, and ends
                self._close_second(sealed=True)
        except Exception:  # it would come again
            self._truth.close()
            self._let_go()
            raise
        self._let_go()

    def _let_go(self) -> None:
        self._lock.release()
        _open_stores.discard(self)

    def _stop_building(self) -> None:
        self._cache.stop()
        if (second := self._second) is not None:
            second.cache.stop()

    def _seal(self) -> None:
        """Seal the cache, in the background: searches go on while its files are read."""
        with suppress(CollectionClosed):
            with self._gate:
                cache = self._cache
                draft = cache.draft()
            if draft is None:
                return
            try:
                sums = checksums(cache.shard)
            except OSError:  # files come and go: somebody writes, and this is asked for again
                return
            with self._gate:
                cache.seal(draft, sums)


# Closed at the end of a script that never did, so that its index is kept.
_open_stores: weakref.WeakSet[LocalStore] = weakref.WeakSet()


@atexit.register
def _close_all() -> None:
    for store in list(_open_stores):
        store.close()


def _size(row: Row) -> int:
    return 512 + 2 * len(row.text or "") + sum(v.nbytes for v in row.vectors.values())
