"""The default models of cospace: all-MiniLM-L6-v2 for text, EfficientNet-Lite0 for pictures."""

from __future__ import annotations

from pathlib import Path

__all__ = ["folder"]


def folder() -> Path:
    """The model folder: `space.json`, `LICENSE`, `text/` and `image/`."""
    return Path(__file__).parent / "model"
