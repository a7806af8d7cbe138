"""Log-mel filterbanks: what an audio encoder sees of a recording, as Kaldi computes it."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["RATE", "SHIFT", "WINDOW", "log_mel"]

RATE = 16_000  # Hz
WINDOW = 400  # samples: 25 ms
SHIFT = 160  # samples: 10 ms

_FFT = 512  # the window, padded to the next power of two
_PREEMPHASIS = 0.97
_LOWEST = 20.0  # Hz; the highest band ends at the Nyquist frequency
_FLOOR = float(np.finfo(np.float32).eps)


def log_mel(samples: NDArray[np.float64], bands: int) -> NDArray[np.float32]:
    """Log energies float32 [frames, bands] of a recording at 16 kHz, its samples within -1 and 1.

    Every 10 ms a window of 25 ms is taken, as many as lie whole within the recording. Of each, the
    mean is taken away, every sample loses 0.97 times the one before it (the first: itself), a
    symmetric Hann window is laid over it, and the power of its 512-point spectrum is summed
    into triangular bands that are evenly spread over mel(f) = 1127 ln(1 + f / 700), from 20 Hz
    to 8 kHz. The logarithm is natural, of at least 1.2e-7.

    That is `compute-fbank-feats` of Kaldi (Povey et al. 2011, "The Kaldi Speech Recognition
    Toolkit") with dither 0, no energy and the window "hanning". No mean is taken from the whole
    recording: each window loses its own.

    >>> log_mel(np.zeros(720), 128).shape
    (3, 128)
    """
    count = max(0, 1 + (len(samples) - WINDOW) // SHIFT)
    if count == 0:
        return np.empty((0, bands), np.float32)
    windows = np.lib.stride_tricks.sliding_window_view(samples, WINDOW)[::SHIFT][:count]
    windows = windows - windows.mean(axis=1, keepdims=True)
    before = np.concatenate([windows[:, :1], windows[:, :-1]], axis=1)
    shaped = (windows - _PREEMPHASIS * before) * _hann()
    power = np.abs(np.fft.rfft(shaped, _FFT)[:, : _FFT // 2]) ** 2
    energies = power @ _triangles(bands).T
    return np.log(np.maximum(energies, _FLOOR)).astype(np.float32)


@cache
def _hann() -> NDArray[np.float64]:
    return 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(WINDOW) / (WINDOW - 1))


@cache
def _triangles(bands: int) -> NDArray[np.float64]:
    """Weights [bands, 256] of the spectrum's lines; the line at the Nyquist frequency has none."""
    lines = _mel(np.arange(_FFT // 2) * RATE / _FFT)
    edges = np.linspace(_mel(np.array(_LOWEST)), _mel(np.array(RATE / 2)), bands + 2)
    left, centre, right = edges[:-2, None], edges[1:-1, None], edges[2:, None]
    rising = (lines - left) / (centre - left)
    falling = (right - lines) / (right - centre)
    return np.maximum(0.0, np.minimum(rising, falling))


def _mel(hertz: NDArray[np.float64]) -> NDArray[np.float64]:
    return 1127.0 * np.log1p(hertz / 700.0)
