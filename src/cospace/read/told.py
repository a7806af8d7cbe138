"""Told: what is done to the cells of a table, each kind of it said once."""

from __future__ import annotations

from dataclasses import replace

from cospace.limits import limit
from cospace.read.columns import Columns
from cospace.read.rows import Sample

__all__ = ["SEVERAL_PHOTOS", "Told", "narrow"]

SEVERAL_PHOTOS = (
    "several photos",
    "several photos an item: it is found by each of them; their paths are kept as 'photos'",
)


class Told:
    """Adds notes, one of each kind: `seen` those that the sample shows, later rows the others.

    >>> notes = []
    >>> told = Told(notes)
    >>> told.tell("spaces", "spaces round cells are left out")
    >>> told.tell("spaces", "spaces round cells are left out")
    >>> notes
    ['spaces round cells are left out']
    """

    def __init__(self, notes: list[str]) -> None:
        self._notes = notes
        self._kinds: set[str] = set()

    def tell(self, kind: str, note: str) -> None:
        """Add a note, unless one of this kind is there."""
        if kind not in self._kinds:
            self._kinds.add(kind)
            self._notes.append(note)

    def seen(self, sample: Sample, columns: Columns) -> None:
        """What the first rows show: spaces, HTML, words for nothing, several photos."""
        for name, column in sample.columns.items():
            if column.padded:
                self.tell("spaces", "spaces round cells are left out")
            if column.markup and name != columns.id and name not in columns.files:
                self.tell(f"html {name}", f"column {name!r}: HTML is read as its text")
            if column.nothing:
                self.tell(
                    f"missing {name}", f"column {name!r}: {column.nothing!r} is read as empty"
                )
        if columns.more or any(sample.columns[name].several for name in columns.images):
            self.tell(*SEVERAL_PHOTOS)


def narrow(columns: Columns, sample: Sample, notes: list[str]) -> Columns:
    """`columns` without those that are too many for metadata; what is left out is told by name.

    The fullest are kept, and of equally full ones the first.
    """
    room = limit("metadata_keys") - (columns.location is not None)
    kept = [name for name in sample.names if columns.keeps(name) and sample.columns[name].filled]
    if len(kept) <= room or sample.most_filled <= room:
        return columns
    made = sum(bool(sample.columns[name].currencies) for name in kept) + bool(columns.more)
    fullest = sorted(kept, key=lambda name: -sample.columns[name].filled)[: max(room - made, 0)]
    left = [name for name in kept if name not in set(fullest)]
    notes.append(
        f"{len(left):,} columns are left out of the metadata, which holds {limit('metadata_keys')};"
        f" name those to keep with metadata=[...]. Left out: {', '.join(left)}"
    )
    if columns.keep is not None:
        return replace(columns, keep=columns.keep - set(left))
    return replace(columns, leave=columns.leave | set(left))
