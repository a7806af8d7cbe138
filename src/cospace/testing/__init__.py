"""Public suites that any third-party encoder or store can be run through, and a tiny model."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cospace.testing.encoder import check_encoder
    from cospace.testing.engine import check_engine
    from cospace.testing.reranker import tiny_reranker, tiny_reranker_folder
    from cospace.testing.store import check_store
    from cospace.testing.tiny import tiny_folder, tiny_model

__all__ = [
    "check_encoder", "check_engine", "check_store", "tiny_folder", "tiny_model", "tiny_reranker",
    "tiny_reranker_folder",
]  # fmt: skip

_HOME = {
    "check_encoder": "cospace.testing.encoder",
    "check_engine": "cospace.testing.engine",
    "check_store": "cospace.testing.store",
    "tiny_folder": "cospace.testing.tiny",
    "tiny_model": "cospace.testing.tiny",
    "tiny_reranker": "cospace.testing.reranker",
    "tiny_reranker_folder": "cospace.testing.reranker",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'cospace.testing' has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)
