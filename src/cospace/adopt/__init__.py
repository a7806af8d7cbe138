"""Adopting a model: torch models and files of word vectors become model folders, once."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cospace.adopt.adoption import Adopted, adopt
    from cospace.adopt.family import Choices
    from cospace.adopt.write import How

__all__ = ["Adopted", "Choices", "How", "adopt"]

# Loaded on first use: these need torch, and files of word vectors do not.
_HOME = {
    "Adopted": "cospace.adopt.adoption",
    "Choices": "cospace.adopt.family",
    "How": "cospace.adopt.write",
    "adopt": "cospace.adopt.adoption",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'cospace.adopt' has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)
