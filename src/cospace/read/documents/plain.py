"""Plain text: UTF-8, as it stands in the file."""

from __future__ import annotations

from pathlib import Path

from cospace.errors import BadItem
from cospace.read.documents.document import Document
from cospace.read.regular import open_regular, read_text

__all__ = ["is_tabbed", "read_plain"]

_HEAD, _LINES, _TABS = 1 << 16, 5, 2


def read_plain(path: Path, name: str) -> Document:
    """The text of a UTF-8 file, exactly. Raises `BadItem` as `read_text` does."""
    return Document(read_text(path, name))


def is_tabbed(path: Path) -> bool:
    """Whether the first lines of a text look like rows of a table, with a tab between cells."""
    try:
        with open_regular(path, path.name) as file:
            head = file.read(_HEAD)
    except (BadItem, OSError):
        return False  # whoever reads it says so
    whole = head.rsplit(b"\n", 1)[0] if len(head) == _HEAD else head
    counts = [line.count(b"\t") for line in whole.splitlines() if line.strip()][:_LINES]
    return len(counts) > 1 and counts[-1] >= _TABS and len(set(counts)) == 1
