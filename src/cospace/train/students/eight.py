"""The transformer student in 8 bits: the starter's graph, with the student's numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from cospace.adopt.eight import Shape, flows, layers, text_graph
from cospace.encode.modules.libraries import torch

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cospace.encode.modules.built import Built

__all__ = ["eight_bits"]

_TEXTS = 600
# Tokens in no order, for the ranges: what people type is not always like what was learnt from.
_ODD, _LONGEST = 60, 100
# What the graph is written for; a transformer that differs in one of these keeps its floats.
_KNOWN = {"model_type": "bert", "hidden_act": "gelu", "layer_norm_eps": 1e-12}


def eight_bits(built: Built, tokens: list[list[int]], name: str) -> Any:
    """The graph of a BERT and the mean of its tokens in 8 bits; None for any other model.

    `tokens` are those of texts to measure the ranges with.
    """
    config = built.module.transformer.config
    if any(getattr(config, key, None) != value for key, value in _KNOWN.items()):
        return None
    after = [type(layer).__name__ for layer in built.module.layers]
    if built.pooling != "mean" or set(after) - {"_Normalize"}:
        return None
    shape = Shape(config.num_hidden_layers, config.num_attention_heads, config.hidden_size)
    state = built.module.transformer.state_dict()
    weights = {key: value.detach().numpy() for key, value in state.items()}
    given = _some(tokens, config.vocab_size, built)
    numbers = list(layers(weights, flows(weights, shape, given, _erf), shape))
    return text_graph(weights, numbers, shape, name)


def _some(tokens: list[list[int]], vocabulary: int, built: Built) -> list[list[int]]:
    random = np.random.default_rng(0)
    drawn = random.permutation(len(tokens))[:_TEXTS]
    longest = min(_LONGEST, int(built.preprocess["max_tokens"]))
    odd = [
        random.integers(vocabulary, size=random.integers(1, longest + 1)).tolist()
        for _ in range(_ODD)
    ]
    return [tokens[i] for i in drawn if tokens[i]] + odd


def _erf(x: NDArray[Any]) -> NDArray[Any]:
    found: NDArray[Any] = torch().erf(torch().from_numpy(x)).numpy()
    return found
