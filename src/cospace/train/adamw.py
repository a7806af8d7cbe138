"""AdamW with a cosine schedule, for small heads in numpy."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

__all__ = ["AdamW"]


class AdamW:
    """Steps down gradients; weights decay apart from the gradient.

    Source: Loshchilov and Hutter, Decoupled Weight Decay Regularization (2019), algorithm 2, with
    their cosine schedule: the rate falls from `rate` to 0 over `steps`. Parameters are arrays that
    are changed in place. Biases (arrays of one dimension or none) do not decay. `faster` names
    parameters whose rate is a multiple of the others'.

    >>> weights = {"w": np.ones((1, 1))}
    >>> optimiser = AdamW(weights, rate=0.1, steps=10, decay=0.0)
    >>> optimiser.step({"w": np.ones((1, 1))})
    >>> weights["w"].round(3).tolist()
    [[0.9]]
    """

    def __init__(
        self,
        parameters: Mapping[str, NDArray[np.floating]],
        *,
        steps: int,
        rate: float = 1e-3,
        decay: float = 0.05,
        faster: Mapping[str, float] | None = None,
    ) -> None:
        self._parameters = parameters
        self._steps, self._rate, self._decay = max(1, steps), rate, decay
        self._faster = faster or {}
        self._first = {name: np.zeros_like(value) for name, value in parameters.items()}
        self._second = {name: np.zeros_like(value) for name, value in parameters.items()}
        self._done = 0

    def step(self, gradients: Mapping[str, NDArray[np.floating]]) -> None:
        """One step for every parameter that has a gradient."""
        rate = self._rate * (1 + math.cos(math.pi * min(1, self._done / self._steps))) / 2
        self._done += 1
        low, high = 1 - 0.9**self._done, 1 - 0.999**self._done
        for name, gradient in gradients.items():
            value, first, second = self._parameters[name], self._first[name], self._second[name]
            first += 0.1 * (gradient - first)
            second += 0.001 * (gradient * gradient - second)
            own = rate * self._faster.get(name, 1)
            if value.ndim > 1:
                value *= 1 - own * self._decay
            value -= own * (first / low) / (np.sqrt(second / high) + 1e-8)
