"""Documents that tests read: PDFs and .docx files of a few lines, made here."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from pathlib import Path

W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"


def pdf(path: Path, pages: Sequence[Sequence[str]], marks: Sequence[tuple[str, int]] = ()) -> Path:
    """A PDF with a text layer, a line a string; `marks` are bookmarks (title, page from 0)."""
    from pypdf import PdfWriter
    from pypdf.generic import DecodedStreamObject, DictionaryObject, NameObject

    writer = PdfWriter()
    for lines in pages:
        page = writer.add_blank_page(595, 842)
        font = DictionaryObject(
            {
                NameObject("/Type"): NameObject("/Font"),
                NameObject("/Subtype"): NameObject("/Type1"),
                NameObject("/BaseFont"): NameObject("/Helvetica"),
            }
        )
        fonts = DictionaryObject({NameObject("/F1"): writer._add_object(font)})
        page[NameObject("/Resources")] = DictionaryObject({NameObject("/Font"): fonts})
        shown = [f"({line}) Tj 0 -16 Td" for line in lines]
        stream = DecodedStreamObject()
        stream.set_data(f"BT /F1 12 Tf 50 780 Td {' '.join(shown)} ET".encode("latin-1"))
        page[NameObject("/Contents")] = writer._add_object(stream)
    for title, page_number in marks:
        writer.add_outline_item(title=title, page_number=page_number)
    with path.open("wb") as file:
        writer.write(file)
    return path


def locked_pdf(path: Path, pages: Sequence[Sequence[str]], password: str) -> Path:
    """The same, encrypted."""
    from pypdf import PdfReader, PdfWriter

    writer = PdfWriter(clone_from=PdfReader(pdf(path, pages)))
    writer.encrypt(password, algorithm="AES-256")
    with path.open("wb") as file:
        writer.write(file)
    return path


def word(path: Path, blocks: Sequence[tuple[str, str] | list[list[str]]]) -> Path:
    """A .docx of paragraphs (style, text), and of tables (lists of rows)."""
    import docx

    file = docx.Document()
    for block in blocks:
        if isinstance(block, tuple):
            file.add_paragraph(block[1], style=block[0] or None)
            continue
        table = file.add_table(rows=len(block), cols=len(block[0]))
        for row, cells in zip(table.rows, block, strict=True):
            for cell, text in zip(row.cells, cells, strict=True):
                cell.text = text
    file.save(str(path))
    return path


def with_body(path: Path, body: str) -> Path:
    """The .docx at `path` again, with another body, as XML."""
    old = zipfile.ZipFile(io.BytesIO(path.read_bytes()))
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for part in old.infolist():
            data = old.read(part)
            if part.filename == "word/document.xml":
                data = f'<w:document xmlns:w="{W}"><w:body>{body}</w:body></w:document>'.encode()
            new.writestr(part.filename, data)
    return path
