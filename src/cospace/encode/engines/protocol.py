"""Runner: what runs a tower, whichever engine is behind it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["Runner"]


class Runner(Protocol):
    """What runs a tower: a `Graph` or a `TorchGraph`. Safe to use from many threads."""

    precision: str
    streams: int

    def run_each(
        self,
        batches: Iterable[tuple[Any, Callable[[], Mapping[str, NDArray[Any]]]]],
        out: NDArray[np.float32],
    ) -> None:
        """Runs every batch into its rows of `out`, which come at length one."""
        ...
