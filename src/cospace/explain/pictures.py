"""Which region of a photo carries its likeness to a vector, by occlusion.

Cells of two grids are removed one at a time, and what the cosine loses is measured (Zeiler and
Fergus, 2014). What stands in the place of a cell tells by itself: grey on a white shirt is an
edge, a blur keeps the colour. So each cell is filled with the photo's mean colour, and those that
then cost much in two more ways, with its own blur and with what another photo has there: of them
the median of the three losses counts.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from cospace.encode.base import uncached
from cospace.encode.model import Model
from cospace.encode.protocol import Encoder
from cospace.item import Image

if TYPE_CHECKING:
    from PIL.Image import Image as PILImage

__all__ = ["GRIDS", "Region", "region"]

# The sides of the two grids: the finer is the one that is told. The quarter of a clothing photo
# that is named costs as much of the cosine as with a coarse side of 5, 20 fine cells, and each
# cell filled in all three ways.
GRIDS = (7, 4)
_SIDE = 336  # pixels of a photo's longer side, where the model's own square is not known
_BLUR = 12  # a side is so many times the radius of the blur
_EDGE = 0.25  # of a fine cell, by which its cover reaches into its neighbours
_TRIED = 16  # fine cells that are removed: those for which the coarse ones say most
_MUCH = 0.7  # of the largest loss: cells below it are filled in one way alone
_NOTHING = 1e-6

_Pixels: TypeAlias = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Region:
    """What each square of a photo counts, 0 to 1, from the top left: `heat` [rows][cols].

    0 is a square that can be covered without loss. All are 0 where none costs anything. `box` is
    the part of the photo that the model sees, which the squares divide: left, top, right, bottom,
    0 to 1. `loss` is what the square with 1 costs of the `cosine`.
    """

    part: str
    heat: tuple[tuple[float, ...], ...]
    box: tuple[float, float, float, float] = (0.0, 0.0, 1.0, 1.0)
    cosine: float = 0.0
    loss: float = 0.0

    def to_json(self) -> dict[str, Any]:
        """A record of plain types."""
        heat = [list(row) for row in self.heat]
        return {
            "part": self.part,
            "rows": len(heat),
            "cols": len(heat[0]),
            "heat": heat,
            "box": list(self.box),
            "cosine": self.cosine,
            "loss": self.loss,
        }


def region(
    model: Encoder,
    photo: PILImage,
    vector: NDArray[np.float32],
    *,
    others: Sequence[PILImage] = (),
    part: str = "image",
) -> Region:
    """What each square of a photo counts in its cosine to the unit `vector`.

    `others` are photos whose content stands in for what is removed; without any it is the photo's
    own, turned by half a turn. Some 45 pictures are encoded, at most 98, in four batches.

    Raises `BadItem` for a photo that the model cannot read.
    """
    whole, box, encode = _seen(model, photo)
    strangers = [_seen(model, other)[0] for other in others] or [whole[::-1, ::-1]]
    seen = _Seen(whole, [_fitted(one, whole.shape) for one in strangers], encode, vector)
    fine, coarse = GRIDS
    cosine, wide = seen.losses(coarse, range(coarse * coarse), 0.0)
    surely = _finer(wide.reshape(coarse, coarse), fine).ravel()
    tried = sorted(np.argsort(-surely, kind="stable")[:_TRIED].tolist())
    _, found = seen.losses(fine, tried, _EDGE)
    # The larger cell is the surer one; added up, both named what counts better than either alone.
    heat = surely + min(0.0, float(found.min()))
    heat[tried] = surely[tried] + found
    heat = np.maximum(heat, 0).reshape(fine, fine)
    most = float(heat.max())
    scaled = heat / most if most > _NOTHING else heat * 0
    told = tuple(tuple(round(float(one), 4) for one in row) for row in scaled)
    return Region(part, told, box, cosine, float(max(0.0, found.max())))


_Encodes: TypeAlias = Callable[[Sequence[_Pixels]], NDArray[np.float32]]


class _Seen(NamedTuple):
    """A picture, what may stand in the place of its cells, and how what is left is judged."""

    whole: _Pixels
    strangers: list[_Pixels]
    encode: _Encodes
    vector: NDArray[np.float32]

    def losses(
        self, grid: int, cells: Sequence[int], edge: float
    ) -> tuple[float, NDArray[np.float64]]:
        """The picture's cosine, and what it loses without each cell: float64 [n]."""
        places = [_place(cell, grid, self.whole.shape, edge) for cell in cells]
        mean = _mean(self.whole)
        cosine, *left = self._cosines([self.whole, *(self._filled(mean, at) for at in places)])
        lost: NDArray[np.float64] = cosine - np.array(left)
        much = np.flatnonzero((lost > 0) & (lost >= _MUCH * lost.max())).tolist()
        blur = _blurred(self.whole)
        covered = [
            self._filled(fill, places[at])
            for at in much
            for fill in (blur, self.strangers[cells[at] % len(self.strangers)])
        ]
        if covered:
            two = cosine - np.array(self._cosines(covered)).reshape(len(much), 2)
            lost[much] = np.median(np.column_stack([lost[much], two]), axis=1)
        return cosine, lost

    def _filled(self, fill: _Pixels, place: tuple[slice, slice]) -> _Pixels:
        made = self.whole.copy()
        made[place] = fill[place]
        return made

    def _cosines(self, images: Sequence[_Pixels]) -> list[float]:
        found: list[float] = (self.encode(images) @ self.vector).astype(np.float64).tolist()
        return found


def _seen(
    model: Encoder, photo: PILImage
) -> tuple[_Pixels, tuple[float, float, float, float], _Encodes]:
    """The square that the model sees, where that is in the photo, and what encodes such squares.

    Of another model than ours, the photo itself, made smaller.
    """
    own = uncached(model)
    if isinstance(own, Model):
        square = own.prepare("image", Image(photo))
        if isinstance(square, np.ndarray) and square.dtype == np.uint8 and square.ndim == 3:
            box = own.seen(photo.size)
            plain = model if getattr(model, "cache", None) is None else own

            def encode(images: Sequence[_Pixels]) -> NDArray[np.float32]:
                assert isinstance(plain, Model)
                return plain.encode_prepared("image", list(images)).normalized

            return square, box, encode
    small = photo.copy()
    small.thumbnail((_SIDE, _SIDE))

    def by_files(images: Sequence[_Pixels]) -> NDArray[np.float32]:
        return own.encode_document([Image(one) for one in images]).normalized

    return np.asarray(small, np.uint8), (0.0, 0.0, 1.0, 1.0), by_files


def _place(cell: int, grid: int, shape: tuple[int, ...], edge: float) -> tuple[slice, slice]:
    row, column = divmod(cell, grid)
    return _span(row, shape[0] / grid, shape[0], edge), _span(
        column, shape[1] / grid, shape[1], edge
    )


def _span(at: int, step: float, size: int, edge: float) -> slice:
    """Where the cover of a cell begins and ends."""
    return slice(
        max(0, math.floor((at - edge) * step)), min(size, math.ceil((at + 1 + edge) * step))
    )


def _blurred(whole: _Pixels) -> _Pixels:
    from PIL import Image as Pillow
    from PIL import ImageFilter

    radius = max(whole.shape[:2]) / _BLUR
    return np.asarray(Pillow.fromarray(whole).filter(ImageFilter.GaussianBlur(radius)), np.uint8)


def _mean(whole: _Pixels) -> _Pixels:
    mean = whole.reshape(-1, whole.shape[2]).mean(axis=0).astype(np.uint8)
    return np.broadcast_to(mean, whole.shape)


def _fitted(other: _Pixels, shape: tuple[int, ...]) -> _Pixels:
    """Another picture in the size of this one."""
    if other.shape == shape:
        return other
    from PIL import Image as Pillow

    return np.asarray(Pillow.fromarray(other).resize((shape[1], shape[0])), np.uint8)


def _finer(coarse: NDArray[np.floating[Any]], size: int) -> NDArray[np.float64]:
    """A coarse grid brought to a finer one: the mean of the coarse cells that each one covers.

    >>> _finer(np.array([[0.0, 4.0], [0.0, 4.0]]), 3)[0].round(2).tolist()
    [0.0, 2.0, 4.0]
    """
    count = len(coarse)
    weights = np.zeros((size, count))
    for i in range(size):
        for j in range(count):
            over = min((i + 1) / size, (j + 1) / count) - max(i / size, j / count)
            weights[i, j] = max(0.0, over) * size
    found: NDArray[np.float64] = weights @ coarse @ weights.T
    return found
