"""A photo with a colour word: does the kind of thing stay, and does the colour come?

    python bench/photo_and_word.py [--json]

Photos of clothes (../shared/data/clothing, CC0; ten kinds) are listings with a text as shops
write it: a made-up name, the kind, the colour, and a sentence that says neither. The colour is
that of the middle of the photo. 150 photos that are not in the collection are asked with "in
COLOUR", another colour than theirs; the figures are shares of the first five hits.
"""

from __future__ import annotations

import argparse
import colorsys
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

import cospace as cs

PHOTOS = Path(__file__).parents[1] / "../shared/data/clothing"
ITEMS, QUERIES = 1_500, 150
COLOURS = ("red", "green", "blue", "yellow", "black", "white", "grey", "brown", "pink")
NAMES = ("Lumo", "Tarsa", "Nevik", "Orla", "Brisk", "Fjara", "Sundal", "Keto")
SENTENCES = (
    "Washed once, smoke-free household.",
    "A present that was never worn.",
    "Fits true to size, collection preferred.",
    "Small signs of wear at the seam.",
)


def colour_of(path: Path) -> str:
    """The commonest colour name in the middle third of a photo."""
    with Image.open(path) as opened:
        image = opened.convert("RGB").resize((48, 48))
    middle = np.asarray(image)[16:32, 16:32].reshape(-1, 3)
    names = [name_of(*(channel / 255 for channel in pixel)) for pixel in middle]
    return max(COLOURS, key=names.count)


def name_of(red: float, green: float, blue: float) -> str:
    """A colour name by hue, saturation and value."""
    hue, saturation, value = colorsys.rgb_to_hsv(red, green, blue)
    if value < 0.22:
        return "black"
    if saturation < 0.18:
        return "white" if value > 0.75 else "grey"
    degrees = 360 * hue
    if degrees < 20 or degrees >= 345:
        return "red" if saturation > 0.45 else "pink"
    if degrees < 45:
        return "brown"
    if degrees < 70:
        return "yellow"
    if degrees < 165:
        return "green"
    return "blue" if degrees < 265 else "pink"


def photos() -> Iterator[tuple[Path, str]]:
    """Photos with their kind, in an order that mixes the kinds."""
    found = sorted(p for p in PHOTOS.rglob("*") if p.suffix.lower() in (".jpg", ".jpeg", ".png"))
    for at in np.random.default_rng(0).permutation(len(found)):
        yield found[at], found[at].parent.name


def filled() -> tuple[cs.Collection, dict[str, tuple[str, str]], list[tuple[Path, str, str]]]:
    """The collection, each item's kind and colour, and what is asked."""
    shop = cs.open(":memory:", model="starter")
    known: dict[str, tuple[str, str]] = {}
    asked: list[tuple[Path, str, str]] = []
    items = []
    for n, (path, kind) in enumerate(photos()):
        colour = colour_of(path)
        if n < ITEMS:
            text = f"{NAMES[n % 8]}. {kind}. {colour}. {SENTENCES[n % 4]}"
            items.append(cs.Item(f"{n}", cs.Parts(text=text, image=cs.Image(path))))
            known[f"{n}"] = kind, colour
        elif len(asked) < QUERIES:
            others = [one for one in COLOURS if one != colour]
            asked.append((path, kind, others[n % len(others)]))
    shop.add(items, errors="report", progress=True)
    return shop, known, asked


def measure(
    shop: cs.Collection, known: dict[str, tuple[str, str]], asked: list[tuple[Path, str, str]]
) -> dict[str, list[float]]:
    """Shares of the first five with the photo's kind, and with the colour that was asked for."""
    figures: dict[str, list[float]] = {}
    forms: dict[str, Any] = {
        "photo alone": lambda path, _: cs.Image(path),
        "photo and word": lambda path, colour: cs.Parts(image=cs.Image(path), text=f"in {colour}"),
        "word alone": lambda _, colour: f"in {colour}",
    }
    for name, form in forms.items():
        kinds, colours = [], []
        for path, kind, colour in asked:
            hits = [known[id] for id in shop.search(form(path, colour), k=5).ids]
            kinds.append(np.mean([one == kind for one, _ in hits]))
            colours.append(np.mean([one == colour for _, one in hits]))
        figures[name] = [100 * float(np.mean(kinds)), 100 * float(np.mean(colours))]
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    figures = measure(*filled())
    if args.json:
        print(json.dumps(figures))
        return
    print(f"{'':16}{'same kind':>12}{'the colour':>12}   % of the first five")
    for name, (kind, colour) in figures.items():
        print(f"{name:16}{kind:12.1f}{colour:12.1f}")
    print(f"kind kept: {figures['photo and word'][0] / figures['photo alone'][0]:.2f}")


if __name__ == "__main__":
    main()
