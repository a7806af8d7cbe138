"""The cache: vectors that were computed once, on disk, and the encoder that looks there first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cospace.lazy import lazy

if TYPE_CHECKING:
    from cospace.encode.cache.cached import Cached
    from cospace.encode.cache.disk import VectorCache

__all__ = ["Cached", "VectorCache"]

# Loaded on first use: what only hashes the content of items needs no database.
_HOME = {"Cached": "cached", "VectorCache": "disk"}
__getattr__ = lazy(__name__, _HOME)
