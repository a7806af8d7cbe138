"""A BERT in 8 bits as one OpenVINO graph: token ids in, unit vectors out, bytes in between.

The graph is BERT (Devlin et al., 2019) written straight from the numbers of `layers.py`, with the
mean over tokens and the normalisation at the end. No torch takes part.

All products run in 8 bits with ranges that are fixed (`rounding.py`), so that a text's vector does
not depend on its neighbours. Padding is dropped before the first product and put back only for the
attention, which needs texts of one width.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cospace.adopt.eight.flow import Shape, Weights
from cospace.adopt.eight.layers import Attention, FeedForward, Layer, positions
from cospace.adopt.eight.rounding import Product, Rounding, quantize_rows
from cospace.adopt.packed import Layout, axis, constant, integers, row, unit_mean, unit_variance
from cospace.encode.engines.openvino import openvino

__all__ = ["text_graph"]


def text_graph(weights: Weights, numbers: Sequence[Layer], shape: Shape, name: str) -> Any:
    """The graph: `input_ids` and `attention_mask` i64 `[n, t]` to `embedding` f32 `[n, width]`."""
    ov = openvino()
    op = ov.opset13
    ids, mask = (op.parameter([-1, -1], ov.Type.i64) for _ in range(2))
    ids.output(0).set_names({"input_ids"})
    mask.output(0).set_names({"attention_mask"})
    layout = Layout(ids, mask, (shape.heads, shape.width // shape.heads))
    x = unit_variance(embed_tokens(layout, weights))
    for layer in numbers:
        change = attention(x, layout, layer.attention, shape.width)
        x = unit_variance(op.add(op.multiply(x, row(layer.before_attention)), change))
        change = feed_forward(x, layer.feed)
        x = unit_variance(op.add(op.multiply(x, row(layer.before_feed)), change))
    norm = f"encoder.layer.{shape.layers - 1}.output.LayerNorm"
    x = op.add(op.multiply(x, row(weights[norm + ".weight"])), row(weights[norm + ".bias"]))
    embedding = unit_mean(layout.padded(x), layout.present)
    embedding.output(0).set_names({"embedding"})
    return ov.Model([op.result(embedding)], [ids, mask], name)


def embed_tokens(layout: Layout, weights: Weights) -> Any:
    """Token and position vectors, added: packed `[1, rows, width]`.

    The rows are picked as bytes and widened after, so that the table stays small in memory.
    """
    op = openvino().opset13
    levels, scale, zero = (
        op.gather(op.constant(part), layout.token, axis(0))
        for part in quantize_rows(weights["embeddings.word_embeddings.weight"])
    )
    levels = op.subtract(op.convert(levels, "f32"), op.convert(zero, "f32"))
    place = op.gather(constant(positions(weights)), layout.position, axis(0))
    return op.add(op.multiply(levels, scale), place)


def attention(x: Any, layout: Layout, by: Attention, width: int) -> Any:
    """What self-attention of several heads adds to its input, packed `[1, rows, width]`."""
    op = openvino().opset13
    rows = rounded(op.multiply(x, row(by.scale)), by.taken)
    pairs = rounded(multiplied(rows, by.pairs), by.pairs_rounding)
    worth = multiplied(rows, by.worth)
    if by.worth_rounding is not None:
        worth = layout.heads(rounded(worth, by.worth_rounding), 0, 1)
    else:
        worth = layout.turned(worth, 0, 1)
    scores = op.matmul(layout.turned(pairs, 0, 2), layout.heads(pairs, 1, 2), False, True)
    scores = op.softmax(op.add(op.multiply(scores, constant(1 / by.grown)), layout.penalty), -1)
    if by.worth_rounding is not None:
        scores = rounded(scores, Rounding(0.0, 1.0))
    mixed = op.transpose(op.matmul(scores, worth, False, False), integers(0, 2, 1, 3))
    mixed = op.reshape(mixed, integers(1, -1, width), False)
    return multiplied(layout.packed(rounded(mixed, by.mixed)), by.out)


def feed_forward(x: Any, by: FeedForward) -> Any:
    """What the feed-forward half of a layer adds to its input, packed `[1, rows, width]`."""
    op = openvino().opset13
    rows = multiplied(rounded(op.multiply(x, row(by.scale)), by.taken), by.wide)
    rows = rounded(op.multiply(op.gelu(rows, "erf"), row(by.shrink)), by.hidden)
    return multiplied(rows, by.narrow)


def rounded(x: Any, to: Rounding) -> Any:
    """`x` at the nearest of 256 levels, which the engine keeps as bytes."""
    op = openvino().opset13
    low, high = constant(to.low), constant(to.high)
    return op.fake_quantize(x, low, high, low, high, 256)


def multiplied(x: Any, by: Product) -> Any:
    """`x @ weight.T + bias`, of rounded `x` and bytes."""
    op = openvino().opset13
    weight = op.multiply(op.convert(op.constant(by.levels), "f32"), constant(by.step))
    return op.add(op.matmul(x, weight, False, True), constant(by.bias))
