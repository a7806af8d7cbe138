"""`Cached`, also under this name: it lives in `cospace.encode.cache`."""

from __future__ import annotations

from cospace.encode.cache.cached import Cached

__all__ = ["Cached"]
