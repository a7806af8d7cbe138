"""Net: clips to unit vectors, with convolutions over time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["FLOOR", "RANGE", "STRIDES", "Net"]

# Log-mel energies: what is filled with zeros counts as no sound at all, and what lies more than
# so many natural logarithms below the loudest of its clip is not heard.
FLOOR, RANGE = -15.94, 10.0
STRIDES = (1, 2, 2, 1)
_KERNEL = 5
_BATCH = 256  # clips that are only looked at


class Net(torch.nn.Module):
    """Clips float32 [n, channels, steps] to unit rows [n, dim].

    Four convolutions over time with batch norm and ReLU; the mean and the maximum over time; a
    linear layer. Audio is taken relative to its loudest place, so how loud it was recorded does not
    matter; motion by the mean and the deviation [channels] of what it learns from.
    """

    def __init__(
        self, example: NDArray[np.float32], dim: int, *, audio: bool, width: int, drop: float
    ) -> None:
        super().__init__()
        self.audio = audio
        channels = example.shape[1]
        mean, deviation = example.mean((0, 2)), example.std((0, 2)) + np.float32(1e-3)
        self.register_buffer("mean", torch.from_numpy(mean)[None, :, None])
        self.register_buffer("deviation", torch.from_numpy(deviation)[None, :, None])
        sizes = (channels, *(width for _ in STRIDES))
        self.convolutions = torch.nn.ModuleList(
            torch.nn.Conv1d(a, b, _KERNEL, stride, _KERNEL // 2, bias=False)
            for a, b, stride in zip(sizes, sizes[1:], STRIDES, strict=False)
        )
        self.norms = torch.nn.ModuleList(torch.nn.BatchNorm1d(width) for _ in STRIDES)
        self.last = torch.nn.Linear(2 * width, dim)
        self.drop = drop

    def forward(self, clips: Any) -> Any:
        """The unit rows."""
        x = self.heard(clips) if self.audio else (clips - self.mean) / self.deviation
        for convolution, norm in zip(self.convolutions, self.norms, strict=True):
            x = torch.relu(norm(convolution(x)))
            x = torch.nn.functional.dropout(x, self.drop / 2, self.training)
        x = torch.cat([x.mean(2), x.amax(2)], 1)
        x = torch.nn.functional.dropout(x, self.drop, self.training)
        return torch.nn.functional.normalize(self.last(x), dim=1)

    @staticmethod
    def heard(clips: Any) -> Any:
        """Energies as 0 (nothing) to 1 (the loudest of the clip)."""
        x = torch.where(clips == 0, FLOOR, clips)
        return torch.clamp((x - x.amax((1, 2), keepdim=True)) / RANGE + 1, min=0)

    def rows(self, clips: NDArray[np.float32]) -> NDArray[np.float32]:
        """Unit rows float32 [n, dim] of clips, as they are given when nothing is learnt."""
        self.eval()
        with torch.no_grad():
            parts = [
                self(torch.from_numpy(clips[start : start + _BATCH])).numpy()
                for start in range(0, len(clips), _BATCH)
            ]
        return np.concatenate(parts)

    def weights(self) -> dict[str, NDArray[np.float32]]:
        """A copy of all its numbers, by name."""
        return {
            name: tensor.detach().numpy().copy()
            for name, tensor in self.state_dict().items()
            if tensor.is_floating_point()
        }

    def take(self, weights: dict[str, NDArray[np.float32]]) -> None:
        """Becomes what `weights` gave."""
        self.load_state_dict(
            {name: torch.from_numpy(array) for name, array in weights.items()}, strict=False
        )
