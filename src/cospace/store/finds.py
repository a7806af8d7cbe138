"""Finds: one question alone, of a store that answers many at once."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
from numpy.typing import NDArray

from cospace.store.protocol import Found, Lexical, Nearest, Request
from cospace.store.where import Node

__all__ = ["Finds"]


class Finds:
    """`nearest` and `lexical` by `find`, which the store has."""

    def find(self, requests: Sequence[Request]) -> list[Found]:
        """See `Store`."""
        raise NotImplementedError

    def nearest(
        self,
        field: str,
        vector: NDArray[np.float32],
        k: int,
        *,
        where: Node | None = None,
        among: Sequence[int] | None = None,
    ) -> Found:
        """See `Store`."""
        return self.find([Nearest(field, vector, k, where, among)])[0]

    def lexical(
        self,
        text: str,
        k: int,
        *,
        where: Node | None = None,
        among: Sequence[int] | None = None,
        unknown: Collection[str] | None = None,
        meant: str = "",
    ) -> Found:
        """See `Store`."""
        return self.find([Lexical(text, k, where, among, unknown, meant)])[0]
