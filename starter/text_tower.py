"""all-MiniLM-L6-v2 as one OpenVINO graph: token ids in, unit vectors out, bytes in between.

The graph is BERT (Devlin et al., 2019) written straight from the weights, with what a search
needs folded in: the token types (always 0) into the positions, the attention's 1/sqrt(width) into
the query's weights, scales and shifts of the normalisations into the products that follow, and
the mean over tokens and the normalisation at the end. No torch takes part.

All products run in 8 bits with ranges that are fixed here (`quantize.py`), so that a text's
vector does not depend on its neighbours. Padding is dropped before the first product and put back
only for the attention, which needs texts of one width.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import openvino as ov
import quantize
from calibrate import HEADS, LAYERS, SHRINK, WIDTH, Flow, Weights, flows, texts
from graph import Array, constant, integers, quantize_rows, save, write_text
from openvino import opset13 as op
from quantize import Product, Rounding
from safetensors.numpy import load_file
from sources import MINILM, TOKENIZER
from tokenizers import Tokenizer

MAX_TOKENS = 256

# The limits within which each kind of input is kept; the least loss among a few that were tried.
# The last is that of the feed-forward half, where copies of the farthest channels help besides.
ATTENTION, VALUE, FEED, HIDDEN = 2.0, 1.0, 4.0, 3.0
EXTRA = 16

# Layers whose attention weighs values in bytes too. It costs a cosine of 0.00002 in the first and
# 0.0001 in the last, and saves some 0.7% of the time in each.
WEIGHED_IN_BYTES = (0, 1, 2)

# Rows of tokens are rounded up to a multiple: the engine makes a new kernel for each number of
# rows that it meets, which took 9% of the time with any number. Few rows, as a query has, are
# rounded less: they would be outnumbered.
ROWS, FEW_ROWS, FEW = 64, 16, 256


def build_text_tower(folder: Path, listings: Path, prose: Path) -> None:
    """Writes `model.xml`, `model.bin` and `tokenizer.json` to `folder`."""
    settings = tokenizer_json(TOKENIZER.path())
    tokenizer = Tokenizer.from_str(settings)
    tokenizer.enable_truncation(MAX_TOKENS)
    weights = load_file(MINILM.path())
    found = flows(weights, tokenizer, texts(listings, prose, tokenizer))
    save(text_graph(weights, found), folder / "model.xml")
    write_text(folder / "tokenizer.json", settings)


def tokenizer_json(source: Path) -> str:
    """The tokenizer without its stored truncation and padding, which are the caller's to choose.

    The package's file cuts every text at 128 tokens and pads it to 128; the model takes 256.
    """
    settings = json.loads(source.read_text(encoding="utf-8"))
    settings.update(truncation=None, padding=None)
    return json.dumps(settings, ensure_ascii=False, separators=(",", ":"))


def text_graph(weights: Weights, found: dict[str, Flow]) -> ov.Model:
    """The graph: `input_ids` and `attention_mask` i64 `[n, t]` to `embedding` f32 `[n, 384]`."""
    ids, mask = (op.parameter([-1, -1], ov.Type.i64) for _ in range(2))
    ids.output(0).set_names({"input_ids"})
    mask.output(0).set_names({"attention_mask"})
    layout = Layout(ids, mask)
    x = unit_variance(embed_tokens(layout, weights))
    norm = "embeddings.LayerNorm"
    for number in range(LAYERS):
        name = f"encoder.layer.{number}."
        change = attention(x, norm, layout, weights, found, number)
        x = unit_variance(op.add(op.multiply(x, row(weights[norm + ".weight"])), change))
        norm = name + "attention.output.LayerNorm"
        change = feed_forward(x, norm, weights, found, name)
        x = unit_variance(op.add(op.multiply(x, row(weights[norm + ".weight"])), change))
        norm = name + "output.LayerNorm"
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
    types = weights["embeddings.token_type_embeddings.weight"]
    positions = constant(weights["embeddings.position_embeddings.weight"] + types[0])
    return op.add(op.multiply(levels, scale), op.gather(positions, layout.position, axis(0)))


def attention(
    x: ov.Node, norm: str, layout: Layout, weights: Weights, found: dict[str, Flow], number: int
) -> ov.Node:
    """What self-attention of 12 heads adds to its input, packed `[1, rows, 384]`."""
    name = f"encoder.layer.{number}."
    query, key, value = (
        (weights[f"{part}.weight"].astype(np.float64), weights[f"{part}.bias"].astype(np.float64))
        for part in (f"{name}attention.self.{kind}" for kind in ("query", "key", "value"))
    )
    # Queries are brought to the reach of keys, so that both fill the same bytes.
    reach = found[name + "key"].peak.max()
    grown = reach / found[name + "query"].peak.max()
    both = np.concatenate([query[0] * SHRINK * grown, key[0]])
    both_bias = np.concatenate([query[1] * SHRINK * grown, key[1]])
    # Values lose their mean, which every mixture of them has, and come within one reach.
    seen = found[name + "value"]
    fold = quantize.smoothing(seen.peak, VALUE)
    values, values_bias = value[0] / fold[:, None], (value[1] - seen.mean) / fold

    divisor, taken, moment = quantize.smoothed(found[name + "attention"], ATTENTION)
    rows = rounded(op.multiply(x, row(weights[norm + ".weight"] / divisor)), taken)
    shift = weights[norm + ".bias"].astype(np.float64)
    pairs = multiplied(rows, quantize.product(both * divisor, both_bias + both @ shift, moment))
    pairs = rounded(pairs, Rounding.signed(reach))
    worth = multiplied(
        rows, quantize.product(values * divisor, values_bias + values @ shift, moment)
    )
    in_bytes = number in WEIGHED_IN_BYTES
    if in_bytes:
        low, high = (seen.low - seen.mean) / fold, (seen.high - seen.mean) / fold
        worth = layout.heads(rounded(worth, Rounding.signed(max(-low.min(), high.max()))), 0, 1)
    else:
        worth = layout.turned(worth, 0, 1)
    scores = op.matmul(layout.turned(pairs, 0, 2), layout.heads(pairs, 1, 2), False, True)
    scores = op.softmax(op.add(op.multiply(scores, constant(1 / grown)), layout.penalty), -1)
    if in_bytes:
        scores = rounded(scores, Rounding(0.0, 1.0))
    mixed = op.transpose(op.matmul(scores, worth, False, False), integers(0, 2, 1, 3))
    mixed = op.reshape(mixed, integers(1, -1, WIDTH), False)

    flow, mean = found[name + "mixed"], seen.mean
    low, high = (flow.low - mean) / fold, (flow.high - mean) / fold
    moment = flow.moment - np.outer(mean, flow.mean) - np.outer(flow.mean, mean)
    moment = (moment + np.outer(mean, mean)) / np.outer(fold, fold)
    mixed = layout.packed(rounded(mixed, Rounding.of(low.min(), high.max())))
    last = name + "attention.output.dense"
    weight = weights[last + ".weight"].astype(np.float64)
    bias = weights[last + ".bias"] + weight @ mean + weights[norm + ".bias"]
    return multiplied(mixed, quantize.product(weight * fold, bias, moment))


def feed_forward(
    x: ov.Node, norm: str, weights: Weights, found: dict[str, Flow], name: str
) -> ov.Node:
    """What the feed-forward half of a layer adds to its input, packed `[1, rows, 384]`."""
    seen = found[name + "hidden"]
    count = quantize.copies(seen.peak, EXTRA)
    source = np.repeat(np.arange(len(count)), count)
    share = count[source].astype(np.float64)

    weight = weights[name + "intermediate.dense.weight"].astype(np.float64)
    bias = weights[name + "intermediate.dense.bias"] + weight @ weights[norm + ".bias"]
    divisor, taken, moment = quantize.smoothed(found[name + "feed"], FEED)
    rows = rounded(op.multiply(x, row(weights[norm + ".weight"] / divisor)), taken)
    rows = multiplied(rows, quantize.product(weight[source] * divisor, bias[source], moment))

    divisor = quantize.smoothing(seen.peak[source] / share, HIDDEN)
    whole_divisor = share * divisor
    taken = Rounding.of(
        (seen.low[source] / whole_divisor).min(), (seen.high[source] / whole_divisor).max()
    )
    moment = seen.moment[np.ix_(source, source)] / np.outer(whole_divisor, whole_divisor)
    rows = rounded(op.multiply(op.gelu(rows, "erf"), row(1 / whole_divisor)), taken)
    weight = weights[name + "output.dense.weight"].astype(np.float64)[:, source]
    bias = weights[name + "output.dense.bias"] + weights[norm + ".bias"]
    return multiplied(rows, quantize.product(weight * divisor, bias, moment))


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
