"""Take the pictures of the pages: docs/pictures, of the example marketplace.

    python docs/pictures.py

Needs the extra `dev` and Debian's chromium. They are taken again by hand when a page changes.
"""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import Page, sync_playwright

import cospace as cs
from cospace.cli.main import main as run

ROOT = Path(__file__).parents[1]
PICTURES = ROOT / "docs" / "pictures"
MARKET = ROOT / "examples" / "marketplace"
WORDS = ["--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"]


def main() -> None:
    """Index, map, serve, take."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "market.cospace"
        with cs.open(folder, model="starter") as shop:
            shop.upsert(cs.read(MARKET / "listings.csv"))
            shop.make_map()
        report(folder, Path(place) / "report.html")
        command = [sys.executable, "-m", "cospace", "serve", str(folder), "--port", "0", "--json"]
        server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)  # noqa: S603
        try:
            assert server.stdout
            said = ""
            while not said.endswith("}\n"):
                said += server.stdout.readline()
            take(json.loads(said)["url"])
        finally:
            server.terminate()
            server.wait()


def report(folder: Path, file: Path) -> None:
    """The report of an audit, down to what was found of negation."""
    questions = str(MARKET / "queries.jsonl")
    options = ["--label", "category", "--questions", questions, "--html", str(file)]
    assert run(["audit", str(folder), *options]) == 0
    program = os.environ.get("COSPACE_CHROMIUM") or shutil.which("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=WORDS)
        page = browser.new_page(viewport={"width": 1100, "height": 900})
        page.goto(file.as_uri())
        keep(page, "report")
        card = page.locator("details.finding", has_text="Flips: negation").first
        card.evaluate("one => one.scrollIntoView({behavior: 'instant'})")
        keep(page, "report-finding")
        browser.close()


def take(url: str) -> None:
    """All pictures."""
    wait(url)
    program = os.environ.get("COSPACE_CHROMIUM") or shutil.which("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=WORDS)

        def page(path: str, *, wide: int = 1280, tall: int = 800, **more: Any) -> Page:
            view = {"width": wide, "height": tall}
            opened = browser.new_context(viewport=view, locale="en-US", **more).new_page()
            opened.goto(f"{url}/ui/market/{path}")
            return opened

        one = page("search?q=vintage+comfortable+seating")
        one.wait_for_selector(".card")
        keep(one, "search")
        photo = MARKET / "photos" / "MK-1252.jpg"
        one.locator("input[type=file]").set_input_files(photo)
        one.get_by_role("searchbox").or_(one.get_by_role("combobox")).first.fill("for the winter")
        one.wait_for_selector("input[type=range]")
        keep(one, "picture")
        keep(page("map"), "map", wait=".names span")
        near = page("map")
        near.wait_for_selector(".names span")
        near.locator(".legend button").last.click()
        keep(near, "map-near", wait=".thumb")
        judged = page("compare?q=comfortable+seating")
        for grade in ("3", "3", "1", "0"):
            judged.wait_for_selector(".hit")
            row = judged.locator(".way").first.locator(".hit:not(:has([aria-pressed=true]))").first
            row.locator(".entry").focus()
            judged.keyboard.press(grade)
            judged.wait_for_timeout(300)
        keep(judged, "compare")
        keep(page("status"), "status", wait="dl")
        phone = page(
            "search?q=vintage+comfortable+seating", wide=390, tall=844, color_scheme="dark"
        )
        keep(phone, "phone", wait=".card")
        browser.close()


def wait(url: str) -> None:
    """Until the server answers."""
    for _ in range(100):
        try:
            urllib.request.urlopen(url + "/ready")  # noqa: S310 - our own server, on loopback
        except OSError:
            time.sleep(0.1)
        else:
            return


def keep(page: Page, name: str, *, wait: str = "body") -> None:
    """The page as a picture of few colours: a README should stay light."""
    page.wait_for_selector(wait)
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(800)
    shot = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    PICTURES.mkdir(exist_ok=True)
    shot.save(PICTURES / f"{name}.webp", quality=82, method=6)


if __name__ == "__main__":
    main()
