"""Encoder: the narrow protocol that every embedding model stands behind."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from cospace.item import Content
from cospace.space import Space
from cospace.vectors import Vectors

__all__ = ["Encoder"]


@runtime_checkable
class Encoder(Protocol):
    """Texts, pictures and other parts to vectors of one space.

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
        """Vectors [n, dim] of questions, with the model's query prompt."""
        ...

    def encode_document(self, inputs: Sequence[Content]) -> Vectors:
        """Vectors [n, dim] of what is searched, with the model's document prompt."""
        ...
