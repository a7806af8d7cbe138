"""all-MiniLM-L6-v2 as one OpenVINO graph: token ids in, unit vectors out, bytes in between.

The graph is BERT (Devlin et al., 2019) written straight from the numbers of `layers.py`, with the
mean over tokens and the normalisation at the end. No torch takes part.

All products run in 8 bits with ranges that are fixed (`quantize.py`), so that a text's vector does
not depend on its neighbours. Padding is dropped before the first product and put back only for the
attention, which needs texts of one width.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import openvino as ov
from calibrate import HEADS, LAYERS, WIDTH, Weights, flows, texts
from graph import Array, constant, integers, quantize_rows, save, write_text
from layers import Attention, FeedForward, Layer, layers, positions
from onnx_tower import save_onnx
from openvino import opset13 as op
from quantize import Product, Rounding
from safetensors.numpy import load_file
from sources import MINILM, TOKENIZER
from tokenizers import Tokenizer

MAX_TOKENS = 256

# Rows of tokens are rounded up to a multiple: the engine makes a new kernel for each number of
# rows that it meets, which took 9% of the time with any number. Few rows, as a query has, are
# rounded less: they would be outnumbered.
ROWS, FEW_ROWS, FEW = 64, 16, 256


def build_text_tower(folder: Path, listings: Path, prose: Path) -> None:
    """Writes `model.xml`, `model.bin`, `model.onnx` and `tokenizer.json` to `folder`."""
    settings = tokenizer_json(TOKENIZER.path())
    tokenizer = Tokenizer.from_str(settings)
    tokenizer.enable_truncation(MAX_TOKENS)
    weights = load_file(MINILM.path())
    found = flows(weights, tokenizer, texts(listings, prose, tokenizer))
    numbers = list(layers(weights, found))
    save(text_graph(weights, numbers), folder / "model.xml")
    save_onnx(weights, numbers, folder / "model.onnx", folder / "model.xml")
    write_text(folder / "tokenizer.json", settings)


def tokenizer_json(source: Path) -> str:
    """The tokenizer without its stored truncation and padding, which are the caller's to choose.

    The package's file cuts every text at 128 tokens and pads it to 128; the model takes 256.
    """
    settings = json.loads(source.read_text(encoding="utf-8"))
    settings.update(truncation=None, padding=None)
    return json.dumps(settings, ensure_ascii=False, separators=(",", ":"))


def text_graph(weights: Weights, numbers: Sequence[Layer]) -> ov.Model:
    """The graph: `input_ids` and `attention_mask` i64 `[n, t]` to `embedding` f32 `[n, 384]`."""
    ids, mask = (op.parameter([-1, -1], ov.Type.i64) for _ in range(2))
    ids.output(0).set_names({"input_ids"})
    mask.output(0).set_names({"attention_mask"})
    layout = Layout(ids, mask)
    x = unit_variance(embed_tokens(layout, weights))
    for layer in numbers:
        change = attention(x, layout, layer.attention)
        x = unit_variance(op.add(op.multiply(x, row(layer.before_attention)), change))
        change = feed_forward(x, layer.feed)
        x = unit_variance(op.add(op.multiply(x, row(layer.before_feed)), change))
    norm = f"encoder.layer.{LAYERS - 1}.output.LayerNorm"
    x = op.add(op.multiply(x, row(weights[norm + ".weight"])), row(weights[norm + ".bias"]))
    embedding = unit_mean(layout.padded(x), layout.present)
    embedding.output(0).set_names({"embedding"})
    return ov.Model([op.result(embedding)], [ids, mask], "all-MiniLM-L6-v2")


class Layout:
    """Where tokens stand: padded `[n, t]` as they come in, and packed `[1, rows]` without gaps.

    The last packed rows, up to a whole number of `ROWS`, repeat the first token; none is read.
    """

    def __init__(self, ids: ov.Node, mask: ov.Node) -> None:
        flat = op.convert(op.reshape(mask, integers(-1), False), "i32")
        real = op.squeeze(op.non_zero(flat, "i32"), integers(0))
        rows = op.shape_of(real)
        unit = op.select(op.less(rows, integers(FEW)), integers(FEW_ROWS), integers(ROWS))
        gap = op.floor_mod(op.subtract(integers(0), rows), unit)
        real = op.pad(real, integers(0), gap, "constant", whole(0))
        self.real = op.unsqueeze(real, integers(0))
        # The packed row of each place; that of padding is the row before it, and is masked.
        place = op.maximum(op.subtract(op.cum_sum(flat, axis(0)), whole(1)), whole(0))
        self.place = op.reshape(place, op.shape_of(mask), False)
        self.present = op.convert(mask, "f32")
        hidden = op.multiply(op.subtract(constant(1), self.present), constant(-1e9))
        self.penalty = op.unsqueeze(hidden, integers(1, 2))
        width = op.convert(op.gather(op.shape_of(ids), axis(1), axis(0)), "i32")
        self.position = op.floor_mod(self.real, width)
        self.token = op.gather(op.reshape(ids, integers(-1), False), self.real, axis(0))

    def padded(self, x: ov.Node) -> ov.Node:
        """Packed `[1, rows, c]` to padded `[n, t, c]`."""
        return op.gather(op.squeeze(x, integers(0)), self.place, axis(0))

    def packed(self, x: ov.Node) -> ov.Node:
        """Padded `[1, n * t, c]` to packed `[1, rows, c]`."""
        return op.gather(op.squeeze(x, integers(0)), self.real, axis(0))

    def heads(self, x: ov.Node, part: int, parts: int) -> ov.Node:
        """Part number `part` of packed `[1, rows, parts * 384]`, as `[n, 12, t, 32]`."""
        pieces = op.reshape(x, integers(-1, WIDTH // HEADS), False)
        head = op.constant(np.arange(HEADS, dtype=np.int32).reshape(1, HEADS, 1) + part * HEADS)
        first = op.multiply(op.unsqueeze(self.place, integers(1)), whole(parts * HEADS))
        return op.gather(pieces, op.add(first, head), axis(0))

    def turned(self, x: ov.Node, part: int, parts: int) -> ov.Node:
        """What `heads` gives, by way of `[n, t, 384]`: fused with what follows."""
        place = op.add(op.multiply(self.place, whole(parts)), whole(part))
        wide = op.gather(op.reshape(x, integers(-1, WIDTH), False), place, axis(0))
        return op.transpose(
            op.reshape(wide, integers(0, 0, HEADS, WIDTH // HEADS), True), integers(0, 2, 1, 3)
        )


def embed_tokens(layout: Layout, weights: Weights) -> ov.Node:
    """Token and position vectors, added: packed `[1, rows, 384]`.

    The rows are picked as bytes and widened after, so that the table stays small in memory.
    """
    levels, scale, zero = (
        op.gather(op.constant(part), layout.token, axis(0))
        for part in quantize_rows(weights["embeddings.word_embeddings.weight"])
    )
    levels = op.subtract(op.convert(levels, "f32"), op.convert(zero, "f32"))
    place = op.gather(constant(positions(weights)), layout.position, axis(0))
    return op.add(op.multiply(levels, scale), place)


def attention(x: ov.Node, layout: Layout, by: Attention) -> ov.Node:
    """What self-attention of 12 heads adds to its input, packed `[1, rows, 384]`."""
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
    mixed = op.reshape(mixed, integers(1, -1, WIDTH), False)
    return multiplied(layout.packed(rounded(mixed, by.mixed)), by.out)


def feed_forward(x: ov.Node, by: FeedForward) -> ov.Node:
    """What the feed-forward half of a layer adds to its input, packed `[1, rows, 384]`."""
    rows = multiplied(rounded(op.multiply(x, row(by.scale)), by.taken), by.wide)
    rows = rounded(op.multiply(op.gelu(rows, "erf"), row(by.shrink)), by.hidden)
    return multiplied(rows, by.narrow)


def rounded(x: ov.Node, to: Rounding) -> ov.Node:
    """`x` at the nearest of 256 levels, which the engine keeps as bytes."""
    low, high = constant(to.low), constant(to.high)
    return op.fake_quantize(x, low, high, low, high, 256)


def multiplied(x: ov.Node, by: Product) -> ov.Node:
    """`x @ weight.T + bias`, of rounded `x` and bytes."""
    weight = op.multiply(op.convert(op.constant(by.levels), "f32"), constant(by.step))
    return op.add(op.matmul(x, weight, False, True), constant(by.bias))


def unit_variance(x: ov.Node) -> ov.Node:
    """`x` with mean 0 and variance 1 over the last axis."""
    return op.mvn(x, integers(-1), True, 1e-12, "inside_sqrt")


def unit_mean(x: ov.Node, present: ov.Node) -> ov.Node:
    """The mean of the vectors of real tokens, at length 1: `[n, t, 384]` to `[n, 384]`."""
    present = op.unsqueeze(present, integers(2))
    along = integers(1)
    mean = op.divide(op.reduce_sum(op.multiply(x, present), along), op.reduce_sum(present, along))
    return op.normalize_l2(mean, along, 1e-12, "add")


def row(values: Array) -> ov.Node:
    """One value a channel, for packed rows: float32 `[1, 1, channels]`."""
    return constant(values.reshape(1, 1, -1))


def whole(number: int) -> ov.Node:
    """A constant of int32."""
    return op.constant(np.int32(number))


def axis(number: int) -> ov.Node:
    """A constant of int64 `[]`: an axis, or a place along one."""
    return op.constant(np.int64(number))
