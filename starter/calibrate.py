"""The texts over which the flows through all-MiniLM-L6-v2 are measured (`cospace.adopt.eight`).

They are English with and without punctuation, and, for the ranges, what people also type: numbers,
other scripts, signs, words in no order.
"""

from __future__ import annotations

import csv
import lzma
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer

from cospace.adopt.eight.flow import Shape

SHAPE = Shape(layers=6, heads=12, width=384)


def texts(listings: Path, prose: Path, tokenizer: Tokenizer) -> list[str]:
    """The texts to measure with, the same each time."""
    chance = np.random.default_rng(0)
    with listings.open(encoding="utf-8") as file:
        some = [f"{row['title']}. {row['description']}" for row in csv.DictReader(file)]
    with lzma.open(prose, "rt") as file:
        words = file.read(3_000_000).split()
    for _ in range(400):
        start, length = chance.integers(0, len(words) - 120), chance.integers(3, 120)
        some.append(" ".join(words[start : start + length]))
    scripts = np.r_[33:127, 0xE0:0x17F, 0x400:0x450, 0x600:0x650, 0x3040:0x3090, 0x4E00:0x4F00]
    for _ in range(60):
        digits = 10 ** chance.integers(1, 8)
        some.append(" ".join(map(str, chance.integers(0, digits, chance.integers(1, 40)))))
        some.append("".join(map(chr, chance.choice(scripts, chance.integers(1, 60)))))
        pieces = chance.integers(1_000, tokenizer.get_vocab_size(), chance.integers(1, 100))
        some.append(tokenizer.decode(pieces.tolist()))
    return some
