"""CBOW with negative sampling: the mean of the context predicts the word."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from cospace.train.kernels.compiled import EDITION, compiled
from cospace.train.kernels.drawing import below, draw_noise, reach, step
from cospace.train.kernels.lanes import add_row, hidden_step, prefetch_row, scale_row
from cospace.train.kernels.losses import EVERY, noise_loss

__all__ = ["cbow"]


@cache
def cbow(dim: int, rows: int) -> Any:
    """The kernel for rows of `dim` numbers and `rows` outputs a centre: the word and its noise.

    Mikolov et al., Efficient Estimation of Word Representations (2013), with the mean of the
    context as the hidden row; its gradient goes to each context word undivided, as in word2vec.
    """

    edition = EDITION

    def train(
        buffer: Any, slots: Any, start: Any, stop: Any, count: Any, inputs: Any, outputs: Any,
        noise: Any, tile: Any, ids: Any, flags: Any, lanes: Any, window: Any, rate: Any,
        random: Any, loss: Any,
    ) -> None:  # fmt: skip
        """Trains the centres from `start` to `stop`; slots[i] is token i's row in `inputs`."""
        assert edition >= 0
        state = random[0]
        now = 0
        if start < stop and buffer[start] >= 0:
            state = draw_noise(ids[0], buffer[start], noise, flags[0], lanes, state)
        for i in range(start, stop):
            then = 1 - now
            if i + 1 < stop and buffer[i + 1] >= 0:  # ahead, so that its rows are on their way
                state = draw_noise(ids[then], buffer[i + 1], noise, flags[then], lanes, state)
                for k in range(rows):
                    prefetch_row(outputs, ids[then, k], dim)
            if i + 2 + window < count and slots[i + 2 + window] >= 0:
                prefetch_row(inputs, slots[i + 2 + window], dim)
            if buffer[i] >= 0:
                state = step(state)
                first, last = reach(buffer, i, count, window - below(state, window))
                if last - first > 1:
                    scale_row(tile, 0, np.float32(0.0), dim)
                    for j in range(first, last):
                        if j != i:
                            add_row(tile, 0, inputs, slots[j], dim)
                    scale_row(tile, 0, np.float32(1.0) / np.float32(last - first - 1), dim)
                    if i % EVERY == 0:
                        loss[0] += noise_loss(tile[0], outputs, ids[now])
                        loss[1] += 1.0
                    hidden_step(tile, outputs, ids[now], flags[now], rate, dim, rows)
                    for j in range(first, last):
                        if j != i:
                            add_row(inputs, slots[j], tile, 1, dim)
            now = then
        random[0] = state

    return compiled(train)
