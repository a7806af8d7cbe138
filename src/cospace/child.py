"""What a process that this one starts gets of its environment."""

from __future__ import annotations

import os

__all__ = ["environment"]

_SECRETS = ("_TOKEN", "_KEY", "_SECRET", "_PASSWORD")  # ends of variables that it does not get


def environment() -> dict[str, str]:
    """The server's own, without secrets, and with one thread for BLAS.

    BLAS asks for memory a thread, which a limit would count; other cores are for searches.
    """
    own = {name: value for name, value in os.environ.items() if not name.endswith(_SECRETS)}
    return own | {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
