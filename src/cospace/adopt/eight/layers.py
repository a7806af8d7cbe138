"""The layers of BERT in 8 bits: the numbers, whichever engine computes with them.

What a search needs is folded in: the attention's 1/sqrt(width) into the query's weights, and the
scales and shifts of the normalisations into the products that follow.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from cospace.adopt.eight import rounding
from cospace.adopt.eight.flow import Array, Flow, Shape, Weights
from cospace.adopt.eight.rounding import Product, Rounding

__all__ = ["Attention", "FeedForward", "Layer", "layers", "positions"]

# The limits within which each kind of input is kept; the least loss among a few that were tried.
# The last is that of the feed-forward half, where copies of the farthest channels help besides.
ATTENTION, VALUE, FEED, HIDDEN = 2.0, 1.0, 4.0, 3.0
EXTRA = 16

# Layers whose attention weighs values in bytes too. It costs a cosine of 0.00002 in the first and
# 0.0001 in the last, and saves some 0.7% of the time in each.
WEIGHED_IN_BYTES = (0, 1, 2)


@dataclass(frozen=True)
class Attention:
    """Self-attention over rows `x` of mean 0 and variance 1.

    `taken` rounds `x * scale`; `pairs` makes of that the queries and keys, `worth` the values.
    Scores are queries by keys, divided by `grown`. `mixed` rounds what the heads yield, and `out`
    makes of that what is added to the row.
    """

    scale: Array
    taken: Rounding
    pairs: Product
    pairs_rounding: Rounding
    grown: float
    worth: Product
    worth_rounding: Rounding | None  # where values are weighed in bytes
    mixed: Rounding
    out: Product


@dataclass(frozen=True)
class FeedForward:
    """The feed-forward half, over rows `x` of mean 0 and variance 1.

    `taken` rounds `x * scale`; `wide` makes of that the hidden row, whose gelu times `shrink` is
    rounded by `hidden`; `narrow` makes of that what is added to the row.
    """

    scale: Array
    taken: Rounding
    wide: Product
    shrink: Array
    hidden: Rounding
    narrow: Product


@dataclass(frozen=True)
class Layer:
    """A layer: each half adds to its input times `before_...`, and is normalised again."""

    before_attention: Array
    attention: Attention
    before_feed: Array
    feed: FeedForward


def layers(weights: Weights, found: dict[str, Flow], shape: Shape) -> Iterator[Layer]:
    """The layers, in order; `found` is what `flows` gave."""
    norm = "embeddings.LayerNorm"
    for number in range(shape.layers):
        name = f"encoder.layer.{number}."
        middle = name + "attention.output.LayerNorm"
        yield Layer(
            weights[norm + ".weight"],
            _attention(norm, weights, found, number, shape.shrink),
            weights[middle + ".weight"],
            _feed_forward(middle, weights, found, name),
        )
        norm = name + "output.LayerNorm"


def positions(weights: Weights) -> Array:
    """What each position adds, the token type (always 0) folded in: float32 `[512, 384]`."""
    types = weights["embeddings.token_type_embeddings.weight"]
    table: Array = weights["embeddings.position_embeddings.weight"] + types[0]
    return table


def _attention(
    norm: str, weights: Weights, found: dict[str, Flow], number: int, shrink: np.float32
) -> Attention:
    name = f"encoder.layer.{number}."
    query, key, value = (
        (weights[f"{part}.weight"].astype(np.float64), weights[f"{part}.bias"].astype(np.float64))
        for part in (f"{name}attention.self.{kind}" for kind in ("query", "key", "value"))
    )
    # Queries are brought to the reach of keys, so that both fill the same bytes.
    reach = found[name + "key"].peak.max()
    grown = reach / found[name + "query"].peak.max()
    both = np.concatenate([query[0] * shrink * grown, key[0]])
    both_bias = np.concatenate([query[1] * shrink * grown, key[1]])
    # Values lose their mean, which every mixture of them has, and come within one reach.
    seen = found[name + "value"]
    mean, fold = seen.mean, rounding.smoothing(seen.peak, VALUE)
    values, values_bias = value[0] / fold[:, None], (value[1] - mean) / fold
    low, high = (seen.low - mean) / fold, (seen.high - mean) / fold
    in_bytes = Rounding.signed(max(-low.min(), high.max())) if number in WEIGHED_IN_BYTES else None

    divisor, taken, moment, top = rounding.smoothed(found[name + "attention"], ATTENTION)
    shift = weights[norm + ".bias"].astype(np.float64)
    pairs = rounding.product(both * divisor, both_bias + both @ shift, moment, top)
    worth = rounding.product(values * divisor, values_bias + values @ shift, moment, top)

    flow = found[name + "mixed"]
    low, high = (flow.low - mean) / fold, (flow.high - mean) / fold
    moment = flow.moment - np.outer(mean, flow.mean) - np.outer(flow.mean, mean)
    moment = (moment + np.outer(mean, mean)) / np.outer(fold, fold)
    mixed = Rounding.of(low.min(), high.max())
    last = name + "attention.output.dense"
    weight = weights[last + ".weight"].astype(np.float64)
    bias = weights[last + ".bias"] + weight @ mean + weights[norm + ".bias"]
    return Attention(
        scale=weights[norm + ".weight"] / divisor,
        taken=taken,
        pairs=pairs,
        pairs_rounding=Rounding.signed(reach),
        grown=grown,
        worth=worth,
        worth_rounding=in_bytes,
        mixed=mixed,
        out=rounding.product(weight * fold, bias, moment, mixed.top(high)),
    )


def _feed_forward(norm: str, weights: Weights, found: dict[str, Flow], name: str) -> FeedForward:
    seen = found[name + "hidden"]
    count = rounding.copies(seen.peak, EXTRA)
    source = np.repeat(np.arange(len(count)), count)
    # Hidden channels may stand in any order: neighbours are such that their levels need not shrink.
    reach = np.abs(weights[name + "output.dense.weight"]) * (seen.high / count)
    source = source[rounding.apart(reach[:, source])]
    share = count[source].astype(np.float64)

    weight = weights[name + "intermediate.dense.weight"].astype(np.float64)
    bias = weights[name + "intermediate.dense.bias"] + weight @ weights[norm + ".bias"]
    into, taken, moment, top = rounding.smoothed(found[name + "feed"], FEED)
    wide = rounding.product(weight[source] * into, bias[source], moment, top)

    divisor = rounding.smoothing(seen.peak[source] / share, HIDDEN)
    whole = share * divisor
    moment = seen.moment[np.ix_(source, source)] / np.outer(whole, whole)
    high = seen.high[source] / whole
    hidden = Rounding.of((seen.low[source] / whole).min(), high.max())
    weight = weights[name + "output.dense.weight"].astype(np.float64)[:, source]
    bias = weights[name + "output.dense.bias"] + weights[norm + ".bias"]
    return FeedForward(
        scale=weights[norm + ".weight"] / into,
        taken=taken,
        wide=wide,
        shrink=1 / whole,
        hidden=hidden,
        narrow=rounding.product(weight * divisor, bias, moment, hidden.top(high)),
    )
