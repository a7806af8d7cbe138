"""all-MiniLM-L6-v2 as one OpenVINO graph: token ids in, unit vectors out.

The graph is BERT (Devlin et al., 2019) written straight from the weights, with what a search
needs folded in: the token types (always 0) into the positions, the attention's 1/sqrt(width) into
the query's weights, the three projections of a layer into one product, and the mean over tokens
and the normalisation at the end. No torch takes part.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import openvino as ov
from graph import Array, constant, integers, linear, quantize_rows, save, write_text
from openvino import opset13 as op
from safetensors.numpy import load_file
from sources import MINILM, TOKENIZER

LAYERS, HEADS, WIDTH = 6, 12, 384
MAX_TOKENS = 256
Weights = dict[str, Array]


def build_text_tower(folder: Path) -> None:
    """Writes `model.xml`, `model.bin` and `tokenizer.json` to `folder`."""
    save(text_graph(load_file(MINILM.path())), folder / "model.xml")
    write_text(folder / "tokenizer.json", tokenizer_json(TOKENIZER.path()))


def tokenizer_json(source: Path) -> str:
    """The tokenizer without its stored truncation and padding, which are the caller's to choose.

    The package's file cuts every text at 128 tokens and pads it to 128; the model takes 256.
    """
    settings = json.loads(source.read_text(encoding="utf-8"))
    settings.update(truncation=None, padding=None)
    return json.dumps(settings, ensure_ascii=False, separators=(",", ":"))


def text_graph(weights: Weights) -> ov.Model:
    """The graph: `input_ids` and `attention_mask` i64 `[n, t]` to `embedding` f32 `[n, 384]`."""
    ids, mask = (op.parameter([-1, -1], ov.Type.i64) for _ in range(2))
    ids.output(0).set_names({"input_ids"})
    mask.output(0).set_names({"attention_mask"})
    present = op.convert(mask, "f32")
    penalty = op.multiply(op.subtract(constant(1), present), constant(-1e9))
    penalty = op.unsqueeze(penalty, integers(1, 2))
    x = embed_tokens(ids, weights)
    for number in range(LAYERS):
        x = layer(x, penalty, weights, f"encoder.layer.{number}.")
    embedding = unit_mean(x, present)
    embedding.output(0).set_names({"embedding"})
    return ov.Model([op.result(embedding)], [ids, mask], "all-MiniLM-L6-v2")


def embed_tokens(ids: ov.Node, weights: Weights) -> ov.Node:
    """Token and position vectors, added and normalised: `[n, t]` to `[n, t, 384]`.

    The rows are picked as bytes and widened after, so that the table stays small in memory.
    """
    first = op.constant(np.int64(0))
    levels, scale, zero = (
        op.gather(op.constant(part), ids, first)
        for part in quantize_rows(weights["embeddings.word_embeddings.weight"])
    )
    levels = op.subtract(op.convert(levels, "f32"), op.convert(zero, "f32"))
    types = weights["embeddings.token_type_embeddings.weight"]
    positions = constant(weights["embeddings.position_embeddings.weight"] + types[0])
    length = op.gather(op.shape_of(ids), integers(1), first)
    positions = op.slice(positions, integers(0), length, integers(1), integers(0))
    x = op.add(op.multiply(levels, scale), op.unsqueeze(positions, integers(0)))
    return layer_norm(x, weights, "embeddings.LayerNorm")


def layer(x: ov.Node, penalty: ov.Node, weights: Weights, name: str) -> ov.Node:
    """One transformer layer: `[n, t, 384]` to the same."""
    x = layer_norm(
        op.add(attention(x, penalty, weights, name), x),
        weights,
        name + "attention.output.LayerNorm",
    )
    hidden = op.gelu(dense(x, weights, name + "intermediate.dense"), "erf")
    return layer_norm(
        op.add(dense(hidden, weights, name + "output.dense"), x), weights, name + "output.LayerNorm"
    )


def attention(x: ov.Node, penalty: ov.Node, weights: Weights, name: str) -> ov.Node:
    """Self-attention of 12 heads: `[n, t, 384]` to the same; `penalty` hides the padding."""
    parts = [f"{name}attention.self.{part}." for part in ("query", "key", "value")]
    weight, bias = (
        np.concatenate([weights[part + kind] for part in parts]) for kind in ("weight", "bias")
    )
    shrink = np.ones(3 * WIDTH, np.float32)
    shrink[:WIDTH] = (WIDTH // HEADS) ** -0.5
    joined = linear(x, weight * shrink[:, None], bias * shrink)
    pieces = op.variadic_split(joined, op.constant(np.int64(2)), integers(WIDTH, WIDTH, WIDTH))
    split, swap = integers(0, 0, HEADS, WIDTH // HEADS), integers(0, 2, 1, 3)
    query, key, value = (
        op.transpose(op.reshape(piece, split, True), swap) for piece in pieces.outputs()
    )
    mixed = op.scaled_dot_product_attention(query, key, value, penalty, constant(1))
    mixed = op.reshape(op.transpose(mixed, swap), integers(0, 0, WIDTH), True)
    return dense(mixed, weights, name + "attention.output.dense")


def dense(x: ov.Node, weights: Weights, name: str) -> ov.Node:
    """The linear layer called `name`, applied to `x`."""
    return linear(x, weights[name + ".weight"], weights[name + ".bias"])


def layer_norm(x: ov.Node, weights: Weights, name: str) -> ov.Node:
    """`x` with mean 0 and variance 1 over the last axis, scaled and shifted as learned."""
    x = op.mvn(x, integers(-1), True, 1e-12, "inside_sqrt")
    return op.add(
        op.multiply(x, constant(weights[name + ".weight"])), constant(weights[name + ".bias"])
    )


def unit_mean(x: ov.Node, present: ov.Node) -> ov.Node:
    """The mean of the vectors of real tokens, at length 1: `[n, t, 384]` to `[n, 384]`."""
    present = op.unsqueeze(present, integers(2))
    axis = integers(1)
    mean = op.divide(op.reduce_sum(op.multiply(x, present), axis), op.reduce_sum(present, axis))
    return op.normalize_l2(mean, axis, 1e-12, "add")
