"""A tower's graph without its head, and with another one: OpenVINO graphs, cut and sewn.

The head is what comes after the last step that looks at more than one place of the input (the
global average of a convolutional network, the pooling of a transformer). What enters it are the
tower's features.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from cospace.encode.engines.openvino import openvino
from cospace.errors import UnsupportedModel

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["headless", "with_head"]

# What a head of ours is called in the graph, so that the next one can take its place.
_BASE, _FEATURES = "cospace.head.base", "cospace.head.features"


def headless(model: Any, *, base: bool) -> Any:
    """The graph whose rows are the tower's features; with `base`, its vectors after them.

    Raises `UnsupportedModel` for a graph that has no such place.
    """
    op = openvino().opset13
    features, vectors = _places(model)
    rows = op.concat([features, vectors], 1) if base else op.convert(features, "f32")
    return openvino().Model([op.result(rows)], model.get_parameters(), "features")


def with_head(model: Any, head: Mapping[str, NDArray[np.float32]], *, base: float) -> Any:
    """The graph with another head: unit(base * its own vectors + head(features)).

    `head` holds "w" [f, d] and "b" [d] of a linear layer; before it, where there are some, "w1"
    [f, h] and "b1" [h] of a hidden one with GELU in its tanh form.
    """
    op = openvino().opset13
    features, vectors = _places(model)
    rows = op.convert(features, "f32")
    rows.set_friendly_name(_FEATURES)
    if "w1" in head:
        hidden = op.add(op.matmul(rows, op.constant(head["w1"]), False, False), head["b1"])
        rows = op.gelu(hidden, "tanh")
    rows = op.add(op.matmul(rows, op.constant(head["w"]), False, False), head["b"])
    if base:
        old = op.multiply(vectors, op.constant(np.float32(base)))
        old.set_friendly_name(_BASE)
        rows = op.add(rows, old)
    rows = op.normalize_l2(rows, op.constant(np.array([1], np.int64)), 1e-12, "max")
    result = op.result(rows)
    result.output(0).get_tensor().set_names({"embedding"})
    return openvino().Model([result], model.get_parameters(), "tower")


def _places(model: Any) -> tuple[Any, Any]:
    """Where the features leave, and where the vectors do: outputs of rank 2."""
    named = {node.get_friendly_name(): node for node in model.get_ordered_ops()}
    vectors = model.output(0).get_node().input_value(0)
    if _FEATURES in named:  # a head of ours: under it lies what it was sewn to
        under = named.get(_BASE)
        return (
            named[_FEATURES].input_value(0),
            vectors if under is None else under.input_value(0),
        )
    found: dict[str, Any] = {}
    seen: set[str] = set()
    todo = [vectors]
    while todo:
        value = todo.pop()
        node = value.get_node()
        if node.get_friendly_name() in seen or node.get_type_name() == "Constant":
            continue
        seen.add(node.get_friendly_name())
        inputs = [one for one in node.input_values() if not _is_constant(one)]
        if any(_rank(one) > 2 for one in inputs) or not inputs:
            found[node.get_friendly_name()] = value
        else:
            todo += inputs
    if len(found) != 1:
        raise UnsupportedModel(
            f"this tower's graph has {len(found)} places where a head could begin, not one; its"
            " own head cannot be replaced"
        )
    return next(iter(found.values())), vectors


def _rank(value: Any) -> int:
    shape = value.get_partial_shape()
    return len(shape) if shape.rank.is_static else 99


def _is_constant(value: Any) -> bool:
    """Whether a value hangs on nothing that is given: weights, and what is computed of them."""
    todo = [value.get_node()]
    while todo:
        node = todo.pop()
        if node.get_type_name() == "Parameter":
            return False
        todo += [one.get_node() for one in node.input_values()]
    return True
