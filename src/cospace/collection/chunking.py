"""Chunking: documents on their way into a store become chunks, and old chunks of them go."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from cospace.collection.chunks import chunk_items, number_of
from cospace.encode import Encoder
from cospace.encode.sizes import Sizes, sizes_of
from cospace.errors import BadItem
from cospace.item import Item
from cospace.store.protocol import Failure, Store

__all__ = ["Chunking", "remove_stale"]

# Rows deleted together.
_BATCH = 1_000


class Chunking:
    """Items again; in the place of each that has an outline, its chunks.

    `documents` are the ids of those, `failures` those of which no chunks can be made; with
    `strict` the first of them raises.
    """

    def __init__(
        self,
        items: Iterable[Item],
        encoder: Encoder,
        *,
        strict: bool = False,
        sizes: Callable[[Encoder], Sizes] = sizes_of,
    ) -> None:
        self.documents: set[str] = set()
        self.failures: list[Failure] = []
        self.notes: list[str] = []
        self._items, self._encoder, self._strict, self._sizes = items, encoder, strict, sizes

    def __iter__(self) -> Iterator[Item]:
        sizes = None
        for item in self._items:
            if item.outline is None:
                yield item
                continue
            if sizes is None:
                sizes = self._sizes(self._encoder)
                if not sizes.exact:
                    self.notes.append(
                        f"chunks are of about as many tokens as is said: the tokenizer of"
                        f" {self._encoder.space.name} is not here, and a token is taken for 3 bytes"
                    )
            try:
                made = chunk_items(item, sizes)
            except BadItem as error:
                if self._strict:
                    raise
                self.failures.append(Failure(item.id, error.reason))
                continue
            self.documents.add(item.id)
            yield from made


def remove_stale(store: Store, documents: set[str], named: set[str]) -> int:
    """How many stored items were removed: chunks of `documents`, and these, that are not `named`.

    `documents` were read whole, and `named` are the ids of all that was made of them.
    """
    if not documents:
        return 0
    stale = [row.id for row in store.scan() if _of(row.id, row.metadata) in documents]
    stale = [id for id in stale if id not in named]
    return sum(store.delete(stale[at : at + _BATCH]) for at in range(0, len(stale), _BATCH))


def _of(id: str, metadata: Any) -> str:
    """The id of the document that a stored item is, or is a chunk of."""
    return id if number_of(id, metadata) is None else str(metadata["document"])
