"""Photos: the pictures that one cell names, one or several, as shops write them."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from typing import Any

__all__ = ["IMAGE_FORMATS", "IMAGE_SUFFIXES", "is_picture", "is_url", "pictures_in"]

# By content, and by the names of files.
IMAGE_FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF", "HEIC")
IMAGE_SUFFIXES = frozenset(
    {".jpg", ".jpeg", ".jpe", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff"}
    | {".avif", ".heic", ".heif"}
)
_HARD, _COMMA = re.compile(r"[;|\n]"), re.compile(r",")
_KEYS = ("bytes", "path", "src", "url", "file", "image")  # of a picture that is an object


def pictures_in(value: Any) -> list[Any]:
    """The pictures that a cell names: paths, URLs, bytes or Images; [] for an empty cell.

    Between them stand ";", "|", a new line, or a comma where all pieces are pictures; a list is
    taken as it is, also when it is written as JSON.

    >>> pictures_in("a.jpg;b.jpg"), pictures_in('["a.jpg", "b.jpg"]')
    (['a.jpg', 'b.jpg'], ['a.jpg', 'b.jpg'])
    """
    if isinstance(value, Mapping):
        found = (value.get(key) for key in _KEYS)
        kinds = (str, bytes, bytearray, os.PathLike)
        return pictures_in(next((one for one in found if isinstance(one, kinds) and one), None))
    if isinstance(value, (list, tuple)):
        return [
            one
            for each in value
            if not isinstance(each, (list, tuple))
            for one in pictures_in(each)
        ]
    if isinstance(value, os.PathLike):
        value = os.fspath(value)
    if not isinstance(value, str):
        return [] if value is None or (isinstance(value, bytes) and not value) else [value]
    return _written(value.strip())


def _written(text: str) -> list[Any]:
    """The pictures that a text names."""
    if text.startswith("[") and text.endswith("]"):
        try:
            listed = json.loads(text)
        except (ValueError, RecursionError):
            listed = None
        if isinstance(listed, list):
            return pictures_in(listed)
    if text.startswith("data:"):
        return [text]
    for separator in (_HARD, _COMMA):
        pieces = [piece.strip() for piece in separator.split(text)]
        filled = [piece for piece in pieces if piece]
        if len(pieces) > 1 and all(_is_one(piece) for piece in filled):
            # A cell may use both: a.jpg, b.jpg; c.jpg
            return [one for piece in filled for one in pictures_in(piece)]
    return [text] if text else []


def is_picture(one: Any) -> bool:
    """True for what can be read as a picture here: a path of one, bytes, an Image; no URL.

    >>> is_picture("photos/a.JPG"), is_picture("https://example.org/a.jpg"), is_picture("oak")
    (True, False, False)
    """
    if isinstance(one, str):
        return not is_url(one) and _suffix(one) in IMAGE_SUFFIXES
    return isinstance(one, bytes) or getattr(one, "kind", None) == "image"


def is_url(value: str) -> bool:
    """True for what a browser would fetch: ``http://...``, ``data:...``, ``//host/...``.

    >>> is_url("https://example.org/a.jpg"), is_url("photos/a.jpg")
    (True, False)
    """
    head = value.lstrip()[:40].lower()
    return "://" in head or head.startswith(("data:", "//", "\\\\"))


def _is_one(piece: str) -> bool:
    return is_url(piece) or _suffix(piece) in IMAGE_SUFFIXES


def _suffix(path: str) -> str:
    return os.path.splitext(path)[1].lower()  # noqa: PTH122 - far quicker than a Path for each cell
