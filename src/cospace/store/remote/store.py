"""RemoteStore: a collection whose vectors are searched by an engine on a server.

Its truth stays in a folder, with an index of its words and metadata; so ids, counts, filters and
what is kept are exact whatever the engine does. Rows that the engine finds are matched with the
filter again, and what it is short of is looked for here.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cospace.errors import CollectionBusy, StorageError, StoreUnreachable
from cospace.item import kind_of
from cospace.space import Space
from cospace.store.cache import Cache
from cospace.store.edge import Edge
from cospace.store.local import LocalStore
from cospace.store.packing import chunks
from cospace.store.protocol import Found, Lexical, Nearest, Promises, Request, StoreInfo
from cospace.store.refusing import Refusing
from cospace.store.remote.engine import PHOTOS, Ask, Engine, Hit
from cospace.store.remote.follower import Follower
from cospace.store.schema import Schema
from cospace.store.where import Node, matches
from cospace.topk import products

__all__ = ["RemoteReader", "RemoteStore"]

log = logging.getLogger("cospace.store")

# So few rows that pass a filter are compared here, each of them: 10 ms, and none can be missed.
_FEW = 2_000
# Hits that are asked for beyond k, since engines leave the order of equal scores open.
_MORE = 8
# Scores of an engine differ by rounding from call to call, and from those that are made here.
_ROUNDING = 2e-6


class RemoteStore(LocalStore):
    """The collection in `folder`, with its vectors in `engine` too; owned until `close`.

    Raises what `LocalStore` does; and `StoreUnreachable`, `StorageError`, `NotACollection`,
    `BadArgument` when the engine is first used.
    """

    def __init__(
        self,
        folder: Path,
        engine: Engine,
        name: str,
        *,
        create: bool = True,
        language: str | None = None,
    ) -> None:
        self._engine = engine
        self.name = name
        try:
            super().__init__(folder, create=create, language=language)
        except CollectionBusy as error:
            engine.close()
            said = str(error).partition(" Meanwhile")[0]
            raise CollectionBusy(
                f"{said} Meanwhile others may read its folder, without {name}: cospace search"
                f" {folder}"
            ) from error
        except BaseException:
            engine.close()
            raise
        self._follower = Follower(engine, self._truth, name)

    def _indexed(self) -> Cache:
        return Cache(self.folder / "cache-words", self._truth, dense=False)

    @property
    def promises(self) -> Promises:
        """See `Store`."""
        return Promises(exact_rows=self._engine.traits.exact_rows)

    def extend(self, space: Space | None, schema: Schema) -> None:
        """See `Store`. Raises what `Follower.check` does."""
        if space is not None:
            self._follower.check(space)
        super().extend(space, schema)

    # --- asking ---

    def _edge(self) -> Edge | None:
        edge = super()._edge()
        if edge is not None:
            self._follower.follow(self._space, self._schema)
        return edge

    def find(self, requests: Sequence[Request]) -> list[Found]:
        """See `Store`. Other threads may write meanwhile, and the engine be built anew.

        What somebody else took away there is made anew.
        """
        while True:
            with self._gate:
                edge = self._edge()
                seq = self._truth.seq
            if edge is None:
                return [Found([], []) for _ in requests]
            try:
                return self._find(edge, requests)
            except StorageError as error:
                with self._gate:
                    same = self._cache.holds(edge) and seq == self._truth.seq
                    if same and not self._recovers(error):
                        raise

    def _recovers(self, error: StorageError) -> bool:
        """Whether asking again helps: a place of the engine is gone, and will be made anew."""
        if isinstance(error, StoreUnreachable) or self._space is None:
            return False
        return self._follower.recover(self._space)

    def _find(self, edge: Edge, requests: Sequence[Request]) -> list[Found]:
        found: dict[int, Found] = {}
        words = [place for place, one in enumerate(requests) if isinstance(one, Lexical)]
        told = edge.find([requests[place] for place in words], exact=True)
        found.update(zip(words, told, strict=True))
        far: dict[int, Nearest] = {}
        for place, one in enumerate(requests):
            if isinstance(one, Lexical):
                continue
            keys = self._few(edge, one)
            if keys is None:
                far[place] = one
            else:
                found[place] = self._compared(one, keys)
        found.update(zip(far, self._asked(edge, list(far.values())), strict=True))
        return [found[place] for place in range(len(requests))]

    def _few(self, edge: Edge, one: Nearest) -> list[int] | None:
        """The keys that are to be compared here; None where the engine is asked."""
        if one.among is not None:
            passing = None if one.where is None else set(edge.keys(one.where, edge.size()))
            return [key for key in one.among if passing is None or key in passing]
        if one.where is None:
            return None
        keys = edge.keys(one.where, _FEW + 1)
        return keys if len(keys) <= _FEW else None

    def _compared(self, one: Nearest, keys: Sequence[int]) -> Found:
        """The nearest of the rows, each compared with its own vectors, read from the truth."""
        best: dict[int, float] = {}
        for part in chunks(keys):
            with self._gate:
                held = self._truth.vectors_of(part)
            pairs = [
                (key, vector)
                for key, by_name in held.items()
                for name, vector in by_name.items()
                if kind_of(name) == one.field
            ]
            if not pairs:
                continue
            matrix = np.stack([vector for _, vector in pairs])
            query = np.asarray(one.vector, np.float32)[None]
            scores: NDArray[np.float32] = np.clip(products(query, matrix)[0], -1.0, 1.0)
            for (key, _), score in zip(pairs, scores.tolist(), strict=True):
                best[key] = max(score, best.get(key, -math.inf))
        return _first(best, one.k)

    # --- the engine's part ---

    def _asked(self, edge: Edge, requests: Sequence[Nearest]) -> list[Found]:
        """What the engine finds for each; asked again, for more, where that may not be all."""
        found: list[Found | None] = [None] * len(requests)
        most = self._engine.traits.max_hits
        open_ = {place: min(one.k + _MORE, most) for place, one in enumerate(requests)}
        while open_:
            asked = [
                Ask(one.field, one.vector, limit, self._follower.where(one.where))
                for place, limit in open_.items()
                for one in [requests[place]]
            ]
            brought = self._engine.nearest(asked)
            again: dict[int, int] = {}
            for (place, limit), hits in zip(open_.items(), brought, strict=True):
                one = requests[place]
                best = self._passing(one.where, _rows_of(hits))
                whole = len(hits) < limit or limit == most
                if not whole and not _is_settled(hits, best, one.k):
                    again[place] = min(2 * limit, most)
                elif self._is_short(edge, one, len(best), len(hits) < limit):
                    found[place] = self._compared(one, self._all(edge, one.where))
                else:  # with their scores from the truth: the same from every engine
                    found[place] = self._compared(one, list(best))
            open_ = again
        return [one for one in found if one is not None]

    def _passing(self, where: Node | None, best: dict[int, float]) -> dict[int, float]:
        """The rows that pass the filter. Raises `StorageError` where the engine's means another."""
        if where is None or not best:
            return best
        with self._gate:
            rows = self._truth.rows(list(best))
        fails = [key for key, row in rows.items() if not matches(where, row.metadata)]
        if fails and self._follower.where(where) is where and self._engine.says(where):
            raise StorageError(
                f"{self.name}: {self._engine.traits.name} found {rows[fails[0]].id!r}, which does"
                " not pass the filter: it means something else there. This is a fault; please"
                " report the filter"
            )
        return {key: score for key, score in best.items() if key in rows and key not in fails}

    def _is_short(self, edge: Edge, one: Nearest, found: int, whole: bool) -> bool:
        """Whether the engine has lost rows, or could give no more hits than it gave.

        `whole` says that it gave fewer hits than asked: then these are all that it has.
        """
        enough = found + 1 if whole else one.k
        if found >= enough:
            return False
        there = self._count_of(edge, one, enough)
        if found >= min(enough, there):
            return False
        if whole:
            log.warning(
                "%s: %s found %d of %d rows; they were compared here (cospace compact may help)",
                self.name, self._engine.traits.name, found, there,
            )  # fmt: skip
        return True

    def _count_of(self, edge: Edge, one: Nearest, enough: int) -> int:
        """How many rows have a vector in the field and pass the filter; slow, so asked seldom.

        With a filter, counting ends at `enough` or somewhat more.
        """
        if one.where is None:
            with self._gate:
                return self._truth.counted().holders.get(one.field, 0)
        keys = edge.keys(one.where, edge.size())
        count = 0
        for part in chunks(keys):
            with self._gate:
                count += sum(one.field in held for held in self._truth.vectors_of(part).values())
            if count >= enough:
                break
        return count

    def _all(self, edge: Edge, where: Node | None) -> list[int]:
        if where is not None:
            return edge.keys(where, edge.size())
        with self._gate:
            return [key for key, _ in self._truth.scan(vectors=False)]

    # --- upkeep ---

    def optimize(self) -> None:
        """See `Store`."""
        super().optimize()
        with self._gate:
            if self._edge() is not None:
                self._engine.optimize()

    def compact(self) -> None:
        """See `LocalStore`; the engine first learns of what was deleted.

        Where it has lost vectors, all are brought there again.
        """
        with self._gate:
            there, space = self._edge() is not None, self._space
            if there and space and not self._follower.is_whole(self._truth.counted().fields):
                self._follower.make_anew(space, self._schema)
            super().compact()

    def info(self) -> StoreInfo:
        """See `Store`."""
        found = super().info()
        return StoreInfo(
            found.items, found.fields, found.space, found.schema, found.indexed, found.failures,
            found.bytes, f"{self._engine.traits.name} at {self.name}", "none", found.language,
            found.holders,
        )  # fmt: skip

    def close(self) -> None:
        """See `Store`."""
        super().close()
        with suppress(StorageError):
            self._engine.close()


class RemoteReader(Refusing, RemoteStore):
    """The same, which refuses to write; it owns the folder all the same."""

    def optimize(self) -> None:
        """See `Store`; it is for those who write."""
        self._gate.check()


def _rows_of(hits: Sequence[Hit]) -> dict[int, float]:
    """The score of each row: that of its nearest vector."""
    best: dict[int, float] = {}
    for number, score in hits:
        key = number // PHOTOS
        best[key] = max(score, best.get(key, -math.inf))
    return best


def _first(best: dict[int, float], k: int) -> Found:
    """The first `k` rows: best first, of equal ones the older."""
    pairs = sorted((-score, key) for key, score in best.items())[:k]
    return Found([key for _, key in pairs], [-score for score, _ in pairs])


def _is_settled(hits: Sequence[Hit], best: dict[int, float], k: int) -> bool:
    """Whether no hit beyond these can be among the first `k`: enough rows, no tie at the end."""
    if len(best) < k:
        return False
    last = sorted(best.values(), reverse=True)[k - 1]
    return bool(hits) and last > hits[-1].score + _ROUNDING
