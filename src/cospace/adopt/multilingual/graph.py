"""multilingual-e5-small as one OpenVINO graph: token ids in, unit vectors out.

The network is BERT, with the mean over tokens and the normalisation at the end (Wang et al., 2024,
arXiv:2402.05672). The table of tokens keeps its 4 bits, which are exact; the products have weights
of 8 bits, a scale for each row.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from cospace.adopt.bert import Bert, parameter
from cospace.adopt.packed import Layout, constant, integers, unit_mean
from cospace.encode.engines.openvino import openvino

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cospace.adopt.multilingual.weights import Weights

__all__ = ["text_graph"]


def text_graph(weights: Weights, *, exact: bool = False) -> Any:
    """The graph: `input_ids` and `attention_mask` i64 `[n, t]` to `embedding` f32 `[n, width]`.

    With `exact` the products have the weights as they are, in float32.
    """
    ov = openvino()
    sizes = weights.sizes
    ids, mask = parameter("input_ids"), parameter("attention_mask")
    layout = Layout(ids, mask, (sizes.heads, sizes.width // sizes.heads))
    network = Bert(weights, _table(weights), exact=exact)
    x = network.embedded(layout)
    for number in range(sizes.layers):
        x = network.layer(x, layout, f"l{number}")
    embedding = unit_mean(layout.padded(x), layout.present)
    embedding.output(0).set_names({"embedding"})
    return ov.Model([ov.opset13.result(embedding)], [ids, mask], "multilingual-e5-small")


def _table(weights: Weights) -> Any:
    """The vectors of tokens, `[tokens, width]`, kept in 4 bits."""
    op, sizes = openvino().opset13, weights.sizes
    levels, scale = weights.blocks("emb.word", sizes.width)
    centred = op.subtract(op.convert(_halves(levels), "f32"), op.convert(_byte(8), "f32"))
    return op.reshape(
        op.multiply(centred, constant(scale)), integers(sizes.tokens, sizes.width), False
    )


def _halves(levels: NDArray[np.uint8]) -> Any:
    """A constant of levels 0 to 15, two a byte, the first in the low half."""
    ov = openvino()
    pairs = levels[..., 0::2] | levels[..., 1::2] << 4
    # Memory of the engine's own: a Constant does not keep the array that a tensor lies over.
    tensor = ov.Tensor(ov.Type.u4, ov.Shape(list(levels.shape)))
    tensor.data[:] = pairs.ravel()
    return ov.op.Constant(tensor)


def _byte(value: int) -> Any:
    return openvino().opset13.constant(np.full((1, 1, 1), value, np.uint8))
