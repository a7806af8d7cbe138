"""How close to the best a hit must be to be sorted: 20 questions of one noun, 40 by meaning.

    python bench/sorted.py [--json]

The marketplace of 420 listings. For each share: how many of the first 200 hits lie at least so far
above the collection's mean likeness to the question as the best one, times the share; how many of
these are meant (for a noun by a pattern of the titles, else as judged); and how often the cheapest
of them is. The rule is `close_ones` of src/cospace/collection/sorting.py.
"""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Callable
from typing import Any

import numpy as np
from ranking import MARKET, market

import cospace as cs
from cospace.collection import sorting
from cospace.store.protocol import Row

SHARES = (0.5, 0.6, 0.7, 0.8, 0.9)
NOUNS = {
    "chair": "chair|stool", "cup": "cup|mug|tumbler", "lamp": "lamp|light|lantern|LED|illum",
    "bicycle": "bike|penny|bicycle", "armchair": "chair",
    "shoes": "shoe|sneaker|boot|trainer|slipper|sandal|lace|flats|flops|pump|heel|loafer",
    "hat": "hat|cap|beanie|beret", "jacket": "jacket|coat|windbreak|blazer|suit|parka",
    "guitar": "guitar|ukul|banjo", "knife": "knife|knives", "dress": "dress|frock|gown",
    "bag": "bag|rucksack|backpack|purse|clutch|tote|case", "sofa": "sofa|couch", "table": "table",
    "hammer": "hammer|mallet", "camera": "camera|lens", "phone": "phone", "vase": "vase",
    "clock": "clock|watch|alarm", "book": "book",
}  # fmt: skip

Asked = list[tuple[str, Callable[[Row], bool]]]


def by_title(pattern: str) -> Callable[[Row], bool]:
    return lambda row: re.search(pattern, row.metadata["title"], re.IGNORECASE) is not None


def by_id(ids: dict[str, int]) -> Callable[[Row], bool]:
    return lambda row: row.id in ids


def measure(shop: cs.Collection, asked: Asked, share: float) -> dict[str, float]:
    sorting.CLOSE = share
    sizes, meant, cheapest = [], [], []
    for text, right in asked:
        hits = shop.search(text, 200, sort="price")
        rows = [Row(hit.id, metadata=hit.metadata) for hit in hits]
        sizes.append(len(rows))
        meant.append(np.mean([right(row) for row in rows]))
        cheapest.append(right(rows[0]))
    figures = (np.mean(sizes), 100 * np.mean(meant), 100 * np.mean(cheapest))
    names = ("sorted", "meant", "cheapest")
    return dict(zip(names, (round(float(one), 1) for one in figures), strict=True))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    shop = cs.open(":memory:", model="starter")
    shop.add(cs.read(MARKET / "listings.csv"))
    sets: dict[str, Asked] = {
        "nouns": [(noun, by_title(pattern)) for noun, pattern in NOUNS.items()],
        "meaning": [(text, by_id(grades)) for text, grades in market("meaning")],
    }
    table: list[dict[str, Any]] = [
        {"set": name, "share": share, **measure(shop, asked, share)}
        for name, asked in sets.items()
        for share in SHARES
    ]
    if args.json:
        print(json.dumps(table, indent=2))
        return
    print("set      share  sorted  meant  cheapest is meant")
    for row in table:
        print("{set:8} {share:5} {sorted:7.1f} {meant:5.0f}% {cheapest:17.0f}%".format(**row))


if __name__ == "__main__":
    main()
