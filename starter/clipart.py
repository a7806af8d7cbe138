"""Open Clip Art as pairs of an image and a caption: drawn from the SVG files of the collection.

The collection (Debian package `openclipart-svg`) is in the public domain. Each drawing names
itself and carries tags; a caption is that title with the tags after it.
"""

from __future__ import annotations

import hashlib
import io
import re
import signal
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from types import FrameType

import numpy as np
from graph import Array
from PIL import Image

SIDE = 256
SECONDS = 5
SHARED = 4
HELD_OUT = 0.15
DC = "{http://purl.org/dc/elements/1.1/}"
RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
EMPTY_TAGS = {
    "",
    "unsorted",
    "clip_art",
    "clipart",
    "clip art",
    "image",
    "svg",
    "vector",
    "media",
    "public domain",
}


@dataclass(frozen=True)
class Drawing:
    """A clip-art file, its own words, and whether it is kept out of training."""

    path: Path
    title: str
    tags: tuple[str, ...]

    @property
    def caption(self) -> str:
        """The title, then the tags that add something to it."""
        known = set(self.title.lower().split())
        extra = [tag for tag in self.tags if not set(tag.lower().split()) <= known]
        return ", ".join([self.title, *extra])

    @property
    def held_out(self) -> bool:
        """Whether this drawing is for evaluation only: 15%, chosen by the hash of its name.

        A number at the end is left out of the name, so that variants stay on the same side.
        """
        name = re.sub(r"[\d_]+$", "", self.path.stem).encode()
        return int(hashlib.sha1(name, usedforsecurity=False).hexdigest()[:8], 16) < HELD_OUT * 2**32


def read_drawings(root: Path) -> list[Drawing]:
    """The drawings under `root` that have a title, in the order of their paths.

    A title that more than `SHARED` drawings have names a collection, not what is drawn: the
    words of the file name take its place.
    """
    found = list(parse_drawings(root))
    times = Counter(drawing.title for drawing in found)
    return [
        replace(drawing, title=clean(drawing.path.stem))
        if times[drawing.title] > SHARED
        else drawing
        for drawing in found
    ]


def parse_drawings(root: Path) -> Iterator[Drawing]:
    """The drawings under `root`, with what their metadata says."""
    for path in sorted(root.rglob("*.svg")):
        if path.is_symlink():
            continue
        try:
            tree = ET.parse(path)
        except (ET.ParseError, ValueError):
            continue
        title = clean(next((node.text or "" for node in tree.iter(DC + "title")), ""))
        bag = [
            clean(tag.text or "")
            for node in tree.iter(DC + "subject")
            for tag in node.iter(RDF + "li")
        ]
        tags = tuple(dict.fromkeys(tag for tag in bag if tag.lower() not in EMPTY_TAGS))
        if re.search("[a-zA-Z]{3}", title):
            yield Drawing(path, title, tags)


def clean(words: str) -> str:
    """`words` on one line, with spaces for underscores and no number at the end."""
    words = re.sub(r"[\s_]+", " ", words).strip()
    return re.sub(r"[\s\d]+$", "", words)


def draw_all(drawings: list[Drawing], cache: Path) -> Array:
    """The images, uint8 `[n, 256, 256, 3]`; a drawing that cannot be drawn is left black.

    The images are kept in `cache`, and read from there the next time.
    """
    names = "\n".join(str(drawing.path) for drawing in drawings)
    stored = cache / f"clipart-{hashlib.sha256(names.encode()).hexdigest()[:12]}.npy"
    if not stored.exists():
        cache.mkdir(parents=True, exist_ok=True)
        with ProcessPoolExecutor(2) as pool:
            made = list(pool.map(draw, [drawing.path for drawing in drawings], chunksize=16))
        np.save(stored, np.stack(made))
    images: Array = np.load(stored, mmap_mode="r")
    return images


def draw(path: Path) -> Array:
    """The drawing on a white square, uint8 `[256, 256, 3]`; black when that fails."""
    import cairosvg

    signal.signal(signal.SIGALRM, give_up)
    signal.alarm(SECONDS)
    try:
        png = cairosvg.svg2png(url=str(path), output_width=SIDE, output_height=SIDE)
        drawn = Image.open(io.BytesIO(png)).convert("RGBA")
    except Exception:  # noqa: BLE001 - any of the many ways in which a hand-made SVG can be broken
        return np.zeros((SIDE, SIDE, 3), np.uint8)
    finally:
        signal.alarm(0)
    paper = Image.new("RGBA", (SIDE, SIDE), "white")
    paper.alpha_composite(drawn)
    image = np.asarray(paper.convert("RGB"))
    blank = image.min() > 250
    return np.zeros_like(image) if blank else image


def give_up(_signal: int, _frame: FrameType | None) -> None:
    """Stops a drawing that takes too long."""
    raise TimeoutError
