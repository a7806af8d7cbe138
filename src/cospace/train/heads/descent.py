"""descend: epochs that end when a head is worth no more, and give the best that was seen."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from cospace.train.card import Point
from cospace.train.heads.layers import Tensors

__all__ = ["descend"]

_LOOKS = 20  # at what the head is worth, in a whole training


def descend(
    start: Tensors,
    epoch: Callable[[], list[float]],
    now: Callable[[], Tensors],
    worth: Callable[[Tensors], float],
    *,
    epochs: int,
    patience: int,
    pulse: Callable[[float, float], object],
) -> tuple[Tensors, list[Point], bool]:
    """The best head seen, its curve, and whether Ctrl-C ended it.

    `start` is the head before the first step, `epoch` takes the steps of one epoch and gives their
    losses, and `now` is the head as it is. `worth` says what a head is worth: about 20 times in
    all, and it ends after `patience` of them without anything better. `pulse` is called with the
    epochs done and the loss of late, after each epoch.
    """
    every = max(1, epochs // _LOOKS)
    best, points, waited = start, [Point(0, 0.0, worth(start))], 0
    try:
        for number in range(1, epochs + 1):
            losses = epoch()
            points[0] = points[0]._replace(loss=losses[0]) if number == 1 else points[0]
            pulse(number, float(np.mean(losses)))
            if number % every and number < epochs:
                continue
            head = now()
            points.append(Point(number, float(np.mean(losses)), worth(head)))
            waited = 0 if points[-1].held > max(p.held for p in points[:-1]) else waited + 1
            best = head if waited == 0 else best
            if waited == patience:
                break
    except KeyboardInterrupt:
        return best, points, True
    return best, points, False
