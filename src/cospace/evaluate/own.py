"""A collection as a judged set: its items' texts, and what people said of its answers."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from cospace.errors import EmptyItem
from cospace.evaluate.beir import Beir
from cospace.store.reader import LocalReader

__all__ = ["holds_judged", "read_judged"]


class _Own(Beir):
    """As `Beir`, with the documents of a collection; items without a text are none."""

    def documents(self) -> Iterator[tuple[str, str]]:
        """(id, text) of every document, oldest first."""
        store = LocalReader(self.path)
        try:
            for row in store.scan():
                if row.text and row.id in self.order:
                    yield row.id, row.text
        finally:
            store.close()


def holds_judged(folder: str | os.PathLike[str]) -> bool:
    """Whether a folder is a collection rather than a folder in BEIR's layout."""
    return (Path(folder) / "truth.sqlite").is_file()


def read_judged(folder: str | os.PathLike[str]) -> Beir:
    """The judged set of a collection, also while another process has it open.

    Raises `EmptyItem` when nothing was judged, or no item has a text.
    """
    path = Path(folder)
    store = LocalReader(path)
    try:
        judged = store.judgments
        ids = [row.id for row in store.scan() if row.text]
    finally:
        store.close()
    if not ids:
        raise EmptyItem(path.name, "no item has a text")
    if not judged:
        raise EmptyItem(path.name, "holds no judgments; `Collection.judge` keeps some")
    order = {key: place for place, key in enumerate(sorted(ids, reverse=True))}
    return _Own(
        path=path,
        split="judged",
        order=order,
        queries={query: query for query in judged},
        judged=judged,
        no_document=sum(id not in order for grades in judged.values() for id in grades),
    )
