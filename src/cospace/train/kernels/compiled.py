"""`compiled`: a function of arrays as machine code that runs without the interpreter's lock."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cospace.need import need

__all__ = ["compiled"]

need("numba", extra="train")

from numba import njit  # noqa: E402 - after the error that says what to install


def compiled(function: Callable[..., Any]) -> Any:
    """`function`, compiled when it is first called, and kept on disk where there is a place."""
    try:
        return njit(nogil=True, cache=True)(function)
    except RuntimeError:  # no folder can be written: it is compiled in every process
        return njit(nogil=True)(function)
