"""BaseEncoder: what all our encoders share. Roles, one input or many, and the cache inside.

A kind of encoder says how it encodes, in methods whose names begin with an underscore; those never
look into the cache. The public ones do, where the encoder has one.
"""

from __future__ import annotations

import copy
import os
from abc import ABC, abstractmethod
from collections.abc import Generator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, overload

from cospace.arguments import check_instance, check_name, is_one_of
from cospace.encode.inputs import left_out, renamed
from cospace.encode.protocol import Piece, Role
from cospace.errors import BadArgument
from cospace.item import Content, Part, Parts
from cospace.space import Space
from cospace.vectors import Vectors

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from cospace.encode.cache.disk import VectorCache
    from cospace.encode.protocol import Encoder, Through

__all__ = ["BaseEncoder", "uncached"]

# Inputs that are encoded, and then kept in the cache, together.
_WINDOW = 512


class BaseEncoder(ABC):
    """An `Encoder` of ours. Threads may share it."""

    space: Space
    memory: Through | None = None  # where what is asked of it goes first: a cache, or turns

    # --- what users call ---

    @overload
    def encode(  # type: ignore[overload-overlap]  # to Python a str is a list of str too
        self, inputs: str | Part | Parts, role: Role | None = None
    ) -> NDArray[np.float32]: ...

    @overload
    def encode(self, inputs: Sequence[Content], role: Role | None = None) -> Vectors: ...

    def encode(
        self, inputs: Content | Sequence[Content], role: Role | None = None
    ) -> NDArray[np.float32] | Vectors:
        """`Vectors` [n, dim] of a list of inputs; of a single one its vector, float32 [dim].

        Many models read a query otherwise than what is searched. For those `role` is "query" or
        "document"; for a model that reads both alike it may be left out.

        Raises `BadArgument` without a role where the model needs one, and what `encode_query` and
        `encode_document` raise.

        >>> from cospace.testing.tiny import tiny_model
        >>> model = tiny_model()
        >>> model.encode(["a red chair", "a lamp"]).shape, model.encode("a red chair").shape
        ((2, 32), (32,))
        """
        if role is not None and not is_one_of(role, ("query", "document")):
            raise BadArgument(f'role is "query" or "document", not {role!r}')
        if role is None and self.needs_role:
            raise BadArgument(
                f"{self.space.name} reads a query otherwise than a document: call encode_query or"
                ' encode_document, or say role="query" or role="document"'
            )
        each = self.encode_query if role == "query" else self.encode_document
        if isinstance(inputs, (str, Part, Parts)):
            return each([inputs])[0]
        return each(inputs)

    def encode_query(self, inputs: Sequence[Content]) -> Vectors:
        """Unit vectors [n, dim] of queries, in the order given.

        Raises `BadItem` that names the position of an input that cannot be encoded, `BadArgument`
        for a single `str` in place of a list, and for a hosted model the `ServiceError`s.
        """
        return self._vectors(inputs, "query")

    def encode_document(self, inputs: Sequence[Content]) -> Vectors:
        """Unit vectors [n, dim] of what is searched, in the order given; raises alike."""
        return self._vectors(inputs, "document")

    def prepare(self, kind: str, part: Part, data: bytes | None = None) -> Any:
        """What `encode_prepared` takes, for one part: the slow half, made for a thread pool.

        `data` are the bytes of the part's file, when they have been read already.
        Raises `BadItem`, and `BadArgument` for a kind that is no text or what is no `Part`.
        """
        check_name("kind", kind)
        check_instance("part", part, Part, "such as cs.Part('text', 'a chair')")
        if self.memory is not None:
            return self.memory.prepare(self._source, kind, part, data)
        return self._prepare(kind, part, data)

    def encode_prepared(self, kind: str, prepared: Sequence[Any]) -> Vectors:
        """Unit vectors [n, dim] of prepared parts of one kind, as documents."""
        if self.memory is not None:
            return self.memory.encode_prepared(self._source, kind, prepared)
        return self._encode_prepared(kind, prepared)

    def warm(self, *kinds: str) -> Self:
        """The model itself, ready to encode parts of `kinds` (all of them by default)."""
        del kinds
        return self

    def save(self, folder: str | os.PathLike[str], *, replace: bool = False) -> Path:
        """Writes the model's folder, whole or not at all, and gives its path.

        `cospace.load` of it gives the same space, with the same fingerprint, and the same vectors.
        What was loaded is what is saved: with `dim=` the smaller model.

        Raises `BadArgument` where something stands already that is no empty folder, unless
        `replace`, and for a model whose files are not here; `DiskFull`.
        """
        del replace
        raise BadArgument(f"{self.space.name} has no files here that could be saved to {folder}")

    @property
    def precision(self) -> Mapping[str, str]:
        """How each kind is computed, as far as that is known here."""
        return {}

    @property
    def needs_role(self) -> bool:
        """Whether a query and a document of the same content have different vectors."""
        return any(
            tower.prompts.get("query", "") != tower.prompts.get("document", "")
            for tower in self.space.towers
        )

    # --- the cache ---

    def cached(self, cache: VectorCache | None = None) -> Self:
        """The same model, with its vectors kept in `cache` (the user's own) and taken from there.

        What is not known is encoded, equal inputs once, and stored as soon as it comes back.
        Raises `BadArgument` for a model that has a cache already.
        """
        from cospace.encode.cache.memory import Memory  # with its database, which few models need

        if self.memory is not None:
            raise BadArgument(f"{self.space.name} has a cache already")
        twin = copy.copy(self)
        twin.memory = Memory(cache)
        return twin

    def through(self, route: Through) -> Self:
        """The same model, of which everything that is asked goes to `route` first."""
        twin = copy.copy(self)
        twin.memory = route
        return twin

    def uncached(self) -> Encoder:
        """The same model without its cache: its speed is its own."""
        if self.memory is None:
            return self
        twin = copy.copy(self)
        twin.memory = None
        return twin

    @property
    def cache(self) -> VectorCache | None:
        """Where the model's vectors are kept, or None."""
        return None if self.memory is None else self.memory.cache

    @property
    def hits(self) -> int:
        """How many vectors came from the cache."""
        return 0 if self.memory is None else self.memory.hits

    # --- what a kind of encoder says; without the cache ---

    @property
    def note(self) -> str:
        """What a reader should know of all its vectors, or ""."""
        return ""

    @abstractmethod
    def _encode(self, inputs: Sequence[Content], role: Role) -> Vectors:
        """Unit vectors [n, dim]."""

    @abstractmethod
    def _prepare(self, kind: str, part: Part, data: bytes | None) -> Any:
        """One part, prepared."""

    @abstractmethod
    def _encode_prepared(self, kind: str, prepared: Sequence[Any]) -> Vectors:
        """Unit vectors [n, dim] of prepared parts."""

    @abstractmethod
    def _cut_line(self, positions: Sequence[int], total: int) -> str:
        """The line of a report on inputs that were cut short."""

    def _pieces(
        self, inputs: Sequence[Content], at: list[int], role: Role
    ) -> Generator[Piece, None, None]:
        """The vectors of the inputs at the positions `at`, as they come."""
        for some in _windows(at):
            with renamed(some):
                vectors = self._encode([inputs[i] for i in some], role)
            yield _piece(vectors, some)

    def _prepared_pieces(
        self, kind: str, prepared: Sequence[Any], at: list[int]
    ) -> Generator[Piece, None, None]:
        """The vectors of the prepared parts at the positions `at`, as they come."""
        for some in _windows(at):
            yield _piece(self._encode_prepared(kind, [prepared[i] for i in some]), some)

    def _report(
        self, cut: Sequence[int], total: int, others: Mapping[str, Sequence[int]]
    ) -> list[str]:
        """What a reader should know: of all vectors, of inputs cut short, of parts left out."""
        lines = [self.note] if self.note else []
        lines += [self._cut_line(cut, total)] if cut else []
        return lines + left_out(others, total, self.space)

    def _from_cache(self, count: int) -> None:  # noqa: B027 - only a bill wants to know
        """Told of vectors that came from the cache."""

    @property
    def _source(self) -> BaseEncoder:
        """Who encodes what is not in the cache."""
        return self

    def _vectors(self, inputs: Sequence[Content], role: Role) -> Vectors:
        if self.memory is not None:
            return self.memory.encode(self._source, inputs, role)
        return self._encode(inputs, role)


def uncached(encoder: Encoder) -> Encoder:
    """The encoder without its cache, if it has one: for those who measure, or look inside."""
    return encoder.uncached() if isinstance(encoder, BaseEncoder) else encoder


def _windows(at: list[int]) -> Generator[list[int], None, None]:
    for start in range(0, len(at), _WINDOW):
        yield at[start : start + _WINDOW]


def _piece(vectors: Vectors, at: list[int]) -> Piece:
    return Piece(at, vectors.array, [at[i] for i in vectors.truncated])
