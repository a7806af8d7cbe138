"""The content hash of an item: what tells that it has not changed since it was encoded."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import numpy as np

from cospace.item import DepthMap, Parts

__all__ = ["content_hash"]


def content_hash(parts: Parts, loaded: Mapping[str, bytes]) -> bytes:
    """sha256 (32 bytes) over the kinds and the bytes of an item's parts, in order of their kind.

    `loaded` gives the bytes of parts that stand in files, by kind: an image that is saved
    under another name keeps its hash, and one that is painted over gets another. What the
    numbers of a depth map mean is a part of it. Metadata and id are left out, since vectors
    do not depend on them.

    >>> content_hash(Parts(text="a chair"), {}).hex()[:8]
    'ec1cdfa0'
    """
    digest = hashlib.sha256(b"cospace content 1")
    for kind in sorted(parts):
        value = parts[kind].value
        data = loaded[kind] if kind in loaded else _bytes(parts[kind].source)
        if isinstance(value, DepthMap):
            data = f"{value[1:]} ".encode() + data
        # The lengths keep a text that ends like another part's start from standing for both.
        digest.update(f"\n{kind} {len(data)}\n".encode())
        digest.update(data)
    return digest.digest()


def _bytes(value: Any) -> bytes:
    if isinstance(value, str):
        return value.encode("utf-8", "surrogatepass")  # a bad text still needs a hash
    if isinstance(value, (bytes, bytearray, memoryview)):
        return bytes(value)
    if isinstance(value, np.ndarray):
        return f"{value.dtype.str} {list(value.shape)} ".encode() + value.tobytes()
    return repr(value).encode("utf-8", "surrogatepass")
