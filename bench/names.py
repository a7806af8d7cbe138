"""How often the one item that holds a code, a brand, an id or a barcode comes first.

    python bench/names.py [--sizes 300 3000 30000]

Made-up listings, each with an id, a code in its text, and a brand and a barcode in its metadata.
400 queries at each size: each of the four, asked as stored, without separators, with spaces, in
lower case, and inside a sentence of five other words. Any other item first is a miss.
"""

from __future__ import annotations

import argparse
import itertools
import random
import tempfile
import time
from collections import Counter
from pathlib import Path

import cospace as cs

THINGS = """
armchair sofa lamp bicycle table kettle toaster drill jacket boots camera guitar tent
stove rug mirror clock desk stool pump
""".split()  # noqa: SIM905
LOOKS = """
red blue green oak steel vintage modern small large leather velvet used new wooden white
black retro compact heavy light
""".split()  # noqa: SIM905
SYLLABLES = """
zor vel mak tri quo nex bru fal gim hol jas kub lor mip nar oxo pel rud sav tum
vik wes yar ard
""".split()  # noqa: SIM905
BRANDS = ["".join(parts).title() for parts in itertools.product(SYLLABLES, repeat=4)]
SENTENCES = [
    "do you still have the {} please",
    "is your {} lamp in stock now",
    "looking for an old {} armchair today",
    "what does the {} table cost",
    "I want to buy {} boots here",
]
FORMS = ("stored", "bare", "spaced", "lower", "sentence")


def listing(i: int) -> cs.Item:
    draw = random.Random(i)
    look, more, thing = draw.choice(LOOKS), draw.choice(LOOKS), draw.choice(THINGS)
    text = f"{look.title()} {more} {thing} {code(i)}, good condition, pick up only"
    return cs.Item(f"IT-{i:05d}", text, {"brand": brand(i), "ean": barcode(i), "price": i % 900})


def code(i: int) -> str:
    return f"KX-{1000 + 7 * i}{'ABCDEFG'[i % 7]}"


def brand(i: int) -> str:
    return BRANDS[i * 7919 % len(BRANDS)]


def barcode(i: int) -> int:
    return 4_006_381_330_000 + 97 * i


def asked(name: str, form: str, draw: random.Random) -> str:
    if form == "bare":
        return name.replace("-", "")
    if form == "spaced":
        return name.replace("-", " ")
    if form == "lower":
        return name.lower()
    return draw.choice(SENTENCES).format(name) if form == "sentence" else name


def measure(size: int) -> dict[str, float]:
    """The parts of 400 queries whose item comes first, by what was asked and how."""
    draw = random.Random(size)
    names = {"code": code, "brand": brand, "id": lambda i: f"IT-{i:05d}", "barcode": barcode}
    right: Counter[str] = Counter()
    total: Counter[str] = Counter()
    with (
        tempfile.TemporaryDirectory(prefix="cospace-bench-") as folder,
        cs.open(Path(folder) / "shop.cospace", model="starter") as shop,
    ):
        shop.add(map(listing, range(size)))
        start = time.process_time()
        for (kind, name), form in itertools.product(names.items(), FORMS):
            for i in draw.sample(range(size), 20):
                found = shop.search(asked(str(name(i)), form, draw), k=1).ids
                for label in (kind, form, "all"):
                    total[label] += 1
                    right[label] += found == [f"IT-{i:05d}"]
        seconds = (time.process_time() - start) / total["all"]
    return {label: right[label] / n for label, n in total.items()} | {"ms": 1000 * seconds}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=[300, 3_000, 30_000])
    for size in parser.parse_args().sizes:
        print(f"{size:,}", {label: round(x, 3) for label, x in measure(size).items()}, flush=True)


if __name__ == "__main__":
    main()
