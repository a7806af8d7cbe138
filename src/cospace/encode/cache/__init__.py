"""The cache: vectors that were computed once, on disk, and the encoder that looks there first."""

from __future__ import annotations

from cospace.encode.cache.cached import Cached
from cospace.encode.cache.disk import VectorCache

__all__ = ["Cached", "VectorCache"]
