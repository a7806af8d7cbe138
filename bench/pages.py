"""The pages in a browser: the first cards after the last key, the weight of photos, the large map.

    python bench/pages.py [--items 100000]

Chromium (COSPACE_CHROMIUM, or `chromium`) and the server share the cores; WebGL2 is drawn by the
processor. The items are made up: short names, prices, cities, vectors near those of real texts.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from playwright.sync_api import Browser, Page, sync_playwright

import cospace as cs
from cospace.map import Cluster, Map, write

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
sys.path.insert(0, str(Path(__file__).parent))
from serve import short_texts
from serving import Running, serving

MARKET = Path(__file__).parents[1] / "examples" / "marketplace"
WORDS = ["--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"]
QUERIES = 30
# Notes when a key was pressed, and when cards were put in place.
_CLOCK = """
window.keys = 0; window.drawn = 0; window.shifts = 0;
addEventListener("input", () => { window.keys = performance.now(); }, true);
new PerformanceObserver((list) => {
  for (const one of list.getEntries()) if (!one.hadRecentInput) window.shifts += one.value;
}).observe({ type: "layout-shift", buffered: true });
document.addEventListener("DOMContentLoaded", () => {
  new MutationObserver((all) => {
    if (all.some((one) => one.target.classList?.contains("cards") && one.addedNodes.length)) {
      window.drawn = performance.now();
    }
  }).observe(document.body, { childList: true, subtree: true });
});
"""
# Frames a second while the map is dragged in each frame.
_DRAG = """() => new Promise((done) => {
  const stage = document.querySelector(".stage");
  const box = stage.getBoundingClientRect();
  const send = (type, x) => stage.dispatchEvent(new PointerEvent(type, {
    pointerId: 1, bubbles: true, clientX: box.left + x, clientY: box.top + box.height / 2 }));
  stage.setPointerCapture = () => {};
  const times = [];
  send("pointerdown", box.width / 2);
  const tick = (now) => {
    times.push(now);
    send("pointermove", box.width / 2 + 80 * Math.sin(times.length / 10));
    if (times.length < 120) requestAnimationFrame(tick);
    else { send("pointerup", box.width / 2); done(1000 * 119 / (times[119] - times[0])); }
  };
  requestAnimationFrame(tick);
})"""


def main() -> None:
    """Print each figure in a line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--items", type=int, default=100_000)
    parser.add_argument("--map", action="store_true", help="the map alone")
    args = parser.parse_args()
    items = args.items
    program = os.environ.get("COSPACE_CHROMIUM") or shutil.which("chromium")
    with tempfile.TemporaryDirectory() as place, sync_playwright() as playwright:
        folder = Path(place) / "shop.cospace"
        collection(folder, items)
        browser = playwright.chromium.launch(executable_path=program, args=WORDS)
        with serving(folder) as server:
            if not args.map:
                typing(opened(browser, server, "shop/search"), items)
            large_map(browser, server, items)
        if args.map:
            return
        market = Path(place) / "market.cospace"
        with cs.open(market, model="starter") as shop:
            shop.upsert(cs.read(MARKET / "listings.csv"))
        with serving(market) as server:
            photos(opened(browser, server, "market/search"))
        browser.close()


def collection(folder: Path, items: int) -> None:
    """So many items, and a map of them."""
    model = cs.load("starter")
    texts = short_texts(2_000, 3)
    seeds = model.encode_document(texts).array
    draw = np.random.default_rng(0)
    cities = ["Berlin", "Hamburg", "Munich", "Cologne", "Vienna", "Zurich"]
    with cs.open(folder, model=model) as shop, shop.bulk():
        for start in range(0, items, 10_000):
            size = min(10_000, items - start)
            pick = draw.integers(0, len(texts), size)
            rows = seeds[pick] + draw.normal(0, 0.03, (size, seeds.shape[1])).astype(np.float32)
            rows /= np.linalg.norm(rows, axis=1, keepdims=True)
            shop.add_vectors(
                [f"i-{start + i}" for i in range(size)],
                cs.Vectors(rows, model.space),
                texts=[texts[i] for i in pick],
                metadata=[
                    {
                        "title": texts[i],
                        "price": float(price),
                        "city": cities[price % 6],
                        "location": {"lat": 47 + price % 97 / 14, "lon": 6 + price % 89 / 10},
                    }
                    for i, price in zip(pick, draw.integers(1, 500, size).tolist(), strict=True)
                ],
            )
    middles = draw.normal(0, 0.5, (40, 2))
    labels = draw.integers(0, 40, items).astype(np.uint16)
    xy = (middles[labels] + draw.normal(0, 0.08, (items, 2))).astype(np.float32)
    sizes = np.bincount(labels, minlength=40)
    map = Map(
        ids=[f"i-{i}" for i in range(items)],
        xy=xy / np.abs(xy).max(),
        labels=labels,
        clusters=[
            Cluster(i, f"cluster {i}", *map_middle, int(sizes[i]))
            for i, map_middle in enumerate((middles / np.abs(xy).max()).tolist())
        ],
        space=model.space.fingerprint,
        made=datetime.now(UTC).isoformat(timespec="milliseconds"),
        method={"name": "drawn"},
        trustworthiness=None,
        continuity=None,
        hashes=np.zeros((items, 8), np.uint8),
        late=np.zeros(items, bool),
    )
    write(folder, map)


def opened(browser: Browser, server: Running, path: str) -> Page:
    """A page of the server, with clocks."""
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.add_init_script(_CLOCK)
    page.goto(f"{server.url}/ui/{path}")
    page.wait_for_selector(".card", timeout=120_000)
    return page


def typing(page: Page, items: int) -> None:
    """The first cards after the last key."""
    box = page.locator("#q")
    found = []
    for number, query in enumerate(short_texts(QUERIES + 2, 99)):
        words = " ".join(query.split()[:4])
        box.fill("")
        page.wait_for_timeout(300)
        box.press_sequentially(words, delay=70)
        page.wait_for_function(_arg("window.drawn > window.keys"))
        page.wait_for_timeout(250)
        if number > 1:  # warm
            found.append(page.evaluate("window.drawn - window.keys"))
    found.sort()
    print(
        f"search as you type, {items:,} items: first cards {statistics.median(found):.0f} ms after"
        f" the last key (median of {len(found)}; the slowest {found[-1]:.0f})"
    )
    print(f"layout shift, search: {page.evaluate('window.shifts'):.3f}")
    page.close()


def _arg(text: str) -> str:
    return f"() => {text}"


def photos(page: Page) -> None:
    """The weight of 50 photos."""
    weights: list[int] = []
    page.on(
        "response",
        lambda one: "/media?" in one.url and weights.append(int(one.headers["content-length"])),
    )
    page.reload()
    for _ in range(3):
        page.get_by_role("button", name="Show more").click()
        page.wait_for_timeout(500)
    page.evaluate("document.querySelectorAll('.card').forEach((one) => one.scrollIntoView())")
    page.wait_for_load_state("networkidle")
    fifty = sum(sorted(weights, reverse=True)[:50])
    print(f"the 50 heaviest of {len(weights)} photos on screen: {fifty / 1000:.0f} kB")
    page.close()


def large_map(browser: Browser, server: Running, items: int) -> None:
    """The map opened and dragged."""
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    started = time.monotonic()
    page.goto(f"{server.url}/ui/shop/map")
    page.wait_for_selector(".names span", timeout=120_000)
    first = time.monotonic() - started
    page.reload()
    started = time.monotonic()
    page.wait_for_selector(".names span", timeout=120_000)
    again = time.monotonic() - started
    rates = [page.evaluate(_DRAG) for _ in range(3)]
    print(
        f"map of {items:,} points: open after {first:.1f} s, again {again:.1f} s;"
        f" {statistics.median(rates):.0f} frames a second while dragged"
    )
    page.close()


if __name__ == "__main__":
    main()
