"""Exports of shops, whose columns have other names: titles, prices and photos on the pages."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect
from serving import Running, serving

import cospace as cs

from .conftest import EXAMPLE, chromium

PHOTOS = sorted((EXAMPLE / "photos").glob("*.jpg"))[:3]


def table(path: Path, rows: list[dict[str, str]], delimiter: str = ",") -> Path:
    names = list(dict.fromkeys(name for row in rows for name in row))
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, names, delimiter=delimiter)
        writer.writeheader()
        writer.writerows(rows)
    return path


@pytest.fixture(scope="module")
def shops(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A Shopify export, and a German table with semicolons, decimal commas and gaps."""
    chromium()
    place = tmp_path_factory.mktemp("shops")
    for photo in PHOTOS:
        shutil.copy(photo, place)
    names = ["Felt hat", "Straw hat", "Silk scarf"]
    english = [
        {
            "Handle": name.lower().replace(" ", "-"),
            "Title": name,
            "Body (HTML)": "<p>Worn twice.</p>",
            "Vendor": "Nordhavik",
            "Variant Price": f"{at + 1}0.00",
            "Image Src": PHOTOS[at].name,
        }
        for at, name in enumerate(names)
    ]
    english.insert(1, {"Handle": "felt-hat", "Image Src": PHOTOS[2].name})
    german = [
        {"Artikelnr": f"A{at}", "Titel": name, "Beschreibung": "Gut erhalten.", "Preis": price}
        for at, (name, price) in enumerate(zip(names, ["25,90 €", "", "9,50 €"], strict=True))
    ]
    for name, rows, delimiter in (("shop", english, ","), ("laden", german, ";")):
        with cs.open(place / f"{name}.cospace", model="starter") as made:
            made.upsert(cs.read(table(place / f"{name}.csv", rows, delimiter)))
    with serving(place / "shop.cospace", place / "laden.cospace") as running:
        yield running


def test_a_title_is_the_shops_own_and_is_said_once(visiting: Any, shops: Running):
    page = visiting(shops).open("/ui/shop/search?q=felt+hat")
    card = page.locator(".card").first
    expect(card.locator(".title")).to_have_text("Felt hat")
    expect(card.locator(".text")).to_contain_text("Worn twice")
    expect(card.locator(".text")).not_to_contain_text("Felt hat")
    expect(card.locator(".facts b")).to_have_text("10")
    assert "Vendor" not in page.locator(".facets").inner_text(), "all items have the same"


def test_all_photos_of_an_item_can_be_seen(visiting: Any, shops: Running):
    page = visiting(shops).open("/ui/shop/search?q=felt+hat")
    page.locator(".card .title").first.click()
    dialog = page.get_by_role("dialog")
    large = dialog.locator(".sheet > .photo img")
    before = large.get_attribute("src")
    dialog.get_by_role("button", name="Picture 2").click()
    expect(large).not_to_have_attribute("src", before or "")
    expect(large).to_be_visible()
    assert 0 == dialog.locator("dt", has_text="Title").count(), "it stands above already"


def test_a_price_has_its_currency_and_can_be_sorted_by(visiting: Any, shops: Running):
    page = visiting(shops, locale="de-DE").open("/ui/laden/search")
    cards = page.locator(".card .facts b")
    expect(cards).to_have_text(["25,90\u00a0€", "9,50\u00a0€"])
    page.get_by_label("Sortieren nach").select_option("Preis")
    expect(cards).to_have_text(["9,50\u00a0€", "25,90\u00a0€"])
    assert ["Preis"] == page.locator("legend").all_inner_texts(), "one currency is no filter"


def test_where_a_picture_may_be_dropped_is_said(visiting: Any, shops: Running):
    page = visiting(shops).open("/ui/shop/search")
    expect(page.locator(".card").first).to_be_visible()  # by then the page listens
    hint = page.get_by_text("Drop the picture anywhere")
    expect(hint).to_be_hidden()
    page.evaluate("""() => {
      const transfer = new DataTransfer();
      transfer.items.add(new File([], "a.jpg", { type: "image/jpeg" }));
      const given = { dataTransfer: transfer, bubbles: true };
      document.body.dispatchEvent(new DragEvent("dragenter", given));
    }""")
    expect(hint).to_be_visible()
