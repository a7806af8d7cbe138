"""Report: what became of every item that was given."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from cospace.counted import counted
from cospace.limits import limit
from cospace.read import Failure, Failures, Reading

__all__ = ["Report"]


@dataclass(slots=True)
class Report:
    """Counts that add up to the items given, and the reasons of those that failed.

    `partial` items are stored without the part or the cell that failed, and counted as added,
    updated or unchanged too; `left_out` says how many photos and cells of each column those are.
    `kept` items keep what is stored of a part that cannot be read now. `repeated` counts
    duplicate ids in one run: the last item of each was kept. `documents` were stored as chunks,
    which are what the other counts count; `removed` were chunks that these had before. Texts in
    `truncated` were cut to what the model reads. `notes` says what was guessed of the columns of a
    table. `named` are the ids of all items that were given; `became` says of the first of them
    what became of it: "added", "updated", "unchanged", "failed", or "missing", which failed because
    no such item is stored.
    """

    added: int = 0
    updated: int = 0
    unchanged: int = 0
    failed: int = 0
    partial: int = 0
    kept: int = 0
    truncated: int = 0
    repeated: int = 0
    documents: int = 0
    removed: int = 0
    seconds: float = 0.0
    reasons: Failures = field(default_factory=Failures)
    notes: list[str] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)
    named: set[str] = field(default_factory=set, repr=False, compare=False)
    became: dict[str, str] = field(default_factory=dict, repr=False, compare=False)

    @property
    def stored(self) -> int:
        """Items of this run that the collection holds now."""
        return self.added + self.updated + self.unchanged

    def tell(self, ids: Iterable[str], what: str) -> None:
        """Say what became of items, as many as a request to a server may hold."""
        most = limit("request_items")
        for id in ids:
            if id in self.became or len(self.became) < most:
                self.became[id] = what

    def fail(self, failures: Iterable[Failure], *, partial: bool = False) -> None:
        """Count failures, and keep the first of their reasons."""
        for failure in failures:
            if partial:
                self.partial += 1
            else:
                self.failed += 1
            self.reasons.add(*failure)

    def keep(self, id: str, reason: str) -> None:
        """Count an item that keeps what is stored of a part, and why."""
        self.kept += 1
        self.reasons.add(id, reason)

    def take(self, reading: Reading) -> None:
        """Count in what could not be read at all, and the notes."""
        self.notes += reading.notes
        self.failed += len(reading.failed)
        self.partial += len(reading.partial)
        self.reasons.take(reading.failed)
        self.reasons.take(reading.partial)
        self.left_out.update(reading.left_out)

    def to_json(self) -> dict[str, Any]:
        """A record of plain types; `unlisted` is how many reasons were not kept."""
        names = [n for n in self.__dataclass_fields__ if n not in ("reasons", "named", "became")]
        return {
            **{name: getattr(self, name) for name in names},
            "reasons": [list(reason) for reason in self.reasons],
            "unlisted": self.reasons.unlisted,
        }

    def __str__(self) -> str:
        parts = [f"{self.added} added", f"{self.updated} updated", f"{self.unchanged} unchanged"]
        if self.documents:
            parts.insert(0, f"{counted(self.documents, 'document')} in chunks")
        if self.removed:
            gone = counted(self.removed, "chunk that is", "chunks that are")
            parts.append(f"{gone} no longer there removed")
        if self.failed:
            parts.append(f"{self.failed} failed")
        if self.partial:
            parts.append(f"{self.partial} without a part that failed{self._by_column()}")
        if self.kept:
            keep = counted(self.kept, "keeps", "keep")
            parts.append(f"{keep} a stored part that cannot be read now")
        if self.repeated:
            parts.append(f"{counted(self.repeated, 'duplicate id')} (the last was kept)")
        if self.truncated:
            parts.append(f"{counted(self.truncated, 'text')} cut to what the model reads")
        return ", ".join(parts)

    def _by_column(self) -> str:
        """What was left out of items, by column."""
        columns = ", ".join(f"{name} {count}" for name, count in self.left_out.most_common())
        return f" ({columns})" if columns else ""
