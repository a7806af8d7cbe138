"""Fewer numbers a vector: PCA, PCA with a quadratic way back, and an autoencoder, side by side."""

from __future__ import annotations

from cospace.train.compress.autoencoder import autoencoder
from cospace.train.compress.report import Compressed, Compression, Size

__all__ = ["Compressed", "Compression", "Size", "autoencoder"]
