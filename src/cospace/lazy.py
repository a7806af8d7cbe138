"""A package whose public names are loaded when they are first used."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

__all__ = ["lazy"]


def lazy(package: str, home: Mapping[str, str]) -> Callable[[str], Any]:
    """The `__getattr__` of a package: each name of `home` from the module that it lives in.

    >>> get = lazy("cospace", {"Item": "item"})
    >>> get("Item")("1", "a chair").id
    '1'
    >>> get("nonsense")
    Traceback (most recent call last):
    AttributeError: module 'cospace' has no attribute 'nonsense'
    """

    def get(name: str) -> Any:
        if name not in home:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        value = getattr(import_module(f"{package}.{home[name]}"), name)
        vars(sys.modules[package])[name] = value  # so that this is not asked again
        return value

    return get
