"""`need`: an optional library, or an error with the pip line that brings it."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from cospace.errors import MissingExtra

__all__ = ["need"]


def need(module: str, *, extra: str) -> Any:
    """The imported module. Raises `MissingExtra` with the pip line when it is not installed."""
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        if not module.startswith((error.name or "?").partition(".")[0]):
            raise
        raise MissingExtra(
            f"this needs {module}, which is not installed: pip install 'cospace[{extra}]'"
        ) from error
