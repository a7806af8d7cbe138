"""How work grows with its input, in processor time: for what no count of operations can show."""

import time
from collections.abc import Callable
from typing import Any

SQUARE = 9  # a growth between 4, that of linear work, and 16, that of square work
_LONG = 0.005  # seconds that can be told from the noise of the clock


def growth(run: Callable[[Any], object], make: Callable[[int], Any], most: int) -> float:
    """How many times as long `run` takes on `make(4 n)` as on `make(n)`: 4 if linear, 16 if square.

    n is the first of 1,000, 2,000, 4,000 ... that takes long enough to be told, at most `most`.
    """
    size = 1000
    while (short := seconds(run, make(size))) < _LONG and 2 * size <= most:
        size *= 2
    return seconds(run, make(4 * size)) / max(short, _LONG)


def seconds(run: Callable[[Any], object], given: Any, times: int = 3) -> float:
    """The least processor time of several runs: the others were disturbed."""
    taken = []
    for _ in range(times):
        started = time.process_time()
        run(given)
        taken.append(time.process_time() - started)
    return min(taken)
