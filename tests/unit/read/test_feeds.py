"""Product feeds in XML: what an item becomes, and what a file of somebody else's cannot do."""

import gzip
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import cospace as cs
from cospace.errors import BadItem, CospaceError
from cospace.limits import override

RSS = """<?xml version="1.0"?>
<rss xmlns:g="http://base.google.com/ns/1.0" version="2.0"><channel>
<title>A shop</title><link>https://example.com</link>
<item>
  <g:id>A1</g:id><title>plain title</title><g:title>Oak chair</g:title>
  <g:description><![CDATA[<p>A <b>solid</b> chair</p>]]></g:description>
  <link>https://example.com/a1</link>
  <g:image_link>https://example.com/a1.jpg</g:image_link>
  <g:additional_image_link>https://example.com/2.jpg</g:additional_image_link>
  <g:additional_image_link>https://example.com/3.jpg</g:additional_image_link>
  <g:price>1,299.00 USD</g:price><g:availability>in stock</g:availability>
  <g:gtin>0401234567890</g:gtin><g:product_type>Furniture &gt; Chairs</g:product_type>
  <g:shipping><g:country>US</g:country><g:price>15.00 USD</g:price></g:shipping>
</item>
<item><g:id>A2</g:id><g:title>Table</g:title><g:price>15.00 USD</g:price></item>
</channel></rss>"""
ATOM = """<feed xmlns="http://www.w3.org/2005/Atom" xmlns:g="http://base.google.com/ns/1.0">
<title>A shop</title>
<entry><g:id>A1</g:id><title>Chair</title><link href="https://example.com/a1"/>
<content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>Solid</p><p>oak</p></div></content>
</entry></feed>"""


def read(path: Path, content: str | bytes) -> Any:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return cs.read(path)


def feed(*items: str) -> str:
    return f"<rss><channel>{''.join(items)}</channel></rss>"


def test_rss(tmp_path: Path) -> None:
    reading = read(tmp_path / "feed.xml", RSS)
    chair, table = reading
    assert ("A1", "A2") == (chair.id, table.id)
    assert "Oak chair. Furniture > Chairs. A solid chair" == chair.parts.text
    expected = {
        "price": 1299.0,
        "price_currency": "USD",
        "gtin": "0401234567890",
        "additional_image_link": ["https://example.com/2.jpg", "https://example.com/3.jpg"],
        "shipping": "country: US, price: 15.00 USD",
        "link": "https://example.com/a1",
    }
    assert expected == {name: chair.metadata[name] for name in expected}
    assert any("an export of Google Shopping" in note for note in reading.notes)
    assert any("'image_link' holds URLs, which are never" in note for note in reading.notes)


def test_atom(tmp_path: Path) -> None:
    [item] = read(tmp_path / "feed.xml", ATOM)
    assert ("A1", "https://example.com/a1") == (item.id, item.metadata["link"])
    assert "Chair. Solid oak" == " ".join(item.parts.text.split())


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "iso-8859-1", "cp1252"])
def test_encodings(tmp_path: Path, encoding: str) -> None:
    named = "utf-8" if encoding.startswith("utf-8") else encoding
    text = f'<?xml version="1.0" encoding="{named}"?>' + feed(
        "<item><id>1</id><title>Stühle</title></item>"
    )
    [item] = read(tmp_path / "feed.xml", text.encode(encoding))
    assert "Stühle" == item.parts.text


def test_a_gzipped_feed(tmp_path: Path) -> None:
    assert 2 == len(list(read(tmp_path / "feed.xml.gz", gzip.compress(RSS.encode()))))


@pytest.mark.parametrize(
    "doctype",
    [
        '<!DOCTYPE rss [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>',
        '<!DOCTYPE rss [<!ENTITY file SYSTEM "file:///etc/hostname">]>',
        '<!DOCTYPE rss SYSTEM "https://example.com/a.dtd">',
        "<!DOCTYPE rss>",
    ],
)
def test_a_document_type_is_refused(tmp_path: Path, doctype: str) -> None:
    with pytest.raises(BadItem, match=r"document type .* is refused"):
        read(tmp_path / "feed.xml", doctype + RSS.partition("?>")[2])


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("<html><body><p>Not found</p></body></html>", "holds no items"),
        ("<catalog><product><id>1</id></product></catalog>", "holds no items"),
        ("not xml", "not well-formed XML here (syntax error: line 1"),
        ("", "not well-formed XML here (no element found"),
        (feed(), "holds no items"),
        ("<a>" * 100, "levels deep"),
    ],
)
def test_what_is_no_feed(tmp_path: Path, content: str, why: str) -> None:
    with pytest.raises(BadItem) as caught:
        read(tmp_path / "feed.xml", content)
    assert why in str(caught.value)
    assert "RSS 2.0" in str(caught.value)


def test_a_fault_further_down_ends_the_file(tmp_path: Path) -> None:
    reading = read(tmp_path / "feed.xml", RSS.replace("<g:title>Table</g:title>", "<g:title>Table"))
    assert ["A1"] == [item.id for item in reading]
    [failure] = reading.failed
    assert "mismatched tag" in failure.reason and "the rest was not read" in failure.reason


def test_an_item_that_is_too_large_is_bad_alone(tmp_path: Path) -> None:
    large = f"<item><id>1</id><title>{'x' * 3000}</title></item>"
    many = f"<item><id>2</id>{'<a>y</a>' * 2000}</item>"
    good = "<item><id>3</id><title>Chair</title></item>"
    with override(row_bytes=1000):
        reading = read(tmp_path / "feed.xml", feed(large, many, good))
        assert ["3"] == [item.id for item in reading]
    assert ["the item has more than 1,000 bytes"] * 2 == [one.reason for one in reading.failed]


def test_a_tag_without_an_end_is_not_held(tmp_path: Path) -> None:
    good = "<item><id>3</id><title>Chair</title></item>"
    endless = f"<rss><channel>{good}<item a='{'x' * 400_000}"
    with override(row_bytes=1000):
        reading = read(tmp_path / "feed.xml", endless)
        assert ["3"] == [item.id for item in reading]
    assert "a tag has more than 1,000 bytes" in next(iter(reading.failed)).reason


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from([
    "<item>", "</item>", "<channel>", "</channel>", "<id>", "</id>", "a", "&lt;", "<![CDATA[x]]>",
    "<!--", "-->", "<?x?>", "<feed>", "<entry>", "</entry>", "<!DOCTYPE a>", "\ufffd",
    "<link href='b'/>",
]), max_size=20))  # fmt: skip
def test_any_xml_is_read_or_refused(tmp_path: Path, parts: list[str]) -> None:
    with suppress(CospaceError):
        list(read(tmp_path / "feed.xml", "".join(parts)))
