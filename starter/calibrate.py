"""What flows through all-MiniLM-L6-v2, in float32, over texts of many kinds.

Rounding to 8 bits needs the range of every channel, and how the channels move together. Both are
measured here with numpy, text by text, so that no padding takes part. The texts are English with
and without punctuation, and, for the ranges, what people also type: numbers, other scripts, signs,
words in no order.
"""

from __future__ import annotations

import csv
import lzma
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from graph import Array
from scipy.special import erf
from tokenizers import Tokenizer

LAYERS, HEADS, WIDTH = 6, 12, 384
SHRINK = np.float32((WIDTH // HEADS) ** -0.5)
Weights = dict[str, Array]


@dataclass
class Flow:
    """The rows `[tokens, channels]` that passed one place, summed up."""

    low: Array = field(default_factory=lambda: np.float32(np.inf))
    high: Array = field(default_factory=lambda: np.float32(-np.inf))
    rows: int = 0
    total: Array = field(default_factory=lambda: np.zeros(1))
    products: Array = field(default_factory=lambda: np.zeros(1))

    def add(self, rows: Array, moments: bool) -> None:
        """Takes in `rows`; with `moments`, also how their channels move together."""
        self.low = np.minimum(self.low, rows.min(0))
        self.high = np.maximum(self.high, rows.max(0))
        self.rows += len(rows)
        self.total = self.total + rows.sum(0, dtype=np.float64)
        if moments:
            if self.products.size == 1:
                self.products = np.zeros((rows.shape[1], rows.shape[1]))
            self.products += rows.T @ rows

    @property
    def peak(self) -> Array:
        """The largest magnitude of each channel: float64 `[channels]`."""
        return np.maximum(-self.low, self.high).astype(np.float64)

    @property
    def mean(self) -> Array:
        """The mean of each channel."""
        return self.total / self.rows

    @property
    def moment(self) -> Array:
        """The mean of each product of two channels: float64 `[channels, channels]`."""
        return self.products.astype(np.float64) / self.rows


def flows(weights: Weights, tokenizer: Tokenizer, texts: Iterable[str]) -> dict[str, Flow]:
    """The flow at each place of the network, by name.

    For a layer `encoder.layer.0.`: `attention` and `feed` are what its two halves take (scaled by
    the normalisation before them, not yet shifted), `query`, `key` and `value`; `mixed` is what
    the attention yields, `hidden` what the second product of the feed-forward half takes.
    """
    found: dict[str, Flow] = {}
    for text in texts:
        for name, rows in forward(weights, tokenizer.encode(text).ids):
            moments = name.rsplit(".", 1)[1] in ("attention", "mixed", "feed", "hidden")
            found.setdefault(name, Flow()).add(rows, moments)
    return found


def forward(weights: Weights, ids: list[int]) -> Iterator[tuple[str, Array]]:
    """What passes each place for one text, as `(name, rows)`."""
    types = weights["embeddings.token_type_embeddings.weight"][0]
    x = weights["embeddings.word_embeddings.weight"][ids] + types
    x = x + weights["embeddings.position_embeddings.weight"][: len(ids)]
    x, scaled = normalised(x, weights, "embeddings.LayerNorm")
    for number in range(LAYERS):
        name = f"encoder.layer.{number}."
        yield name + "attention", scaled
        query, key, value = (
            dense(x, weights, f"{name}attention.self.{part}") for part in ("query", "key", "value")
        )
        query = query * SHRINK
        yield from ((name + "query", query), (name + "key", key), (name + "value", value))
        mixed = attend(query, key, value)
        yield name + "mixed", mixed
        x, scaled = normalised(
            x + dense(mixed, weights, name + "attention.output.dense"),
            weights,
            name + "attention.output.LayerNorm",
        )
        yield name + "feed", scaled
        hidden = gelu(dense(x, weights, name + "intermediate.dense"))
        yield name + "hidden", hidden
        x, scaled = normalised(
            x + dense(hidden, weights, name + "output.dense"), weights, name + "output.LayerNorm"
        )


def dense(x: Array, weights: Weights, name: str) -> Array:
    """The linear layer called `name`, applied to `x`."""
    return x @ weights[name + ".weight"].T + weights[name + ".bias"]


def normalised(x: Array, weights: Weights, name: str) -> tuple[Array, Array]:
    """`x` after the layer normalisation called `name`, and the same before its shift."""
    x = x - x.mean(-1, keepdims=True)
    x = x / np.sqrt((x * x).mean(-1, keepdims=True) + np.float32(1e-12))
    scaled = x * weights[name + ".weight"]
    return scaled + weights[name + ".bias"], scaled


def attend(query: Array, key: Array, value: Array) -> Array:
    """Attention of 12 heads: `[t, 384]` to the same."""
    # Copied, for numpy multiplies batches of other strides without BLAS.
    query, key, value = (
        np.ascontiguousarray(part.reshape(len(part), HEADS, -1).transpose(1, 0, 2))
        for part in (query, key, value)
    )
    scores = query @ key.transpose(0, 2, 1)
    scores = np.exp(scores - scores.max(-1, keepdims=True))
    scores /= scores.sum(-1, keepdims=True)
    mixed: Array = (scores @ value).transpose(1, 0, 2).reshape(-1, WIDTH)
    return mixed


def gelu(x: Array) -> Array:
    """The Gaussian error linear unit (Hendrycks and Gimpel, 2016, arXiv:1606.08415)."""
    half = np.float32(0.5)
    gated: Array = half * x * (1 + erf(x * np.sqrt(half)))
    return gated


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
