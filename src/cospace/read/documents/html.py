"""HTML: what a browser would show of a page, with its headings; parsed by selectolax (MIT).

Scripts, styles, comments and what is hidden are left out. A row of a table is a line of cells.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cospace.errors import BadItem
from cospace.need import need
from cospace.read.documents.document import Document, Writing
from cospace.read.regular import bad_byte, read_file

__all__ = ["read_html"]

_UNSEEN = frozenset({
    "script", "style", "template", "head", "noscript", "svg", "math", "iframe", "object",
    "canvas", "audio", "video", "select", "button", "textarea", "input",
})  # fmt: skip
_INLINE = frozenset({
    "a", "abbr", "acronym", "b", "bdi", "bdo", "big", "cite", "code", "data", "del", "dfn", "em",
    "font", "i", "img", "ins", "kbd", "label", "mark", "q", "rp", "rt", "ruby", "s", "samp",
    "small", "span", "strike", "strong", "sub", "sup", "time", "tt", "u", "var", "wbr",
})  # fmt: skip
_CELLS = frozenset({"td", "th"})
# Tables in tables, whose cells are still put into rows; those deeper inside are lines.
_NESTED = 8
_BOM = b"\xef\xbb\xbf"


def read_html(path: Path, name: str) -> Document:
    """The text of a UTF-8 page and its headings. Raises `BadItem` and `MissingExtra`."""
    parser = need("selectolax.lexbor", extra="documents")
    data = read_file(path, name, most="document_bytes").removeprefix(_BOM)
    try:
        page = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise BadItem(name, bad_byte(data[error.start], error.start)) from None
    tree = parser.LexborHTMLParser(page)
    writer = _Writer()
    for node, entered in _walk(tree.body) if tree.body is not None else ():
        if node.tag == "-text":
            writer.text(node.text_content or "")
        elif entered:
            writer.enter(node.tag)
        else:
            writer.leave(node.tag)
    return writer.done()


def _walk(body: Any) -> Iterator[tuple[Any, bool]]:
    """Each node that is shown, once entered and once left; text is entered alone.

    Without recursion: pages may be nested as deeply as their author likes.
    """
    stack = [(body, True)]
    while stack:
        node, entered = stack.pop()
        yield node, entered
        if not entered or node.tag == "-text":
            continue
        stack.append((node, False))
        children = []
        child = node.child
        while child is not None:
            if child.tag == "-text" or _is_shown(child):
                children.append((child, True))
            child = child.next
        stack += reversed(children)


def _is_shown(node: Any) -> bool:
    if node.tag in _UNSEEN or node.tag.startswith(("-", "!")):
        return False
    attributes = node.attributes
    if "hidden" in attributes or attributes.get("aria-hidden") == "true":
        return False
    style = (attributes.get("style") or "").replace(" ", "").lower()
    return "display:none" not in style and "visibility:hidden" not in style


class _Writer:
    """Puts inline texts together to blocks, and cells to rows."""

    def __init__(self) -> None:
        self._writing = Writing()
        self._inline: list[str] = []
        self._rows: list[list[str]] = []  # of tables that are open, the cells of their row
        self._cells: list[list[str]] = []  # of these rows, the blocks of the cell that is open
        self._depth = 0  # of rows in rows
        self._level = 0
        self._item = False
        self._literal = 0

    def text(self, text: str) -> None:
        self._inline.append(text if self._literal else " ".join(f"|{text}|".split())[1:-1])

    def enter(self, tag: str) -> None:
        if tag == "br":
            self._inline.append("\n")
        elif tag not in _INLINE:
            self._flush()
            self._literal += tag == "pre"
            self._level = _level(tag) or self._level
            self._item = self._item or tag == "li"
            if tag == "tr":
                self._depth += 1
                if self._depth <= _NESTED:
                    self._rows.append([])
                    self._cells.append([])

    def leave(self, tag: str) -> None:
        if tag in _INLINE or tag == "br":
            return
        self._flush()
        if tag in _CELLS and 0 < self._depth <= _NESTED:
            self._rows[-1].append(" ".join(self._cells[-1]))
            self._cells[-1] = []
        if tag == "tr":
            self._leave_row()
        self._literal -= tag == "pre"
        if _level(tag):
            self._level = 0
        if tag == "li":
            self._item = False

    def _leave_row(self) -> None:
        self._depth -= 1
        if self._depth >= _NESTED:
            return
        row = " | ".join([*self._rows.pop(), *self._cells.pop()])
        if row.strip(" |"):
            self._add(row, close=True)

    def done(self) -> Document:
        self._flush()
        return self._writing.done()

    def _flush(self) -> None:
        block = self._taken()
        if block:
            self._add(f"- {block}" if self._item else block, close=self._item)
            self._item = False

    def _add(self, block: str, *, close: bool) -> None:
        if self._rows:  # a block in a cell, or a table in one
            self._cells[-1].append(block)
        else:
            self._writing.add(block, level=self._level, close=close)

    def _taken(self) -> str:
        joined = "".join(self._inline)
        self._inline = []
        if self._literal:
            return joined.strip("\n")
        return "\n".join(line for part in joined.split("\n") if (line := " ".join(part.split())))


def _level(tag: str) -> int:
    return int(tag[1]) if len(tag) == 2 and tag[0] == "h" and tag[1] in "123456" else 0
