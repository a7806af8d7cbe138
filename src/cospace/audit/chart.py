"""What a finding shows as a picture: bars with their ranges, or two distributions."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

__all__ = ["Bar", "Bars", "Chart", "Histogram", "histogram"]

_BINS = 32


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: its name, how long it is, the range that its value may be in, and a few words.

    A `second` bar has another colour: it is of the other of two sets.
    """

    name: str
    value: float
    low: float | None = None
    high: float | None = None
    said: str = ""
    second: bool = False

    def to_json(self) -> dict[str, Any]:
        """A record of plain types."""
        ends = {"value": self.value, "low": self.low, "high": self.high}
        known = {k: v if v is None or math.isfinite(v) else None for k, v in ends.items()}
        return {"name": self.name, **known, "said": self.said}


@dataclass(frozen=True, slots=True)
class Bars:
    """Bars from 0, on a scale from `least` to `most`; `line` is a value that is asked for."""

    title: str
    bars: tuple[Bar, ...]
    least: float = 0.0
    most: float = 1.0
    percent: bool = False
    line: float | None = None

    def to_json(self) -> dict[str, Any]:
        """A record of plain types."""
        bars = [bar.to_json() for bar in self.bars]
        return {"title": self.title, "bars": bars, "line": self.line}


@dataclass(frozen=True, slots=True)
class Histogram:
    """Distributions over one scale: `counts` by name, between the `edges`; `line` parts them."""

    title: str
    edges: tuple[float, ...]
    counts: Mapping[str, tuple[int, ...]]
    line: float | None = None

    def to_json(self) -> dict[str, Any]:
        """A record of plain types."""
        return {
            "title": self.title,
            "edges": list(self.edges),
            "counts": {name: list(held) for name, held in self.counts.items()},
            "line": self.line,
        }


Chart = Bars | Histogram


def histogram(
    title: str, values: Mapping[str, ArrayLike], *, line: float | None = None, bins: int = _BINS
) -> Histogram:
    """The distributions of some sets of values, over the range of all.

    >>> histogram("scores", {"ours": [0.0, 1.0, 1.0]}, bins=2).counts
    {'ours': (1, 2)}
    """
    held = {name: np.asarray(some, np.float64) for name, some in values.items()}
    both = np.concatenate([*held.values(), [] if line is None else [line]])
    low, high = (float(both.min()), float(both.max())) if len(both) else (0.0, 1.0)
    edges = np.linspace(low, high if high > low else low + 1, bins + 1)
    counts = {name: tuple(np.histogram(some, edges)[0].tolist()) for name, some in held.items()}
    return Histogram(title, tuple(edges.tolist()), counts, line)
