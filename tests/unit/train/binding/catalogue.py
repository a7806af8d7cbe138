"""A catalogue whose images mean what no model can know: stripes and hues with names."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image as Pillow

import cospace as cs

NAMES = (
    "armchair", "rake", "violin", "kettle", "tent", "bicycle", "lamp", "sandal", "atlas", "anchor",
    "candle", "hammer", "pillow", "tractor", "teapot", "ladder", "saddle", "basket", "mirror", "drum",
)  # fmt: skip
HUES = (0, 50, 100, 150, 200)


def draw(path: Path, kind: int, seed: int) -> Path:
    """An image of one of 20 kinds: a hue, and stripes of one of four widths and directions."""
    random = np.random.default_rng(seed)
    hue, stripes = HUES[kind % 5], kind // 5
    y, x = np.mgrid[0:64, 0:64]
    along = x if stripes % 2 else y
    period = 6 if stripes < 2 else 20
    bright = np.where((along + random.integers(period)) // (period // 2) % 2, 230, 90)
    pixels = np.stack([np.full_like(x, hue), np.full_like(x, 200), bright], 2)
    noise = random.integers(-25, 26, pixels.shape)
    pixels[..., 1:] = np.clip(pixels[..., 1:] + noise[..., 1:], 0, 255)
    Pillow.fromarray(pixels.astype(np.uint8), "HSV").convert("RGB").save(path)
    return path


def items(folder: Path, *, each: int = 6, mixed: bool = False) -> list[cs.Item]:
    """`each` items of every kind, with the name of the kind as their text; or any name."""
    random = np.random.default_rng(7)
    made = []
    for number in range(20 * each):
        kind = number % 20
        name = NAMES[random.integers(20) if mixed else kind]
        image = cs.Image(draw(folder / f"{number}.png", kind, number))
        made.append(cs.Item(f"I-{number:03}", cs.Parts(text=name, image=image)))
    return made
