"""The head that learns from labels: linear, plus a hidden layer that starts at nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from cospace.train.adamw import AdamW
from cospace.train.card import Point
from cospace.train.compress.closed import pca
from cospace.train.heads.descent import descend
from cospace.train.heads.layers import Tensors, silu
from cospace.train.supervised.losses import proxies, supervised_contrastive, unit_back

if TYPE_CHECKING:
    from cospace.train.supervised.losses import Slope

__all__ = ["How", "gradients_of", "train"]

Array = NDArray[np.float32]

_MOST_BATCH, _LEAST_BATCH = 256, 32
_HIDDEN = 256
_SCALE = 10.0  # of cosines: a temperature of 0.1, as Khosla et al.
_RATE = 5e-4
_PATIENCE = 5  # looks without anything better, before it ends


class How(NamedTuple):
    """How many numbers come out, by which loss, in how many passes, drawn how."""

    dim: int
    loss: str
    epochs: int
    seed: int


def train(
    rows: Array,
    labels: NDArray[np.intp],
    worth: Callable[[Tensors], float],
    how: How,
    *,
    pulse: Callable[[float, float], object] = lambda _epoch, _loss: None,
) -> tuple[Tensors, list[Point], bool]:
    """The best head seen, its curve, and whether Ctrl-C ended it.

    It starts from the directions in which unit rows [n, d] vary most; `worth` says what a head is
    worth on rows that are not among them.
    """
    random = np.random.default_rng(how.seed)
    start = pca(rows, how.dim)
    head: dict[str, Array] = {"centre": start["centre"], "W": start["W"].copy()}
    scale = np.float32(np.sqrt(np.mean((rows - head["centre"]) ** 2)) or 1)
    d = rows.shape[1]
    network = {
        "W": head["W"].copy(),  # what it began as stays as it was
        "A": (random.standard_normal((d, _HIDDEN)) / np.sqrt(d) / scale).astype(np.float32),
        "a": np.zeros(_HIDDEN, np.float32),
        "B": np.zeros((_HIDDEN, how.dim), np.float32),
    }
    if how.loss == "softmax":
        kinds = int(labels.max()) + 1
        network["P"] = random.standard_normal((kinds, how.dim)).astype(np.float32)
    # Few rows are taken in smaller batches, so that an epoch has some steps.
    batch = min(_MOST_BATCH, max(_LEAST_BATCH, len(rows) // 8))
    steps = how.epochs * max(1, len(rows) // batch)
    optimiser = AdamW(network, steps=steps, rate=_RATE, faster={"P": 10.0})

    def epoch() -> list[float]:
        order = random.permutation(len(rows))
        losses = []
        for at in range(0, max(1, len(rows) - batch + 1), batch):
            part = order[at : at + batch]
            value, gradients = gradients_of(network, rows[part], labels[part], start["centre"])
            optimiser.step(gradients)
            losses.append(value)
        return losses

    def now() -> Tensors:
        own = {name: network[name].copy() for name in ("W", "A", "a", "B")}
        return {"centre": start["centre"], **own}

    return descend(head, epoch, now, worth, epochs=how.epochs, patience=_PATIENCE, pulse=pulse)


def gradients_of(
    network: Mapping[str, Array], rows: Array, labels: NDArray[np.intp], centre: Array
) -> tuple[float, dict[str, NDArray[Any]]]:
    """The loss of a batch and its gradients: with proxies "P" softmax, else contrastive.

    z = u W + silu((u - centre) A + a) B, at length one.
    """
    hidden = silu((rows - centre) @ network["A"] + network["a"])
    codes = rows @ network["W"] + hidden.value @ network["B"]
    unit, _ = unit_back(codes, codes)
    gradients: dict[str, NDArray[Any]] = {}
    found: Slope
    if "P" in network:
        anchors, _ = unit_back(network["P"], network["P"])
        found = proxies(unit, labels, anchors, scale=_SCALE)
        assert found.proxies is not None
        gradients["P"] = unit_back(network["P"], found.proxies)[1]
    else:
        found = supervised_contrastive(unit, labels, scale=_SCALE)
    _, back = unit_back(codes, found.rows)
    early = (back @ network["B"].T) * hidden.slope
    gradients |= {
        "W": rows.T @ back,
        "A": (rows - centre).T @ early,
        "a": early.sum(axis=0),
        "B": hidden.value.T @ back,
    }
    return found.value, gradients
