"""Cached: any encoder, with a cache on disk in front. Models of ours have theirs inside."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

from cospace.encode.base import BaseEncoder
from cospace.encode.cache.disk import VectorCache
from cospace.encode.cache.memory import Memory
from cospace.encode.hosted.base import Hosted
from cospace.encode.hosted.bill import Estimate
from cospace.encode.inputs import shown
from cospace.encode.protocol import Encoder, Prepares, Role
from cospace.errors import BadArgument
from cospace.item import Content, Part
from cospace.vectors import Vectors

__all__ = ["Cached"]


class Cached(BaseEncoder):
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

    memory: Memory

    def __init__(self, encoder: Encoder, cache: VectorCache | None = None) -> None:
        if isinstance(encoder, BaseEncoder) and encoder.memory is not None:
            raise BadArgument(f"{encoder.space.name} has a cache already")
        self.encoder = encoder
        self.space = encoder.space
        self.memory = Memory(cache)
        self._own = encoder if isinstance(encoder, BaseEncoder) else _Others(encoder)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or name == "encoder":  # not there yet, or never
            raise AttributeError(name)
        return getattr(self.encoder, name)

    @property
    def cache(self) -> VectorCache:
        """Where the vectors are kept."""
        return self.memory.cache

    @property
    def needs_role(self) -> bool:
        """As of the encoder."""
        return self._own.needs_role

    @property
    def note(self) -> str:
        """As of the encoder."""
        return self._own.note

    @property
    def precision(self) -> Mapping[str, str]:
        """As of the encoder."""
        return self._own.precision

    def uncached(self) -> Encoder:
        """The encoder itself."""
        return self.encoder

    def warm(self, *kinds: str) -> Self:
        """The model itself, the encoder ready to use."""
        self._own.warm(*kinds)
        return self

    def save(self, folder: str | os.PathLike[str], *, replace: bool = False) -> Path:
        """Saves the encoder, without the cache."""
        return self._own.save(folder, replace=replace)

    def estimate(self, inputs: Sequence[Content]) -> Estimate:
        """What these inputs would cost as documents, without those that are in the cache.

        Raises `BadArgument` for a model that is not hosted: it costs nothing.
        """
        if not isinstance(self.encoder, Hosted):
            raise BadArgument(f"{self.space.name} is not a hosted model; it costs nothing")
        return self.encoder.estimate_with(self.memory, inputs)

    @property
    def _source(self) -> BaseEncoder:
        return self._own

    def _encode(self, inputs: Sequence[Content], role: Role) -> Vectors:
        return self._own._encode(inputs, role)

    def _prepare(self, kind: str, part: Part, data: bytes | None) -> Any:
        return self._own._prepare(kind, part, data)

    def _encode_prepared(self, kind: str, prepared: Sequence[Any]) -> Vectors:
        return self._own._encode_prepared(kind, prepared)

    def _cut_line(self, positions: Sequence[int], total: int) -> str:
        return self._own._cut_line(positions, total)

    def __repr__(self) -> str:
        return f"Cached({self.encoder!r})"


class _Others(BaseEncoder):
    """An encoder that somebody else wrote, with what ours have besides."""

    needs_role = True  # nobody knows

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self.space = encoder.space

    @property
    def note(self) -> str:
        return str(getattr(self._encoder, "note", ""))

    def _encode(self, inputs: Sequence[Content], role: Role) -> Vectors:
        encoder = self._encoder
        return (encoder.encode_query if role == "query" else encoder.encode_document)(inputs)

    def _prepare(self, kind: str, part: Part, data: bytes | None) -> Any:
        if isinstance(self._encoder, Prepares):
            return self._encoder.prepare(kind, part, data)
        return part

    def _encode_prepared(self, kind: str, prepared: Sequence[Any]) -> Vectors:
        if isinstance(self._encoder, Prepares):
            return self._encoder.encode_prepared(kind, prepared)
        return self._encoder.encode_document(prepared)

    def _cut_line(self, positions: Sequence[int], total: int) -> str:
        cut = f"{len(positions)} of {total} inputs were cut short by {self.space.name}"
        return f"{cut}: {shown(positions)}"
