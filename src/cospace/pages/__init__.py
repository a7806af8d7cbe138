"""The pages that `cospace serve` shows: files that a browser runs, read once.

They hold no data: what they show they ask of the routes of `cospace.serve`.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

__all__ = ["Asset", "assets"]

_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}


@dataclass(frozen=True)
class Asset:
    """A file of the pages: its bytes, its media type, and a tag that changes with it."""

    data: bytes
    type: str
    tag: str


@cache
def assets() -> dict[str, Asset]:
    """All files of the pages by name.

    >>> assets()["page.html"].type
    'text/html; charset=utf-8'
    """
    found = {}
    for file in (files(__name__) / "assets").iterdir():
        kind = _TYPES.get("." + file.name.rpartition(".")[2])
        if kind is not None:
            data = file.read_bytes()
            found[file.name] = Asset(data, kind, f'"{hashlib.sha256(data).hexdigest()[:20]}"')
    return found
