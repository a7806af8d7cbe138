"""Texts to the sums of their tokens' vectors, at length one."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from cospace.encode.static.words import Words
from cospace.encode.towers.text import TextTower
from cospace.encode.words.tensors import parse_tensors
from cospace.encode.words.tower import Table
from cospace.errors import BadItem, ModelDamaged

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cospace.encode.folder import Folder
    from cospace.space import Tower

__all__ = ["VECTORS", "StaticTower"]

VECTORS = "vectors.safetensors"

# Texts that are cut into words together: bounds the memory of a long list.
_WINDOW = 4_096


class StaticTower(TextTower):
    """The tower of a static student. `encode` is safe to call from many threads.

    How much a token counts is in the length of its vector, so the weighted mean of a text is the
    sum of its rows, brought to length one.
    """

    def __init__(self, folder: Folder, tower: Tower) -> None:
        graph: Any = Table()
        super().__init__(folder, tower, graph)
        try:
            self.rows = parse_tensors(folder.read(tower, VECTORS))["vectors"]
        except (KeyError, TypeError, ValueError) as error:
            raise ModelDamaged(f"{folder.path}: the vectors cannot be used ({error})") from error
        size = self.tokenizer.get_vocab_size()
        if self.rows.ndim != 2 or len(self.rows) < size or self.rows.shape[1] != folder.dim:
            raise ModelDamaged(
                f"{folder.path}: the vectors are {list(self.rows.shape)}, where the tokenizer has"
                f" {size:,} tokens and space.json says {folder.dim} dimensions"
            )
        self._words = Words(partial(self._guarded, self._cut))

    def _cut(self, words: list[str]) -> list[Any]:
        return list(self.tokenizer.encode_batch_fast(words, add_special_tokens=False))

    def summed(
        self, text: str, role: str = "document"
    ) -> tuple[list[tuple[int, int]], NDArray[np.float64]] | None:
        """The places of a text's tokens, and the rows float64 [n, dim] that it is the sum of."""
        del role  # as in `encode`
        [one] = self._guarded(
            partial(self._tokenizer.encode_batch, add_special_tokens=False), [text]
        )
        ids, places = one.ids[: self.max_tokens], one.offsets[: self.max_tokens]
        return list(places), self.rows[ids].astype(np.float64)

    def encode(
        self, texts: Sequence[str], role: str = "document"
    ) -> tuple[NDArray[np.float32], list[int]]:
        """The unit rows float32 [n, dim] of texts, and the positions of those cut short."""
        del role  # a text means the same in a query
        sums = np.empty((len(texts), self.rows.shape[1]), np.float32)
        ones = np.ones(self.max_tokens, np.float32)
        room = np.empty((self.max_tokens, self.rows.shape[1]), np.float32)
        cut: list[int] = []
        for start in range(0, len(texts), _WINDOW):
            window = texts[start : start + _WINDOW]
            flat, ends = self._words.ids(window)
            places = ends.tolist()
            for i in range(len(window)):
                tokens = flat[places[i] : places[i + 1]][: self.max_tokens]
                some = room[: len(tokens)]
                # Every id has a row. "clip" spares a copy.
                self.rows.take(tokens, axis=0, out=some, mode="clip")
                # One text at a time, so that it has the same bits in every batch.
                np.dot(ones[: len(tokens)], some, out=sums[start + i])
            cut += (start + np.flatnonzero(np.diff(ends) > self.max_tokens)).tolist()
        norms = np.sqrt(np.einsum("ij,ij->i", sums, sums))
        nowhere = np.flatnonzero(norms < 1e-9)
        if nowhere.size:
            raise BadItem(f"input {nowhere[0]}", "no token of it is in the vocabulary")
        sums /= norms[:, None]
        return sums, cut
