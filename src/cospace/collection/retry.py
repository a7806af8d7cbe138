"""What could not be encoded, tried again from what is stored: the text, and the paths of files."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from cospace.collection.stored import item_of
from cospace.item import Item, Parts
from cospace.store.protocol import Failure, Row

__all__ = ["Retried", "retried"]

_BATCH = 1000


@dataclass(frozen=True, slots=True)
class Retried:
    """How many stored items lacked a part, how many have it now, and which do not, and why.

    `not_stored` counts items of which nothing is stored: only their source has them, so run
    `cospace index` on it, or send them again.
    """

    tried: int
    cured: int
    still: tuple[Failure, ...]
    not_stored: int

    def to_json(self) -> dict[str, Any]:
        """A record of plain types."""
        left = "nothing of these is stored: index their source, or send them, again"
        return {
            "tried": self.tried,
            "cured": self.cured,
            "still": [{"id": one.name, "reason": one.reason} for one in self.still],
            "not_stored": self.not_stored,
            "note": left if self.not_stored else "",
        }


def retried(store: Any, update: Callable[[list[Item]], object]) -> Retried:
    """See `Collection.retry`; `update` encodes parts of stored items again."""
    rows = (row for row in store.scan() if row.reason)
    tried, still = 0, []
    while ids := [row.id for row in islice(rows, _BATCH)]:
        stored = [row for row in store.get(ids, vectors=True) if row is not None]
        update(list(_lacking(stored)))
        after = [row for row in store.get(ids) if row is not None]
        tried += len(stored)
        still += [Failure(row.id, row.reason) for row in after if row.reason]
    return Retried(tried, tried - len(still), tuple(still), store.info().failures)


def _lacking(rows: list[Row]) -> Iterator[Item]:
    """All parts of each kind of which one has no vector, as they are stored."""
    for row in rows:
        item = item_of(row)
        parts = item.parts
        kinds = {part.kind for name, part in parts.items() if name not in item.vectors}
        lacking = {name: part for name, part in parts.items() if part.kind in kinds}
        if lacking:
            yield Item(row.id, Parts(**lacking))
