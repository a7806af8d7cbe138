"""Images: bytes to RGB, with every header checked before a pixel is decoded.

`load_bytes` reads a file with a limit, `decode` turns it into pixels. Both raise `BadItem`, or
`MissingExtra` for HEIC that cannot be read here, and nothing else, whatever they are given.
Pillow's warnings of a broken EXIF block are passed on: silencing them would change the filters
that all threads share.
"""

from __future__ import annotations

import io
import math
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cospace.errors import BadItem, MissingExtra
from cospace.item import Image
from cospace.limits import limit
from cospace.need import need
from cospace.read.headers import count_frames, sniff, webp_size
from cospace.read.photos import IMAGE_FORMATS
from cospace.read.regular import check_size, read_file, shown

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from PIL.Image import Image as PILImage
    from PIL.ImageFile import ImageFile

__all__ = [
    "IMAGE_FORMATS", "check_shape", "decode", "load_bytes", "opened", "orientation", "upright",
]  # fmt: skip

# The EXIF orientation tag, and how each of its values is undone.
_ORIENTATION = 0x0112
_TURNS = {
    2: "FLIP_LEFT_RIGHT",
    3: "ROTATE_180",
    4: "FLIP_TOP_BOTTOM",
    5: "TRANSPOSE",
    6: "ROTATE_270",
    7: "TRANSVERSE",
    8: "ROTATE_90",
}
_TIFF_TILE = (322, 323)

# A JPEG of more pixels is decoded at 1/2, 1/4 or 1/8, which costs as much less memory. Its vector
# differs as that of the photo saved again does: of 12 photos of 12 megapixels, shrunk four times
# in decoding, the cosine is .9983 to .9999; saved at quality 90 and at 92, .9966 to .9999.
_WHOLE = 32_000_000
# Images of more pixels are decoded one at a time.
_LARGE = 16_000_000
_one_at_a_time = threading.Lock()


def load_bytes(image: Image, name: str = "") -> bytes:
    """The bytes of an image's file, unread when it is too large or not a regular file.

    An image that is in memory as an array or a PIL image gives its shape, dtype and pixels.

    Raises `BadItem` for a missing, empty or too large file, a folder, a pipe or a device.

    >>> load_bytes(Image(b"GIF89a"))
    b'GIF89a'
    """
    source = image.value
    name = name or _name_of(source)
    if isinstance(source, os.PathLike):
        data = read_file(Path(source), name, most="image_bytes")
    elif isinstance(source, (bytes, bytearray, memoryview)):
        data = bytes(source)
        check_size(len(data), name, most="image_bytes")
    else:
        pixels = _as_array(decode(image, name))
        return f"{list(pixels.shape)} {pixels.dtype} ".encode() + pixels.tobytes()
    if not data:
        raise BadItem(name, "the file is empty (0 bytes), not an image")
    return data


def decode(image: Image, name: str = "", *, data: bytes | None = None) -> PILImage:
    """The image's first frame as a PIL image: RGB, upright, on white where it is see-through.

    `data` saves reading the file again when `load_bytes` has been called. The format is recognised
    by content, never by the name; sizes and frames are checked in the header, against
    `cospace.limits`, before any pixel is decoded.

    Raises `BadItem` for everything that is not a whole image in an allowed format, and
    `MissingExtra` for HEIC without the extra [heic].

    >>> import numpy as np
    >>> decode(Image(np.zeros((4, 6, 3), np.uint8))).size
    (6, 4)
    """
    import numpy as np
    from PIL.Image import Image as PILImage

    source = image.value
    name = name or _name_of(source)
    try:
        if isinstance(source, np.ndarray):
            return _from_array(source, name)
        if isinstance(source, PILImage):
            check_shape(*source.size, name)
            return _to_rgb(source, name)
        if data is None and not _is_file(source):
            raise BadItem(
                name,
                "an image is a path, the bytes of a file, an array uint8 [height, width, 3] or a"
                f" PIL image, not {type(source).__name__}",
            )
        return _from_bytes(load_bytes(image, name) if data is None else data, name)
    except (BadItem, MissingExtra):
        raise
    except Exception as error:  # a decoder can raise anything at all
        why = str(error).strip() or type(error).__name__
        raise BadItem(name, f"the image cannot be decoded: {why[:300]}") from error


def _is_file(source: Any) -> bool:
    return isinstance(source, (os.PathLike, bytes, bytearray, memoryview))


def _name_of(source: Any) -> str:
    return shown(source) if isinstance(source, os.PathLike) else "image"


def check_shape(
    width: int, height: int, name: str, *, most: str = "image_pixels", what: str = "image"
) -> None:
    """Raises `BadItem` for an image with more pixels than `most`, a limit, or too small a side."""
    least, pixels = limit("image_min_side"), limit(most)
    if min(width, height) < least:
        raise BadItem(name, f"the {what} is {width} x {height}; each side has at least {least}")
    if width * height > pixels:
        raise BadItem(
            name,
            f"the {what} is {width:,} x {height:,}; at most {pixels:,} pixels are decoded. Make"
            f" it smaller, or raise COSPACE_LIMIT_{most.upper()}",
        )


def _from_array(array: NDArray[Any], name: str) -> PILImage:
    """An image from a uint8 array [height, width, 3] or [height, width]."""
    from PIL import Image as Pillow

    shaped = array.ndim == 2 or (array.ndim == 3 and array.shape[2] == 3)
    if array.dtype != "uint8" or not shaped:
        raise BadItem(
            name,
            "an image as an array is uint8 [height, width, 3] or [height, width], not"
            f" {array.dtype} {list(array.shape)}",
        )
    check_shape(array.shape[1], array.shape[0], name)
    return Pillow.fromarray(array).convert("RGB")


def _from_bytes(data: bytes, name: str) -> PILImage:
    """An image from the bytes of a file, after its header has passed the limits."""
    with opened(data, name, jpeg="jpeg_pixels") as image:
        large = image.width * image.height > _LARGE
        with _one_at_a_time if large else nullcontext():
            if image.format == "JPEG":
                _shrink(image, name)
            return _to_rgb(image, name)


def _shrink(image: ImageFile, name: str) -> None:
    """Let a large JPEG be decoded at 1/2, 1/4 or 1/8; one that is as large still is refused."""
    whole = max(1, min(_WHOLE, limit("image_pixels")))
    scale = math.isqrt((image.width * image.height - 1) // whole) + 1
    if image.info.get("progressive"):  # it is held whole, however small it is to be
        check_shape(*image.size, name, what="progressive JPEG")
    if scale > 1:
        smaller = 1 << (scale - 1).bit_length()
        image.draft(image.mode, (max(1, image.width // smaller), max(1, image.height // smaller)))
    check_shape(*image.size, name)


@contextmanager
def opened(
    data: bytes, name: str, *, frames: str = "image_frames", jpeg: str = "image_pixels"
) -> Iterator[ImageFile]:
    """The lazy PIL image of a file's bytes, once its header has passed the limits.

    `frames` is the limit (limits.py) that the number of its frames is held to, `jpeg` the one for
    the pixels of a JPEG, which can be decoded smaller.

    Raises `BadItem` for another format, and for a size or a number of frames past the limits.
    """
    kind = sniff(data)
    if kind not in IMAGE_FORMATS:
        raise BadItem(name, f"holds {kind}, not an image in {', '.join(IMAGE_FORMATS)}")
    if kind == "WEBP":
        # Its decoder allocates the canvas while it opens, so the header is read by hand.
        check_shape(*webp_size(data), name)
    if count_frames(data, kind, limit(frames) + 1) > limit(frames):
        raise BadItem(
            name,
            f"the image has more than {limit(frames)} frames. Take one of them, or raise"
            f" COSPACE_LIMIT_{frames.upper()}",
        )
    with _open(data, kind) as image:
        check_shape(*image.size, name, most=jpeg if kind == "JPEG" else "image_pixels")
        if kind == "TIFF":
            # A tile is decoded whole, also where it is far larger than the image.
            tags: Any = getattr(image, "tag_v2", {})
            wide, high = (int(tags.get(tag, 1)) for tag in _TIFF_TILE)
            if wide * high > limit("image_pixels"):
                raise BadItem(name, f"a tile of the TIFF is {wide:,} x {high:,} pixels")
        yield image


def _open(data: bytes, kind: str) -> ImageFile:
    """The lazy PIL image of `data`, opened as exactly the format that was sniffed.

    `PIL.Image.open` would warn of large sizes through global state, which threads share; the
    format's own class does not, and our limits are stricter.
    """
    if kind == "HEIC":
        heic: ImageFile = need("pi_heif", extra="heic").HeifImageFile(io.BytesIO(data))
        return heic
    stem = "WebP" if kind == "WEBP" else kind.title()
    plugin = import_module(f"PIL.{stem}ImagePlugin")
    opened: ImageFile = getattr(plugin, f"{stem}ImageFile")(io.BytesIO(data))
    return opened


def _to_rgb(image: PILImage, name: str) -> PILImage:
    """The pixels as 8-bit RGB, upright, a see-through part shown on white."""
    from PIL import Image as Pillow

    image.load()
    if image.mode.startswith("I;16"):
        flat = _from_16_bit(image)
    elif image.mode in ("I", "F"):
        raise BadItem(name, "holds 32-bit samples; expected 8 or 16 bits a channel")
    elif image.has_transparency_data:
        layer = image.convert("RGBA")
        flat = Pillow.new("RGBA", layer.size, "white")
        flat.alpha_composite(layer)
    else:
        flat = image
    turned = upright(flat, orientation(image))
    return turned.convert("RGB")  # a new image, which no open file stands behind


def upright(image: PILImage, orientation: int) -> PILImage:
    """The image turned as its EXIF orientation (1 to 8) says."""
    from PIL import Image as Pillow

    turn = _TURNS.get(orientation)
    return image if turn is None else image.transpose(getattr(Pillow.Transpose, turn))


def orientation(image: PILImage) -> int:
    """The EXIF orientation, 1 to 8; 1 (upright) where the EXIF block is broken."""
    try:
        return int(image.getexif().get(_ORIENTATION, 1))
    except Exception:  # noqa: BLE001 - bad metadata does not spoil good pixels
        return 1


def _from_16_bit(image: PILImage) -> PILImage:
    """16-bit grey scaled to 8 bits; PIL's own conversion clips it to white."""
    import numpy as np
    from PIL import Image as Pillow

    samples: NDArray[np.uint32] = np.asarray(image).astype(np.uint32)
    return Pillow.fromarray(((samples * 255 + 32767) // 65535).astype(np.uint8))


def _as_array(image: PILImage) -> NDArray[np.uint8]:
    import numpy as np

    return np.asarray(image, dtype=np.uint8)
