"""A collection as a judged set: its items' texts, and what people said of its answers."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from cospace.arguments import check_path
from cospace.errors import BadArgument, EmptyItem
from cospace.evaluate.beir import Beir, read_beir
from cospace.store.reader import LocalReader

__all__ = ["read_judged", "read_set"]


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


def read_set(folder: str | os.PathLike[str], split: str) -> Beir:
    """The judged set of a folder: of a collection, or of files in BEIR's layout.

    Raises as `read_judged` and `read_beir` do, and `BadArgument` for a split of a collection.
    """
    if not (check_path("folder", folder) / "truth.sqlite").is_file():
        return read_beir(folder, split=split)
    if split != "test":
        raise BadArgument(f"{folder} is a collection, which has no split {split!r}: leave it out")
    return read_judged(folder)


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
        raise EmptyItem(
            path.name, "holds no judgments; make some with: cospace judge, or Collection.judge"
        )
    order = {key: place for place, key in enumerate(sorted(ids, reverse=True))}
    return _Own(
        path=path,
        split="judged",
        order=order,
        queries={query: query for query in judged},
        judged=judged,
        no_document=sum(id not in order for grades in judged.values() for id in grades),
    )
