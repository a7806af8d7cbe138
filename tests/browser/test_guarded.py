"""What items say is text and nothing else; the token; the policy; what the pages weigh."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect
from serving import Running, serving

import cospace as cs
from cospace.pages import assets

from .conftest import chromium

TOKEN = "a-token-of-sixteen-letters"
MARKUP = '<img src=x onerror="window.hit=1"><script>window.hit=1</script>'
TITLES = {
    "markup": f"{MARKUP} chair",
    "long": "Donaudampfschifffahrtsgesellschaftskapitaen" * 7,
    "rtl": "كرسي خشبي قديم للبيع",
    "entities": "&lt;b&gt;chair&lt;/b&gt; &amp; table",
    'quotes" onclick=x': "an id with quotes",
}
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>window.hit=1</script></svg>'


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A server, with a token, of items whose strings are what nobody hopes for."""
    chromium()
    place = tmp_path_factory.mktemp("odd")
    folder = place / "odd.cospace"
    photo = place / "a.png"
    photo.write_bytes(b"\x89PNG\r\n\x1a\n")  # the beginning of one
    with cs.open(folder, model="starter") as made:
        items = [
            cs.Item(id, title, {"title": title, "price": 10.0, MARKUP: MARKUP, "kind": MARKUP})
            for id, title in TITLES.items()
        ]
        report = made.upsert(items)
        assert len(TITLES) == report.added
    with serving(folder, variables={"COSPACE_SERVE_TOKEN": TOKEN}) as running:
        yield running


def test_strings_of_items_are_shown_as_text(visiting: Any, odd: Running):
    visit = visiting(odd)
    visit.fine = ["401"]
    page = visit.open("/ui/odd/search")
    expect(page.get_by_role("dialog")).to_contain_text("locked")
    page.get_by_label("Token").fill("a wrong token of some length")
    page.get_by_role("button", name="Enter").click()
    expect(page.get_by_role("dialog")).to_contain_text("wrong")
    page.get_by_label("Token").fill(TOKEN)
    page.get_by_role("button", name="Enter").click()
    page.wait_for_selector(".card")
    assert sorted(TITLES.values()) == sorted(visit.titles())
    assert page.evaluate("window.hit") is None
    assert 0 == page.locator("main script, main img[src='x']").count()
    wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert wide <= 0, "a long word breaks"
    arabic = page.locator(".title", has_text=TITLES["rtl"])
    assert "rtl" == arabic.evaluate("one => getComputedStyle(one).direction")
    page.get_by_role("button", name=TITLES["markup"], exact=True).click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text(MARKUP)
    assert page.evaluate("window.hit") is None
    page.keyboard.press("Escape")
    page.get_by_role("button", name="an id with quotes", exact=True).click()
    expect(page.get_by_role("dialog")).to_contain_text('quotes" onclick=x')


def test_the_cookie_is_not_for_scripts_and_ends_with_the_session(visiting: Any, odd: Running):
    visit = visiting(odd)
    visit.fine = ["401"]
    page = visit.open("/ui/odd/search")
    page.get_by_label("Token").fill(TOKEN)
    page.get_by_role("button", name="Enter").click()
    page.wait_for_selector(".card")
    [cookie] = visit.context.cookies()
    assert cookie["httpOnly"] and "Strict" == cookie["sameSite"]
    assert TOKEN not in cookie["value"]
    assert "" == page.evaluate("document.cookie")
    page.reload()
    page.wait_for_selector(".card")
    page.evaluate("fetch('/ui/session', { method: 'DELETE' })")
    page.reload()
    expect(page.get_by_role("dialog")).to_contain_text("locked")


def test_the_pages_never_make_markup_of_strings():
    for name, one in assets().items():
        text = one.data.decode()
        if name.endswith(".js") and name != "three.js":
            for word in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("):
                assert word not in text, f"{word} in {name}"
        if name.endswith(".html"):
            assert "<script>" not in text and "style=" not in text and "onclick" not in text


def test_the_pages_are_light_and_complete():
    weight = sum(len(one.data) for one in assets().values())
    assert weight < 1_500_000
    folder = Path(cs.__file__).parent / "pages" / "assets"
    assert {one.name for one in folder.iterdir()} == set(assets())
    for one in assets().values():
        for away in ("http://", "https://"):
            rest = one.data.decode().replace(f"{away}www.w3.org/", "")
            assert away not in rest or one is assets()["three.js"]
