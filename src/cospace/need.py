"""`need`: an optional library, or an error with the pip line that brings it.

cospace is not on a registry yet, so every line is one for a clone of it. When it is published,
this is the place to change.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from cospace.errors import MissingExtra

__all__ = ["UPGRADE", "install", "need"]

# What brings a newer cospace.
UPGRADE = "in your clone of cospace: git pull && pip install ./starter ."


def install(extra: str) -> str:
    """What brings the libraries of an extra, as the end of a sentence.

    >>> install("torch")
    "in your clone of cospace: pip install '.[torch]'"
    """
    what = "./starter" if extra == "starter" else f"'.[{extra}]'"
    return f"in your clone of cospace: pip install {what}"


def need(module: str, *, extra: str) -> Any:
    """The imported module. Raises `MissingExtra` with the pip line when it is not installed."""
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        if not module.startswith((error.name or "?").partition(".")[0]):
            raise
        raise MissingExtra(
            f"this needs {module}, which is not installed; {install(extra)}"
        ) from error
