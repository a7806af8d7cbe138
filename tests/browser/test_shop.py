"""Exports of shops, whose columns have other names: titles, prices and photos on the pages."""

from __future__ import annotations

import csv
import re
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
    with cs.open(place / "stock.cospace", model="starter") as made:
        made.add(
            ids=["S1", "S2", "S3"],
            documents=names,
            metadatas=[
                {"in_stock": True, "added": "2026-03-01T09:30:00", "price": 12.5},
                {"in_stock": False, "added": "2026-03-02T10:00:00", "price": 8},
                {"in_stock": True, "added": "2026-04-01T08:00:00", "size": {"cm": 58}},
            ],
        )
    places = [place / f"{name}.cospace" for name in ("shop", "laden", "stock")]
    with serving(*places) as running:
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


def test_a_filter_by_yes_and_no_holds_also_from_its_address(visiting: Any, shops: Running):
    visit = visiting(shops)
    page = visit.open("/ui/stock/search")
    page.get_by_label(re.compile("^yes")).check()
    expect(page.locator("#count")).to_have_text("2 of 2 shown")
    assert ["Felt hat", "Silk scarf"] == sorted(visit.titles())
    page.reload()
    expect(page.get_by_label(re.compile("^yes"))).to_be_checked()
    expect(page.locator("#count")).to_have_text("2 of 2 shown")
    page.get_by_label(re.compile("^yes")).uncheck()
    expect(page.locator("#count")).to_have_text("3 of 3 shown")


def test_a_filter_by_days_holds_all_of_the_last_and_also_from_its_address(
    visiting: Any, shops: Running
):
    page = visiting(shops).open("/ui/stock/search")
    page.get_by_label("Added, from").fill("2026-03-01")
    page.get_by_label("Added, up to").fill("2026-03-02")
    expect(page.locator("#count")).to_have_text("2 of 2 shown")
    page.reload()
    expect(page.get_by_label("Added, up to")).to_have_value("2026-03-02")
    expect(page.locator("#count")).to_have_text("2 of 2 shown")


def test_what_stands_in_a_range_is_what_holds_after_going_back(visiting: Any, shops: Running):
    page = visiting(shops).open("/ui/stock/search")
    low = page.get_by_label("Price, from")
    low.fill("10")
    expect(page.locator("#count")).to_have_text("1 of 1 shown")
    page.go_back()
    expect(page.locator("#count")).to_have_text("3 of 3 shown")
    expect(low).to_have_value("")


def test_an_opened_item_says_its_price_first_and_what_is_nested(visiting: Any, shops: Running):
    page = visiting(shops).open("/ui/stock/search")
    page.get_by_role("button", name="Felt hat", exact=True).click()
    expect(page.get_by_role("dialog").locator(".large")).to_have_text("12.50")
    assert 0 == page.get_by_role("dialog").locator("dt", has_text="price").count()
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Silk scarf", exact=True).click()
    expect(page.get_by_role("dialog").locator("dd").last).to_have_text("cm: 58")


def test_why_lights_the_photo_that_it_is_about_and_nothing_that_was_not_seen(
    visiting: Any, shops: Running
):
    page = visiting(shops).open("/ui/shop/search")
    page.locator("input[type=file]").set_input_files(PHOTOS[2])
    card = page.locator(".card", has_text="Felt hat")
    card.get_by_role("button", name="Why was this found?").click()
    dialog = page.get_by_role("dialog")
    heat = dialog.locator(".heat")
    expect(heat).to_be_visible(timeout=30_000)
    expect(dialog.locator(".sheet > .photo img")).to_have_attribute(
        "src", re.compile("image(%20| |\\+)2")
    )
    photo, lit, seen = page.evaluate("""() => {
      const image = document.querySelector("dialog .photo img");
      const heat = document.querySelector("dialog .heat");
      const [w, h] = [image.naturalWidth, image.naturalHeight];
      const scale = Math.min(image.clientWidth / w, image.clientHeight / h);
      const outside = [heat.offsetWidth, heat.offsetHeight];
      return [[w * scale, h * scale], outside, [heat.clientWidth, heat.clientHeight]];
    }""")
    assert photo == pytest.approx(lit, abs=1), "the dark frame reaches to the edge of the photo"
    assert seen[0] == pytest.approx(seen[1], abs=1), "the model sees a square"


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
