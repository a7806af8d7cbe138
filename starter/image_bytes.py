"""The image tower in bytes: the same network, its products of unsigned and signed bytes.

All convolutions but the first three round their input to 256 levels, and have weights of 8 bits;
the shortcuts, the average and the head stay in float32. What a shortcut carries has a range a
channel, which costs nothing: its factor goes into the weights that follow. Bytes are unsigned
(the bias makes up for a range that begins below zero), and weights leave room for sums of two
products in 16 bits (see `rounding.py`): so the sums are exact on processors with VNNI and without,
and the vectors alike.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import openvino as ov
from graph import Array, constant, half_weight, integers
from image_tower import EPSILON, FEATURES, SIDE, STAGES, Head, Weights, class_chances, relu6
from openvino import opset13 as op

from cospace.adopt.eight import rounding
from cospace.adopt.eight.flow import Flow

# relu6 ends here, and so do the bytes of what it yields.
MOST = 6.0
# What a shortcut carries may reach beyond the range that was seen, by this part of it. With ranges
# just as they were seen, for relu6 too, drawings came to a cosine of 0.9986 and not 0.9992.
BEYOND = 0.1
# This block stays in float32: it costs 2% of the time, and a third of the loss.
EXACT = "_blocks.0."
# How many rows of a layer are taken from each batch to measure how its channels move together.
ROWS = 400

# A node's output after a convolution called by name: what `network` is given to make.
Convolve = Callable[[ov.Node, str, int], ov.Node]


@dataclass(frozen=True)
class Convolution:
    """A convolution in bytes: `levels * step`, int8 `[outputs, inputs, k, k]`, and a bias.

    Its input is rounded to 256 levels from `low` to `high` (one or a number a channel), and counts
    from 0 to 1.
    """

    low: Array
    high: Array
    levels: Array
    step: Array
    bias: Array


def head_of(xml: Path) -> Head:
    """The head that an image graph holds, in the float16 numbers it was stored in."""
    model = ov.Core().read_model(xml)
    held = {
        tuple(node.shape): node.get_data().astype(np.float32)
        for node in model.get_ordered_ops()
        if node.get_type_name() == "Constant"
    }
    width = model.output(0).get_partial_shape()[1].get_length()
    bias = next(held[shape] for shape in ((1, width), (width,)) if shape in held)
    return Head(held[width, FEATURES], bias.reshape(-1), held[1000, width])


def network(x: ov.Node, convolve: Convolve) -> ov.Node:
    """The averaged features `[n, 1280]` of normalised pixels, by way of `convolve`."""
    x = relu6(convolve(x, "_conv_stem", 2))
    for name, stride, wide, short in blocks():
        y = relu6(convolve(x, name + "_expand_conv", 1)) if wide else x
        y = relu6(convolve(y, name + "_depthwise_conv", stride))
        y = convolve(y, name + "_project_conv", 1)
        x = op.add(x, y) if short else y
    return op.reduce_mean(relu6(convolve(x, "_conv_head", 1)), integers(2, 3), False)


def blocks() -> Iterator[tuple[str, int, bool, bool]]:
    """Each block's name, its stride, whether it widens first, and whether it has a shortcut."""
    number = 0
    for repeats, _, stride, expansion in STAGES:
        for repeat in range(repeats):
            yield f"_blocks.{number}.", 1 if repeat else stride, expansion != 1, repeat > 0
            number += 1


def folded(weights: Weights, name: str) -> tuple[Array, Array]:
    """`(weight, bias)` float64 of a convolution, its batch normalisation folded in."""
    kind = name.rsplit(".", 1)[-1]
    norms = {"_depthwise_conv": "_bn1", "_project_conv": "_bn2", "_conv_head": "_bn1"}
    norm = name.removesuffix(kind) + norms.get(kind, "_bn0")
    scale = weights[norm + ".weight"].astype(np.float64)
    scale = scale / np.sqrt(weights[norm + ".running_var"].astype(np.float64) + EPSILON)
    bias = weights[norm + ".bias"] - weights[norm + ".running_mean"] * scale
    return weights[name + ".weight"] * scale[:, None, None, None], bias


def pixels_in() -> tuple[ov.Node, ov.Node]:
    """The node of the pixels, and that of their values from -127/128 to 1."""
    pixels = op.parameter([-1, SIDE, SIDE, 3], ov.Type.u8)
    pixels.output(0).set_names({"pixels"})
    x = op.divide(op.subtract(op.convert(pixels, "f32"), constant(127)), constant(128))
    return pixels, op.transpose(x, integers(0, 3, 1, 2))


def plain(x: ov.Node, weight: ov.Node, bias: Array, stride: int) -> ov.Node:
    """A convolution of TensorFlow's "same" padding; of each channel alone where weights are so."""
    convolve = op.group_convolution if len(weight.shape) == 5 else op.convolution
    y = convolve(x, weight, [stride] * 2, [0, 0], [0, 0], [1, 1], "same_upper")
    return op.add(y, constant(bias.reshape(1, -1, 1, 1)))


def grouped(weight: Array) -> Array:
    """The weight as its convolution takes it: depthwise ones have an axis for the groups."""
    return weight[:, None] if weight.shape[1] == 1 else weight


def flows(weights: Weights, images: Array, batch: int = 4) -> dict[str, Flow]:
    """What each convolution takes, by its name, in float32 over images uint8 `[n, 224, 224, 3]`."""
    taps: dict[str, ov.Node] = {}

    def convolve(x: ov.Node, name: str, stride: int) -> ov.Node:
        taps[name] = x
        weight, bias = folded(weights, name)
        return plain(x, constant(grouped(weight)), bias, stride)

    pixels, x = pixels_in()
    network(x, convolve)
    model = ov.Model([op.result(node) for node in taps.values()], [pixels], "flows")
    compiled = ov.Core().compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    chance, found = np.random.default_rng(0), {name: Flow() for name in taps}
    for start in range(0, len(images), batch):
        for name, seen in zip(taps, compiled(images[start : start + batch]).values(), strict=True):
            rows = np.moveaxis(seen, 1, -1).reshape(-1, seen.shape[1])
            low, high = rows.min(0), rows.max(0)
            some = rows[chance.choice(len(rows), min(ROWS, len(rows)), replace=False)]
            flow = found[name]
            flow.add(some, not name.endswith("_depthwise_conv"))
            flow.low, flow.high = np.minimum(flow.low, low), np.maximum(flow.high, high)
    return found


def convolutions(weights: Weights, found: dict[str, Flow]) -> dict[str, Convolution]:
    """Every convolution that runs in bytes, by its name."""
    made = {}
    for name, _, _, _ in blocks():
        if name == EXACT:
            continue
        narrow, bias = folded(weights, name + "_project_conv")
        # The wide channels may stand in any order: neighbours whose levels need not shrink.
        order = rounding.apart(np.abs(narrow[:, :, 0, 0]))
        made[name + "_project_conv"] = pointwise(
            narrow[:, order], bias, found[name + "_project_conv"], order
        )
        depth, bias = folded(weights, name + "_depthwise_conv")
        made[name + "_depthwise_conv"] = depthwise(
            depth[order], bias[order], found[name + "_depthwise_conv"], order
        )
        wide, bias = folded(weights, name + "_expand_conv")
        made[name + "_expand_conv"] = pointwise(
            wide[order], bias[order], found[name + "_expand_conv"]
        )
    made["_conv_head"] = pointwise(*folded(weights, "_conv_head"), found["_conv_head"])
    return made


def pointwise(weight: Array, bias: Array, flow: Flow, order: Array | None = None) -> Convolution:
    """A 1 x 1 convolution of what a shortcut carries, or, with `order`, of what relu6 yields."""
    weight, mean, moment = weight[:, :, 0, 0], flow.mean, flow.moment
    if order is None:
        beyond = BEYOND * (flow.high.astype(np.float64) - flow.low)
        low, high = flow.low - beyond, np.maximum(flow.high + beyond, flow.low + 1e-3)
    else:
        mean, moment = mean[order], moment[np.ix_(order, order)]
        low, high = np.zeros(len(mean)), np.full(len(mean), MOST)
    span = high - low
    spread = (moment - np.outer(mean, mean)) / np.outer(span, span)
    # All bytes are reached; how channels move together is taken about their means, which the
    # bias then keeps exact.
    made = rounding.product(weight * span, bias, spread, np.full(len(span), 255.0))
    lost = weight @ mean - (made.levels * made.step.astype(np.float64)) @ ((mean - low) / span)
    return Convolution(low, high, made.levels[:, :, None, None], made.step, bias + lost)


def depthwise(weight: Array, bias: Array, flow: Flow, order: Array) -> Convolution:
    """A convolution of each channel alone, of what relu6 yields."""
    step = np.maximum(np.abs(weight).max((1, 2, 3)), 1e-6)[:, None] / 127
    levels = np.rint(weight / step[:, :, None, None])
    lost = (weight - levels * step[:, :, None, None]).sum((1, 2, 3)) * flow.mean[order]
    zero, most = np.zeros(1), np.full(1, MOST)
    return Convolution(zero, most, levels.astype(np.int8), step * MOST, bias + lost)


def bytes_graph(weights: Weights, head: Head, by: dict[str, Convolution]) -> ov.Model:
    """The graph: `pixels` u8 `[n, 224, 224, 3]` (RGB) to `embedding` f32 `[n, 384]`."""

    def convolve(x: ov.Node, name: str, stride: int) -> ov.Node:
        if name not in by:
            weight, bias = folded(weights, name)
            return plain(x, constant(grouped(weight)), bias, stride)
        one = by[name]
        levels = grouped(one.levels)
        step = one.step.reshape(-1, *[1] * (levels.ndim - 1))
        weight = op.multiply(op.convert(op.constant(levels), "f32"), constant(step))
        return plain(rounded(x, one.low, one.high), weight, one.bias, stride)

    pixels, x = pixels_in()
    features = network(x, convolve)
    named = op.matmul(
        class_chances(features, weights, exact=False), half_weight(head.names), False, False
    )
    seen = op.matmul(features, half_weight(head.weight), False, True)
    both = op.add(named, op.add(seen, constant(head.bias)))
    embedding = op.normalize_l2(both, integers(1), 1e-12, "add")
    embedding.output(0).set_names({"embedding"})
    return ov.Model([op.result(embedding)], [pixels], "EfficientNet-Lite0, bound, in bytes")


def rounded(x: ov.Node, low: Array, high: Array) -> ov.Node:
    """`x` in 256 levels from `low` to `high`, as numbers from 0 to 1."""
    if low.size == 1 or (np.ptp(low) == 0 and np.ptp(high) == 0):
        low, high = low[:1], high[:1]
    ends = (constant(end.reshape(1, -1, 1, 1)) for end in (low, high))
    return op.fake_quantize(x, *ends, constant(0), constant(1), 256)
