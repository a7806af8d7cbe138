"""Running batches: what the engines for processors share."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from cospace.cores import cores
from cospace.encode.engines.threads import spread

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Batch", "run_all", "streams", "unit"]

# The rows that a batch fills, and a function that makes its inputs.
Batch = tuple[Any, Callable[[], Mapping[str, "NDArray[Any]"]]]

# More streams than this add memory, and hardly speed.
_MOST_STREAMS = 8


def streams(threads: int = 1) -> int:
    """How many batches run at once, each on so many threads."""
    return max(1, min(cores() // threads, _MOST_STREAMS))


def run_all(
    run: Callable[[Mapping[str, NDArray[Any]]], NDArray[np.float32]],
    batches: Iterable[Batch],
    out: NDArray[np.float32],
) -> None:
    """Runs every batch, as many at once as there are cores, into rows of `out`.

    A batch's inputs are made in the thread that runs it, so that few exist at a time.

    >>> out = np.zeros((2, 1), np.float32)
    >>> run_all(lambda given: given["x"] * 2, [(1, lambda: {"x": np.ones((1, 1))})], out)
    >>> out.tolist()
    [[0.0], [2.0]]
    """

    def fill(batch: Batch) -> None:
        rows, make = batch
        out[rows] = run(make())

    spread(fill, list(batches))


def unit(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    """The rows at length one: bf16 leaves them up to 0.4% off. A zero row stays, to be refused.

    Rows that are unit already keep their bits.

    >>> unit(np.float32([[3, 4]])).tolist()
    [[0.6000000238418579, 0.800000011920929]]
    """
    norms = np.sqrt(np.einsum("ij,ij->i", rows, rows))[:, None]
    norms[(np.abs(norms - 1) < 1e-6) | (norms == 0)] = 1
    rows /= norms
    return rows
