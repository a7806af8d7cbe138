"""graph: a network of our own as an OpenVINO graph, its batch norms folded into convolutions."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from cospace.encode.engines.openvino import openvino
from cospace.train.signals.net import FLOOR, RANGE, STRIDES

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["digest", "graph"]

_EPSILON = 1e-5  # of torch's batch norm


def graph(weights: Mapping[str, NDArray[np.float32]], entry: str, steps: int) -> Any:
    """The `openvino.Model` of `Net.weights`: `entry` [n, channels, steps] to "embedding" [n, d].

    `entry` is "mel" for audio, "motion" for motion.
    """
    op = openvino().opset13
    channels = weights["convolutions.0.weight"].shape[1]
    given = op.parameter([-1, channels, steps], np.float32, name=entry)
    given.output(0).get_tensor().set_names({entry})
    x = _heard(op, given) if entry == "mel" else _standard(op, given, weights)
    for number, stride in enumerate(STRIDES):
        kernel, bias = folded(weights, number)
        edge = [kernel.shape[2] // 2]
        x = op.convolution(x, op.constant(kernel), [stride], edge, edge, [1])
        x = op.relu(op.add(x, op.constant(bias[None, :, None])))
    time = op.constant(np.array([2], np.int64))
    # One place where time ends, so that another head can be sewn on there.
    pooled = op.concat([op.reduce_mean(x, time, True), op.reduce_max(x, time, True)], 1)
    rows = op.matmul(op.squeeze(pooled, time), op.constant(weights["last.weight"]), False, True)
    rows = op.add(rows, op.constant(weights["last.bias"][None]))
    rows = op.normalize_l2(rows, op.constant(np.array([1], np.int64)), 1e-12, "max")
    result = op.result(rows)
    result.output(0).get_tensor().set_names({"embedding"})
    return openvino().Model([result], [given], "tower")


def folded(
    weights: Mapping[str, NDArray[np.float32]], number: int
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The kernel and the bias of a convolution and of the batch norm after it, as one."""
    kernel, norm = weights[f"convolutions.{number}.weight"], f"norms.{number}."
    gain = weights[norm + "weight"] / np.sqrt(weights[norm + "running_var"] + _EPSILON)
    bias = weights[norm + "bias"] - weights[norm + "running_mean"] * gain
    return (kernel * gain[:, None, None]).astype(np.float32), bias.astype(np.float32)


def digest(weights: Mapping[str, NDArray[np.float32]]) -> str:
    """sha256, in hex, of all its numbers."""
    found = hashlib.sha256()
    for name in sorted(weights):
        found.update(name.encode() + np.ascontiguousarray(weights[name], "<f4").tobytes())
    return found.hexdigest()


def _heard(op: Any, given: Any) -> Any:
    """As `Net.heard`."""
    zero = op.constant(np.float32(0))
    x = op.select(op.equal(given, zero), op.constant(np.float32(FLOOR)), given)
    top = op.reduce_max(x, op.constant(np.array([1, 2], np.int64)), True)
    shares = op.divide(op.subtract(x, top), op.constant(np.float32(RANGE)))
    return op.maximum(op.add(shares, op.constant(np.float32(1))), zero)


def _standard(op: Any, given: Any, weights: Mapping[str, NDArray[np.float32]]) -> Any:
    centred = op.subtract(given, op.constant(weights["mean"]))
    return op.divide(centred, op.constant(weights["deviation"]))
