"""Filters, their place in the address, sorting, spelling, and what is not wanted."""

from __future__ import annotations

import re
from typing import Any

from playwright.sync_api import Locator, Page, expect

from .conftest import EXAMPLE, Visit
from .test_search import box, first, settled


def furniture(page: Page) -> Locator:
    """The box of a category that stands below the first eight."""
    box = page.get_by_label(re.compile("^Furniture"))
    more = page.locator("fieldset", has_text="Category").get_by_role("button", name="more")
    expect(more.or_(box).first).to_be_visible()
    if more.count():
        more.click()
    return box


def prices(visit: Visit) -> list[float]:
    found = visit.page.locator(".card .facts b").all_inner_texts()
    return [float(one.replace(",", "")) for one in found]


def test_a_search_with_filters_is_opened_again_from_its_address(visiting: Any):
    visit = visiting()
    page = visit.search("?q=something+to+sit+on")
    furniture(page).check()
    settled(page)
    expect(page.locator("#count")).to_contain_text("of 14")
    page.get_by_label("Price, up to").fill("100")
    page.wait_for_url("**in.price=..100*")
    settled(page)
    assert max(prices(visit)) <= 100
    page.get_by_label("Sort by").select_option("price")
    settled(page)
    assert sorted(prices(visit)) == prices(visit)
    address = page.url.removeprefix(visit.server.url)
    other = visiting()
    again = other.open(address)
    again.wait_for_selector(".card")
    expect(again.get_by_label(re.compile("^Furniture"))).to_be_checked()
    expect(again.get_by_label("Price, up to")).to_have_value("100")
    assert visit.titles() == other.titles()
    page.go_back()
    page.go_back()
    page.go_back()
    expect(page.get_by_label(re.compile("^Furniture"))).not_to_be_checked()


def test_who_sorts_sees_that_there_is_more_and_gets_it_with_one_click(visiting: Any):
    visit = visiting()
    page = visit.search("?q=something+to+sit+on&in.price=..100&sort=price")
    expect(page.locator("#count")).to_have_text("1 of 380 shown")
    note = page.locator(".note")
    expect(note).to_have_text(
        "Only what matches well is sorted: 1 of 380."
        " Show the others too: best match first · all in this order, without the question"
    )
    note.get_by_role("button", name="best match first").click()
    expect(page.locator("#count")).to_have_text("24 of 380 shown")
    expect(page.get_by_label("Sort by")).to_have_value("")
    expect(box(page)).to_have_value("something to sit on")
    expect(note).to_be_empty()
    page.go_back()
    expect(page.locator("#count")).to_have_text("1 of 380 shown")
    note.get_by_role("button", name="all in this order").click()
    expect(page.locator("#count")).to_have_text("24 of 380 shown")
    expect(page.get_by_label("Sort by")).to_have_value("price")
    expect(page.get_by_label("Price, up to")).to_have_value("100")
    expect(box(page)).to_have_value("")
    assert len(prices(visit)) == 24 and sorted(prices(visit)) == prices(visit)
    page.go_back()
    expect(box(page)).to_have_value("something to sit on")
    expect(page.locator("#count")).to_have_text("1 of 380 shown")


def test_what_the_server_says_is_german_on_the_german_page(visiting: Any):
    visit = visiting(locale="de-DE")
    page = visit.search("?q=wibblefrotz+quuxly&typed=1")
    expect(page.locator(".note")).to_have_text(
        "Kein Eintrag enthält „wibblefrotz“ oder „quuxly“, und das Modell kennt davon nichts:"
        " die Treffer können unpassend sein."
    )
    visit.search("?q=chair&in.price=..100&sort=price")
    expect(page.locator(".note")).to_contain_text("Sortiert ist nur, was gut passt")
    visit.fine = ["400"]
    page = visit.open("/ui/market/search?q=chair&sort=smell")
    expect(page.get_by_role("alert").locator("p").first).to_have_text(
        "Eine Angabe ist nicht möglich."
    )
    detail = page.get_by_role("alert").locator("[lang=en]")
    expect(detail).to_contain_text("no item has 'smell'")


def test_counts_follow_the_other_filters_and_leave_their_own_out(visit: Visit):
    page = visit.search()
    count = page.locator("fieldset", has_text="Category").locator("li", has_text="Garden")
    box = furniture(page)
    before = count.locator(".count").inner_text()
    box.check()
    settled(page)
    expect(count.locator(".count")).to_have_text(before)
    page.get_by_label(re.compile("^Berlin")).check()
    expect(count.locator(".count")).not_to_have_text(before)


def test_distance_from_a_place_on_the_small_map_and_nothing_left_helps(visit: Visit):
    page = visit.search("?q=a+lamp")
    page.locator(".places").click(position={"x": 100, "y": 100})
    page.wait_for_url("**near=*")
    page.get_by_label("Kilometres").fill("400")
    page.wait_for_url("**400*")
    settled(page)
    expect(page.locator(".card").first).to_contain_text("km away")
    page.get_by_label("Sort by").select_option("distance")
    settled(page)
    told = page.locator(".card .facts span").all_inner_texts()
    far = [float(re.sub(r"[^0-9.]", "", one)) for one in told]
    assert far == sorted(far)
    page.get_by_label("Kilometres").fill("0.2")
    expect(page.locator("#results")).to_contain_text("Nothing matches these filters")
    page.locator("#results").get_by_role("button", name="Clear all filters").click()
    expect(page.locator(".card").first).to_be_visible()


def test_the_small_map_by_keyboard(visit: Visit):
    page = visit.search()
    page.locator(".places").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url("**near=*")
    settled(page)
    expect(page.locator(".near")).to_contain_text("Within 50 km")


def test_a_typing_error_is_mended_and_what_was_typed_is_one_step_away(visit: Visit):
    page = visit.search()
    box(page).fill("chiar with arms")
    expect(page.locator(".meant")).to_contain_text("Results for chair with arms")
    assert any("chair" in title.lower() for title in visit.titles()[:4])
    page.locator(".meant button").click()
    expect(page.locator(".meant")).to_have_count(0)
    assert "typed=1" in page.url
    page.go_back()
    expect(page.locator(".meant")).to_contain_text("Results for chair with arms")


def test_not_like_this(visit: Visit):
    page = visit.search("?q=a+hat")
    hat = visit.titles()[0]
    page.get_by_role("button", name=f"Not like this: {hat}", exact=True).click()
    expect(page.locator(".chip")).to_contain_text(f"Not like: {hat}")
    expect(page.locator(".card .title").filter(has_text=re.compile(f"^{hat}$"))).to_have_count(0)
    page.get_by_role("button", name=f"Remove Not like: {hat}").click()
    first(page, hat)


def test_why_marks_the_words_and_the_part_of_the_picture(visit: Visit):
    page = visit.search("?q=comfortable+old+chair")
    title = visit.titles()[0]
    page.get_by_role("button", name=f"Why was this found?: {title}", exact=True).click()
    dialog = page.get_by_role("dialog")
    expect(dialog.locator("mark").first).to_be_visible(timeout=30_000)
    page.keyboard.press("Escape")
    page.goto(visit.server.url + "/ui/market/search?q=black+sneakers")
    shown = page.locator(".card", has=page.locator(".photo img")).first
    shown.get_by_role("button", name="Why was this found?").click()
    heat = page.get_by_role("dialog").locator(".heat")
    expect(heat).to_be_visible(timeout=30_000)
    rows = heat.locator("span").evaluate_all("all => all.map((one) => Number(one.style.opacity))")
    assert 49 == len(rows) and 0 == min(rows) and 0.75 >= max(rows) > 0, "7 x 7 squares, one lit"
    expect(page.get_by_role("dialog").locator(".explained h3")).to_be_in_viewport()


def test_why_of_a_picture(visit: Visit):
    page = visit.search()
    page.locator("input[type=file]").set_input_files(EXAMPLE / "photos" / "MK-1252.jpg")
    first(page, "Black sneakers with silver laces")
    page.get_by_role("button", name="Why was this found?").first.click()
    expect(page.get_by_role("dialog").locator(".heat")).to_be_visible(timeout=30_000)


def test_more_results_come_below_and_the_focus_goes_to_them(visit: Visit):
    page = visit.search()
    assert 24 == len(visit.titles())
    page.get_by_role("button", name="Show more").click()
    expect(page.locator(".card")).to_have_count(48)
    assert visit.titles()[24] == page.evaluate("document.activeElement.textContent")
    assert 48 == len(set(page.locator(".card").evaluate_all("all => all.map((o) => o.dataset.id)")))


def test_small_pictures_are_small(visit: Visit):
    page = visit.page
    weights: dict[str, int] = {}
    page.on(
        "response",
        lambda one: (
            "/media?" in one.url
            and weights.__setitem__(one.url, int(one.headers["content-length"]))
        ),
    )
    visit.search()
    for count in (48, 72, 96):
        page.get_by_role("button", name="Show more").click()
        expect(page.locator(".card")).to_have_count(count)
    page.evaluate("document.querySelectorAll('.card').forEach((one) => one.scrollIntoView())")
    page.wait_for_load_state("networkidle")
    assert len(weights) >= 50
    fifty = sum(sorted(weights.values(), reverse=True)[:50])
    assert fifty < 400_000
    assert all("width=240" in url for url in weights)
