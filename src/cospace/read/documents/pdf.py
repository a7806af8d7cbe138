"""PDF: the text layer of each page, and the bookmarks as headings; read by pypdf (BSD).

What is drawn (scans, pictures, charts) has no text here, and the columns of tables are not told
apart. A bookmark is a heading where its title stands on its page.
"""

from __future__ import annotations

import io
import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from cospace.errors import BadItem, EmptyItem
from cospace.limits import limit
from cospace.need import need
from cospace.outline import Heading, Outline
from cospace.read.documents.document import Document
from cospace.read.regular import listed, read_file, shown
from cospace.read.texts import is_blank

__all__ = ["read_pdf"]

_BETWEEN = "\n\n"


def read_pdf(path: Path, name: str) -> Document:
    """The text of a PDF, where its pages begin, and its bookmarks.

    Raises `BadItem` for one that is damaged, locked or has too many pages, `EmptyItem` for one
    without a text layer, and `MissingExtra`.
    """
    pypdf = need("pypdf", extra="documents")
    data = read_file(path, name, most="document_bytes")
    with _guarded(name):
        reader = pypdf.PdfReader(io.BytesIO(data), strict=False)
        if reader.is_encrypted and not reader.decrypt(""):
            raise BadItem(name, "the PDF is locked with a password; save it without one")
        count = len(reader.pages)
        if count > limit("document_pages"):
            raise BadItem(
                name,
                f"the PDF has {count:,} pages; at most {limit('document_pages'):,} are read. Split"
                " it, or raise COSPACE_LIMIT_DOCUMENT_PAGES",
            )
        texts = list(_texts(reader.pages, name))
        empty = [str(n) for n, text in enumerate(texts, start=1) if is_blank(text)]
        if len(empty) == len(texts):
            raise EmptyItem(
                name,
                "the PDF has no text layer: its pages are images. Run it through text recognition"
                " (OCR) first",
            )
        marks = list(_bookmarks(reader))
    pages, place = [], 0
    for text in texts:
        pages.append(place)
        place += len(text) + len(_BETWEEN)
    whole = _BETWEEN.join(texts)
    return Document(whole, Outline(_headings(whole, pages, marks), tuple(pages)), _lost(empty))


@contextmanager
def _guarded(name: str) -> Iterator[None]:
    """A block in which pypdf says nothing, and all that it raises is `BadItem`."""
    logger = logging.getLogger("pypdf")  # its modules have loggers below, which take its level
    before = logger.level
    logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    except (BadItem, MemoryError):
        raise
    except Exception as error:  # of a damaged file pypdf raises what it meets: KeyError, ...
        why = f"{type(error).__name__}: {shown(error)[:200]}"
        raise BadItem(name, f"the PDF is damaged, or of an unknown kind ({why})") from error
    finally:
        logger.setLevel(before)


def _texts(pages: Iterable[Any], name: str) -> Iterator[str]:
    """The text of each page, valid Unicode."""
    length = 0
    for page in pages:
        text = page.extract_text() or ""
        text = text.replace("\x00", "\ufffd")
        if not text.isascii():  # halves of a pair are joined, and others shown as unknown
            text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
        length += len(text)
        if length > limit("document_chars"):
            raise BadItem(
                name,
                f"the PDF has more than {limit('document_chars'):,} characters. Split it, or raise"
                " COSPACE_LIMIT_DOCUMENT_CHARS",
            )
        yield text.strip()


def _bookmarks(reader: Any) -> Iterator[tuple[str, int, int]]:
    """The title of each bookmark, its level from 1, and its page from 0."""
    left = [(entry, 1) for entry in reversed(reader.outline)]
    while left:
        entry, level = left.pop()
        if isinstance(entry, list):
            left += [(below, level + 1) for below in reversed(entry)]
            continue
        page = reader.get_destination_page_number(entry)
        title = " ".join(str(entry.title or "").split())
        if title and page is not None and page >= 0:
            yield title, level, page


def _headings(
    whole: str, pages: list[int], marks: list[tuple[str, int, int]]
) -> tuple[Heading, ...]:
    """The bookmarks whose titles stand on a line of their page, in the order of the text."""
    found: list[Heading] = []
    for title, level, page in marks:
        if page >= len(pages):
            continue
        after = found[-1].end if found else 0
        end = pages[page + 1] if page + 1 < len(pages) else len(whole)
        at = whole.find(title, max(after, pages[page]), end)
        if at >= 0:
            found.append(Heading(title, level, at, at + len(title)))
    return tuple(found)


def _lost(empty: list[str]) -> str:
    if not empty:
        return ""
    one = len(empty) == 1
    pages = f"page {empty[0]} holds" if one else f"pages {listed(empty, 10)} hold"
    return f"{pages} no text (an image?), and cannot be found"
