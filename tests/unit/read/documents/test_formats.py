"""Each format: its text, its headings with their places, its pages, and what is lost is told."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from documents import locked_pdf, pdf, with_body, word

import cospace as cs
from cospace.item import Item
from cospace.limits import override
from cospace.outline import Outline
from cospace.read.documents import read_document
from cospace.read.documents.markdown import headings_of


def read_one(path: Path) -> Item:
    [item] = cs.read(path, chunks=True)
    return item


def titles(item: Item) -> list[tuple[str, int, str]]:
    """Each heading: its title, its level, and what stands at its place."""
    text, outline = item.parts.text or "", item.outline or Outline()
    return [(one.title, one.level, text[one.start : one.end].strip()) for one in outline.headings]


# --- PDF ---


def test_a_pdf_gives_its_text_pages_and_bookmarks(tmp_path: Path) -> None:
    pages = [["Returns", "Within 30 days."], ["Care", "Oil it."]]
    item = read_one(pdf(tmp_path / "a.pdf", pages, [("Returns", 0), ("Care", 1)]))
    text, outline = item.parts.text or "", item.outline or Outline()
    assert [("Returns", 1, "Returns"), ("Care", 1, "Care")] == titles(item)
    assert [1, 1, 2] == [outline.page(text.index(one)) for one in ("Returns", "30", "Oil")]
    assert ["Returns\nWithin 30 days.", "Care\nOil it."] == text.split("\n\n")


def test_a_bookmark_that_stands_nowhere_is_no_heading(tmp_path: Path) -> None:
    item = read_one(pdf(tmp_path / "a.pdf", [["Oil it."]], [("Contents", 0)]))
    assert [] == titles(item)


def test_what_a_pdf_does_not_give_is_told(tmp_path: Path) -> None:
    pdf(tmp_path / "a.pdf", [["Oil it."], [], ["Wax it."], []])
    reading = cs.read(tmp_path)
    assert ["a.pdf"] == [item.id for item in reading]
    assert {"a.pdf": "pages 2, 4 hold no text (an image?), and cannot be found"} == dict(
        reading.partial
    )
    assert any("tables are read as lines of text" in note for note in reading.notes)


def test_a_pdf_without_a_text_layer_a_locked_and_a_damaged_one_cost_themselves_alone(
    tmp_path: Path,
) -> None:
    pdf(tmp_path / "good.pdf", [["Oil it."]])
    pdf(tmp_path / "scan.pdf", [[], []])
    locked_pdf(tmp_path / "locked.pdf", [["Secret."]], "open sesame")
    (tmp_path / "half.pdf").write_bytes((tmp_path / "good.pdf").read_bytes()[:200])
    (tmp_path / "none.pdf").write_bytes(b"hello")
    reading = cs.read(tmp_path)
    assert ["good.pdf"] == [item.id for item in reading]
    why = dict(reading.failed)
    assert {"scan.pdf", "locked.pdf", "half.pdf", "none.pdf"} == set(why)
    assert "no text layer" in why["scan.pdf"]
    assert "locked with a password" in why["locked.pdf"]
    assert why["half.pdf"].startswith("the PDF is damaged")
    assert why["none.pdf"].startswith("the PDF is damaged")


def test_a_pdf_that_is_locked_without_a_password_is_read(tmp_path: Path) -> None:
    item = read_one(locked_pdf(tmp_path / "a.pdf", [["Oil it."]], ""))
    assert "Oil it." == item.parts.text


def test_the_limits_of_a_pdf(tmp_path: Path) -> None:
    path = pdf(tmp_path / "a.pdf", [["Oil it."]] * 3)
    for limits, told in (
        ({"document_pages": 2}, "has 3 pages; at most 2"),
        ({"document_bytes": 100}, "COSPACE_LIMIT_DOCUMENT_BYTES"),
        ({"document_chars": 10}, "more than 10 characters"),
    ):
        with override(**limits):
            reading = cs.read(path)
            assert [] == list(reading)
            assert told in next(iter(reading.failed)).reason


# --- Word ---


def test_a_docx_gives_paragraphs_headings_lists_and_tables(tmp_path: Path) -> None:
    path = word(
        tmp_path / "a.docx",
        [
            ("Title", "Care guide"),
            ("Heading 1", "Wood"),
            ("", "Oil it twice a year."),
            ("List Bullet", "in spring"),
            ("List Bullet", "in autumn"),
            [["Stain", "Treat with"], ["Wine", "salt"]],
            ("Heading 2", "Veneer"),
            ("", "Never sand it."),
        ],
    )
    item = read_one(path)
    assert [
        ("Care guide", 1, "Care guide"),
        ("Wood", 2, "Wood"),
        ("Veneer", 3, "Veneer"),
    ] == titles(item)
    expected = (
        "Care guide\n\nWood\n\nOil it twice a year.\n- in spring\n- in autumn\nStain | Treat with\n"
        "Wine | salt\n\nVeneer\n\nNever sand it."
    )
    assert expected == item.parts.text


def test_a_table_in_a_cell_of_a_docx_is_read_once(tmp_path: Path) -> None:
    def cell(inside: str) -> str:
        return f"<w:tc>{inside}</w:tc>"

    def paragraph(text: str) -> str:
        return f"<w:p><w:r><w:t>{text}</w:t></w:r></w:p>"

    inner = f"<w:tbl><w:tr>{cell(paragraph('in'))}{cell(paragraph('side'))}</w:tr></w:tbl>"
    row = f"<w:tr>{cell(paragraph('a'))}{cell(inner)}</w:tr>"
    path = with_body(word(tmp_path / "a.docx", []), f"<w:tbl>{row}</w:tbl>")
    assert "a | in side" == read_one(path).parts.text


def test_inserted_text_is_kept_deleted_text_is_not_and_controls_are_entered(tmp_path: Path) -> None:
    path = with_body(
        word(tmp_path / "a.docx", []),
        "<w:p><w:r><w:t>Within </w:t></w:r><w:del><w:r><w:delText>14</w:delText></w:r></w:del>"
        "<w:ins><w:r><w:t>30</w:t></w:r></w:ins><w:r><w:t xml:space='preserve'> days</w:t>"
        "<w:tab/><w:t>net</w:t></w:r></w:p>"
        "<w:sdt><w:sdtContent><w:p><w:r><w:t>In a control.</w:t></w:r></w:p></w:sdtContent>"
        "</w:sdt>",
    )
    assert "Within 30 days\tnet\n\nIn a control." == read_one(path).parts.text


def test_entities_of_a_docx_are_not_resolved(tmp_path: Path) -> None:
    path = word(tmp_path / "a.docx", [("", "Oil it.")])
    bomb = '<!DOCTYPE d [<!ENTITY a "boom">]>'
    with_body(path, "<w:p><w:r><w:t>Oil it.</w:t></w:r></w:p>")
    import zipfile

    parts = {p: zipfile.ZipFile(path).read(p) for p in zipfile.ZipFile(path).namelist()}
    body = parts["word/document.xml"].decode().replace("Oil it.", "Oil &a; it.")
    parts["word/document.xml"] = (bomb + body).encode()
    with zipfile.ZipFile(path, "w") as new:
        for name, data in parts.items():
            new.writestr(name, data)
    assert "boom" not in "".join(item.parts.text or "" for item in cs.read(path))


def test_a_docx_that_unpacks_to_much_is_refused_before_it_is_read(tmp_path: Path) -> None:
    path = with_body(word(tmp_path / "a.docx", []), f"<w:p>{' ' * 5_000_000}</w:p>")
    assert path.stat().st_size < 200_000
    with override(document_unpacked=1_000_000):
        reading = cs.read(path)
        assert [] == list(reading)
    assert "COSPACE_LIMIT_DOCUMENT_UNPACKED" in next(iter(reading.failed)).reason


def test_a_damaged_or_old_word_file_costs_itself_alone(tmp_path: Path) -> None:
    word(tmp_path / "good.docx", [("", "Oil it.")])
    (tmp_path / "half.docx").write_bytes((tmp_path / "good.docx").read_bytes()[:500])
    (tmp_path / "old.docx").write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(100))
    reading = cs.read(tmp_path)
    assert ["good.docx"] == [item.id for item in reading]
    why = dict(reading.failed)
    assert "damaged" in why["half.docx"]
    assert "old .doc" in why["old.docx"]


# --- HTML ---


def page(tmp_path: Path, body: str) -> Item:
    (tmp_path / "a.html").write_text(f"<html><body>{body}</body></html>", encoding="utf-8")
    return read_one(tmp_path / "a.html")


def test_html_gives_what_a_browser_shows(tmp_path: Path) -> None:
    item = page(
        tmp_path,
        "<h1>Care <em>guide</em></h1><p>Oil&nbsp;it   &amp; wax\nit.</p><ul><li>spring<li>autumn"
        "</ul><table><tr><th>Stain<th>With</tr><tr><td>Wine<td><p>salt</p></tr></table>"
        "<pre>a\n  b</pre>end<br>of it",
    )
    assert [("Care guide", 1, "Care guide")] == titles(item)
    expected = (
        "Care guide\n\nOil it & wax it.\n- spring\n- autumn\nStain | With\nWine | salt\n\n"
        "a\n  b\n\nend\nof it"
    )
    assert expected == item.parts.text


@pytest.mark.parametrize(
    "hidden",
    [
        "<script>secret()</script>",
        "<style>.secret {}</style>",
        "<p hidden>secret</p>",
        "<p style='color: red; display : none'>secret</p>",
        "<p style='visibility:hidden'>secret</p>",
        "<p aria-hidden='true'>secret</p>",
        "<!-- secret -->",
        "<template><p>secret</p></template>",
        "<noscript>secret</noscript>",
    ],
)
def test_what_is_hidden_in_html_is_left_out(tmp_path: Path, hidden: str) -> None:
    assert "Shown.\n\nToo." == page(tmp_path, f"<p>Shown.</p>{hidden}<p>Too.</p>").parts.text


def test_tables_in_tables_are_read_once(tmp_path: Path) -> None:
    inner = "<table><tr><td>in<td>side</table>"
    item = page(tmp_path, f"<table><tr><td>a<td>{inner}<tr><td>b<td>c</table>")
    assert "a | in | side\nb | c" == item.parts.text


def test_tables_nested_very_deeply_are_read_once_and_in_linear_time(tmp_path: Path) -> None:
    deep = 5_000
    text = page(tmp_path, "<table><tr><td>w " * deep).parts.text or ""
    assert deep == text.count("w")
    assert len(text) < 10 * deep


def test_html_nested_very_deeply_is_read(tmp_path: Path) -> None:
    assert "deep" == page(tmp_path, "<div>" * 5_000 + "deep").parts.text


def test_html_that_is_not_utf8_says_where(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_bytes(b"<p>caf\xe9</p>")
    reading = cs.read(tmp_path)
    assert [] == list(reading)
    assert {"a.html": "byte 0xE9 at offset 6 is not valid UTF-8. Save the file as UTF-8"} == dict(
        reading.failed
    )


# --- Markdown and plain text ---


def test_markdown_is_kept_as_it_is_and_its_headings_are_found(tmp_path: Path) -> None:
    text = "# Shop #\n\nOpen.\n\n## **Hours**\nNine.\n\nReturns\n=======\nYes.\n"
    (tmp_path / "a.md").write_text(text, encoding="utf-8")
    item = read_one(tmp_path / "a.md")
    assert text == item.parts.text
    assert [
        ("Shop", 1, "# Shop #"),
        ("Hours", 2, "## **Hours**"),
        ("Returns", 1, "Returns\n======="),
    ] == titles(item)


@pytest.mark.parametrize(
    "text",
    [
        "```\n# a comment\n```\n",
        "~~~ sh\n# a comment\n~~~\n",
        "    # indented code\n",
        "#hashtag\n",
        "####### seven\n",
        "#\n",
        "two lines\nof text\n---\n",
        "- item\n---\n",
        "| a | b |\n|---|---|\n",
        "---\ntitle: x\n---\n",
        "\n---\n",
    ],
)
def test_what_is_no_heading_in_markdown(text: str) -> None:
    assert [] == list(headings_of(text))


@pytest.mark.parametrize(
    "text",
    [
        "```\n# no\n~~~\n# no\n```\n# Yes\n",
        "````md\n```sh\n# no\n```\n# no\n````\n# Yes\n",
        "~~~\n# no\n~~~~~\n# Yes\n",
        "```code within a line```\n# Yes\n",
    ],
)
def test_a_fence_ends_where_it_is_closed(text: str) -> None:
    assert ["Yes"] == [one.title for one in headings_of(text)]


def test_plain_text_has_no_outline(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("# not a heading", encoding="utf-8")
    assert ("# not a heading", Outline(), "") == read_document(tmp_path / "a.txt", "a.txt")


@pytest.mark.parametrize(
    ("name", "library"), [("a.pdf", "pypdf"), ("a.docx", "docx"), ("a.html", "selectolax.lexbor")]
)
def test_without_its_library_a_document_says_what_to_install(
    tmp_path: Path, name: str, library: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, library, None)
    (tmp_path / name).write_bytes(b"x")
    (tmp_path / "b.txt").write_text("Oil it.", encoding="utf-8")
    reading = cs.read(tmp_path)
    assert ["b.txt"] == [item.id for item in reading]
    assert "pip install '.[documents]'" in dict(reading.failed)[name]


# --- all of them, beside each other ---


def test_documents_stand_for_themselves_beside_images_of_their_stem(tmp_path: Path) -> None:
    from PIL import Image

    Image.new("RGB", (4, 4)).save(tmp_path / "chair.png")
    (tmp_path / "chair.txt").write_text("a chair", encoding="utf-8")
    (tmp_path / "chair.html").write_text("<p>Its page.</p>", encoding="utf-8")
    items = {item.id: item for item in cs.read(tmp_path)}
    assert {"chair.png": "a chair", "chair.html": "Its page."} == {
        id: item.parts.text for id, item in items.items()
    }


def test_only_what_is_read_in_chunks_has_an_outline(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("# A\n\nb", encoding="utf-8")
    assert [None] == [item.outline for item in cs.read(tmp_path)]
    assert [None] == [item.outline for item in cs.read([{"id": "1", "text": "a"}])]
    [item] = cs.read([{"id": "1", "text": "# a"}], chunks=True)
    assert Outline() == item.outline


def test_a_long_text_is_taken_in_chunks_alone(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("word " * 30_000, encoding="utf-8")
    whole = cs.read(tmp_path)
    assert [] == list(whole)
    assert "chunks=True" in next(iter(whole.failed)).reason
    assert 1 == len(list(cs.read(tmp_path, chunks=True)))


def test_what_is_wrong_with_a_pdf_is_said_once_with_its_name(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "bad.pdf").write_bytes(b"%PDF-1.4 broken")
    reading = cs.read(tmp_path)
    assert [] == list(reading)
    [failed] = reading.failed
    assert "bad.pdf" == failed.name and "the PDF is damaged" in failed.reason
    assert [] == caplog.messages
