"""The local store at any size, from trials at small ones.

Bytes grow in a straight line, and the small copies of vectors by what is known of them. A graph
holds up to `SEGMENT_ROWS` items and a search asks each graph, so times grow with the logarithm of
the items up to there, and with their number beyond.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from cospace.errors import BadArgument
from cospace.plan.trial import Shape, Trial
from cospace.store.edge import EXACT_BELOW, SEGMENT_ROWS

__all__ = ["Beside", "Local", "Taken", "small_bytes"]

_GRAPH = 16 * 2 * 4 * 1.2  # bytes of a row in the graph: see `engines`, which names the source


def small_bytes(quantization: str, dim: int) -> int:
    """Bytes of a vector's small copy, which stays in memory.

    >>> small_bytes("none", 384), small_bytes("int8", 384), small_bytes("binary", 384)
    (0, 388, 48)
    """
    if quantization == "int8":
        return dim + 4  # and the factor that brings it back
    if quantization == "binary":
        return math.ceil(dim / 128) * 16
    return 0


@dataclass(frozen=True, slots=True)
class Taken:
    """What a local store takes, as `Trial` has it: bytes, and seconds (processor, clock).

    `private` and `mapped` are None where the system did not tell them. `least` is the memory
    without the full vectors, which small copies let stay on the disk: a search reads few of them.
    """

    private: float | None
    mapped: float | None
    least: float | None
    disk: float
    taken_in: tuple[float, float]
    built: tuple[float, float]
    search: tuple[float, float]
    recall: float

    @property
    def memory(self) -> float | None:
        """Bytes of memory in all."""
        if self.private is None or self.mapped is None:
            return None
        return self.private + self.mapped


@dataclass(frozen=True, slots=True)
class Beside:
    """What stays with cospace when an engine elsewhere holds the vectors: bytes."""

    memory: float | None
    disk: float


class Local:
    """What was measured, and what follows from it for other sizes.

    `trials` are of items of one shape, in two sizes or more, all above `EXACT_BELOW`. `scan` is
    how many bytes of vectors one core compares in a second. Raises `BadArgument` where the trials
    are not such.
    """

    def __init__(self, trials: Sequence[Trial], *, scan: float | None = None) -> None:
        if len({one.items for one in trials}) < 2 or len({one.shape for one in trials}) != 1:
            raise BadArgument("a plan needs trials of two sizes, of items of one shape")
        if min(one.items for one in trials) <= EXACT_BELOW:
            raise BadArgument(f"a trial is of more than {EXACT_BELOW:,} items: fewer have no graph")
        self.trials = tuple(trials)
        self.shape: Shape = trials[0].shape
        self.scan = scan

    @property
    def quantizations(self) -> list[str]:
        """Those that were tried."""
        return list(dict.fromkeys(one.quantization for one in self.trials))

    def at(self, items: int, quantization: str) -> Taken:
        """What so many items take. Raises `BadArgument` for a quantization that was not tried."""
        near = [one for one in self.trials if one.quantization == quantization]
        if not near:
            raise BadArgument(f"{quantization!r} was not tried; {self.quantizations} were")
        small = small_bytes(quantization, self.shape.dim) * items
        private, mapped = self._bytes(_private, items), self._bytes(_mapped, items)
        index, truth = self._bytes(_index, items), self._bytes(_truth, items)
        assert index is not None and truth is not None
        least = None
        if private is not None and mapped is not None:
            away = 4 * self.shape.dim * items if small else 0
            least = private + small + max(0.0, mapped - away)
        return Taken(
            None if private is None else private + small,
            mapped,
            least,
            index + small + truth,
            _scaled(self.trials, "taken_in", items, float),
            _scaled(near, "built", items, _work),
            _sum(_scaled(near, "search", items, _walk), _scaled(near, "fetch", items, _one)),
            float(np.mean([one.recall for one in near])),
        )

    def beside(self, items: int) -> Beside:
        """What stays here when the vectors are in an engine elsewhere."""
        private, mapped = self._bytes(_private, items), self._bytes(_mapped, items)
        index, truth = self._bytes(_index, items), self._bytes(_truth, items)
        assert index is not None and truth is not None
        away = items * (4 * self.shape.dim + _GRAPH)
        memory = None
        if private is not None and mapped is not None:
            memory = max(0.0, private + mapped - away)
        return Beside(memory, truth + max(0.0, index - away))

    def _bytes(self, of: Callable[[Trial], int | None], items: int) -> float | None:
        """A straight line through what all trials took, without their small copies."""
        found = [of(one) for one in self.trials]
        known = [one for one in found if one is not None]
        if len(known) < len(found):
            return None
        sizes = np.array([one.items for one in self.trials], float)
        slope, base = np.polyfit(sizes, np.array(known, float), 1)
        return float(max(0.0, base) + max(0.0, slope) * items)


def _private(one: Trial) -> int | None:
    if one.private is None:
        return None
    return one.private - small_bytes(one.quantization, one.shape.dim) * one.items


def _mapped(one: Trial) -> int | None:
    return one.mapped


def _index(one: Trial) -> int:
    return one.index - small_bytes(one.quantization, one.shape.dim) * one.items


def _truth(one: Trial) -> int:
    return one.truth


def _over_graphs(items: float, steps: Callable[[float], float]) -> float:
    """The steps of all graphs together: full ones, and one of the rest."""
    whole, rest = divmod(items, SEGMENT_ROWS)
    return whole * steps(SEGMENT_ROWS) + (steps(rest) if rest else 0.0)


def _work(items: float) -> float:
    """Steps to build the graphs: each row is searched for among those before it."""
    return _over_graphs(items, lambda rows: rows * math.log2(max(2.0, rows)))


def _walk(items: float) -> float:
    """Steps of a search through all graphs."""
    return _over_graphs(items, lambda rows: math.log2(max(2.0, rows)))


def _one(_: float) -> float:
    return 1.0


def _sum(one: tuple[float, float], other: tuple[float, float]) -> tuple[float, float]:
    return one[0] + other[0], one[1] + other[1]


def _scaled(
    trials: Sequence[Trial], name: str, items: int, steps: Callable[[float], float]
) -> tuple[float, float]:
    """Seconds for so many items: those of the trials, by the steps that each took."""
    taken = sum(steps(one.items) for one in trials)
    seconds = [sum(getattr(one, name)[i] for one in trials) / taken for i in range(2)]
    processor, clock = (one * steps(items) for one in seconds)
    return processor, clock
