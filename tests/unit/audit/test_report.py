"""The report: one file that asks nobody, holds no script, and lets no string of an item out."""

import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

import cospace as cs
from cospace.audit.audit import Audit
from cospace.audit.chart import Bar, Bars, Histogram, histogram
from cospace.audit.finding import VERDICTS, Finding, Group
from cospace.audit.report import page
from cospace.testing.tiny import tiny_model

NASTY = "\"><script>alert(1)</script><img src=x onerror=y>' &amp; \u202e"
VOID = {"meta", "img", "br"}


class Elements(HTMLParser):
    """The tags and attributes of a page; raises where they are not nested."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.words: list[str] = []
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert [] == self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_endtag(self, tag: str) -> None:
        assert tag == self._open.pop(), tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def full(text: str) -> Audit:
    """An audit with every verdict and chart, and `text` wherever a string can stand."""
    charts = (
        Bars(text, (Bar(text, 0.5, 0.2, 0.9, text), Bar("b", -1.0, second=True)), -1.0, line=0.1),
        histogram(text, {text: [0.1, 0.2], "other": [0.3]}, line=0.2),
        Bars("none", (Bar("x", float("nan")),)),
        Histogram("empty", (0.0, 1.0), {"none": (0,)}),
    )
    groups = (Group((text,), text), Group((text, "2"), text), Group((), text))
    findings = [
        Finding(f"{text} {verdict}", verdict, text, severity=0.5, unit=text, p=0.01, why_no_p=text,
                groups=groups, mend=text, figures={text: 1.5, "nan": float("nan")}, charts=charts)
        for verdict in VERDICTS
    ]  # fmt: skip
    return Audit(text, 3, text, (*findings, Finding("bare", "clean", "x")))


def test_strings_are_escaped_everywhere() -> None:
    found = Elements(page(full(NASTY), made=NASTY))
    assert "script" not in found.tags
    assert [] == [name for name, _ in found.attributes if name.startswith("on")]
    assert "img" not in found.tags
    assert any(NASTY in word for word in found.words)


@given(st.text(max_size=40))
def test_any_string_leaves_the_page_whole(text: str) -> None:
    plain = Elements(page(full("a")))
    assert plain.tags == Elements(page(full(text or "a"))).tags


def test_nothing_is_asked_of_anybody() -> None:
    text = page(full("plain"))
    for name, value in Elements(text).attributes:
        assert name not in ("srcset", "action", "style"), name
        if name in ("src", "href"):
            assert (value or "").startswith(("data:", "#"))
    assert "url(" not in text
    assert "@import" not in text
    assert "://" not in text
    assert "default-src 'none'" in text


def test_every_verdict_is_told_and_counted() -> None:
    text = page(full("plain"))
    for verdict, count in {"found": 1, "inconclusive": 1, "clean": 2, "skipped": 1}.items():
        assert re.search(rf"<b>{count}</b><span class=\"verdict {verdict}\">", text)
    links = {value for name, value in Elements(text).attributes if name == "href"}
    places = {f"#{value}" for name, value in Elements(text).attributes if name == "id"}
    assert links == places


def test_items_have_their_photo_title_and_id(tmp_path: Path) -> None:
    from PIL import Image

    photo = tmp_path / "p.png"
    Image.fromarray(np.full((40, 60, 3), 90, np.uint8)).save(photo)
    shop = cs.open(":memory:", model=tiny_model())
    shop.add(
        ids=["MK-1", "MK-2"], documents=["a", "b"],
        images=[cs.Image(photo), None], metadatas=[{"Product-Name": "<Chair>"}, {}],
    )  # fmt: skip
    audit = Audit("shop", 2, "", (
        Finding("x", "found", "y", groups=(Group(("MK-1", "MK-2")), Group(("MK-1",)))),
    ))  # fmt: skip
    found = Elements(page(audit, shop.store))
    assert 2 == found.tags.count("img")
    assert 2 == found.words.count("<Chair>")
    assert "no photo" in found.words
    photo.unlink()
    assert 'class="none">photo cannot be read' in page(audit, shop.store)


def test_what_is_not_shown_is_counted() -> None:
    many = tuple(Group((str(n),)) for n in range(40))
    one = Group(tuple(map(str, range(20))), "alike")
    text = page(Audit("shop", 60, "", (Finding("x", "found", "y", groups=(one, *many)),)))
    assert "and 17 more; --json has them" in text
    assert "and 12 more of this group" in text


def test_a_collection_of_texts_has_no_empty_squares() -> None:
    shop = cs.open(":memory:", model=tiny_model())
    shop.add(ids=["MK-1"], documents=["A long text"])
    text = page(Audit("shop", 1, "", (Finding("x", "found", "y", groups=(Group(("MK-1",)),)),)),
                shop.store)  # fmt: skip
    assert "no photo" not in text
    assert "A long text" in text
