"""The images and captions that the head learns from and is measured on, as arrays."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import openvino as ov
from clipart import Drawing, draw_all, read_drawings
from graph import Array
from image_tower import FEATURES, SIDE, feature_graph, load_weights
from PIL import Image

RESIZE = 224
# How a class of the clothing photos is said in words; the first is the name used to measure.
GARMENTS = {
    "dress": ("dress", "woman's dress", "summer dress"),
    "hat": ("hat", "cap", "woolly hat or baseball cap"),
    "longsleeve": ("long-sleeved shirt", "sweater", "long sleeve top", "sweatshirt"),
    "outwear": ("jacket", "coat", "outerwear", "winter jacket"),
    "pants": ("pants", "trousers", "pair of jeans"),
    "shirt": ("shirt", "button-up shirt", "shirt with a collar"),
    "shoes": ("shoes", "pair of shoes", "sneakers or boots", "footwear"),
    "shorts": ("shorts", "pair of shorts", "short pants"),
    "skirt": ("skirt", "woman's skirt"),
    "t-shirt": ("t-shirt", "tee shirt", "short-sleeved cotton top"),
}
PHRASES = ("{}", "a photo of a {}", "{}, clothing", "{} for sale", "second-hand {}")


@dataclass(frozen=True)
class Images:
    """Some images as the network saw them, with the words that belong to each."""

    features: Array  # float32 [n, 1280]
    chances: Array  # float32 [n, 1000]
    captions: tuple[tuple[str, ...], ...]  # several ways to say what is in the image
    labels: tuple[str, ...]  # the clothing class, or the folder of the drawing
    held_out: Array  # bool [n]: never trained on

    def part(self, keep: Array) -> Images:
        """The images where `keep` is true."""
        rows = np.flatnonzero(keep)
        captions, labels = (
            [source[row] for row in rows] for source in (self.captions, self.labels)
        )
        return Images(
            self.features[rows],
            self.chances[rows],
            tuple(captions),
            tuple(labels),
            self.held_out[rows],
        )


def load_drawings(root: Path, excluded: set[str], cache: Path) -> Images:
    """The clip art under `root`; what could not be drawn, or is excluded and not held out, is gone.

    `excluded` holds paths relative to the parent of `root`, as in the example's SOURCES.csv.
    """
    drawings = read_drawings(root)
    images = draw_all(drawings, cache)
    features, chances = see(images, cache)
    shown = np.array([images[row].max() > 0 for row in range(len(images))])
    names = [str(drawing.path.relative_to(root.parent)) for drawing in drawings]
    held_out = np.array([drawing.held_out for drawing in drawings])
    in_example = np.array([name in excluded for name in names])
    everything = Images(
        features,
        chances,
        tuple(ways_to_say(drawing) for drawing in drawings),
        tuple(drawing.path.parent.name for drawing in drawings),
        held_out | in_example,
    )
    return everything.part(shown & (held_out | ~in_example))


def ways_to_say(drawing: Drawing) -> tuple[str, ...]:
    """The caption, the title alone, and the tags alone (the caption again where there are none)."""
    return drawing.caption, drawing.title, ", ".join(drawing.tags) or drawing.caption


def load_clothing(root: Path, excluded: set[str], cache: Path) -> Images:
    """The clothing photos under `root`: `validation` is held out, `train` is not."""
    paths = sorted(root.glob("*/*/*.jpg"))
    paths = [path for path in paths if str(path.relative_to(root)) not in excluded or held(path)]
    features, chances = see(Squares(paths), cache)
    labels = tuple(path.parent.name for path in paths)
    captions = tuple(
        tuple(phrase.format(word) for word in GARMENTS[label] for phrase in PHRASES)
        for label in labels
    )
    return Images(features, chances, captions, labels, np.array([held(path) for path in paths]))


def join(first: Images, second: Images) -> Images:
    """The images of both."""
    return Images(
        np.concatenate([first.features, second.features]),
        np.concatenate([first.chances, second.chances]),
        first.captions + second.captions,
        first.labels + second.labels,
        np.concatenate([first.held_out, second.held_out]),
    )


def held(path: Path) -> bool:
    """Whether a clothing photo is in the validation part."""
    return path.parent.parent.name == "validation"


def read_excluded(sources: Path) -> set[str]:
    """The original files of the images that the example catalogue shows, from its SOURCES.csv."""
    with sources.open(encoding="utf-8", newline="") as file:
        return {row["file"] for row in csv.DictReader(file)}


class Squares:
    """Photos as squares of pixels, opened one at a time."""

    def __init__(self, paths: list[Path]) -> None:
        self.paths = paths

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, row: int) -> Array:
        with Image.open(self.paths[row]) as image:
            return np.asarray(image.convert("RGB"))


def square(pixels: Array) -> Array:
    """The middle of an image as the tower takes it: uint8 `[224, 224, 3]`."""
    height, width = pixels.shape[:2]
    side = SIDE * min(width, height) / RESIZE
    left, top = (width - side) / 2, (height - side) / 2
    box = (left, top, left + side, top + side)
    return np.asarray(Image.fromarray(pixels).resize((SIDE, SIDE), Image.Resampling.BICUBIC, box))


def read_photos(paths: list[Path]) -> Array:
    """The photos as the tower takes them: uint8 `[n, 224, 224, 3]`."""
    images = Squares(paths)
    return np.stack([square(images[row]) for row in range(len(images))])


def see(images: Array | Squares, cache: Path, batch: int = 16) -> tuple[Array, Array]:
    """What the network sees in each image: features `[n, 1280]` and class chances `[n, 1000]`.

    Kept in `cache` under a name made of the pixels of every 50th image and of their number.
    """
    probe = hashlib.sha256(
        b"".join(square(images[row]).tobytes() for row in range(0, len(images), 50))
    )
    stored = cache / f"features-{len(images)}-{probe.hexdigest()[:12]}.npz"
    if not stored.exists():
        cache.mkdir(parents=True, exist_ok=True)
        model = ov.Core().compile_model(
            feature_graph(load_weights()), "CPU", {"INFERENCE_PRECISION_HINT": "f32"}
        )
        features = np.empty((len(images), FEATURES), np.float32)
        chances = np.empty((len(images), 1000), np.float32)
        for start in range(0, len(images), batch):
            rows = range(start, min(start + batch, len(images)))
            seen = model(np.stack([square(images[row]) for row in rows]))
            features[start : rows.stop], chances[start : rows.stop] = seen[0], seen[1]
        np.savez(stored, features=features, chances=chances)
    arrays = np.load(stored)
    return arrays["features"], arrays["chances"]


def unique(groups: Iterable[tuple[str, ...]]) -> list[str]:
    """Every text once, in order."""
    return list(dict.fromkeys(text for group in groups for text in group))
