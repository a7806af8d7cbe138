"""Finite numbers: what is checked before a graph sees it, and where the first bad one stands.

A graph need not hand a NaN on. OpenVINO 2026.4.1's relu, clamp and reduce_max make numbers of it
on x86, so that a broken input comes out as a vector like any other.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from cospace.errors import BadItem

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["check_finite"]


def check_finite(
    array: NDArray[Any], name: str, axes: Sequence[str], *, start: int = 0, advice: str = ""
) -> None:
    """Raises `BadItem` that names the first number of `array` that is NaN or infinite.

    `axes` are the words for the array's axes; `start` is what its first axis counts from, and
    `advice` says what to do.

    >>> check_finite(np.array([[1, 2], [3, np.nan]]), "a.csv", ("row", "column"))
    Traceback (most recent call last):
    cospace.errors.BadItem: a.csv: 1 number is NaN or infinite: row 1, column 1 is nan
    """
    if array.dtype.kind not in "fc" or np.isfinite(array).all():
        return
    bad = np.argwhere(~np.isfinite(array))
    first = tuple(int(number) for number in bad[0])
    value, shown = array[first], (first[0] + start, *first[1:])
    where = ", ".join(f"{axis} {number:,}" for axis, number in zip(axes, shown, strict=True))
    are = "number is" if len(bad) == 1 else "numbers are"
    told = f"{len(bad):,} {are} NaN or infinite: {where} is {value}"
    raise BadItem(name, f"{told}; {advice}" if advice else told)
