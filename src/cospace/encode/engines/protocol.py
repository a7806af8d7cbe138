"""Runner: what runs a tower, whichever engine is behind it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Literal, Protocol, TypeAlias

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from cospace.encode.engines.running import Batch

__all__ = ["Batching", "Runner"]

# Which texts may share a batch: those of like length, padded to the longest; those of one length;
# or none, where a graph takes its ranges from the whole batch.
Batching: TypeAlias = Literal["padded", "equal", "alone"]


class Runner(Protocol):
    """What runs a tower: a `Graph`, an `OnnxGraph` or a `TorchGraph`. Threads may share it."""

    precision: str
    streams: int
    batching: Batching

    def run_each(self, batches: Iterable[Batch], out: NDArray[np.float32]) -> None:
        """Runs every batch into its rows of `out`, which come at length one."""
        ...
