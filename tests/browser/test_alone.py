"""The map as a file, and the widget of a notebook."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect
from serving import Running

import cospace as cs
from cospace.cli.main import main


def quiet(page: Page) -> list[str]:
    told: list[str] = []
    page.on("console", lambda one: one.type == "error" and told.append(one.text))
    page.on("pageerror", lambda error: told.append(str(error)))
    page.on("request", lambda one: one.url.startswith("http") and told.append(one.url))
    return told


def test_the_map_as_one_file(
    browser: Browser, mapped: Running, market: Path, tmp_path: Path, capsys: pytest.CaptureFixture
):
    del mapped
    file = tmp_path / "map.html"
    assert 0 == main(["map", str(market), "-o", str(file)])
    assert str(file) in capsys.readouterr().out
    page = browser.new_page(viewport={"width": 1280, "height": 800}, locale="en-US")
    told = quiet(page)
    page.goto(file.as_uri())
    page.wait_for_selector(".names span")
    page.get_by_label("Colour").select_option(".category")
    expect(page.locator(".legend")).to_contain_text("Furniture")
    page.get_by_label("Light up titles that contain").fill("armchair")
    page.locator(".list .entry", has_text="Retro velvet armchair").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Nearest in the full space")
    expect(dialog.locator(".entry")).to_have_count(8)
    assert [] == told
    page.close()


def test_strings_of_items_stay_text_in_the_file(browser: Browser, tmp_path: Path):
    bad = "</script><script>window.hit=1</script><img src=x onerror=window.hit=1>"
    with cs.open(tmp_path / "odd.cospace", model="starter") as made:
        made.upsert([cs.Item(f"{n}", f"{bad} {n}", {"title": bad, bad: bad}) for n in range(5)])
    file = tmp_path / "map.html"
    assert 0 == main(["map", str(tmp_path / "odd.cospace"), "-o", str(file)])
    page = browser.new_page()
    told = quiet(page)
    page.goto(file.as_uri())
    page.wait_for_selector(".stage canvas")
    page.get_by_label("Light up").fill("script")
    expect(page.locator(".list .entry").first).to_contain_text(bad)
    assert page.evaluate("window.hit") is None
    assert [] == told
    page.close()


def widget_in(page: Page, widget: Any) -> None:
    """The widget in a page, which asks the widget's own Python."""
    sent: list[tuple[Any, list[bytes]]] = []
    widget.send = lambda content, buffers=None: sent.append((content, buffers or []))

    def kernel(message: dict[str, Any]) -> dict[str, Any]:
        widget._handle_custom_msg(message, [])
        content, buffers = sent.pop()
        return {"content": content, "buffers": [list(one) for one in buffers]}

    page.expose_function("kernel", kernel)
    page.set_content("<h2>A notebook</h2><div id=out></div><h2>Below</h2>")
    state = {name: getattr(widget, name) for name in ("sheet", "about", "query", "k")}
    page.add_script_tag(
        type="module",
        content=_HOST.format(script=json.dumps(widget._esm), state=json.dumps(state)),
    )


def test_the_widget_makes_the_map_and_follows_the_notebooks_theme(browser: Browser, tmp_path: Path):
    with cs.open(tmp_path / "new.cospace", model="starter") as shop:
        shop.add(ids=["a", "b", "c"], documents=["An armchair", "A sofa", "A rake"])
        page = browser.new_page(locale="en-US")
        told = quiet(page)
        widget_in(page, shop.show())
        expect(page.locator(".card")).to_have_count(3, timeout=20_000)
        page.get_by_role("button", name="Map", exact=True).click()
        page.get_by_role("button", name="Make the map").click()
        page.wait_for_selector(".stage canvas", timeout=30_000)
        assert 3 == len(shop.map())
        for light, looks in (("false", "dark"), ("true", "light")):
            page.evaluate("one => (document.body.dataset.jpThemeLight = one)", light)
            expect(page.locator("#out > div")).to_have_attribute("data-theme", looks)
        assert [] == told
        page.close()


def test_the_widget_of_a_notebook(browser: Browser, mapped: Running, market: Path):
    """The widget's own script in a page; what it sends goes to the widget's own Python."""
    del mapped
    with cs.open(market, read_only=True) as shop:
        widget = shop.show("vintage comfortable seating", k=6)
        page = browser.new_page(viewport={"width": 1100, "height": 800}, locale="en-US")
        told = quiet(page)
        widget_in(page, widget)
        card = page.locator(".card .title").first
        expect(card).to_have_text("Retro velvet armchair", timeout=20_000)
        expect(page.locator(".card")).to_have_count(6)
        page.get_by_role("searchbox").fill("black sneakers")
        expect(card).to_contain_text("neakers", timeout=20_000)
        expect(page.locator(".card img").first).to_be_visible()
        page.get_by_role("button", name="Map", exact=True).click()
        page.wait_for_selector(".names span")
        page.get_by_label("Colour").select_option(".price")
        expect(page.locator(".legend .ramp")).to_be_visible()
        heading = page.locator("h2").last
        assert "serif" in heading.evaluate("one => getComputedStyle(one).fontFamily").lower() or (
            heading.evaluate("one => getComputedStyle(one).fontSize") == "24px"
        ), "the notebook's own looks are left alone"
        assert [] == told
        page.close()


_HOST = """
const blob = new Blob([{script}], {{ type: "text/javascript" }});
const widget = (await import(URL.createObjectURL(blob))).default;
const state = {state};
let heard = () => {{}};
const model = {{
  get: (name) => state[name],
  on: (type, task) => {{ heard = task; }},
  send: async (message) => {{
    const {{ content, buffers }} = await window.kernel(message);
    heard(content, buffers.map((one) => new DataView(Uint8Array.from(one).buffer)));
  }},
}};
widget.render({{ model, el: document.getElementById("out") }});
"""
