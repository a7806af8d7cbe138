"""Images to vectors: resized and cropped as the tower's record says, then run in batches."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

import numpy as np

from cospace.encode.towers.prepared import check_like
from cospace.errors import BadItem, ModelDamaged
from cospace.item import Image
from cospace.read.images import decode

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PIL.Image import Image as PILImage

    from cospace.encode.engines.protocol import Runner
    from cospace.encode.folder import Folder
    from cospace.space import Tower

__all__ = ["ImageTower", "pattern"]

_BATCH = 8
_PANORAMA = 4  # times as long as it is high, or the reverse
_FILTERS = ("NEAREST", "BOX", "BILINEAR", "HAMMING", "BICUBIC", "LANCZOS")


class ImageTower:
    """The tower that takes images. All its methods are safe to call from many threads.

    Its `preprocess` record: `size`, the side of the square that the graph takes; `resize`, the
    length that the shorter side is brought to; `interpolation`, a filter of PIL; and `crop`, how
    the square is cut out of that. "center" cuts the very middle. "floor" and "round" do as
    transformers and torchvision do: the image is brought to whole pixels first, and the cut
    lies at (length - size) / 2, rounded so. "none" takes the whole image, pressed into a square.
    """

    def __init__(self, folder: Folder, tower: Tower, graph: Runner) -> None:
        self.graph = graph
        self._dim = folder.dim
        record = tower.preprocess
        try:
            self.size = int(record["size"])
            self._resize = int(record.get("resize", self.size))
            self._filter = str(record.get("interpolation", "bicubic")).upper()
            self._crop = record.get("crop", "center")
            good = (
                self._crop in ("center", "floor", "none", "round")
                and self._filter in _FILTERS
                and 1 <= self.size <= self._resize
            )
        except (KeyError, TypeError, ValueError):
            good = False
        if not good:
            raise ModelDamaged(f"{folder.path}: preprocess of the image tower is {dict(record)}")

    def prepare(self, value: Any, name: str, data: bytes | None = None) -> NDArray[np.uint8]:
        """The pixels uint8 [size, size, 3] of one image; `data` are the bytes of its file.

        Raises `BadItem` for an image that cannot be decoded.
        """
        if isinstance(value, str):  # a str is never taken for a path
            raise BadItem(name, "an image is given as Image(path), not as a str")
        image = decode(Image(value), name, data=data)
        try:
            return self._square(image)
        except (MemoryError, OSError, ValueError) as error:
            raise BadItem(name, f"the image cannot be resized: {error}") from error

    def seen(self, width: int, height: int) -> tuple[float, float, float, float]:
        """What of an image ends up in the square: left, top, right, bottom, in its own pixels."""
        return _box(self._crop, width, height, self._resize, self.size)

    def canary(self, given: str) -> NDArray[np.uint8]:
        """What `encode` takes, for the input "pattern:N" of a known answer."""
        return pattern(int(given.removeprefix("pattern:")), self.size)

    @cached_property
    def _like(self) -> NDArray[np.uint8]:
        return np.zeros((self.size, self.size, 3), np.uint8)

    def encode(
        self, images: Sequence[NDArray[np.uint8]], role: str = "document"
    ) -> tuple[NDArray[np.float32], list[int]]:
        """The rows float32 [n, dim] of prepared images; none is ever cut short."""
        del role  # an image is the same as a query and as a document
        for position, image in enumerate(images):
            check_like(image, self._like, f"input {position}", ("row", "column", "channel"))
        rows = np.empty((len(images), self._dim), np.float32)

        def pixels(batch: slice) -> dict[str, NDArray[np.uint8]]:
            return {"pixels": np.stack(images[batch])}

        batches = [slice(start, start + _BATCH) for start in range(0, len(images), _BATCH)]
        self.graph.run_each(((batch, partial(pixels, batch)) for batch in batches), rows)
        return rows, []

    def _square(self, image: PILImage) -> NDArray[np.uint8]:
        """The part of the image that the record's crop keeps, as a square of `size`."""
        from PIL.Image import Resampling

        how = Resampling[self._filter]
        long, short = max(image.size), min(image.size)
        if self._crop in ("floor", "round") and long <= _PANORAMA * short:
            # Whole, and then cut, as the model's own library does it: Pillow picks the axis that
            # it resizes first by the shapes, so that a part alone would be a level off or two.
            wide, high = (int(self._resize * side / short) for side in image.size)
            left, top = (_start(self._crop, side, self.size) for side in (wide, high))
            small = image.resize((wide, high), how)
            small = small.crop((left, top, left + self.size, top + self.size))
        else:
            # Only what the crop keeps is resized: a panorama costs no more than a square.
            box = _box(self._crop, *image.size, self._resize, self.size)
            small = image.resize((self.size, self.size), how, box)
        return np.asarray(small, np.uint8)


def _start(crop: str, length: int, size: int) -> int:
    """Where the middle `size` of `length` pixels begins; halves go as the library has them."""
    return round((length - size) / 2) if crop == "round" else (length - size) // 2


def _box(
    crop: str, width: int, height: int, resize: int, size: int
) -> tuple[float, float, float, float]:
    """What of an image ends up in the square: left, top, right, bottom, in its own pixels."""
    if crop == "none":
        return 0, 0, width, height
    if crop == "center":
        side = size * min(width, height) / resize
        left, top = (width - side) / 2, (height - side) / 2
        return left, top, left + side, top + side
    edges = []
    for length in (width, height):
        whole = int(resize * length / min(width, height))
        start = _start(crop, whole, size)
        edges.append((start * length / whole, (start + size) * length / whole))
    (left, right), (top, bottom) = edges
    return left, top, right, bottom


def pattern(number: int, size: int = 224) -> NDArray[np.uint8]:
    """An image that every machine computes alike: uint8 [size, size, 3].

    >>> int(pattern(1)[2, 3, 1])
    88
    """
    y, x, channel = np.ogrid[:size, :size, :3]
    steps = y * (number + 1) * 3 + x * (number + 2) * 5 + channel * (number + 3) * 71
    image: NDArray[np.uint8] = ((steps + ((x * y) >> number)) % 256).astype(np.uint8)
    return image
