"""Tones of four heights, each with a picture of one colour; and motions of four kinds."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from PIL import Image as Pillow

import cospace as cs
from cospace.testing import tiny_folder
from cospace.testing.signals import wav_bytes

WORDS = ("red", "green", "blue", "white")
_HERTZ = (300, 700, 1_500, 3_200)
_COLOURS = ((220, 30, 30), (30, 200, 30), (30, 30, 220), (240, 240, 240))


def tone(kind: int, seed: int) -> cs.Part:
    """A tone of about one of four heights, of half a second or so, with some noise."""
    random = np.random.default_rng(seed)
    hertz, seconds = _HERTZ[kind] * random.uniform(0.95, 1.05), random.uniform(0.3, 0.6)
    time = np.arange(int(16_000 * seconds)) / 16_000
    samples = 0.3 * np.sin(2 * np.pi * hertz * time) + 0.01 * random.normal(size=len(time))
    return cs.Audio(wav_bytes(samples, 16_000))


def colour(kind: int) -> cs.Part:
    """A picture of one colour."""
    file = io.BytesIO()
    Pillow.fromarray(np.full((16, 16, 3), _COLOURS[kind], np.uint8)).save(file, "PNG")
    return cs.Image(file.getvalue())


def motion(kind: int, seed: int) -> np.ndarray:
    """Readings [50, 6] that swing along one of the axes."""
    random = np.random.default_rng(seed)
    rows = 0.2 * random.normal(size=(50, 6))
    rows[:, kind] += 3 * np.sin(np.arange(50) / 3 + random.uniform(0, 6))
    return rows


def pairs(count: int = 80) -> list[tuple[cs.Part, cs.Part]]:
    """Tones and the pictures that go with them."""
    return [(tone(n % 4, n), colour(n % 4)) for n in range(count)]


def anchor(place: Path) -> Path:
    """A model whose four words lie where its pictures of these colours lie."""
    return tiny_folder(place / "tiny")
