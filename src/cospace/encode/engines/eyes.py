"""An image tower's graph as the graph for what can be seen: videos, heat, depth.

The graph takes an image uint8 [n, size, size, 3]. A video's frames are given to it one by one, and
their vectors averaged; a plane of shares from 0 to 1 is given as a grey image.
"""

from __future__ import annotations

from typing import Any

from cospace.encode.engines.openvino import openvino
from cospace.errors import UnsupportedModel

__all__ = ["FRAMES", "SEEN", "seen_by"]

FRAMES = 2  # that a clip of a video has, one above the other
# What the graph of each kind takes, by name.
SEEN = {"video": "pixels", "thermal": "heat", "depth": "disparity"}
_OWN = "cospace.head."  # how the nodes of a head of ours are called: of a frame, not of a video


def seen_by(model: Any, kind: str, size: int) -> Any:
    """The graph for `kind`, made of an image tower's `model`, which is taken apart.

    It takes "pixels" uint8 [n, 2 * size, size, 3] for videos, and float32 [n, size, size] for the
    others, 0 black and 1 white. Raises `UnsupportedModel` for a graph that takes something else
    than such images.
    """
    ov = openvino()
    op = ov.opset13
    old = _pixels(model, size)
    vectors = model.output(0).get_node().input_value(0)
    if kind == "video":
        given = op.parameter([-1, FRAMES * size, size, 3], ov.Type.u8)
        images = op.reshape(given, [-1, size, size, 3], False)
    else:
        given = op.parameter([-1, size, size], ov.Type.f32)
        levels = op.round(op.multiply(given, op.constant(255.0, ov.Type.f32)), "half_to_even")
        grey = op.unsqueeze(op.convert(op.clamp(levels, 0.0, 255.0), "u8"), op.constant([3]))
        images = op.concat([grey] * 3, 3)
    given.output(0).get_tensor().set_names({SEEN[kind]})
    old.output(0).replace(images.output(0))
    if kind == "video":
        vectors = _mean(op, model, vectors)
    result = op.result(vectors)
    result.output(0).get_tensor().set_names({"embedding"})
    sewn = ov.Model([result], [given], "tower")
    sewn.validate_nodes_and_infer_types()
    return sewn


def _pixels(model: Any, size: int) -> Any:
    """The one parameter of an image tower's graph."""
    taken = model.get_parameters()
    shape = taken[0].get_partial_shape()
    fits = len(taken) == 1 and len(shape) == 4 and str(shape[3]) == "3"
    if not fits or taken[0].get_element_type().get_type_name() != "u8" or shape[0].is_static:
        raise UnsupportedModel(
            f"the image tower's graph takes {', '.join(str(one) for one in model.inputs)}; expected"
            f" images uint8 [n, {size}, {size}, 3], as many as there are"
        )
    return taken[0]


def _mean(op: Any, model: Any, vectors: Any) -> Any:
    """The mean direction of a clip's frames."""
    for node in model.get_ordered_ops():
        if node.get_friendly_name().startswith(_OWN):
            node.set_friendly_name(f"frame.{node.get_friendly_name()}")
    width = vectors.get_partial_shape()[1].get_length()
    unit = op.normalize_l2(vectors, op.constant([1]), 1e-12, "max")
    rows = op.reduce_mean(op.reshape(unit, [-1, FRAMES, width], False), op.constant([1]), False)
    return op.normalize_l2(rows, op.constant([1]), 1e-12, "max")
