"""What flows through a BERT, in float32: the range of every channel, and how they move together.

Rounding to 8 bits needs both. They are measured with numpy, text by text, so that no padding takes
part.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Array", "Flow", "Shape", "Weights", "flows"]

Array = NDArray[Any]
Weights = dict[str, Array]
Erf = Callable[[Array], Array]


@dataclass(frozen=True)
class Shape:
    """How many layers a BERT has, how many heads, and how wide its rows are."""

    layers: int
    heads: int
    width: int

    @property
    def shrink(self) -> np.float32:
        """What scores of the attention are multiplied by: 1 / sqrt(width of a head)."""
        return np.float32((self.width // self.heads) ** -0.5)


@dataclass
class Flow:
    """The rows `[tokens, channels]` that passed one place, summed up."""

    low: Array = field(default_factory=lambda: np.array(np.inf, np.float32))
    high: Array = field(default_factory=lambda: np.array(-np.inf, np.float32))
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


def flows(weights: Weights, shape: Shape, texts: Iterable[list[int]], erf: Erf) -> dict[str, Flow]:
    """The flow at each place of the network over `texts`, token ids each, by name.

    For a layer `encoder.layer.0.`: `attention` and `feed` are what its two halves take (scaled by
    the normalisation before them, not yet shifted), `query`, `key` and `value`; `mixed` is what
    the attention yields, `hidden` what the second product of the feed-forward half takes. `erf` is
    the error function: neither numpy nor the engine has it for arrays here.
    """
    found: dict[str, Flow] = {}
    for text in texts:
        for name, rows in forward(weights, shape, text, erf):
            moments = name.rsplit(".", 1)[1] in ("attention", "mixed", "feed", "hidden")
            found.setdefault(name, Flow()).add(rows, moments)
    return found


def forward(
    weights: Weights, shape: Shape, ids: list[int], erf: Erf
) -> Iterator[tuple[str, Array]]:
    """What passes each place for one text, as `(name, rows)`."""
    types = weights["embeddings.token_type_embeddings.weight"][0]
    x = weights["embeddings.word_embeddings.weight"][ids] + types
    x = x + weights["embeddings.position_embeddings.weight"][: len(ids)]
    x, scaled = normalised(x, weights, "embeddings.LayerNorm")
    for number in range(shape.layers):
        name = f"encoder.layer.{number}."
        yield name + "attention", scaled
        query, key, value = (
            dense(x, weights, f"{name}attention.self.{part}") for part in ("query", "key", "value")
        )
        query = query * shape.shrink
        yield from ((name + "query", query), (name + "key", key), (name + "value", value))
        mixed = attend(query, key, value, shape.heads)
        yield name + "mixed", mixed
        x, scaled = normalised(
            x + dense(mixed, weights, name + "attention.output.dense"),
            weights,
            name + "attention.output.LayerNorm",
        )
        yield name + "feed", scaled
        hidden = gelu(dense(x, weights, name + "intermediate.dense"), erf)
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


def attend(query: Array, key: Array, value: Array, heads: int) -> Array:
    """Attention of these heads: `[t, width]` to the same."""
    # Copied, for numpy multiplies batches of other strides without BLAS.
    query, key, value = (
        np.ascontiguousarray(part.reshape(len(part), heads, -1).transpose(1, 0, 2))
        for part in (query, key, value)
    )
    scores = query @ key.transpose(0, 2, 1)
    scores = np.exp(scores - scores.max(-1, keepdims=True))
    scores /= scores.sum(-1, keepdims=True)
    mixed: Array = (scores @ value).transpose(1, 0, 2).reshape(scores.shape[1], -1)
    return mixed


def gelu(x: Array, erf: Erf) -> Array:
    """The Gaussian error linear unit (Hendrycks and Gimpel, 2016, arXiv:1606.08415)."""
    half = np.float32(0.5)
    gated: Array = half * x * (1 + erf(x * np.sqrt(half)))
    return gated
