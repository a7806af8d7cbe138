"""Small recordings, videos, depth and thermal images and motions, for tests of encoders."""

from __future__ import annotations

import io
import struct
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from cospace.item import Audio, Depth, Part, Video

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["bad_signals", "gif_bytes", "signals", "wav_bytes"]


def signals(seed: int = 0) -> list[Part]:
    """Two parts of every modality but text and image, each unlike the other.

    >>> sorted({part.kind for part in signals()})
    ['audio', 'depth', 'imu', 'thermal', 'video']
    """
    random = np.random.default_rng(seed)
    seconds = np.arange(3 * 16_000) / 16_000
    chirp = np.sin(2 * np.pi * (200 + 300 * seconds) * seconds) / 2
    noise = random.normal(0, 0.1, 22_050)
    room = np.add.outer(np.arange(60), np.arange(80)).astype(np.uint16) * 20 + 500
    walk = np.sin(np.arange(400)[:, None] / np.arange(3, 9)) * 3
    films = [random.integers(0, 256, (8, 24, 32, 3), np.uint8) for _ in range(2)]
    return [
        Audio(wav_bytes(chirp, 16_000)),
        Audio(wav_bytes(noise, 44_100)),
        *(Video(gif_bytes(film, time)) for film, time in zip(films, (250, 200), strict=True)),
        Depth(room, metres=0.001, focal=500.0),
        Depth(random.uniform(1, 30, (48, 48)).astype(np.float32), disparity=1.0),
        Part("thermal", room[::-1].copy()),
        Part("thermal", random.integers(0, 256, (40, 50), np.uint8)),
        Part("imu", walk),
        Part("imu", random.normal(0, 1, (250, 6))),
    ]


def bad_signals() -> list[tuple[str, Part]]:
    """Signals that an encoder refuses, and what each is."""
    gone = Path("/nowhere/at/all")
    nan = np.full((8, 8), np.nan, np.float32)
    return [
        ("a missing recording", Audio(gone)),
        ("bytes that are no audio", Audio(b"<html></html>")),
        ("a recording that is a str", Part("audio", "bark.wav")),
        ("a recording of 5 ms", Audio(wav_bytes(np.zeros(80), 16_000))),
        ("a missing video", Video(gone)),
        ("bytes that are no video", Video(b"<html></html>")),
        ("a depth that does not say what it is", Part("depth", np.ones((8, 8), np.uint16))),
        ("a depth of NaN", Depth(nan, disparity=1.0)),
        ("a depth of nothing", Depth(np.zeros((8, 8), np.uint16), disparity=1.0)),
        ("a missing thermal image", Part("thermal", gone)),
        ("a thermal image in colour", Part("thermal", np.zeros((8, 8, 3), np.uint8))),
        ("a missing motion", Part("imu", gone)),
        ("a motion of five columns", Part("imu", np.zeros((50, 5)))),
    ]


def wav_bytes(samples: NDArray[np.float64], rate: int) -> bytes:
    """A WAV file of 16 bits: samples [n] or [n, channels] within -1 and 1."""
    channels = 1 if samples.ndim == 1 else samples.shape[1]
    data = (np.clip(samples, -1, 1) * 32_767).astype("<i2").tobytes()
    fmt = struct.pack("<HHIIHH", 1, channels, rate, rate * channels * 2, channels * 2, 16)
    body = b"WAVEfmt " + struct.pack("<I", len(fmt)) + fmt
    body += b"data" + struct.pack("<I", len(data)) + data
    return b"RIFF" + struct.pack("<I", len(body)) + body


def gif_bytes(frames: NDArray[np.uint8], milliseconds: int) -> bytes:
    """An animated GIF of frames [n, height, width, 3], each seen for some milliseconds."""
    from PIL import Image as Pillow

    images = [Pillow.fromarray(frame) for frame in frames]
    file = io.BytesIO()
    images[0].save(file, "GIF", save_all=True, append_images=images[1:], duration=milliseconds)
    return file.getvalue()
