"""Markdown: the text as it stands in the file, with the places of its headings.

Headings are lines that begin with one to six # and a space, and lines underlined with = or -.
What stands between fences of ``` or ~~~ is code, and holds no headings. A fence ends with as many
of its marks, or more, as it began with; ``` with another ` in its line is code within a line.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from cospace.outline import Heading, Outline
from cospace.read.documents.document import Document
from cospace.read.regular import read_text

__all__ = ["headings_of", "read_markdown"]


def read_markdown(path: Path, name: str) -> Document:
    """The text of a UTF-8 file, exactly, and its headings. Raises `BadItem` as `read_text`."""
    text = read_text(path, name)
    return Document(text, Outline(tuple(headings_of(text))))


def headings_of(text: str) -> Iterator[Heading]:
    """The headings of a text in Markdown, in order.

    >>> [(one.level, one.title) for one in headings_of("# Shop\\n\\nOpen.\\n\\nHours\\n-----\\n")]
    [(1, 'Shop'), (2, 'Hours')]
    """
    place = _after_front_matter(text)
    fence = ""
    before: tuple[int, str] | None = None  # the start of a paragraph's only line so far
    for line in text[place:].splitlines(keepends=True):
        start, place = place, place + len(line)
        bare = line.strip()
        if fence:
            if bare.startswith(fence) and not bare.strip(fence[0]):
                fence = ""
            before = None
        elif opens := _fence(bare):
            fence, before = opens, None
        elif level := _level(line):
            title = bare.lstrip("#").strip().rstrip("#").strip()
            if title:
                yield Heading(_plain(title), level, start, place)
            before = None
        elif before is not None and before[1] and _underline(bare):
            yield Heading(_plain(before[1]), 1 if bare[0] == "=" else 2, before[0], place)
            before = None
        elif not bare:
            before = None
        else:
            # Only a paragraph of one line can be a heading; lists, tables and quotes are none.
            odd = before is not None or bare[0] in "|>-*+" or line[:1] in " \t"
            before = (start, "" if odd else bare)


def _fence(bare: str) -> str:
    """The marks with which a block of code begins; "" for a line that begins none."""
    if not bare.startswith(("```", "~~~")):
        return ""
    after = bare.lstrip(bare[0])
    return "" if bare[0] == "`" and "`" in after else bare[: len(bare) - len(after)]


def _level(line: str) -> int:
    """The level of a heading that begins with #, or 0."""
    indent = len(line) - len(line.lstrip(" "))
    marks = len(line[indent:]) - len(line[indent:].lstrip("#"))
    after = line[indent + marks :][:1]
    return marks if indent < 4 and 1 <= marks <= 6 and (not after or after.isspace()) else 0


def _underline(bare: str) -> bool:
    return len(bare) >= 2 and (set(bare) == {"="} or set(bare) == {"-"})


def _plain(title: str) -> str:
    return title.replace("**", "").replace("__", "").replace("`", "").strip() or title


def _after_front_matter(text: str) -> int:
    """The place after the block between two lines of --- with which some files begin."""
    if not text.startswith(("---\n", "---\r\n")):
        return 0
    end = text.find("\n---", 3)
    after = text.find("\n", end + 1) if end >= 0 else -1
    return after + 1 if after >= 0 else 0
