"""BERT in 8 bits: products of bytes with ranges that are fixed, and no padding in them."""

from __future__ import annotations

from cospace.adopt.eight.flow import Shape, flows
from cospace.adopt.eight.graph import text_graph
from cospace.adopt.eight.layers import layers

__all__ = ["Shape", "flows", "layers", "text_graph"]
