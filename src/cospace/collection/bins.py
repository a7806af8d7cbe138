"""Numbers and dates in about twenty bins with round edges; what lies far out spoils none."""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["Bin", "binned"]

_BINS = 20
_OUT = (0.02, 0.98)  # what lies between these shares of all values decides the width
_EXACT = 2.0**53  # below it a float holds each whole number
_DAY = 86_400_000_000  # microseconds
_EPOCH = datetime(1970, 1, 1)  # UTC, as all moments are
_FIRST, _LAST = (one - _EPOCH for one in (datetime.min, datetime.max))


class Bin(NamedTuple):
    """How many values lie from `start` on and below `end`; in the last bin up to `end`."""

    start: float | str
    end: float | str
    items: int


def binned(
    values: NDArray[Any], counted: NDArray[Any], *, dates: bool
) -> tuple[float | str | None, float | str | None, tuple[Bin, ...]]:
    """The least and the most of `counted`, and how many of it lie in each bin of all `values`.

    Dates are moments in microseconds, and are told as ISO 8601.

    >>> low, high, bins = binned(np.arange(100.0), np.array([3.0, 4.0, 98.0]), dates=False)
    >>> low, high, bins[0], len(bins)
    (3.0, 98.0, Bin(start=0.0, end=5.0, items=2), 20)
    """
    if dates:
        values, counted = values / _DAY, counted / _DAY
    tell = _told_date if dates else float
    whole = bool((np.abs(values) < _EXACT).all() and (values == np.floor(values)).all())
    edges = _edges(values, whole=dates or whole, beyond=whole and not dates)
    counts, _ = np.histogram(counted, edges)
    shown = [tell(edge) for edge in edges]
    bins = tuple(Bin(a, b, int(n)) for a, b, n in zip(shown, shown[1:], counts, strict=False))
    if not len(counted):
        return None, None, bins
    return tell(float(counted.min())), tell(float(counted.max())), bins


def _edges(values: NDArray[Any], *, whole: bool, beyond: bool) -> list[float]:
    """Edges that hold all of `values`, at round steps in the middle, of 1 or more where `whole`.

    `beyond` has the last edge above all values, so that the greatest number has a bin of its own.
    """
    low, high = float(values.min()), float(values.max())
    with np.errstate(over="ignore", invalid="ignore"):  # of numbers at both ends of float64
        near, far = np.quantile(values, _OUT).tolist()
    if far <= near:
        near, far = low, high
    step = _round(max((far - near) / _BINS, 1.0 if whole else 0.0))
    if not 0 < step < math.inf:
        return [low, high]
    first = math.floor(near / step)
    last = math.floor(math.ceil(far) / step) + 1 if beyond else math.ceil(far / step)
    inner = [float(f"{step * at:.15g}") for at in range(first, max(last, first + 1) + 1)]
    return [min(low, inner[0]), *inner[1:-1], max(high, inner[-1])]


def _round(step: float) -> float:
    """The next of 1, 2, 5, 10, ... from `step` on upwards; 0 stays."""
    if not 0 < step < math.inf:
        return step
    power = 10.0 ** math.floor(math.log10(step))
    return next(n * power for n in (1, 2, 5, 10) if n * power >= step * (1 - 1e-9))


def _told_date(days: float) -> str:
    moment = timedelta(microseconds=round(days * _DAY))
    text = (_EPOCH + max(_FIRST, min(_LAST, moment))).isoformat()
    return text.removesuffix("T00:00:00")
