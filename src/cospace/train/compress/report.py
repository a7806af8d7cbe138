"""What came of a compression: three heads for each size, and which of them is recommended."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cospace.arguments import check_path
from cospace.encode.saving import new_folder
from cospace.files import make_folder
from cospace.measures.bootstrap import Difference
from cospace.train.compress.kept import Kept
from cospace.train.heads import Head

__all__ = ["Compressed", "Compression", "Size"]


@dataclass(frozen=True, slots=True)
class Compressed:
    """One way to one size, and what it keeps of rows that were held out.

    `choosing` is its recall on other rows, which chose between the ways.
    """

    method: str
    head: Head
    kept: Kept
    choosing: float

    def to_json(self) -> dict[str, Any]:
        """A record for JSON."""
        return {**self.kept.to_json(), "recall_choosing": self.choosing}


@dataclass(frozen=True, slots=True)
class Size:
    """All ways to `dim` numbers, the recommended one first.

    `difference` is by how much its recall is above that of the next, on rows that had no part in
    the choice; it can be below 0.
    """

    dim: int
    ways: tuple[Compressed, ...]
    difference: Difference

    @property
    def head(self) -> Head:
        """The recommended head: of the highest recall on the rows that choose."""
        return self.ways[0].head

    def to_json(self) -> dict[str, Any]:
        """A record for JSON."""
        return {
            "dim": self.dim,
            "recommended": self.ways[0].method,
            "difference_to_next": self.difference.to_json(),
            "ways": {way.method: way.to_json() for way in self.ways},
        }


@dataclass(frozen=True, slots=True)
class Compression:
    """The sizes, and how many rows were learnt from and held out.

    `chance` is the recall of a search that draws; `notes` tell what was left out. `stopped` says
    that Ctrl-C ended it: sizes that were not begun are missing.
    """

    learnt: int
    held_out: int
    chance: float
    sizes: tuple[Size, ...]
    notes: tuple[str, ...] = ()
    stopped: bool = False

    def save(self, folder: str | os.PathLike[str], *, replace: bool = False) -> Path:
        """Writes the recommended head of each size to a folder of that name inside `folder`.

        All or nothing. Raises `BadArgument` where something stands already, unless `replace`.
        """
        path = check_path("folder", folder)
        size = sum(t.nbytes for one in self.sizes for t in one.head.tensors.values())
        with new_folder(path, size, replace=replace) as made:
            for one in self.sizes:
                make_folder(made / str(one.dim))
                one.head.write(made / str(one.dim))
        return path

    def to_json(self) -> dict[str, Any]:
        """A record for JSON."""
        return {
            "learnt": self.learnt,
            "held_out": self.held_out,
            "chance": self.chance,
            "stopped": self.stopped,
            "notes": list(self.notes),
            "sizes": [one.to_json() for one in self.sizes],
        }
