"""Planes: images of one channel whose samples are measurements, not colours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from cospace.errors import BadItem
from cospace.read.finite import check_finite
from cospace.read.images import check_shape, opened, orientation, upright
from cospace.read.media import is_stored, media_bytes

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PIL.Image import Image as PILImage

__all__ = ["read_plane"]

_DTYPES = ("uint8", "uint16", "float32")


def read_plane(
    kind: str, source: Any, name: str = "", *, data: bytes | None = None
) -> NDArray[Any]:
    """The samples [height, width] as they are: uint8, uint16 or float32, and finite.

    `source` is the Path of an image file, its bytes, or an array; `data` are the bytes of the
    file, when they have been read already. A grey image that was saved in colour counts as
    one channel.

    Raises `BadItem` for images of several channels, other samples, and past the limits.

    >>> read_plane("depth", np.ones((4, 6), np.uint16)).dtype
    dtype('uint16')
    """
    if isinstance(source, np.ndarray):
        plane = source
        if plane.ndim != 2 or plane.dtype not in _DTYPES:
            raise BadItem(
                name,
                f"a {kind} array is [height, width] of {', '.join(_DTYPES)}, not {plane.dtype}"
                f" {list(plane.shape)}",
            )
        check_shape(plane.shape[1], plane.shape[0], name)
    elif is_stored(source):
        plane = _decode(media_bytes(kind, source, name) if data is None else data, name)
    else:
        raise BadItem(
            name,
            f"the {kind} part is the Path of a file, its bytes, or an array, not"
            f" {type(source).__name__}",
        )
    check_finite(plane, name, ("row", "column"), advice="write 0 for what is unknown")
    return plane


def _decode(data: bytes, name: str) -> NDArray[Any]:
    try:
        with opened(data, name) as image:
            image.load()
            return _plane(upright(image, orientation(image)), name)
    except BadItem:
        raise
    except Exception as error:  # a decoder can raise anything at all
        why = str(error).strip() or type(error).__name__
        raise BadItem(name, f"the image cannot be decoded: {why[:300]}") from error


def _plane(image: PILImage, name: str) -> NDArray[Any]:
    samples: NDArray[Any] = np.asarray(image)
    if image.mode in ("L", "F"):
        return samples
    if image.mode.startswith("I;16"):
        return samples.astype(np.uint16)
    if image.mode == "I" and samples.min() >= 0 and samples.max() <= 0xFFFF:
        return samples.astype(np.uint16)
    if image.mode == "RGB" and (samples == samples[..., :1]).all():
        return samples[..., 0]
    raise BadItem(
        name,
        f"the image has samples of mode {image.mode}; expected one channel of 8 or 16 bits,"
        " or of float32. Save it as greyscale",
    )
