"""Media: the bytes of the file that a part stands in, held to its kind's limit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cospace.errors import BadItem
from cospace.item import Image, Part
from cospace.read.images import load_bytes
from cospace.read.regular import check_size, read_file, shown

__all__ = ["can_be_stored", "is_stored", "media_bytes", "part_bytes"]

# By kind, the limit (limits.py) that a file of it is held to.
_MOST = {
    "audio": "audio_bytes",
    "depth": "image_bytes",
    "imu": "imu_bytes",
    "thermal": "image_bytes",
    "video": "video_bytes",
}


def part_bytes(part: Part, name: str = "") -> bytes | None:
    """The bytes that say whether a part has changed; None where its value itself says so.

    That is the file of an image or a signal, and the pixels of an image in memory.

    Raises `BadItem` for a file that is missing, empty or too large, and for one whose path is not
    valid Unicode, and so cannot be stored.

    >>> part_bytes(Part("thermal", b"II*"))
    b'II*'
    """
    if part.path is not None and not can_be_stored(part.path):
        raise BadItem(name, f"the path {shown(part.path)} is not valid Unicode: rename the file")
    if isinstance(part, Image):
        return load_bytes(part, name)
    if part.kind in _MOST and is_stored(part.source):
        return media_bytes(part.kind, part.source, name)
    return None


def can_be_stored(path: Path) -> bool:
    """Whether the path is valid Unicode; a name on the disk may be any bytes."""
    try:
        str(path).encode()
    except UnicodeEncodeError:
        return False
    return True


def is_stored(source: Any) -> bool:
    """True for what holds a file: a path, or its bytes."""
    return isinstance(source, (Path, bytes, bytearray, memoryview))


def media_bytes(kind: str, source: Any, name: str = "") -> bytes:
    """The bytes of a file of `kind`, from its path or as they are.

    Raises `BadItem` for a file that is missing, empty or too large, and for another source: a
    str above all, which is never taken for a path.
    """
    if isinstance(source, Path):
        name = name or shown(source)
        data = read_file(source, name, most=_MOST[kind])
    elif is_stored(source):
        data = bytes(source)
        check_size(len(data), name, most=_MOST[kind])
    else:
        raise BadItem(
            name,
            f"the {kind} part is the Path of a file or its bytes, not {type(source).__name__}",
        )
    if not data:
        raise BadItem(name, "the file is empty (0 bytes)")
    return data
