"""Documents: .txt, .md, .html, .pdf and .docx become text, with their headings and pages.

One file a format; each gives a `Document`, and is the only one that knows its library.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from cospace.read.documents.document import Document

__all__ = ["SUFFIXES", "Document", "notes", "read_document"]

# Of files that are documents always; .txt and .md may also stand beside an image.
SUFFIXES = frozenset({".html", ".htm", ".pdf", ".docx"})


# What of each format is not read.
_NOTES = {
    ".pdf": ".pdf: tables are read as lines of text, without their columns; pictures are not read",
    ".docx": ".docx: pictures, headers, footers, notes and comments are not read",
}


def notes(suffixes: Iterable[str]) -> list[str]:
    """What of files of these suffixes is not read, in words.

    >>> notes([".html", ".docx"])
    ['.docx: pictures, headers, footers, notes and comments are not read']
    """
    return [_NOTES[suffix] for suffix in sorted(suffixes) if suffix in _NOTES]


def read_document(path: Path, name: str) -> Document:
    """The text of a file, its outline, and what of it is not read. `name` is for errors.

    Raises `BadItem` for a file that is damaged, locked, empty or too large, and `MissingExtra`.
    """
    match path.suffix.lower():
        case ".html" | ".htm":
            from cospace.read.documents.html import read_html as reader
        case ".pdf":
            from cospace.read.documents.pdf import read_pdf as reader
        case ".docx":
            from cospace.read.documents.word import read_word as reader
        case ".md":
            from cospace.read.documents.markdown import read_markdown as reader
        case _:
            from cospace.read.documents.plain import read_plain as reader
    return reader(path, name)
