"""A second witness for copies: what two texts share in letters, two photos in light and dark.

Vectors say what two items are about, and two things of one kind are about the same. What is a copy
shares its letters or its pixels too, after a light edit.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from cospace.errors import BadItem
from cospace.item import Image
from cospace.read.images import decode

__all__ = [
    "Thumbnail",
    "Witness",
    "alike_photos",
    "alike_texts",
    "folded_text",
    "grams",
    "thumbnail",
]

_SPACES = re.compile(r"\W+")
_SIDE = 64  # pixels of a small photo, a side
_SMALL = 16  # of what is compared
_CUTS = (0, 2, 4)  # pixels of 64 that a copy may lack at a side
_HOPELESS = 0.4  # photos that correlate less are not looked at cropped


def folded_text(text: str) -> str:
    """A text in small letters, one space between words and nothing else.

    >>> folded_text("Oak chair!  NEW")
    'oak chair new'
    """
    return _SPACES.sub(" ", text.casefold()).strip()


def grams(text: str) -> NDArray[np.uint64]:
    """The runs of three letters of a text, in small letters, as numbers, each once, rising.

    >>> len(grams("Oak, oak"))  # " oa", "oak", "ak ", "k o"
    4
    """
    folded = f" {folded_text(text)} "
    letters = np.frombuffer(folded.encode("utf-32-le", "surrogatepass"), np.uint32)
    wide = letters.astype(np.uint64)
    first, second, third = wide[:-2], wide[1:-1], wide[2:]
    return np.unique(first << np.uint64(42) | second << np.uint64(21) | third)


def alike_texts(one: NDArray[np.uint64], two: NDArray[np.uint64]) -> float:
    """How many runs of letters both texts have: of all (Jaccard), and of the shorter; their mean.

    0 to 1. The second part lets a copy lack a sentence, or have one more.

    >>> alike_texts(grams("Oak chair"), grams("oak chair!"))
    1.0
    """
    joined = np.concatenate([one, two])
    joined.sort()
    both, least = int((joined[1:] == joined[:-1]).sum()), min(len(one), len(two))
    every = len(one) + len(two) - both
    return (both / every + both / least) / 2 if least else 1.0


class Thumbnail(NamedTuple):
    """A photo's greys uint8 [64, 64], and `whole`, the same at 16 x 16 as `standard` gives it."""

    greys: NDArray[np.uint8]
    whole: NDArray[np.float32]


def thumbnail(source: Any) -> Thumbnail | None:
    """A photo, small and grey; None if it cannot be read, or shows nothing but one grey.

    `source` is a path or an `Image`.
    """
    from PIL import Image as Pillow

    try:
        image = decode(source if isinstance(source, Image) else Image(source))
    except (BadItem, OSError):
        return None
    small = image.convert("L").resize((_SIDE, _SIDE), Pillow.Resampling.BOX)
    greys = np.asarray(small, np.uint8)
    if int(greys.max()) - int(greys.min()) < 2:
        return None
    return Thumbnail(greys, _windows(greys)[0])


def alike_photos(one: Thumbnail, two: Thumbnail) -> float:
    """The correlation of two photos at 16 x 16, the highest of all crops of 0, 3 or 6% a side.

    One is cropped against the whole of the other, and the other way round: a copy is often cut at
    its sides. Photos that have nothing in common uncropped are not cropped. -1 to 1.

    >>> draw = np.random.default_rng(0)
    >>> scene = draw.normal(size=(80, 80, 3)).cumsum(0).cumsum(1)
    >>> pixels = np.uint8(255 * (scene - scene.min()) / np.ptp(scene))
    >>> cut = pixels[2:, :-3]
    >>> alike_photos(thumbnail(Image(pixels)), thumbnail(Image(cut))) > 0.97
    True
    """
    close = float(one.whole @ two.whole)
    if close < _HOPELESS:
        return close
    first = float((_kept(one.greys.tobytes()) @ two.whole).max())
    second = float((_kept(two.greys.tobytes()) @ one.whole).max())
    return float(np.clip(max(first, second), -1, 1))


@lru_cache(maxsize=512)  # a photo is compared with several
def _kept(greys: bytes) -> NDArray[np.float32]:
    return _windows(np.frombuffer(greys, np.uint8).reshape(_SIDE, _SIDE))


def _windows(greys: NDArray[np.uint8]) -> NDArray[np.float32]:
    """All crops, [81, 256], each with its mean taken off and of length 1; uncropped first."""
    image = greys.astype(np.float32)
    made = _CROPS.reshape(-1, _SIDE) @ image @ _CROPS.reshape(-1, _SIDE).T
    many = len(_CROPS)
    crops = made.reshape(many, _SMALL, many, _SMALL).transpose(0, 2, 1, 3).reshape(many**2, -1)
    crops = crops - crops.mean(1, keepdims=True)
    found: NDArray[np.float32] = crops / np.maximum(
        np.linalg.norm(crops, axis=1, keepdims=True), 1e-6
    )
    return found


def _crops() -> NDArray[np.float32]:
    """[9, 16, 64]: what makes 16 numbers of 64, without 0, 2 or 4 at either end."""
    made = np.zeros((len(_CUTS) ** 2, _SMALL, _SIDE), np.float32)
    for at, (low, high) in enumerate((low, high) for low in _CUTS for high in _CUTS):
        edges = np.linspace(low, _SIDE - high, _SMALL + 1)
        for row in range(_SMALL):
            left, right = edges[row], edges[row + 1]
            pixels = np.arange(_SIDE)
            share = np.minimum(pixels + 1, right) - np.maximum(pixels, left)
            made[at, row] = np.maximum(share, 0) / (right - left)
    return made


class Witness:
    """How alike the sources of two items are, by number of the item; each is read once.

    `sources` are texts or paths of photos, None where an item has none.
    """

    def __init__(self, kind: str, sources: Sequence[Any]) -> None:
        self.kind, self.sources = kind, sources
        self._held: dict[int, Any] = {}
        self._look: Callable[[Any], Any] = grams if kind == "text" else thumbnail
        self._alike: Callable[[Any, Any], float] = alike_texts if kind == "text" else alike_photos

    def of(self, number: int) -> Any:
        """What is compared of an item; None where nothing can be."""
        if number not in self._held:
            source = self.sources[number]
            self._held[number] = None if not source else self._look(source)
        return self._held[number]

    def alike(self, a: int, b: int) -> float:
        """How alike two items are; NaN where one cannot be compared."""
        one, two = self.of(a), self.of(b)
        return float("nan") if one is None or two is None else self._alike(one, two)

    def forget(self) -> None:
        """Let go of what was read; it is read again when it is asked for."""
        self._held.clear()

    def edited(self, number: int, copy: Any) -> float:
        """How alike an edited copy is to its item."""
        one, two = self.of(number), self._look(copy)
        return float("nan") if one is None or two is None else self._alike(one, two)


_CROPS = _crops()
