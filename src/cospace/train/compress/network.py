"""The autoencoder: a small network that passes its input through a code of few numbers.

It starts as PCA exactly, and learns what is added to it in both directions.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from cospace.train.adamw import AdamW
from cospace.train.card import Point
from cospace.train.heads.descent import descend
from cospace.train.heads.layers import Tensors, silu

__all__ = ["Network", "loss_and_gradients", "start_of", "train"]

Array = NDArray[np.float32]
Network = dict[str, Array]

_BATCH = 128
_HIDDEN = 512
_PATIENCE = 4  # looks without anything better, before it ends


def train(
    start: Tensors,
    rows: Array,
    worth: Callable[[Tensors], float],
    *,
    epochs: int,
    seed: int,
    pulse: Callable[[float, float], object] = lambda _epoch, _loss: None,
) -> tuple[Tensors, list[Point], bool]:
    """The best head seen, its curve, and whether Ctrl-C ended it.

    `start` is the head of PCA on unit rows [n, d]; `worth` says what a head is worth on rows that
    are not among them, and the training ends when it rises no more. `pulse` is called with the
    epochs done and the loss of late, after each epoch.
    """
    random = np.random.default_rng(seed)
    network, scale, spread = start_of(start, rows, random)
    inputs = (rows - start["centre"]) / scale
    batch = min(_BATCH, len(rows))
    per_epoch = max(1, len(rows) // batch)
    optimiser = AdamW(network, steps=epochs * per_epoch)

    def epoch() -> list[float]:
        order = random.permutation(len(inputs))
        losses = []
        for i in range(per_epoch):
            drawn = inputs[order[i * batch : (i + 1) * batch]]
            loss, gradients = loss_and_gradients(network, drawn)
            optimiser.step(gradients)
            losses.append(loss)
        return losses

    return descend(
        dict(start), epoch, lambda: _folded(network, start, scale, spread), worth,
        epochs=epochs, patience=_PATIENCE, pulse=pulse,
    )  # fmt: skip


def start_of(
    start: Tensors, rows: Array, random: np.random.Generator
) -> tuple[Network, np.float32, np.float32]:
    """The network that does what PCA does, and the scales of its inputs and of its codes."""
    d, k = start["W"].shape
    apart = rows - start["centre"]
    scale = np.float32(np.sqrt(np.mean(apart**2)) or 1)
    spread = np.float32(np.sqrt(np.mean((apart @ start["W"]) ** 2)) or 1) / scale

    def drawn(*shape: int) -> Array:
        numbers: Array = (random.standard_normal(shape) / np.sqrt(shape[0])).astype(np.float32)
        return numbers

    network = {
        "W": start["W"] / spread, "A": drawn(d, _HIDDEN), "a": np.zeros(_HIDDEN, np.float32),
        "B": np.zeros((_HIDDEN, k), np.float32),
        "D": start["D"] * spread, "C": drawn(k, _HIDDEN), "c": np.zeros(_HIDDEN, np.float32),
        "E": np.zeros((_HIDDEN, d), np.float32), "offset": np.zeros(d, np.float32),
    }  # fmt: skip
    return network, scale, spread


def loss_and_gradients(network: Mapping[str, Array], x: Array) -> tuple[float, Network]:
    """The mean over rows x [n, d] of |x - y|^2 / d, and its gradients.

    z = x W + silu(x A + a) B and y = z D + silu(z C + c) E + offset.
    """
    w = network
    first = silu(x @ w["A"] + w["a"])
    z = x @ w["W"] + first.value @ w["B"]
    second = silu(z @ w["C"] + w["c"])
    y = z @ w["D"] + second.value @ w["E"] + w["offset"]
    back = 2 * (y - x) / x.size
    hidden = (back @ w["E"].T) * second.slope
    code = back @ w["D"].T + hidden @ w["C"].T
    early = (code @ w["B"].T) * first.slope
    gradients = {
        "W": x.T @ code, "A": x.T @ early, "a": early.sum(0), "B": first.value.T @ code,
        "D": z.T @ back, "C": z.T @ hidden, "c": hidden.sum(0), "E": second.value.T @ back,
        "offset": back.sum(0),
    }  # fmt: skip
    return float(np.mean((y - x) ** 2)), gradients


def _folded(network: Network, start: Tensors, scale: np.float32, spread: np.float32) -> Network:
    """The head of the network: for rows as they are, with codes as long as those of PCA."""
    up = scale * spread
    return {
        "centre": start["centre"],
        "W": network["W"] * spread,
        "A": network["A"] / scale,
        "a": network["a"].copy(),
        "B": network["B"] * up,
        "code_centre": start["centre"] @ network["W"] * spread,
        "D": network["D"] * scale / up,
        "C": network["C"] / up,
        "c": network["c"].copy(),
        "E": network["E"] * scale,
        "offset": start["offset"] + network["offset"] * scale,
    }
