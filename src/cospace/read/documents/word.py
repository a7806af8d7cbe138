"""Word: the paragraphs and tables of a .docx, with its headings; opened by python-docx (MIT).

A row of a table is a line of cells. Deleted text of tracked changes is left out, inserted text
kept. Pictures, headers, footers, notes and comments are not read.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cospace.errors import BadItem
from cospace.limits import limit
from cospace.need import need
from cospace.read.documents.document import Document, Writing
from cospace.read.regular import read_file, shown

__all__ = ["read_word"]

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_MC = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
# What is deleted, moved away, or stands there a second time for old programs; and properties.
_LEFT_OUT = frozenset(
    {_W + "del", _W + "moveFrom", _W + "pPr", _W + "rPr", _W + "instrText", _MC + "Fallback"}
)
_BLOCKS = frozenset({_W + "p", _W + "tbl"})


def read_word(path: Path, name: str) -> Document:
    """The text of a .docx and its headings. Raises `BadItem` and `MissingExtra`."""
    docx = need("docx", extra="documents")
    data = read_file(path, name, most="document_bytes")
    try:
        _check_unpacked(data, name)
        file = docx.Document(io.BytesIO(data))
        levels = {style.style_id: level for style in file.styles if (level := _level(style))}
        writing = Writing()
        for block in _inside(file.element.body, _BLOCKS):
            _write(writing, block, levels)
        return writing.done()
    except BadItem:
        raise
    except Exception as error:  # of a damaged file it raises what it meets: KeyError, BadZipFile
        why = f"{type(error).__name__}: {shown(error)[:200]}"
        raise BadItem(name, f"the .docx is damaged, or is none ({why})") from error


def _check_unpacked(data: bytes, name: str) -> None:
    """Refuse what would unpack to too much, by what its table of contents says.

    Python's zipfile gives no more of a part than is said there.
    """
    if data[:8] == b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1":
        raise BadItem(name, "the file is locked with a password, or an old .doc; save it as .docx")
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        size = sum(part.file_size for part in archive.infolist())
    if size > limit("document_unpacked"):
        raise BadItem(
            name,
            f"the .docx unpacks to {size:,} bytes; at most {limit('document_unpacked'):,} are read."
            " Make it smaller, or raise COSPACE_LIMIT_DOCUMENT_UNPACKED",
        )


def _level(style: Any) -> int:
    """The level of the headings of a style, or of the one that it is based on; 0 for no heading."""
    for _ in range(10):
        name = str(style.name or "").lower()
        if name == "title":
            return 1
        if name.startswith("heading ") and name[8:].isdecimal():
            return int(name[8:]) + 1
        style = getattr(style, "base_style", None)
        if style is None:
            break
    return 0


def _inside(body: Any, tags: frozenset[str]) -> Iterator[Any]:
    """What has one of the tags, in order, inside of content controls too; not what is in these."""
    left = list(reversed(body))
    while left:
        node = left.pop()
        if node.tag in tags:
            yield node
        elif node.tag not in _LEFT_OUT:
            left += reversed(node)


def _write(writing: Writing, block: Any, levels: dict[str, int]) -> None:
    if block.tag == _W + "tbl":
        for row in _inside(block, frozenset({_W + "tr"})):
            cells = [" ".join(_text(cell).split()) for cell in row.iterchildren(_W + "tc")]
            if any(cells):
                writing.add(" | ".join(cells), close=True)
        return
    text = _text(block).strip()
    properties = block.find(_W + "pPr")
    style = None if properties is None else properties.find(_W + "pStyle")
    level = 0 if style is None else levels.get(style.get(_W + "val", ""), 0)
    if level:
        writing.add(" ".join(text.split()), level=level)
    elif properties is not None and properties.find(_W + "numPr") is not None:
        writing.add(f"- {text}" if text else "", close=True)
    else:
        listed = style is not None and style.get(_W + "val", "").startswith("List")
        writing.add(f"- {text}" if listed and text else text, close=listed)


def _text(block: Any) -> str:
    """The text of a paragraph, or of all paragraphs of a cell."""
    parts: list[str] = []
    left = list(reversed(block))
    while left:
        node = left.pop()
        tag = node.tag
        if tag in _LEFT_OUT or not isinstance(tag, str):
            continue
        if tag == _W + "t":
            parts.append(node.text or "")
        elif tag == _W + "tab":
            parts.append("\t")
        elif tag in (_W + "br", _W + "cr"):
            parts.append("\n")
        elif tag == _W + "noBreakHyphen":
            parts.append("-")
        else:
            left += reversed(node)
            if tag == _W + "p":
                parts.append(" ")
    return "".join(parts)
