"""Head: features to unit vectors of the anchor's space. Linear, or with one hidden layer."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cospace.train.losses import unit

__all__ = ["Head", "Trainee", "gelu"]

Array = NDArray[np.float32]
_LAYERS = ("w1", "b1", "w", "b")
_BEND = np.float32(np.sqrt(2 / np.pi))


@dataclass(frozen=True, slots=True)
class Head:
    """What was learnt: unit(base * own vector + layers(features)).

    `layers` hold "w" [f, d] and "b" [d], and before them, for a hidden layer with GELU, "w1" [f, h]
    and "b1" [h]. `base` is 0 for a tower whose own vectors are of another space.
    """

    layers: Mapping[str, Array]
    base: float = 0.0

    def apply(self, features: Array, own: Array | None = None) -> Array:
        """Unit rows float32 [n, d] of features [n, f], and of the tower's own vectors [n, d]."""
        rows = features
        if "w1" in self.layers:
            rows, _ = gelu(rows @ self.layers["w1"] + self.layers["b1"])
        rows = rows @ self.layers["w"] + self.layers["b"]
        if self.base and own is not None:
            rows = rows + np.float32(self.base) * own
        return unit(rows)

    @property
    def sha256(self) -> str:
        """sha256, in hex, of all its numbers."""
        digest = hashlib.sha256(repr(self.base).encode())
        for name in sorted(self.layers):
            digest.update(name.encode() + np.ascontiguousarray(self.layers[name], "<f4").tobytes())
        return digest.hexdigest()


class Trainee:
    """A head while it learns: its parameters, and their gradients by hand.

    Features are standardised by the mean and the deviation of those it learns from, and some are
    dropped at random while it does. A head with a base begins as that: what it learns is what to
    add to it.
    """

    def __init__(
        self, features: Array, dim: int, *, hidden: int, base: float, drop: float, seed: int
    ) -> None:
        random = np.random.default_rng(seed)
        self.mean, self.deviation = features.mean(0), features.std(0) + np.float32(1e-3)
        self.base, self.drop = np.float32(base), drop
        width = features.shape[1]
        self.parameters: dict[str, Array] = {}
        if hidden:
            self.parameters["w1"] = _drawn(random, width, hidden)
            self.parameters["b1"] = np.zeros(hidden, np.float32)
        last = hidden or width
        zero = np.zeros((last, dim), np.float32)
        self.parameters["w"] = zero if base else _drawn(random, last, dim)
        self.parameters["b"] = np.zeros(dim, np.float32)

    def forward(self, features: Array, own: Array | None, random: np.random.Generator) -> Array:
        """Unit rows [n, d]; what `backward` needs is kept."""
        x = (features - self.mean) / self.deviation
        if self.drop:
            x *= (random.random(x.shape, np.float32) >= self.drop) / np.float32(1 - self.drop)
        self._x = self._last = x
        if "w1" in self.parameters:
            self._last, self._slope = gelu(x @ self.parameters["w1"] + self.parameters["b1"])
        rows: Array = self._last @ self.parameters["w"] + self.parameters["b"]
        if own is not None and self.base:
            rows += self.base * own
        self._length = np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)
        out: Array = rows / self._length
        self._out = out
        return out

    def backward(self, slope: Array) -> dict[str, Array]:
        """The gradients of the parameters, given the loss's slope in the rows of `forward`."""
        along = np.sum(slope * self._out, axis=1, keepdims=True)
        rows = (slope - self._out * along) / self._length
        found = {"w": self._last.T @ rows, "b": rows.sum(0)}
        if "w1" in self.parameters:
            back = (rows @ self.parameters["w"].T) * self._slope
            found |= {"w1": self._x.T @ back, "b1": back.sum(0)}
        return found

    def head(self) -> Head:
        """The head as it is, with the standardisation in its first layer."""
        own = [name for name in _LAYERS if name in self.parameters]
        layers = {name: self.parameters[name].copy() for name in own}
        first, bias = ("w1", "b1") if "w1" in layers else ("w", "b")
        layers[first] = layers[first] / self.deviation[:, None]
        layers[bias] = layers[bias] - self.mean @ layers[first]
        return Head(layers, float(self.base))


def gelu(x: Array) -> tuple[Array, Array]:
    """GELU in its tanh form, and its slope.

    Source: Hendrycks and Gimpel, Gaussian Error Linear Units (2016), section 2.
    """
    inner = np.tanh(_BEND * (x + np.float32(0.044715) * x**3))
    slope: Array = (1 + inner) / 2 + x / 2 * (1 - inner**2) * _BEND * (
        1 + np.float32(0.134145) * x**2
    )
    value: Array = x * (1 + inner) / 2
    return value, slope


def _drawn(random: np.random.Generator, rows: int, columns: int) -> Array:
    drawn: Array = (random.normal(size=(rows, columns)) / np.sqrt(rows)).astype(np.float32)
    return drawn
