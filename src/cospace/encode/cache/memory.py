"""Memory: an encoder's vectors, taken from the cache where they are known, and kept there."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from cospace.encode.cache.disk import Found, VectorCache, cache_key
from cospace.encode.cache.hashing import content_hash
from cospace.encode.inputs import check_usable, listing, parts_of
from cospace.errors import BadItem
from cospace.item import Content, Part, Parts
from cospace.read.media import part_bytes
from cospace.vectors import Vectors

if TYPE_CHECKING:
    from cospace.encode.protocol import Piece, Remembered, Role
    from cospace.space import Space

__all__ = ["Memory"]


@dataclass(frozen=True)
class _Ready:
    """One part on its way: its key, what is encoded, or what is known of it."""

    key: bytes
    value: Any
    found: Found | None = None


class Memory:
    """The cache of one encoder, which each call names: `own`. Threads may share it.

    Equal inputs are encoded once, and each batch is stored as soon as it comes back: a job that
    is stopped goes on where it was.
    """

    def __init__(self, cache: VectorCache | None = None) -> None:
        self.cache = VectorCache() if cache is None else cache
        self.hits = 0
        self._flying: set[bytes] = set()
        # Entered as a lock: Ctrl-C in a Condition's own lines would leave it locked.
        self._lock = threading.RLock()
        self._landed = threading.Condition(self._lock)

    def encode(self, own: Remembered, inputs: Sequence[Content], role: Role) -> Vectors:
        """Vectors [n, dim] of inputs; raises what the encoder raises, and `StorageError`."""
        keys: list[bytes] = []
        others: dict[str, list[int]] = {}
        for position, content in enumerate(listing(inputs)):
            parts = parts_of(content, position)
            check_usable(parts, position, own.space)
            keys.append(_key(own.space, parts, f"input {position}", role, None))
            for kind in parts:
                if kind not in own.space.kinds:
                    others.setdefault(kind, []).append(position)

        def encode(at: list[int]) -> Generator[Piece, None, None]:
            return own._pieces(inputs, at, role)

        return self._gathered(own, keys, {}, encode, others)

    def prepare(self, own: Remembered, kind: str, part: Part, data: bytes | None) -> _Ready:
        """What `encode_prepared` takes, for one part: hardly any work where it is known."""
        key = _key(own.space, Parts(**{kind: part}), "", "document", data)
        found = self.cache.get([key]).get(key)
        if found is not None:
            return _Ready(key, part, found)
        return _Ready(key, own._prepare(kind, part, data))

    def encode_prepared(self, own: Remembered, kind: str, prepared: Sequence[_Ready]) -> Vectors:
        """Vectors [n, dim] of prepared parts of one kind, as documents."""
        values = [one.value for one in prepared]

        def encode(at: list[int]) -> Generator[Piece, None, None]:
            return own._prepared_pieces(kind, values, at)

        held = {one.key: one.found for one in prepared if one.found is not None}
        return self._gathered(own, [one.key for one in prepared], held, encode, {})

    def unknown(self, space: Space, inputs: Sequence[Content]) -> tuple[list[Content], int]:
        """The inputs that would be encoded as documents, each once, and how many would not.

        One that cannot be used counts as neither: it will be reported when its turn comes.
        """
        keys: dict[bytes, Content] = {}
        count = 0
        for position, content in enumerate(listing(inputs)):
            try:
                parts = parts_of(content, position)
                check_usable(parts, position, space)
                keys[_key(space, parts, "", "document", None)] = content
            except BadItem:
                continue
            count += 1
        known = self.cache.get(list(keys))
        rest = [content for key, content in keys.items() if key not in known]
        return rest, count - len(rest)

    def _gathered(
        self,
        own: Remembered,
        keys: Sequence[bytes],
        held: Mapping[bytes, Found],
        encode: Callable[[list[int]], Generator[Piece, None, None]],
        others: Mapping[str, Sequence[int]],
    ) -> Vectors:
        """The vectors of the keys: those held, those in the cache, and those encoded now."""
        found = dict(held)
        found |= self.cache.get([key for key in dict.fromkeys(keys) if key not in found])
        paid = 0
        while wanted := {key: i for i, key in reversed(list(enumerate(keys))) if key not in found}:
            mine = self._claim(wanted)
            try:
                # What was claimed may have landed since we looked, by another thread or process.
                found |= self.cache.get(list(wanted))
                positions = sorted(wanted[key] for key in mine if key not in found)
                # Closed here and now when a piece cannot be kept: no more is sent, nor paid for.
                with closing(encode(positions)) as pieces:
                    for piece in pieces:
                        new = [
                            (keys[i], row, i in piece.cut)
                            for i, row in zip(piece.positions, piece.rows, strict=True)
                        ]
                        self.cache.put(own.space, new)
                        found |= {key: (row, short) for key, row, short in new}
                        paid += len(new)
            finally:
                self._release(mine)
        with self._lock:
            self.hits += len(keys) - paid
        own._from_cache(len(keys) - paid)
        rows = np.zeros((len(keys), own.space.dim), np.float32)
        for i, key in enumerate(keys):
            rows[i] = found[key][0]
        cut = [i for i, key in enumerate(keys) if found[key][1]]
        report = own._report(cut, len(keys), others)
        return Vectors(rows, own.space, report=report, truncated=cut)

    def _claim(self, wanted: Mapping[bytes, int]) -> list[bytes]:
        """The keys that this thread is to encode; waits while others encode all of them."""
        with self._lock:
            mine = [key for key in wanted if key not in self._flying]
            if not mine:
                self._landed.wait()
            self._flying.update(mine)
            return mine

    def _release(self, mine: Sequence[bytes]) -> None:
        with self._lock:
            self._flying.difference_update(mine)
            self._landed.notify_all()


def _key(space: Space, parts: Parts, name: str, role: str, data: bytes | None) -> bytes:
    """The key of what the space takes of an input. Raises `BadItem` for an unread file."""
    mine = Parts(**{kind: part for kind, part in parts.items() if kind in space.kinds})
    loaded = {}
    for kind, part in mine.items():
        found = data if data is not None else part_bytes(part, name)
        if found is not None:
            loaded[kind] = found
    return cache_key(space, role, content_hash(mine, loaded))
