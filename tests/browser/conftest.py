"""A server with the example marketplace, and Debian's Chromium that looks at it.

Where there is no Chromium these tests skip: `apt-get install chromium`, or set COSPACE_CHROMIUM.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from serving import Running, serving

import cospace as cs

EXAMPLE = Path(__file__).parents[2] / "examples" / "marketplace"
_NAMES = ("chromium", "chromium-browser", "google-chrome")
# A sandbox needs rights that containers lack; WebGL2 is drawn by the processor.
_WORDS = ["--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"]
# The sum of layout shifts without input, and what the page lets through of its policy.
_WATCH = """
window.shifts = 0;
new PerformanceObserver((list) => {
  for (const one of list.getEntries()) if (!one.hadRecentInput) window.shifts += one.value;
}).observe({ type: "layout-shift", buffered: true });
window.refused = [];
document.addEventListener("securitypolicyviolation", (one) => window.refused.push(one.blockedURI));
"""


def chromium() -> str:
    """The program, or a skip."""
    found = os.environ.get("COSPACE_CHROMIUM") or next(
        filter(None, map(shutil.which, _NAMES)), None
    )
    if found is None:
        pytest.skip("no chromium: apt-get install chromium, or set COSPACE_CHROMIUM")
    return found


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    program = chromium()
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=program, args=_WORDS)
        yield opened
        opened.close()


@pytest.fixture(scope="package")
def market(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example marketplace, indexed."""
    chromium()
    folder = tmp_path_factory.mktemp("pages") / "market.cospace"
    with cs.open(folder, model="starter") as made:
        made.upsert(cs.read(EXAMPLE / "listings.csv"))
    return folder


@pytest.fixture(scope="package")
def server(market: Path) -> Iterator[Running]:
    with serving(market) as running:
        yield running


@pytest.fixture(scope="package")
def mapped(server: Running) -> Running:
    """The server, when its marketplace has a map."""
    assert 202 == server.post("/collections/market/map", {}).status
    for _ in range(600):
        head = server.get("/collections/market/map").json
        if head.get("points") and not head.get("making"):
            return server
        time.sleep(0.2)
    raise AssertionError(f"no map: {head}")


class Visit:
    """A window on the pages of one server, which must keep quiet and stay at home."""

    def __init__(self, context: BrowserContext, server: Running) -> None:
        self.context = context
        self.server = server
        self.told: list[str] = []
        self.elsewhere: list[str] = []
        self.fine: list[str] = []  # what of the console a test expects
        self.page = self.watch(context.new_page())

    def watch(self, page: Page) -> Page:
        page.add_init_script(_WATCH)
        page.on("console", lambda one: one.type == "error" and self.told.append(one.text))
        page.on("pageerror", lambda error: self.told.append(str(error)))
        page.on("request", lambda one: self._asked(one.url))
        return page

    def _asked(self, url: str) -> None:
        if not url.startswith((self.server.url, "blob:", "data:")):
            self.elsewhere.append(url)

    def open(self, path: str) -> Page:
        self.page.goto(self.server.url + path)
        return self.page

    def search(self, query: str = "") -> Page:
        page = self.open(f"/ui/market/search{query}")
        page.wait_for_selector(".card")
        return page

    def titles(self, page: Page | None = None) -> list[str]:
        return (page or self.page).locator(".card .title").all_inner_texts()

    def check(self) -> None:
        told = [one for one in self.told if not any(part in one for part in self.fine)]
        assert [] == told
        assert [] == self.elsewhere
        for page in self.context.pages:
            if page.url.startswith(self.server.url):
                assert [] == page.evaluate("window.refused ?? []")


@pytest.fixture
def visiting(browser: Browser, server: Running) -> Iterator[Any]:
    """Opens windows, `visiting(viewport=..., locale=...)`, and looks at each at the end."""
    made: list[Visit] = []

    def visit(running: Running = server, **options: Any) -> Visit:
        given = {"viewport": {"width": 1280, "height": 900}, "locale": "en-US", **options}
        made.append(Visit(browser.new_context(**given), running))
        return made[-1]

    yield visit
    for one in made:
        one.check()
        one.context.close()


@pytest.fixture
def visit(visiting: Any) -> Visit:
    made: Visit = visiting()
    return made
