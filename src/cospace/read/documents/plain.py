"""Plain text: UTF-8, as it stands in the file."""

from __future__ import annotations

from pathlib import Path

from cospace.read.documents.document import Document
from cospace.read.regular import read_text

__all__ = ["read_plain"]


def read_plain(path: Path, name: str) -> Document:
    """The text of a UTF-8 file, exactly. Raises `BadItem` as `read_text` does."""
    return Document(read_text(path, name))
