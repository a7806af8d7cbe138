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

import openvino as ov
from calibrate import HEADS, LAYERS, WIDTH, Weights, flows, texts
from graph import constant, integers, quantize_rows, save, write_text
from layers import Attention, FeedForward, Layer, layers, positions
from onnx_tower import save_onnx
from openvino import opset13 as op
from quantize import Product, Rounding
from safetensors.numpy import load_file
from sources import MINILM, TOKENIZER
from tokenizers import Tokenizer

from cospace.adopt.packed import Layout, axis, row, unit_mean, unit_variance

MAX_TOKENS = 256


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
    layout = Layout(ids, mask, (HEADS, WIDTH // HEADS))
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
