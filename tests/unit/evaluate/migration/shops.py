"""Two collections of the same items, in two models."""

from __future__ import annotations

from itertools import product

import cospace as cs
from cospace.testing.tiny import tiny_model

COLOURS = ("red", "blue", "grey", "white", "black", "green", "oak", "steel")
THINGS = ("chair", "lamp", "rug", "shelf", "box", "desk", "bike", "coat", "boat", "drum")
ITEMS = [
    cs.Item(f"{a}-{b}", f"{a} {b}", {"title": f"{a} {b}"}) for a, b in product(COLOURS, THINGS)
]
JUDGED = {f"a {item.id.replace('-', ' ')} please": {item.id: 2.0} for item in ITEMS}


def shop(seed: int = 0, dim: int = 32, items: list[cs.Item] = ITEMS) -> cs.Collection:
    one = cs.open(":memory:", model=tiny_model(seed=seed, dim=dim))
    one.add(items)
    return one
