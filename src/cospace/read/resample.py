"""Resampling: the same signal at another rate, nothing folded over."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["CROSSINGS", "ROLLOFF", "resample"]

# Zero crossings of the sinc on each side, and where its band ends as a share of the smaller
# Nyquist frequency. These are the defaults of torchaudio, which ImageBind was trained with.
CROSSINGS = 6
ROLLOFF = 0.99

# Samples that are worked out together: bounds the memory of a long signal.
_CHUNK = 4_096


def resample(
    read: Callable[[int, int], NDArray[np.float64]], start: int, stop: int, *, rate: int, to: int
) -> NDArray[np.float64]:
    """The samples from `start` to `stop` of a signal brought from `rate` to `to` (both in Hz).

    `read(a, b)` gives the signal's samples a to b as float64 [b - a], zero outside of it; only
    those that matter are asked for. Each sample is a sum over its neighbours x[n]:

        y(p) = sum over n of x[n] * g * sinc(g (n - p)) * cos(pi g (n - p) / 12) ^ 2

    where p is its place among the input samples, and g = 0.99 * min(1, to / rate); the sum runs
    over 6 zero crossings of the sinc on each side (Smith, "Digital Audio Resampling").

    >>> tone = np.sin(np.arange(4410) * 2 * np.pi * 440 / 44100)
    >>> low = resample(lambda a, b: np.array([tone[i] for i in range(a, b)]), 500, 502,
    ...     rate=44100, to=16000)
    >>> np.abs(low - np.sin(np.arange(500, 502) * 2 * np.pi * 440 / 16000)).max() < 1e-3
    np.True_
    """
    if rate == to:
        return read(start, stop)
    common = math.gcd(rate, to)
    up, down = to // common, rate // common
    bank, reach = _bank(up, down)
    out = np.empty(stop - start, np.float64)
    for begin in range(start, stop, _CHUNK):
        positions = np.arange(begin, min(begin + _CHUNK, stop), dtype=np.int64) * down
        whole, phase = positions // up, positions % up
        first, last = int(whole[0]) - reach, int(whole[-1]) + reach + 2
        windows = np.lib.stride_tricks.sliding_window_view(read(first, last), 2 * reach + 2)
        chosen = windows[whole - whole[0]]
        out[begin - start : begin - start + len(positions)] = np.einsum(
            "ij,ij->i", chosen, bank[phase]
        )
    return out


@lru_cache(maxsize=8)
def _bank(up: int, down: int) -> tuple[NDArray[np.float64], int]:
    """The weights [up, 2 reach + 2] of the neighbours, for each place between two samples."""
    gain = ROLLOFF * min(up, down) / down
    reach = math.ceil(CROSSINGS / gain)
    distance = np.arange(-reach, reach + 2)[None, :] - np.arange(up)[:, None] / up
    turns = np.clip(distance * gain, -CROSSINGS, CROSSINGS)
    window = np.cos(np.pi * turns / CROSSINGS / 2) ** 2
    return gain * np.sinc(turns) * window, reach
