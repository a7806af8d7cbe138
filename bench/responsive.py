"""How long a search waits while its collection grows, and while it moves to another model.

    python bench/responsive.py [ITEMS]

ITEMS (100,000) made-up items with a quick model of 384 numbers. One thread searches without a pause
of more than 5 ms; the other adds half of the items, so that a graph is due, and then migrates and
switches. Given are the median, the 99th percentile and the longest wait, in milliseconds.
"""

from __future__ import annotations

import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

import cospace as cs
from cospace.testing.tiny import tiny_model

DIM, PART = 384, 1_000
THINGS = ["chair", "lamp", "rug", "shelf", "kettle", "table", "bed"]
OF = ["oak", "steel", "wool", "glass", "clay", "paper", "silk", "straw", "brass", "cork", "iron"]
QUESTIONS = ["an oak chair", "number 17", "steel lamp", "a rug of wool 3"]


def item(n: int) -> cs.Item:
    made = f"{THINGS[n % 7]} of {OF[n % 11]} and {OF[n // 11 % 11]}, number {n}"
    return cs.Item(f"id-{n}", made, {"price": n % 100})


def add(shop: cs.Collection, numbers: range) -> None:
    with shop.bulk():
        for start in range(numbers.start, numbers.stop, PART):
            shop.upsert([item(n) for n in range(start, start + PART)])


def beside(shop: cs.Collection, what: str, task: Callable[[], object]) -> None:
    """Run the task while a thread searches, and print how long searches took."""
    over, took = threading.Event(), []

    def search() -> None:
        number = 0
        while not over.wait(0.005):
            started = time.perf_counter()
            assert len(shop.search(QUESTIONS[number % 4], k=10)) == 10
            took.append(1000 * (time.perf_counter() - started))
            number += 1

    thread = threading.Thread(target=search)
    thread.start()
    started = time.perf_counter()
    task()
    seconds = time.perf_counter() - started
    over.set()
    thread.join()
    median, late = np.percentile(took, [50, 99])
    print(
        f"{what}: {seconds:.0f} s, {len(took):,} searches: median {median:.0f} ms,"
        f" p99 {late:.0f}, longest {max(took):.0f}",
        flush=True,
    )


def main() -> None:
    """The figures of each part, a line each."""
    items = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    half = items // 2 // PART * PART
    old, new = tiny_model(dim=DIM), tiny_model(dim=DIM, seed=1)
    with (
        tempfile.TemporaryDirectory() as place,
        cs.open(Path(place) / "shop", model=old) as shop,
    ):
        add(shop, range(half))
        beside(shop, "nothing beside", lambda: time.sleep(10))
        beside(shop, f"{half:,} items more", lambda: add(shop, range(half, 2 * half)))
        beside(shop, "migrate", lambda: shop.migrate(new))
        beside(shop, "switch", shop.switch_model)
        beside(shop, "back", shop.switch_back)


if __name__ == "__main__":
    main()
