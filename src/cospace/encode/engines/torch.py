"""The second engine: torch, for GPUs, and as the reference that an adopted model is held to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from cospace.cores import cores
from cospace.encode.modules.libraries import torch
from cospace.errors import BadArgument

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cospace.encode.engines.protocol import Batching
    from cospace.encode.engines.running import Batch

__all__ = ["TorchGraph", "pick_device"]


def pick_device(asked: str = "") -> str:
    """`asked`, or the best that is here: "cuda", then "mps", then "cpu".

    Raises `BadArgument` for a device that torch does not see.
    """
    here = ["cpu"]
    if torch().backends.mps.is_available():
        here.insert(0, "mps")
    if torch().cuda.is_available():
        here.insert(0, "cuda")
    if not asked:
        return here[0]
    if asked.partition(":")[0] not in here:
        raise BadArgument(f"torch sees no device {asked!r} here; it sees: {', '.join(here)}")
    return asked


class TorchGraph:
    """A torch module as the engine of a tower: named arrays in, unit rows float32 [n, dim] out.

    Without `unit` the rows stay as long as they are.
    """

    def __init__(
        self, module: Any, inputs: Iterable[str], device: str = "cpu", *, unit: bool = True
    ) -> None:
        self.inputs = tuple(inputs)
        self.precision = f"f32 on {device}"
        self.streams = 1
        self._unit = unit
        self.batching: Batching = "padded"
        self._device = device
        if device == "cpu" and torch().get_num_threads() > cores():
            torch().set_num_threads(cores())  # torch counts the host's
        self._module = module.eval().to(device)

    def run(self, inputs: Mapping[str, NDArray[Any]]) -> NDArray[np.float32]:
        """The rows float32 [n, dim] of one batch."""
        given = [torch().from_numpy(inputs[name]).to(self._device) for name in self.inputs]
        with torch().inference_mode():
            rows = self._module(*given).float()
            if self._unit:
                rows = torch().nn.functional.normalize(rows, dim=-1)
        found: NDArray[np.float32] = rows.cpu().numpy()
        return found

    def run_each(self, batches: Iterable[Batch], out: NDArray[np.float32]) -> None:
        """Runs every batch into its rows of `out`, one after the other: torch uses all cores."""
        for rows, make in batches:
            out[rows] = self.run(make())
