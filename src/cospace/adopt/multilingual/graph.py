"""multilingual-e5-small as one OpenVINO graph: token ids in, unit vectors out.

The network is BERT (Devlin et al., 2019, arXiv:1810.04805) with the mean over tokens and the
normalisation at the end (Wang et al., 2024, arXiv:2402.05672). The table of tokens keeps its 4
bits, which are exact; the products have weights of 8 bits, a scale for each row.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from cospace.adopt.packed import (
    Layout,
    axis,
    constant,
    integers,
    row,
    unit_mean,
    unit_variance,
)
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
    op, sizes = ov.opset13, weights.sizes
    ids, mask = (op.parameter([-1, -1], ov.Type.i64) for _ in range(2))
    ids.output(0).set_names({"input_ids"})
    mask.output(0).set_names({"attention_mask"})
    layout = Layout(ids, mask, (sizes.heads, sizes.width // sizes.heads))
    network = _Network(weights, exact)
    x = network.embedded(layout)
    for number in range(sizes.layers):
        x = network.layer(x, layout, f"l{number}")
    embedding = unit_mean(layout.padded(x), layout.present)
    embedding.output(0).set_names({"embedding"})
    return ov.Model([op.result(embedding)], [ids, mask], "multilingual-e5-small")


class _Network:
    def __init__(self, weights: Weights, exact: bool) -> None:
        self._op = openvino().opset13
        self._weights, self._exact = weights, exact

    def embedded(self, layout: Layout) -> Any:
        """Token and position vectors, added: packed `[1, rows, width]`."""
        op, sizes, get = self._op, self._weights.sizes, self._weights.floats
        levels, scale = self._weights.blocks("emb.word", sizes.width)
        centred = op.subtract(op.convert(_halves(levels), "f32"), op.convert(_byte(8), "f32"))
        table = op.reshape(
            op.multiply(centred, constant(scale)), integers(sizes.tokens, sizes.width), False
        )
        # The token type is always 0.
        places = get("emb.pos").reshape(-1, sizes.width) + get("emb.type")[: sizes.width]
        place = op.gather(constant(places), layout.position, axis(0))
        token = op.gather(table, layout.token, axis(0))
        return self._normal(op.add(token, place), "emb.ln")

    def layer(self, x: Any, layout: Layout, name: str) -> Any:
        """Self-attention and the feed-forward half, each added to its input and normalised."""
        op, sizes = self._op, self._weights.sizes
        three = self._product(x, *self._attending(name))
        query, key, value = (layout.turned(three, part, 3) for part in range(3))
        scores = op.softmax(op.add(op.matmul(query, key, False, True), layout.penalty), -1)
        mixed = op.transpose(op.matmul(scores, value, False, False), integers(0, 2, 1, 3))
        mixed = layout.packed(op.reshape(mixed, integers(1, -1, sizes.width), False))
        x = self._normal(op.add(x, self._linear(mixed, f"{name}.ao", sizes.width)), f"{name}.aln")
        hidden = op.gelu(self._linear(x, f"{name}.fi", sizes.width), "erf")
        change = self._linear(hidden, f"{name}.fo", sizes.hidden)
        return self._normal(op.add(x, change), f"{name}.oln")

    def _attending(self, name: str) -> tuple[NDArray[Any], NDArray[Any]]:
        """Weight and bias that give queries, keys and values at once; 1/sqrt(wide) is folded in."""
        sizes = self._weights.sizes
        shrink = np.float32((sizes.width // sizes.heads) ** -0.5)
        some = [(f"{name}.{part}", shrink if part == "q" else np.float32(1)) for part in "qkv"]
        weight = [self._weights.matrix(f"{one}.w", sizes.width) * by for one, by in some]
        bias = [self._weights.floats(f"{one}.b") * by for one, by in some]
        return np.concatenate(weight), np.concatenate(bias)

    def _linear(self, x: Any, name: str, columns: int) -> Any:
        weight = self._weights.matrix(f"{name}.w", columns)
        return self._product(x, weight, self._weights.floats(f"{name}.b"))

    def _product(self, x: Any, weight: NDArray[Any], bias: NDArray[Any]) -> Any:
        op = self._op
        if self._exact:
            node = constant(weight)
        else:
            step = np.maximum(np.abs(weight).max(1, keepdims=True) / 127, 1e-12)
            levels = op.constant(np.rint(weight / step).astype(np.int8))
            node = op.multiply(op.convert(levels, "f32"), constant(step))
        return op.add(op.matmul(x, node, False, True), row(bias))

    def _normal(self, x: Any, name: str) -> Any:
        op, get = self._op, self._weights.floats
        return op.add(op.multiply(unit_variance(x), row(get(f"{name}.w"))), row(get(f"{name}.b")))


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
