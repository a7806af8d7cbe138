"""What the towers for arrays are given to encode: held to what their graphs take."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from cospace.errors import BadItem
from cospace.read.finite import check_finite

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["check_like"]


def check_like(given: Any, like: NDArray[Any], name: str, axes: Sequence[str]) -> None:
    """Raises `BadItem` unless `given` has the type of `like`, and its shape, and finite numbers.

    With one axis more in `axes` than `like` has, it is one or more such arrays.

    >>> check_like(np.zeros((3, 2), np.float32), np.zeros(2, np.float32), "input 0", ("clip", "x"))
    >>> check_like([0], np.zeros(1, np.float32), "input 0", ("x",))
    Traceback (most recent call last):
    cospace.errors.BadItem: input 0: is prepared as float32 [x 1], not as list
    """
    shape = given.shape if isinstance(given, np.ndarray) else ()
    lead = len(axes) - like.ndim
    found = shape[lead:] == like.shape and len(shape) == len(axes) and 0 not in shape
    if not found or given.dtype != like.dtype:
        sizes = ["n"] * lead + [str(size) for size in like.shape]
        wanted = ", ".join(f"{axis} {size}" for axis, size in zip(axes, sizes, strict=True))
        array = isinstance(given, np.ndarray)
        what = f"{given.dtype} {list(shape)}" if array else type(given).__name__
        raise BadItem(name, f"is prepared as {like.dtype} [{wanted}], not as {what}")
    check_finite(given, name, axes)
