"""Skip-gram with negative sampling, for words and for words made of n-grams."""

from __future__ import annotations

from functools import cache
from typing import Any

from cospace.train.kernels.compiled import EDITION, compiled
from cospace.train.kernels.drawing import below, draw_noise, reach, step
from cospace.train.kernels.lanes import copy_row, pair_step, prefetch_row
from cospace.train.kernels.losses import EVERY, noise_loss

__all__ = ["skipgram"]


@cache
def skipgram(dim: int, rows: int) -> Any:
    """The kernel for rows of `dim` numbers and `rows` outputs a centre: the word and its noise.

    The noise is drawn once a centre, for all of its context words: the output rows are copied
    into a tile that stays in the nearest cache, and written back at the end. Every step is made
    in order, on the rows as the step before has left them.
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
            if i + 1 + window < count and slots[i + 1 + window] >= 0:
                prefetch_row(inputs, slots[i + 1 + window], dim)
            if buffer[i] >= 0:
                state = step(state)
                first, last = reach(buffer, i, count, window - below(state, window))
                if last - first > 1:
                    if i % EVERY == 0:
                        other = first if first != i else i + 1
                        loss[0] += noise_loss(inputs[slots[other]], outputs, ids[now])
                        loss[1] += 1.0
                    for k in range(rows):
                        copy_row(tile, k, outputs, ids[now, k], dim)
                    for j in range(first, last):
                        if j != i:
                            pair_step(tile, inputs, slots[j], flags[now], rate, dim, rows)
                    for k in range(rows - 1, -1, -1):  # the word itself last: it wins
                        copy_row(outputs, ids[now, k], tile, k, dim)
            now = then
        random[0] = state

    return compiled(train)
