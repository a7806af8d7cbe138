"""What a store may offer besides: the metadata and the words of all items, in memory."""

from __future__ import annotations

from typing import Protocol, cast

from cospace.store.columns import Columns
from cospace.store.lexicon import Lexicon
from cospace.store.protocol import Store

__all__ = ["Columnar", "columnar"]


class Columnar(Protocol):
    """Both are as of the last commit."""

    def columns(self) -> Columns:
        """The metadata, field by field."""
        ...

    def lexicon(self) -> Lexicon:
        """The words, with how often they stand there."""
        ...


def columnar(store: Store) -> Columnar | None:
    """The store, where it offers this."""
    return cast("Columnar", store) if hasattr(store, "lexicon") else None
