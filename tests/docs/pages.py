"""The pages of this repository, and the pieces of them that tests look at."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
PAGES = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md")),
    *sorted((ROOT / "docs").glob("*.md")),
]
NAMES = [page.relative_to(ROOT).as_posix() for page in PAGES]

_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


class Block(NamedTuple):
    """A fenced block: the page's name, the line of its first line, its language, its text."""

    page: str
    line: int
    language: str
    text: str


def blocks(name: str) -> Iterator[Block]:
    """The fenced blocks of a page, in order."""
    text = (ROOT / name).read_text(encoding="utf-8")
    for match in _FENCE.finditer(text):
        yield Block(name, text.count("\n", 0, match.start(2)) + 1, match[1], match[2])


def prose(name: str) -> str:
    """A page without its fenced blocks."""
    return _FENCE.sub("", (ROOT / name).read_text(encoding="utf-8"))
