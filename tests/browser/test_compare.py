"""One question in several ways, side by side, and judged on the spot."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import expect
from serving import Running

import cospace as cs

from .conftest import Visit


def test_columns_moves_and_judgments(visiting: Any, server: Running):
    visit: Visit = visiting()
    page = visit.open("/ui/market/compare")
    page.get_by_role("searchbox").fill("comfortable seating")
    expect(page.locator(".way")).to_have_count(2)
    expect(page.locator(".way").first.locator(".hit")).to_have_count(20)
    expect(page.locator(".wires path").first).to_be_attached()
    page.get_by_role("button", name="Add a way").click()
    expect(page.locator(".way")).to_have_count(3)
    page.get_by_role("combobox", name="Way 3").select_option("market/words")
    expect(page.locator(".way").nth(2).locator(".hit").first).to_be_visible()
    row = page.locator(".way").first.locator(".hit").first
    title = row.locator(".entry").inner_text().strip()
    row.locator(".entry").focus()
    page.keyboard.press("3")
    expect(page.locator("#said")).to_contain_text("Judged 3")
    expect(row.locator(".grade[aria-pressed=true]")).to_have_text("3")
    expect(page.locator(".ndcg").first).to_contain_text("nDCG@10 100, 1 of 10 judged")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("0")
    expect(page.locator("#count, .bar p").first).to_contain_text("2 judged")
    other = visiting()
    again = other.open(page.url.removeprefix(visit.server.url))
    expect(again.locator(".way")).to_have_count(3)
    kept = again.locator(".hit", has_text=title).first
    expect(kept.locator(".grade[aria-pressed=true]")).to_have_text("3")
    said = server.get("/collections/market/judgments").json
    assert {3, 0} == {one["grade"] for one in said["judgments"]}


def test_four_columns_have_room_for_titles_and_there_is_no_fifth(visiting: Any):
    visit: Visit = visiting()
    ways = "".join(f"&way=market/{one}" for one in ("", "image", "text"))
    page = visit.open(f"/ui/market/compare?q=a+lamp{ways}")
    more = page.get_by_role("button", name="Add a way")
    more.click()
    expect(page.locator(".way")).to_have_count(4)
    expect(more).to_be_disabled()
    last = page.locator(".way").last.locator(".hit").first
    expect(last).to_be_visible()
    place = last.bounding_box()
    assert place["x"] + place["width"] <= 1280, "nothing sticks out at the side"
    assert last.locator(".entry > span").bounding_box()["width"] > 100


def test_a_phone_has_room_for_titles_and_german_names_for_kinds(visiting: Any):
    visit: Visit = visiting(viewport={"width": 390, "height": 844}, locale="de-DE")
    page = visit.open("/ui/market/compare?q=blue+jacket")
    expect(page.get_by_role("combobox", name="1")).to_contain_text("nur Bild")
    entry = page.locator(".hit .entry").first
    expect(entry).to_be_visible()
    assert entry.bounding_box()["width"] > 250


def test_judgments_are_a_judged_set(visit: Visit, market: Any, tmp_path: Any):
    page = visit.open("/ui/market/compare?q=a+bicycle")
    page.locator(".hit .entry").first.focus()
    page.keyboard.press("2")
    expect(page.locator("#said")).to_contain_text("Judged 2")
    with cs.open(market, read_only=True) as reader:
        assert 2 in reader.judgments["a bicycle"].values()
