"""Copies of a collection's own items with light edits: what a near duplicate looks like here."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zlib import crc32

import numpy as np

from cospace.errors import BadItem
from cospace.item import Image
from cospace.read.texts import is_blank

if TYPE_CHECKING:
    import PIL.Image

__all__ = ["PHOTO_EDITS", "TEXT_EDITS", "edited_photos", "edited_texts"]

_SENTENCE = re.compile(r"(?<=[.!?]) ")
_LEAST_WORDS = 4  # of a text that is edited: of fewer, one word is the text


def dropped(words: list[str], draw: np.random.Generator) -> str:
    """Without a tenth of its words, one at least.

    >>> dropped("an oak chair with arms".split(), np.random.default_rng(0)).count(" ")
    3
    """
    gone = draw.choice(len(words), max(1, len(words) // 10), replace=False)
    return " ".join(word for at, word in enumerate(words) if at not in set(gone.tolist()))


def reordered(words: list[str], draw: np.random.Generator) -> str:
    """Its sentences turned about, or, of one sentence, its two halves."""
    del draw
    sentences = _SENTENCE.split(" ".join(words))
    if len(sentences) > 1:
        return " ".join([*sentences[1:], sentences[0]])
    half = len(words) // 2
    return " ".join(words[half:] + words[:half])


def recased(words: list[str], draw: np.random.Generator) -> str:
    """In small letters, or, of what is so already, in capitals."""
    del draw
    text = " ".join(words)
    return text.lower() if text.lower() != text else text.upper()


def rescaled(image: PIL.Image.Image) -> PIL.Image.Image:
    """At three quarters of its size."""
    width, height = image.size
    return image.resize((max(8, 3 * width // 4), max(8, 3 * height // 4)))


def recompressed(image: PIL.Image.Image) -> PIL.Image.Image:
    """As a JPEG of quality 50."""
    from PIL import Image as Pillow

    held = io.BytesIO()
    image.save(held, "JPEG", quality=50)
    return Pillow.open(held).convert("RGB")


def cropped(image: PIL.Image.Image) -> PIL.Image.Image:
    """Without 3% at each side."""
    width, height = image.size
    x, y = round(0.03 * width), round(0.03 * height)
    return image.crop((x, y, max(x + 8, width - x), max(y + 8, height - y)))


TEXT_EDITS: tuple[Callable[[list[str], np.random.Generator], str], ...] = (
    dropped,
    reordered,
    recased,
)
PHOTO_EDITS: tuple[Callable[[PIL.Image.Image], PIL.Image.Image], ...] = (
    rescaled,
    recompressed,
    cropped,
)


def edited_texts(texts: Sequence[str], *, seed: int) -> Iterator[tuple[int, str]]:
    """(number of the text, the text with one edit), each edit of each text of 4 words or more.

    >>> [text for _, text in edited_texts(["Oak chair with arms"], seed=0)][1:]
    ['with arms Oak chair', 'oak chair with arms']
    """
    for number, text in enumerate(texts):
        draw = np.random.default_rng((seed, crc32(text.encode("utf-8", "surrogatepass"))))
        words = text.split()
        if len(words) < _LEAST_WORDS:
            continue
        for edit in TEXT_EDITS:
            made = edit(words, draw)
            if not is_blank(made):
                yield number, made


def edited_photos(photos: Sequence[Any]) -> Iterator[tuple[int, Image]]:
    """(number of the photo, the photo with one edit), each edit of each that can be read.

    `photos` are paths. One that is gone, or broken, is left out: other checks name it.
    """
    from cospace.read.images import decode

    for number, path in enumerate(photos):
        try:
            image = decode(Image(Path(path)))
        except (BadItem, OSError):
            continue
        for edit in PHOTO_EDITS:
            yield number, Image(np.asarray(edit(image), np.uint8))
