"""A photo with its heat map over it, as the bytes of a picture file."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np

from cospace.explain.pictures import Region

if TYPE_CHECKING:
    from PIL.Image import Image as PILImage

__all__ = ["FORMATS", "drawn"]

FORMATS = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG", ".webp": "WEBP"}
_SIDE = 1_024  # pixels of the longer side at most
_LIGHT = 0.65  # how far the warmest place is covered
_COLD = 0.35  # how dark what the heat leaves alone becomes
# From a little to the most: yellow, orange, red.
_STEPS = np.array([[255, 225, 90], [250, 140, 40], [215, 25, 30]], np.float64)


def drawn(photo: PILImage, region: Region, format: str = "PNG") -> bytes:
    """The photo, at most 1,024 pixels wide or high, with its region over it: a file's bytes.

    What counts nothing is darkened a little; what the model does not see has no colour.

    >>> from PIL import Image
    >>> region = Region("image", ((1.0, 0.0), (0.0, 0.0)))
    >>> drawn(Image.new("RGB", (40, 30)), region)[:4]
    b'\\x89PNG'
    """
    from PIL import Image as Pillow

    small = photo.convert("RGB")
    small.thumbnail((_SIDE, _SIDE))
    width, height = small.size
    left, top, right, bottom = (
        round(one * size) for one, size in zip(region.box, (width, height) * 2, strict=True)
    )
    grid = np.asarray(region.heat, np.float32)
    heat = np.zeros((height, width), np.float32)
    if right > left and bottom > top:
        size = (right - left, bottom - top)
        smooth = Pillow.fromarray(grid).resize(size, Pillow.Resampling.BICUBIC)
        heat[top:bottom, left:right] = np.clip(np.asarray(smooth), 0, 1)
    pixels = np.asarray(small, np.float64)
    grey = np.broadcast_to(pixels.mean(axis=2, keepdims=True), pixels.shape)
    seen = np.zeros((height, width, 1))
    seen[top:bottom, left:right] = 1
    base = np.where(seen > 0, pixels, grey) * (1 - _COLD * (1 - heat[..., None]))
    at = heat * (len(_STEPS) - 1)
    low = np.minimum(at.astype(int), len(_STEPS) - 2)
    part = (at - low)[..., None]
    colour = _STEPS[low] * (1 - part) + _STEPS[low + 1] * part
    cover = _LIGHT * heat[..., None]
    made = np.clip(base * (1 - cover) + colour * cover, 0, 255).astype(np.uint8)
    file = io.BytesIO()
    Pillow.fromarray(made).save(file, format)
    return file.getvalue()
