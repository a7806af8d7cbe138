"""What all signals share: a part is one or more clips, whose vectors are averaged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from cospace.encode.towers.prepared import check_like
from cospace.errors import ModelDamaged

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cospace.encode.engines.protocol import Runner
    from cospace.encode.folder import Folder
    from cospace.space import Tower

__all__ = ["SignalTower"]

# Clips that run through the graph together.
_BATCH = 8


class SignalTower:
    """What all signals share. All methods are safe to call from many threads.

    A subclass names its kind, the graph's input with its axes, and the numbers that its
    `preprocess` record must hold; it makes clips of a part (`clips`), and one from a pattern
    (`example`).
    """

    kind = ""
    entry = ""
    axes: tuple[str, ...] = ()  # the words for the axes of a clip
    needs: tuple[str, ...] = ()
    settled: ClassVar[Mapping[str, str]] = {}  # what the record must say, word for word

    def __init__(self, folder: Folder, tower: Tower, graph: Runner) -> None:
        self.graph = graph
        self._dim = folder.dim
        record = dict(tower.preprocess)
        try:
            self.number = {name: Fraction(str(record[name])) for name in self.needs}
            good = all(number > 0 for number in self.number.values())
            good = good and all(record[name] == word for name, word in self.settled.items())
        except (KeyError, TypeError, ValueError, ZeroDivisionError):
            good = False
        if not good:
            raise ModelDamaged(f"{folder.path}: preprocess of the {self.kind} tower is {record}")
        self.record = record

    def prepare(self, value: Any, name: str, data: bytes | None = None) -> NDArray[Any]:
        """The clips [clips, ...] of one part; `data` are the bytes of its file.

        Raises `BadItem` for a part that cannot be read.
        """
        with np.errstate(over="ignore", invalid="ignore"):  # told by name, where it matters
            clips = np.stack(self.clips(value, name, data))
        self.check(clips, name)
        return clips

    def canary(self, given: str) -> NDArray[Any]:
        """What `encode` takes, for the input "pattern:N" of a known answer."""
        return self.example(int(given.removeprefix("pattern:")))[None]

    def encode(
        self, prepared: Sequence[NDArray[Any]], role: str = "document"
    ) -> tuple[NDArray[np.float32], list[int]]:
        """The rows float32 [n, dim] of prepared parts; none is ever cut short."""
        del role  # a signal is the same as a query and as a document
        for position, part in enumerate(prepared):
            self.check(part, f"input {position}")
        clips = [clip for part in prepared for clip in part]
        found = np.empty((len(clips), self._dim), np.float32)

        def inputs(batch: slice) -> dict[str, NDArray[Any]]:
            return {self.entry: np.stack(clips[batch])}

        batches = [slice(start, start + _BATCH) for start in range(0, len(clips), _BATCH)]
        self.graph.run_each(((batch, partial(inputs, batch)) for batch in batches), found)
        rows = np.empty((len(prepared), self._dim), np.float32)
        start = 0
        for row, part in zip(rows, prepared, strict=True):
            row[:] = found[start] if len(part) == 1 else _mean(found[start : start + len(part)])
            start += len(part)
        return rows, []

    def check(self, part: Any, name: str) -> None:
        """Raises `BadItem` unless `part` is what the graph takes: clips of finite numbers.

        Here too, since a number can be finite in a file and not in float32, and what is given to
        `encode_prepared` comes from anywhere.
        """
        check_like(part, self._like, name, ("clip", *self.axes))

    @cached_property
    def _like(self) -> NDArray[Any]:
        return self.example(1)

    def clips(self, value: Any, name: str, data: bytes | None) -> list[NDArray[Any]]:
        """The clips of one part."""
        raise NotImplementedError

    def example(self, number: int) -> NDArray[Any]:
        """A clip that every machine computes alike."""
        raise NotImplementedError

    def whole(self, name: str) -> int:
        """One of the record's numbers that counts something."""
        return int(self.number[name])


def _mean(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    """The mean direction of unit rows; zero, to be refused, where they cancel out."""
    total: NDArray[np.float32] = rows.mean(axis=0)
    norm = np.float32(np.linalg.norm(total))
    return total / norm if norm > 1e-6 else np.zeros_like(total)
