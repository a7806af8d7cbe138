"""GloVe: word vectors whose dot products tell how often two words stand near one another."""

from __future__ import annotations

from cospace.train.glove.run import GloveRun

__all__ = ["GloveRun"]
