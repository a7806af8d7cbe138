"""Encoder: the narrow protocol that every embedding model stands behind."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Protocol, TypeAlias, runtime_checkable

from cospace.item import Content, Part
from cospace.space import Space
from cospace.vectors import Vectors

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from cospace.encode.cache.disk import VectorCache

__all__ = ["Encoder", "Piece", "Prepares", "Remembered", "Role", "Through"]

Role: TypeAlias = Literal["query", "document"]


class Piece(NamedTuple):
    """Some of the inputs, encoded: their positions, rows float32 [n, dim], those cut short."""

    positions: list[int]
    rows: NDArray[np.float32]
    cut: list[int]


@runtime_checkable
class Encoder(Protocol):
    """Texts, images and other parts to vectors of one space.

    Both methods keep the order, give one row for each input, and give the same row for an
    input alone and in any batch. An input of `Parts` must hold exactly one kind that the
    space has a tower for. Inputs that were cut are counted in `Vectors.report`.

    Raises `BadItem` (naming the position) for an input that cannot be encoded.
    """

    @property
    def space(self) -> Space:
        """The space that the vectors are in."""
        ...

    def encode_query(self, inputs: Sequence[Content]) -> Vectors:
        """Vectors [n, dim] of queries, with the model's query prompt."""
        ...

    def encode_document(self, inputs: Sequence[Content]) -> Vectors:
        """Vectors [n, dim] of what is searched, with the model's document prompt."""
        ...


@runtime_checkable
class Prepares(Protocol):
    """What an encoder may offer besides: to prepare parts one by one, ahead and in threads."""

    def prepare(self, kind: str, part: Part, data: bytes | None = None) -> Any:
        """What `encode_prepared` takes, for one part; `data` are the bytes of its file.

        Raises `BadItem`.
        """
        ...

    def encode_prepared(self, kind: str, prepared: Sequence[Any]) -> Vectors:
        """Unit vectors [n, dim] of prepared parts of one kind, as documents."""
        ...


class Remembered(Protocol):
    """What a cache asks of the encoder whose vectors it keeps; `BaseEncoder` says what each is."""

    space: Space

    def _prepare(self, kind: str, part: Part, data: bytes | None) -> Any: ...
    def _pieces(
        self, inputs: Sequence[Content], at: list[int], role: Role
    ) -> Generator[Piece, None, None]: ...
    def _prepared_pieces(
        self, kind: str, prepared: Sequence[Any], at: list[int]
    ) -> Generator[Piece, None, None]: ...
    def _from_cache(self, count: int) -> None: ...
    def _report(
        self, cut: Sequence[int], total: int, others: Mapping[str, Sequence[int]]
    ) -> list[str]: ...


class Through(Protocol):
    """Where everything that is asked of an encoder goes first: its cache, or a server's turns."""

    @property
    def hits(self) -> int:
        """How many vectors came from the cache."""
        ...

    @property
    def cache(self) -> VectorCache | None:
        """The cache, where there is one."""
        ...

    def encode(self, own: Any, inputs: Sequence[Content], role: Role) -> Vectors:
        """Vectors [n, dim] of inputs."""
        ...

    def prepare(self, own: Any, kind: str, part: Part, data: bytes | None) -> Any:
        """What `encode_prepared` takes, for one part."""
        ...

    def encode_prepared(self, own: Any, kind: str, prepared: Sequence[Any]) -> Vectors:
        """Vectors [n, dim] of prepared parts of one kind, as documents."""
        ...
