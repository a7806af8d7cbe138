"""Filling: a value into a field of stored items, where it is empty."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from cospace.errors import BadArgument
from cospace.evaluate.labelled import label_of
from cospace.limits import limit
from cospace.progress import Watch, metered

if TYPE_CHECKING:
    from cospace.collection import Collection
    from cospace.store.protocol import Row

__all__ = ["Filled", "check_free", "is_empty", "put"]

_BATCH = 1_000


class Filled(NamedTuple):
    """How many items were written, how many were not because they changed meanwhile, and failures.

    `failed` holds ids with their reasons; `partial` those of items that were written, though not
    all of what follows from the new value: a text that is made of it may lack another column.
    """

    written: int
    changed: int
    failed: tuple[tuple[str, str], ...]
    partial: tuple[tuple[str, str], ...] = ()


def put(
    shop: Collection,
    changes: Mapping[str, Mapping[str, Any]],
    *,
    wanted: Callable[[Row], bool] = lambda _: True,
    progress: Watch = None,
) -> Filled:
    """The items whose fields were changed as `changes` says by id, through `Collection.update`.

    Each is looked at again right before it is written: one that is gone, or no more `wanted`, is
    left as it is.
    """
    ids = list(changes)
    written, changed = 0, 0
    failed: list[tuple[str, str]] = []
    partial: list[tuple[str, str]] = []
    size = min(_BATCH, limit("request_items"))  # of so many a report says what became of each
    with metered(progress, len(ids)) as meter, shop.bulk():
        meter.stage = "writing"
        for start in range(0, len(ids), size):
            batch = ids[start : start + size]
            with shop._writing:  # what comes between the look and the write would be lost
                rows = shop.store.get(batch)
                good = [id for id, row in zip(batch, rows, strict=True) if row and wanted(row)]
                made = [changes[id] for id in good]
                done = shop.update(ids=good, metadatas=made, errors="report") if good else None
            changed += len(batch) - len(good)
            if done is not None:
                written += done.updated
                for one in done.reasons:
                    lost = done.became.get(one.name) != "updated"
                    (failed if lost else partial).append((one.name, one.reason))
            meter.add(len(batch))
    return Filled(written, changed, tuple(failed), tuple(partial))


def check_free(shop: Collection, column: str, hint: str) -> None:
    """Raises `BadArgument`, with a `hint` what to do, where items have values in that column."""
    taken = sum(not is_empty(row, column) for row in shop.store.scan())
    if taken:
        have = "item has" if taken == 1 else "items have"
        raise BadArgument(f"{shop.name}: {taken:,} {have} a {column!r} already; {hint}")


def is_empty(row: Row, field: str) -> bool:
    """Whether the item has nothing in this field."""
    return not label_of(row.metadata.get(field))
