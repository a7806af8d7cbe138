"""The part of the local store that takes in another model: its vectors, its index, the switch.

The second index is made from a connection of its own to the truth, outside of the store's mutex:
searches and writes go on. Its lock is taken before the mutex, never inside it.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from contextlib import suppress
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cospace.errors import CollectionClosed
from cospace.files import check_room, remove
from cospace.space import Space
from cospace.store.beside import Beside, Made, Stale
from cospace.store.cache import Cache, remove_graphs
from cospace.store.gate import Turn
from cospace.store.opened import Opened
from cospace.store.otherside import OtherSide
from cospace.store.seal import checksums
from cospace.store.sides import Copied

__all__ = ["Moving"]


class _Second(NamedTuple):
    """The other model's truth, on a connection of its own, and its index."""

    truth: OtherSide
    cache: Cache


class Moving(Opened):
    """What an owner can do with a second set of vectors. See `store/beside.py`."""

    _second: _Second | None = None

    def _prepare(self) -> None:
        self._moving = threading.RLock()
        self._copying = Turn(f"{self.folder}: another thread migrates it; wait for that")

    def copying(self) -> Turn:
        """A block in which nobody else copies, switches or drops. Raises `CollectionBusy`."""
        return self._copying

    @property
    def beside(self) -> Beside | None:
        """What is recorded of the second set of vectors; None where there is none."""
        with self._gate:
            return self._truth.beside

    def begin_beside(self, space: Space, model: str, own: str = "") -> None:
        """Begin an empty second set, of `space`. Raises `DiskFull`, `BadArgument`.

        On the disk there has to be room for its vectors twice: as stored, and in the index.
        """
        with self._moving, self._gate:
            numbers = sum(self._truth.counts()[1].values())
            check_room(self.folder, 2 * numbers * (4 * space.dim + 100))
            self._truth.begin_beside(space, model, own)

    def stale(self, after: tuple[int, int], until: int) -> list[Stale]:
        """The next items that the other model is to encode: see `Sides`."""
        with self._gate:
            return self._truth.stale(after, until)

    def beside_vectors(self, key: int) -> dict[str, NDArray[np.float32]]:
        """The vectors that the second set has of an item, by field."""
        with self._gate:
            return self._truth.beside_vectors(key)

    def put_beside(self, made: Sequence[Made]) -> int:
        """How many items were written to the second set; durable on return."""
        with self._gate:
            vectors = (one for item in made for one in item.row.vectors.values())
            check_room(self.folder, 512 * len(made) + sum(one.nbytes for one in vectors))
            return self._truth.put_beside(made)

    def cover(self, seq: int) -> None:
        """All items up to commit `seq` have been looked at."""
        with self._gate:
            self._truth.cover(seq)

    def copied(self) -> Copied:
        """How far the second set has come."""
        with self._gate:
            return self._truth.copied()

    def beside_reasons(self, at_most: int) -> tuple[int, list[tuple[str, str]]]:
        """How many items the other model could not encode whole, and (id, reason) of some."""
        with self._gate:
            return self._truth.beside_reasons(at_most)

    def retry_beside(self, ids: Sequence[str]) -> None:
        """Have the other model encode these items again."""
        with self._gate:
            self._truth.retry_beside(ids)

    def index_beside(self) -> None:
        """Build the second index, or bring it up to date, and seal it; searches go on."""
        with self._moving:
            second = self._opened_second()
            cache = self._current(second)
            if cache is None:
                return
            cache.optimize()
            self._seal_second(cache)

    def exchange(self) -> bool:
        """Exchange the two sets and their indexes, in one commit; False while an item is stale."""
        with self._moving:
            second = self._opened_second()
            with self._gate:
                cache = self._current(second)
                if not self._truth.exchange():
                    return False
                self._space = self._truth.space
                assert self._space is not None
                old, self._cache = self._cache, second.cache
                if cache is not None:
                    cache.follow(self._truth, self._space)
                else:
                    self._cache = Cache(second.cache.folder, self._truth)
                old.follow_beside(second.truth)
                self._second = _Second(second.truth, old)
            self._changed()
            with suppress(CollectionClosed):
                self._seal_second(old)
            with self._gate:  # a search that is under way asks again
                old.release()
            return True

    def drop_beside(self) -> Beside | None:
        """What the second set was; it and its index are gone on return. None: there was none."""
        with self._moving:
            with self._gate:
                there = self._truth.drop_beside()
            self._close_second(sealed=False)
            if there is not None:
                self._remove_second(there)
            return there

    # --- small pieces ---

    def _changed(self) -> None:
        """The index in use is another one: it is to be sealed when nothing happens for a while."""

    def _opened_second(self) -> _Second:
        if self._second is None:
            truth = OtherSide(self.folder / "truth.sqlite", self._new_token)
            try:
                self._second = _Second(truth, Cache(self.folder / truth.index, truth))
            except BaseException:
                truth.close()
                raise
        return self._second

    def _current(self, second: _Second) -> Cache | None:
        """The second index, with all that the other model has encoded; None without any."""
        truth, cache = second
        if truth.compacted > cache.seq >= 0:  # which rows went is not recorded any more
            cache.discard()
        return None if cache.current(truth.space, truth.schema, build=True) is None else cache

    def _new_token(self, index: str) -> str:
        with self._gate:
            return self._truth.new_token_of(index)

    def _seal_second(self, cache: Cache) -> None:
        draft = cache.draft()
        if draft is not None:
            cache.seal(draft, checksums(cache.shard))

    def _remove_second(self, there: Beside) -> None:
        remove(self.folder / there.folder)
        remove_graphs(self.folder / there.folder)

    def _close_second(self, *, sealed: bool) -> None:
        """Let go of the second index. It is sealed already, or not worth it."""
        if self._second is None:
            return
        truth, cache = self._second
        self._second = None
        try:
            if not sealed:
                cache.discard()
            cache.release()
        finally:
            truth.close()
