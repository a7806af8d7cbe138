"""GloVe: word vectors whose dot products tell how often two words stand near one another."""

from __future__ import annotations

from cospace.train.cooccurrence.run import GloveRun

__all__ = ["GloveRun"]
