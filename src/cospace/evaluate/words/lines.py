"""The lines of a file of words as text, each with its name and with why it cannot be read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cospace.limits import limit
from cospace.read.lines import ANY_NEWLINE, Lines
from cospace.read.regular import bad_byte, open_regular

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["text_lines"]


def text_lines(path: Path) -> Iterator[tuple[str, str, str]]:
    """("file:7", the line's text, "") of each line, or its name, "", and what is wrong with it."""
    with open_regular(path, path.name) as stream:
        lines = Lines(stream, limit("row_bytes"), ANY_NEWLINE)
        while (line := lines.next()) is not None:
            name = f"{path.name}:{line.number}"
            if line.data is None:
                yield name, "", f"the line has {line.size:,} bytes, which is too long"
                continue
            try:
                yield name, line.data.decode("utf-8"), ""
            except UnicodeDecodeError as error:
                yield name, "", bad_byte(line.data[error.start], line.offset + error.start)
