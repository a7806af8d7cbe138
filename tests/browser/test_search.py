"""The search page, as people use it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from playwright.sync_api import Page, expect

from .conftest import EXAMPLE, Visit

PHOTO = EXAMPLE / "photos" / "MK-1252.jpg"  # black sneakers
# Puts a file where the browser would: into a drop, or into a paste.
_GIVE = """async ([kind, name, bytes]) => {
  const transfer = new DataTransfer();
  transfer.items.add(new File([Uint8Array.from(bytes)], name, { type: "image/jpeg" }));
  const given = { bubbles: true, cancelable: true };
  if (kind === "paste") {
    document.dispatchEvent(new ClipboardEvent("paste", { clipboardData: transfer, ...given }));
    return;
  }
  for (const type of ["dragenter", "dragover", "drop"]) {
    document.body.dispatchEvent(new DragEvent(type, { dataTransfer: transfer, ...given }));
  }
}"""


def box(page: Page) -> Any:
    return page.get_by_role("combobox").or_(page.get_by_role("searchbox")).first


def settled(page: Page) -> None:
    expect(page.locator("#results")).not_to_have_attribute("aria-busy", "true")


def first(page: Page, title: str) -> None:
    expect(page.locator(".card .title").first).to_have_text(title)


def test_typing_finds_by_meaning(visit: Visit):
    page = visit.search()
    box(page).press_sequentially("vintage comfortable seating", delay=15)
    first(page, "Retro velvet armchair")
    assert page.url.endswith("/ui/market/search?q=vintage+comfortable+seating")
    card = page.locator(".card").first
    expect(card).to_contain_text("180")
    assert page.evaluate("window.shifts") < 0.05


def test_what_is_shown_fades_while_an_answer_takes_long(visit: Visit):
    page = visit.search()
    waiting = []

    def hold(route: Any) -> None:
        waiting.append(route)

    page.route("**/collections/market/search", hold)
    box(page).fill("chair")
    expect(page.locator(".cards")).to_have_css("opacity", "0.5")
    waiting[0].continue_()
    expect(page.locator(".cards")).to_have_css("opacity", "1")


def test_an_older_answer_never_comes_over_a_newer_one(visit: Visit):
    page = visit.search()
    waiting = []

    def slow(route: Any) -> None:
        if '"query":"chair"' in (route.request.post_data or ""):
            waiting.append(route)
        else:
            route.continue_()

    page.route("**/collections/market/search", slow)
    box(page).fill("chair")
    page.wait_for_timeout(200)
    box(page).fill("vintage comfortable seating")
    first(page, "Retro velvet armchair")
    shown = visit.titles()
    assert waiting, "the first question was asked"
    for one in waiting:
        one.continue_()
    page.wait_for_timeout(300)
    assert shown == visit.titles()


def test_quick_keys_are_asked_in_few_searches_and_the_last_always(visit: Visit):
    page = visit.search()
    asked: list[str] = []
    page.on(
        "request",
        lambda one: one.url.endswith("/search") and asked.append(one.post_data_json["query"]),
    )
    page.evaluate("""() => {
      const box = document.querySelector("#q");
      for (const one of ["r", "re", "ret", "retr", "retro velvet armchair"]) {
        box.value = one;
        box.dispatchEvent(new Event("input", { bubbles: true }));
      }
    }""")
    first(page, "Retro velvet armchair")
    assert asked == ["r", "retro velvet armchair"]


def test_a_picture_by_upload_drop_and_paste(visit: Visit):
    page = visit.search()
    page.locator("input[type=file]").set_input_files(PHOTO)
    expect(page.locator(".chip")).to_contain_text("Your picture")
    first(page, "Black sneakers with silver laces")
    found = visit.titles()
    for kind in ("drop", "paste"):
        page.get_by_role("button", name="Remove Your picture").click()
        expect(page.locator(".chip")).to_have_count(0)
        page.evaluate(_GIVE, [kind, "a.jpg", list(PHOTO.read_bytes())])
        expect(page.locator(".chip")).to_contain_text("Your picture")
        settled(page)
        expect(page.locator(".card .title").first).to_have_text(found[0])
        assert found == visit.titles(), kind


def test_what_is_no_picture_is_said_and_the_search_stays(visit: Visit, tmp_path: Path):
    page = visit.search("?q=a+lamp")
    before = visit.titles()
    wrong = tmp_path / "a.jpg"
    wrong.write_bytes(b"no picture at all")
    page.locator("input[type=file]").set_input_files(wrong)
    expect(page.locator("#said")).to_contain_text("not a picture")
    assert before == visit.titles()


def test_words_and_a_picture_with_a_slider_between(visit: Visit):
    page = visit.search()
    page.locator("input[type=file]").set_input_files(PHOTO)
    first(page, "Black sneakers with silver laces")
    box(page).fill("retro velvet armchair")
    slider = page.get_by_role("slider", name="Words or picture")
    slider.fill("0")
    first(page, "Retro velvet armchair")
    slider.fill("1")
    first(page, "Black sneakers with silver laces")
    assert "weight=1" in page.url


def test_more_like_this_is_in_the_address_and_opens_again(visiting: Any):
    visit = visiting()
    page = visit.search("?q=retro+velvet+armchair")
    page.get_by_role("button", name="More like this: Retro velvet armchair").click()
    expect(page.locator(".chip")).to_contain_text("More like: Retro velvet armchair")
    expect(page.locator(".card .title").filter(has_text="Retro velvet armchair")).to_have_count(0)
    settled(page)
    other = visiting()
    again = other.open(page.url.removeprefix(visit.server.url))
    expect(again.locator(".chip")).to_contain_text("More like: Retro velvet armchair")
    expect(again.locator(".card .title").first).to_have_text(visit.titles()[0])
    assert visit.titles() == other.titles()
    page.go_back()
    first(page, "Retro velvet armchair")


def test_an_item_opens_in_full_and_closes_by_key(visit: Visit):
    page = visit.search("?q=retro+velvet+armchair")
    page.get_by_role("button", name="Retro velvet armchair", exact=True).click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Bottle green upholstery")
    expect(dialog).to_contain_text("Salzburg")
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)


def test_by_keyboard_alone(visit: Visit):
    page = visit.search()
    page.keyboard.press("Escape")
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("/")
    page.keyboard.type("a lamp for the desk")
    page.wait_for_url("**q=a+lamp*")
    settled(page)
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.matches('.card .title')"):
            break
    else:
        raise AssertionError("Tab never came to a card")
    width = page.evaluate("parseFloat(getComputedStyle(document.activeElement).outlineWidth)")
    assert width >= 2, "the focus is seen"
    chosen = page.evaluate("document.activeElement.textContent")
    page.keyboard.press("ArrowRight")
    assert chosen != page.evaluate("document.activeElement.textContent")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_contain_text(chosen)
    page.keyboard.press("Escape")
    assert chosen == page.evaluate("document.activeElement.textContent"), "the focus comes back"


def test_on_a_phone(visiting: Any):
    visit = visiting(viewport={"width": 390, "height": 844}, is_mobile=True, has_touch=True)
    page = visit.search("?q=vintage+comfortable+seating")
    first(page, "Retro velvet armchair")
    wide = page.evaluate("document.documentElement.scrollWidth")
    assert wide <= 390, "nothing sticks out at the side"
    expect(page.locator(".facets")).to_be_hidden()
    page.get_by_role("button", name="Filters").tap()
    expect(page.locator(".facets")).to_be_visible()
    page.get_by_role("button", name="Show results").tap()
    expect(page.locator(".facets")).to_be_hidden()
    assert page.evaluate("window.shifts") < 0.05


def test_german(visiting: Any):
    visit = visiting(locale="de-DE")
    page = visit.search()
    expect(page.get_by_role("link", name="Suche")).to_be_visible()
    assert "de" == page.evaluate("document.documentElement.lang")
    page.get_by_role("button", name="English").click()
    expect(page.get_by_role("link", name="Search", exact=True)).to_be_visible()
    page.reload()
    expect(page.get_by_role("link", name="Search", exact=True)).to_be_visible()


def test_dark_and_light(visiting: Any):
    visit = visiting(color_scheme="dark")
    page = visit.search()
    ground = "getComputedStyle(document.body).backgroundColor"
    dark = page.evaluate(ground)
    page.get_by_role("button", name="Light or dark").click()
    assert dark != page.evaluate(ground)


def test_still_when_motion_is_unwanted(visiting: Any):
    visit = visiting(reduced_motion="reduce")
    page = visit.search()
    moving = """[...document.querySelectorAll("*")].filter((one) => {
      const style = getComputedStyle(one);
      const long = (text) => text.split(",").some((part) => parseFloat(part) > 0);
      return long(style.transitionDuration) || long(style.animationDuration);
    }).length"""
    assert 0 == page.evaluate(moving)


def test_a_server_that_is_gone_is_said_and_the_search_is_kept(visit: Visit):
    visit.fine = ["Failed to load resource"]
    page = visit.search("?q=a+lamp")
    page.route("**/collections/market/search", lambda route: route.abort())
    box(page).fill("a desk")
    expect(page.get_by_role("alert")).to_contain_text("does not answer")
    page.unroute("**/collections/market/search")
    page.get_by_role("button", name="Try again").click()
    expect(page.locator(".card").first).to_be_visible()
    assert "q=a+desk" in page.url
