"""`compiled`: a function of arrays as machine code that runs without the interpreter's lock."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cospace.need import need

__all__ = ["EDITION", "compiled", "compiled_loosely"]

need("numba", extra="train")

from numba import njit  # noqa: E402 - after the error that says what to install

# numba keeps what it compiled until the function's own file changes, whatever it calls from
# others. A kernel that closes over this number is compiled again after any change in this folder.
EDITION = zlib.crc32(b"".join(f.read_bytes() for f in sorted(Path(__file__).parent.glob("*.py"))))


def compiled(function: Callable[..., Any]) -> Any:
    """`function`, compiled when it is first called, and kept on disk where there is a place."""
    return _kept(function)


def compiled_loosely(function: Callable[..., Any]) -> Any:
    """As `compiled`, with sums in any order, and no thought of NaN or of a division by zero.

    Loops over float32 become vector instructions so. What comes out is to be checked outside.
    """
    return _kept(function, fastmath=True, error_model="numpy")


def _kept(function: Callable[..., Any], **options: Any) -> Any:
    try:
        return njit(nogil=True, cache=True, **options)(function)
    except RuntimeError:  # no folder can be written: it is compiled in every process
        return njit(nogil=True, **options)(function)
