"""Cached: an encoder that remembers on disk what it has encoded, and never does it twice."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import numpy as np

from cospace.encode.cache.disk import Found, VectorCache, cache_key
from cospace.encode.cache.hashing import content_hash
from cospace.encode.hosted.base import Hosted
from cospace.encode.hosted.bill import Estimate
from cospace.encode.hosted.sending import Piece
from cospace.encode.inputs import check_usable, left_out, listing, parts_of, renamed, shown
from cospace.encode.protocol import Encoder, Prepares
from cospace.errors import BadArgument, BadItem
from cospace.item import Content, Part, Parts
from cospace.read.media import part_bytes
from cospace.vectors import Vectors

__all__ = ["Cached"]

# Inputs of a local model that are encoded, and then stored, together.
_WINDOW = 512


@dataclass(frozen=True)
class _Ready:
    """One part on its way: its key, what is encoded, or what is known of it."""

    key: bytes
    value: Any
    found: Found | None = None


class Cached:
    """`encoder`, with its vectors taken from the cache where they are known.

    What is not known is encoded, equal inputs once, and each batch is stored as soon as it comes
    back: a job that is stopped goes on where it was. All else, such as `bill`, is the encoder's.

    >>> import tempfile
    >>> from pathlib import Path
    >>> from cospace.testing.tiny import tiny_model
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     model = Cached(tiny_model(), VectorCache(Path(folder)))
    ...     first = model.encode_document(["a red chair", "a red chair"])
    ...     again = model.encode_document(["a red chair"])
    ...     model.cache.info().vectors, model.hits, bool((first.array[0] == again.array[0]).all())
    ...     model.cache.close()
    (1, 2, True)
    """

    def __init__(self, encoder: Encoder, cache: VectorCache | None = None) -> None:
        if isinstance(encoder, Cached):
            raise BadArgument("this encoder has a cache already")
        self.encoder = encoder
        self.cache = VectorCache() if cache is None else cache
        self.space = encoder.space
        self.hits = 0
        self._flying: set[bytes] = set()
        self._landed = threading.Condition()

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or name == "encoder":  # not there yet, or never
            raise AttributeError(name)
        return getattr(self.encoder, name)

    def encode_query(self, inputs: Sequence[Content]) -> Vectors:
        """Vectors [n, dim] of queries; raises what the encoder raises, and `StorageError`."""
        return self._encode(inputs, "query")

    def encode_document(self, inputs: Sequence[Content]) -> Vectors:
        """Vectors [n, dim] of what is searched; raises alike."""
        return self._encode(inputs, "document")

    def prepare(self, kind: str, part: Part, data: bytes | None = None) -> _Ready:
        """What `encode_prepared` takes, for one part: hardly any work where it is known."""
        key = self._key(Parts(**{kind: part}), "", "document", data)
        found = self.cache.get([key]).get(key)
        if found is not None:
            return _Ready(key, part, found)
        if isinstance(self.encoder, Prepares):
            return _Ready(key, self.encoder.prepare(kind, part, data))
        return _Ready(key, part)

    def encode_prepared(self, kind: str, prepared: Sequence[_Ready]) -> Vectors:
        """Vectors [n, dim] of prepared parts of one kind, as documents."""

        def encode(positions: list[int]) -> Generator[Piece, None, None]:
            values = [prepared[i].value for i in positions]
            if isinstance(self.encoder, Hosted):
                yield from _moved(self.encoder.pieces(values, "document"), positions)
                return
            for start in range(0, len(positions), _WINDOW):
                some = values[start : start + _WINDOW]
                if isinstance(self.encoder, Prepares):
                    vectors = self.encoder.encode_prepared(kind, some)
                else:
                    vectors = self.encoder.encode_document(some)
                yield _piece(vectors, positions[start : start + _WINDOW])

        held = {one.key: one.found for one in prepared if one.found is not None}
        return self._gathered([one.key for one in prepared], held, encode, [])

    def estimate(self, inputs: Sequence[Content]) -> Estimate:
        """What these inputs would cost as documents, without those that are in the cache.

        Raises `BadArgument` for a model that is not hosted: it costs nothing.
        """
        if not isinstance(self.encoder, Hosted):
            raise BadArgument(f"{self.space.name} is not a hosted model; it costs nothing")
        keys: dict[bytes, Content] = {}
        count = 0
        for position, content in enumerate(listing(inputs)):
            try:
                parts = parts_of(content, position)
                check_usable(parts, position, self.space)
                keys[self._key(parts, "", "document", None)] = content
            except BadItem:  # it will be reported when its turn comes; it costs nothing
                continue
            count += 1
        known = self.cache.get(list(keys))
        rest = [content for key, content in keys.items() if key not in known]
        free = Estimate(self.encoder.name, inputs=count - len(rest), known=count - len(rest))
        return self.encoder.estimate(rest) + free

    def _encode(self, inputs: Sequence[Content], role: str) -> Vectors:
        keys: list[bytes] = []
        others: dict[str, list[int]] = {}
        for position, content in enumerate(listing(inputs)):
            parts = parts_of(content, position)
            check_usable(parts, position, self.space)
            keys.append(self._key(parts, f"input {position}", role, None))
            for kind in parts:
                if kind not in self.space.kinds:
                    others.setdefault(kind, []).append(position)

        def encode(positions: list[int]) -> Generator[Piece, None, None]:
            if isinstance(self.encoder, Hosted):
                sent = [self.encoder.sent(inputs[i], i) for i in positions]
                yield from _moved(self.encoder.pieces(sent, role), positions)
                return
            each = self.encoder.encode_query if role == "query" else self.encoder.encode_document
            for start in range(0, len(positions), _WINDOW):
                at = positions[start : start + _WINDOW]
                with renamed(at):
                    vectors = each([inputs[i] for i in at])
                yield _piece(vectors, at)

        return self._gathered(keys, {}, encode, left_out(others, len(inputs), self.space))

    def _key(self, parts: Parts, name: str, role: str, data: bytes | None) -> bytes:
        """The key of what the space takes of an input. Raises `BadItem` for an unread file."""
        mine = Parts(**{kind: part for kind, part in parts.items() if kind in self.space.kinds})
        loaded = {}
        for kind, part in mine.items():
            found = data if data is not None else part_bytes(part, name)
            if found is not None:
                loaded[kind] = found
        return cache_key(self.space, role, content_hash(mine, loaded))

    def _gathered(
        self,
        keys: Sequence[bytes],
        held: Mapping[bytes, Found],
        encode: Callable[[list[int]], Generator[Piece, None, None]],
        report: list[str],
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
                        self.cache.put(self.space, new)
                        found |= {key: (row, short) for key, row, short in new}
                        paid += len(new)
            finally:
                self._release(mine)
        self._count(len(keys) - paid)
        rows = np.zeros((len(keys), self.space.dim), np.float32)
        for i, key in enumerate(keys):
            rows[i] = found[key][0]
        cut = [i for i, key in enumerate(keys) if found[key][1]]
        if cut:
            were = f"{len(cut)} of {len(keys)} inputs were cut short by {self.space.name}"
            report = [f"{were}: {shown(cut)}", *report]
        if note := getattr(self.encoder, "note", ""):
            report = [note, *report]
        return Vectors(rows, self.space, report=report, truncated=cut)

    def _claim(self, wanted: Mapping[bytes, int]) -> list[bytes]:
        """The keys that this thread is to encode; waits while others encode all of them."""
        with self._landed:
            mine = [key for key in wanted if key not in self._flying]
            if not mine:
                self._landed.wait()
            self._flying.update(mine)
            return mine

    def _release(self, mine: Sequence[bytes]) -> None:
        with self._landed:
            self._flying.difference_update(mine)
            self._landed.notify_all()

    def _count(self, hits: int) -> None:
        with self._landed:
            self.hits += hits
        if isinstance(self.encoder, Hosted):
            self.encoder.bill.add(cached=hits)

    def __repr__(self) -> str:
        return f"Cached({self.encoder!r})"


def _piece(vectors: Vectors, at: list[int]) -> Piece:
    return Piece(at, vectors.array, [at[i] for i in vectors.truncated])


def _moved(pieces: Generator[Piece, None, None], at: list[int]) -> Generator[Piece, None, None]:
    """The pieces of a part of the inputs, with the positions of the whole."""
    with renamed(at), closing(pieces):
        for piece in pieces:
            places = [at[i] for i in piece.positions]
            yield Piece(places, piece.rows, [at[i] for i in piece.cut])
