"""A source beside what is stored: columns that it lacks, and items that it does not hold."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Set
from itertools import islice
from typing import Protocol

from cospace.collection.chunks import number_of
from cospace.collection.report import Report
from cospace.errors import IncompleteSource
from cospace.item import Item
from cospace.read import Reading
from cospace.store.protocol import Remembers, Row, Store

__all__ = ["Scanned", "absent", "check_columns", "check_whole"]

_BATCH = 1000


class Scanned(Protocol):
    """What gives its rows: a store, or what is read of one."""

    def scan(self) -> Iterator[Row]:
        """Every row, oldest first."""
        ...


def absent(store: Scanned, named: set[str], documents: Set[str] = frozenset()) -> list[str]:
    """The ids of the stored items that are not among `named`, oldest first.

    Neither are they chunks of `documents`, whatever their number.
    """
    rows = (row for row in store.scan() if row.id not in named)
    return [
        row.id
        for row in rows
        if number_of(row.id, row.metadata) is None or row.metadata["document"] not in documents
    ]


def check_whole(report: Report, source: str) -> None:
    """Raises `IncompleteSource` when a source was not read whole: what it lacks is not known."""
    if report.failed:
        rows = "1 row or file" if report.failed == 1 else f"{report.failed:,} rows or files"
        first = next(iter(report.reasons), None)
        why = "" if first is None else f" (the first: {first})"
        raise IncompleteSource(
            f"nothing was removed: {rows} of {source} could not be read or stored{why}, so it is"
            " not known what the source holds. Repair them, and run it again"
        )
    if not report.named:
        raise IncompleteSource(
            f"nothing was removed: {source} holds no items. To empty a collection, delete"
            " its folder"
        )


def check_columns(store: Store, reading: Reading, source: str, into: str) -> None:
    """Raises `IncompleteSource` when stored items would lose what a table has no column for.

    A column that is lacking is no matter where no item of the table has anything stored in it.
    """
    lost = _lost(store, reading)
    if lost:
        told = ", ".join(f"{name} ({count:,} items)" for name, count in lost.most_common())
        raise IncompleteSource(
            f"{source} lacks columns that stored items have: {told}. Nothing was changed. To change"
            f" only what the table holds: cospace update {into} {source} (or cospace index with"
            " --update). To replace the items and lose the rest: --replace",
            columns=list(lost),
        )


def _lost(store: Store, reading: Reading) -> Counter[str]:
    """How many of the reading's items have something stored, by the column that is lacking."""
    lost: Counter[str] = Counter()
    columns, info = reading.columns, store.info()
    if columns is None or not info.items:
        return lost
    names = set(reading.names)
    if columns.location is not None or {"lat", "latitude"} & {name.lower() for name in names}:
        names.add("location")
    gives = {*columns.signals, *(["image"] if columns.image is not None else [])}
    kinds = {kind for kind in info.fields if kind != "text"} - gives
    made = [set(used) for _, *used in store.templates] if isinstance(store, Remembers) else []
    texts = set() if any(used <= names for used in made) else set().union(*made) - names
    if columns.text is None and info.fields.get("text"):
        texts.add("text")
    stored = {name for name in store.schema.fields if not _is_in(name, names)}
    if not (kinds or texts or stored):
        return lost
    for batch in _batches(reading):
        rows = store.get([item.id for item in batch], vectors=bool(kinds))
        for item, row in zip(batch, rows, strict=True):
            if row is not None:
                lost.update(name for name in row.metadata if name not in names)
                lost.update(kind for kind in kinds if kind in row.vectors or kind in row.media)
                if row.text and row.text != item.parts.text:
                    lost.update(texts)
    return lost


def _is_in(field: str, names: set[str]) -> bool:
    """Whether a field, a dotted name, is a column or below one."""
    parts = field.split(".")
    return any(".".join(parts[:n]) in names for n in range(1, len(parts) + 1))


def _batches(items: Iterable[Item]) -> Iterator[list[Item]]:
    rest = iter(items)
    while batch := list(islice(rest, _BATCH)):
        yield batch
