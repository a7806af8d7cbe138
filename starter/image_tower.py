"""EfficientNet-Lite0 and a head, as one OpenVINO graph: pixels in, unit vectors out.

EfficientNet-Lite (Tan, Le and others, 2020) is a row of inverted bottlenecks with no attention and
no swish. Batch normalisation is folded into the convolutions; the padding is TensorFlow's "same".
The head maps what the network saw into the space of all-MiniLM-L6-v2, and has two parts:

    embedding = unit( named(features) + head(standardised features) )

`named` is ConSE (Norouzi et al., 2014): the network's own ImageNet classifier weighs the text
vectors of the 1,000 class names. `head` is learned (see `train_head.py`).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
import openvino as ov
from graph import Array, constant, half_weight, integers
from openvino import opset13 as op
from sources import EFFICIENTNET

SIDE = 224
FEATURES = 1280
EPSILON = 1e-3
# repeats, kernel, stride, expansion: the seven stages of the network
STAGES = (
    (1, 3, 1, 1),
    (2, 3, 2, 6),
    (2, 5, 2, 6),
    (3, 3, 2, 6),
    (3, 5, 1, 6),
    (4, 5, 2, 6),
    (1, 3, 1, 6),
)
Weights = dict[str, Array]


@dataclass(frozen=True)
class Head:
    """The map from 1,280 features to the text space; `d` is 384.

    Standardising is folded into `weight` and `bias`, the scale of the names into `names`.
    """

    weight: Array  # [d, 1280]
    bias: Array  # [d]
    names: Array  # [1000, d]: a text vector for each ImageNet class

    def digest(self) -> str:
        """The SHA-256 of the three arrays, as little-endian float32, in this order."""
        parts = (self.weight, self.bias, self.names)
        return hashlib.sha256(b"".join(part.astype("<f4").tobytes() for part in parts)).hexdigest()


def load_weights() -> Weights:
    """The weights of the network by name, float32.

    The package ships a torch pickle: it is opened only after its hash was checked, and as data
    only (`weights_only=True`), so that it can run no code.
    """
    import torch

    state = torch.load(EFFICIENTNET.path(), map_location="cpu", weights_only=True)
    return {name: np.ascontiguousarray(value.numpy()) for name, value in state.items()}


def image_graph(weights: Weights, head: Head, *, exact: bool = False) -> ov.Model:
    """The graph: `pixels` u8 `[n, 224, 224, 3]` (RGB) to `embedding` f32 `[n, 384]`.

    `exact` keeps float32 weights, to measure what the smaller ones cost.
    """
    pixels, features = feature_nodes(weights, exact=exact)
    chances = class_chances(features, weights, exact=exact)
    named = op.matmul(chances, stored(head.names, exact=exact), False, False)
    seen = op.add(
        op.matmul(features, stored(head.weight, exact=exact), False, True), constant(head.bias)
    )
    embedding = op.normalize_l2(op.add(named, seen), integers(1), 1e-12, "add")
    embedding.output(0).set_names({"embedding"})
    return ov.Model([op.result(embedding)], [pixels], "EfficientNet-Lite0, bound")


def feature_graph(weights: Weights) -> ov.Model:
    """The graph from `pixels` to features f32 `[n, 1280]` and class chances f32 `[n, 1000]`."""
    pixels, features = feature_nodes(weights, exact=True)
    return ov.Model([features, class_chances(features, weights, exact=True)], [pixels], "features")


def class_chances(features: ov.Node, weights: Weights, *, exact: bool) -> ov.Node:
    """The classifier's softmax over the 1,000 classes of ImageNet, `[n, 1000]`."""
    scores = op.matmul(features, stored(weights["_fc.weight"], exact=exact), False, True)
    return op.softmax(op.add(scores, constant(weights["_fc.bias"])), -1)


def feature_nodes(weights: Weights, *, exact: bool) -> tuple[ov.Node, ov.Node]:
    """The nodes of the pixels and of the averaged features, with the network between them."""
    pixels = op.parameter([-1, SIDE, SIDE, 3], ov.Type.u8)
    pixels.output(0).set_names({"pixels"})
    x = op.divide(op.subtract(op.convert(pixels, "f32"), constant(127)), constant(128))
    x = op.transpose(x, integers(0, 3, 1, 2))
    x = relu6(convolution(x, weights, "_conv_stem", "_bn0", stride=2, exact=exact))
    number = 0
    for repeats, _, stride, expansion in STAGES:
        for repeat in range(repeats):
            x = block(
                x,
                weights,
                f"_blocks.{number}.",
                (stride if repeat == 0 else 1, expansion),
                exact=exact,
            )
            number += 1
    x = relu6(convolution(x, weights, "_conv_head", "_bn1", exact=exact))
    return pixels, op.reduce_mean(x, integers(2, 3), False)


def block(
    x: ov.Node, weights: Weights, name: str, shape: tuple[int, int], *, exact: bool
) -> ov.Node:
    """An inverted bottleneck: widen, filter each channel, narrow; a shortcut where it fits."""
    stride, expansion = shape
    y = x
    if expansion != 1:
        y = relu6(convolution(y, weights, name + "_expand_conv", name + "_bn0", exact=exact))
    y = relu6(
        convolution(y, weights, name + "_depthwise_conv", name + "_bn1", stride=stride, exact=exact)
    )
    y = convolution(y, weights, name + "_project_conv", name + "_bn2", exact=exact)
    same = stride == 1 and x.get_output_partial_shape(0)[1] == y.get_output_partial_shape(0)[1]
    return op.add(x, y) if same else y


def convolution(
    x: ov.Node, weights: Weights, name: str, norm: str, *, stride: int = 1, exact: bool
) -> ov.Node:
    """A convolution with its batch normalisation folded in; depthwise where the weights are so."""
    scale = weights[norm + ".weight"] / np.sqrt(weights[norm + ".running_var"] + EPSILON)
    shift = weights[norm + ".bias"] - weights[norm + ".running_mean"] * scale
    weight = weights[name + ".weight"] * scale[:, None, None, None]
    depthwise = weight.shape[1] == 1
    if depthwise:
        weight = weight[:, None]
    convolve = op.group_convolution if depthwise else op.convolution
    y = convolve(x, stored(weight, exact=exact), [stride] * 2, [0, 0], [0, 0], [1, 1], "same_upper")
    return op.add(y, constant(shift.reshape(1, -1, 1, 1)))


def stored(weight: Array, *, exact: bool) -> ov.Node:
    """The weight as float32, kept as float16 unless `exact`."""
    return constant(weight) if exact else half_weight(weight)


def relu6(x: ov.Node) -> ov.Node:
    """`x` held between 0 and 6."""
    return op.clamp(x, 0.0, 6.0)
