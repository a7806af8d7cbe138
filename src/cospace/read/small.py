"""Small copies of images, for pages: WebP, upright, without what a camera wrote beside it."""

from __future__ import annotations

import io

from cospace.item import Image
from cospace.read.images import decode

__all__ = ["small_webp"]

# 50 photos of the example marketplace, 240 pixels wide, are 260 kB; at 80 they are 306.
_QUALITY = 75


def small_webp(image: Image, width: int, name: str = "image") -> bytes:
    """The bytes of a WebP, at most `width` pixels wide and twice as high.

    Raises `BadItem` as `cospace.read.images.decode` does.

    >>> import numpy as np
    >>> small_webp(Image(np.zeros((90, 300, 3), np.uint8)), 120)[8:12]
    b'WEBP'
    """
    small = decode(image, name)
    small.thumbnail((width, 2 * width), reducing_gap=2.0)
    file = io.BytesIO()
    small.save(file, "WEBP", quality=_QUALITY, method=4, exif=b"", xmp=b"", icc_profile=b"")
    return file.getvalue()
