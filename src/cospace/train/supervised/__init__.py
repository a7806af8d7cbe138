"""An embedding from labels: a small head on any encoder's vectors."""

from __future__ import annotations

from cospace.train.supervised.supervised import Supervised, supervised

__all__ = ["Supervised", "supervised"]
