"""The loss of negative sampling, in float64, of one hidden row."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from cospace.train.kernels.compiled import compiled

__all__ = ["EVERY", "noise_loss"]

EVERY = 256  # one centre in so many is looked at: the loss is for the eye, and costs nothing


@compiled
def noise_loss(hidden: Any, outputs: Any, ids: Any) -> Any:
    """-log s(h . t_0) - sum log s(-h . t_k) over outputs[ids]: Mikolov 2013, equation 4."""
    total = 0.0
    for k in range(len(ids)):
        product = 0.0
        for d in range(len(hidden)):
            product += np.float64(hidden[d]) * np.float64(outputs[ids[k], d])
        signed = -product if k == 0 else product
        total += max(signed, 0.0) + math.log1p(math.exp(-abs(signed)))
    return total
