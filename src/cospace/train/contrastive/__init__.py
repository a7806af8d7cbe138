"""Fine-tuning a text encoder on pairs, triplets, labels or scores. Needs the extra `torch`."""

from __future__ import annotations

from cospace.train.contrastive.contrastive import contrastive

__all__ = ["contrastive"]
