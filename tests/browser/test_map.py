"""The map: drawn, zoomed, lit up, searched with a lasso, by keyboard, and made from the page."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from serving import Running, serving

import cospace as cs

from .conftest import Visit, chromium


def drawn(page: Page) -> None:
    page.wait_for_selector(".stage canvas")
    page.wait_for_selector(".names span")


def test_points_names_and_colours(visit: Visit, mapped: Running):
    del mapped
    page = visit.open("/ui/market/map")
    drawn(page)
    assert len(page.locator(".names span").all()) >= 3
    assert page.locator(".legend li").count() >= 5
    page.get_by_label("Colour").select_option(".category")
    expect(page.locator(".legend")).to_contain_text("Clothing")
    page.get_by_label("Colour").select_option(".price")
    expect(page.locator(".legend .ramp")).to_be_visible()


def middle(page: Page) -> tuple[float, float]:
    """Of the cluster whose name was placed last: above it or below."""
    name = page.locator(".names span").last
    box = name.bounding_box()
    assert box
    right, down = (
        name.evaluate(f"(one) => parseFloat(getComputedStyle(one).margin{side})")
        for side in ("Left", "Top")
    )
    return box["x"] + box["width"] / 2 - right, box["y"] + box["height"] / 2 - down


def test_zooming_shows_pictures(visit: Visit, mapped: Running):
    del mapped
    page = visit.open("/ui/market/map")
    drawn(page)
    page.mouse.move(*middle(page))
    for _ in range(12):
        page.mouse.wheel(0, -300)
        page.wait_for_timeout(60)
        if page.locator(".thumb").count():
            break
    expect(page.locator(".thumb").first).to_be_visible(timeout=10_000)
    page.locator(".thumb").first.click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Nearest in the full space")
    expect(dialog.locator(".entry")).to_have_count(8)


# Whether the middle of a point's picture lies within the frame.
_IN_VIEW = """() => {
  const stage = document.querySelector(".stage").getBoundingClientRect();
  return [...document.querySelectorAll(".thumb")].some((one) => {
    const box = one.getBoundingClientRect();
    const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
    return x > stage.left && x < stage.right && y > stage.top && y < stage.bottom;
  });
}"""


def in_view(page: Page) -> None:
    """The picture of a point is there, within the frame, once the view is at rest."""
    page.wait_for_timeout(300)
    page.wait_for_function(_IN_VIEW, timeout=10_000)


def test_the_view_never_loses_all_points(visit: Visit, mapped: Running):
    del mapped
    page = visit.open("/ui/market/map")
    drawn(page)
    stage = page.locator(".stage").bounding_box()
    assert stage
    page.mouse.move(stage["x"] + 6, stage["y"] + 6)
    for _ in range(10):
        page.mouse.wheel(0, -300)
    in_view(page)
    page.locator(".stage").focus()
    for key in ("ArrowLeft", "ArrowUp", "ArrowRight", "ArrowDown"):
        for _ in range(30):
            page.keyboard.press(key)
        in_view(page)


def test_those_that_are_shown_alone_are_in_view(visit: Visit, mapped: Running):
    del mapped
    page = visit.open("/ui/market/map")
    drawn(page)
    page.locator(".legend button", has_text="furniture").first.click()
    page.locator(".stage").focus()
    page.keyboard.press("0")
    stage = page.locator(".stage").bounding_box()
    assert stage
    page.mouse.move(stage["x"] + 6, stage["y"] + stage["height"] - 6)
    for _ in range(10):
        page.mouse.wheel(0, -300)
    page.get_by_role("button", name="Show only these").click()
    in_view(page)


def test_what_is_told_of_a_point_goes_when_the_point_moves_away(visit: Visit, mapped: Running):
    del mapped
    page = visit.open("/ui/market/map")
    drawn(page)
    box = page.locator(".stage").bounding_box()
    assert box
    tip = page.locator(".tip")
    for at in range(40, int(box["width"]) - 80, 6):
        page.mouse.move(box["x"] + at, box["y"] + box["height"] / 2)
        page.wait_for_timeout(15)
        if "on-point" in (page.locator(".stage").get_attribute("class") or ""):
            break
    expect(tip).to_be_visible()
    page.get_by_label("Zoom in").dispatch_event("click")
    expect(tip).to_be_hidden()


def test_no_name_lies_under_the_tools(visiting: Any, mapped: Running):
    page = visiting(mapped, viewport={"width": 390, "height": 844}).open("/ui/market/map")
    drawn(page)
    tools = page.locator(".tools").bounding_box()
    assert tools
    for name in page.locator(".names span").all():
        box = name.bounding_box()
        assert box
        beside = box["x"] + box["width"] <= tools["x"] or box["y"] >= tools["y"] + tools["height"]
        assert beside or box["y"] + box["height"] <= tools["y"]


def test_names_at_the_edge_are_there_within_the_frame(visit: Visit, mapped: Running):
    head = mapped.get("/collections/market/map").json
    page = visit.open("/ui/market/map")
    drawn(page)
    stage = page.locator(".stage").bounding_box()
    names = page.locator(".names span")
    last = max(head["clusters"], key=lambda one: one["x"])["name"]
    expect(names.filter(has_text=last)).to_be_visible()
    for name in names.all():
        box = name.bounding_box()
        assert box["x"] >= stage["x"] - 1 and box["y"] >= stage["y"] - 1
        assert box["x"] + box["width"] <= stage["x"] + stage["width"] + 1


def test_one_price_far_out_leaves_the_others_their_colours(visit: Visit, mapped: Running):
    del mapped
    page = visit.open("/ui/market/map")
    drawn(page)
    page.get_by_label("Colour").select_option("price")
    high = page.locator(".ramp span").last
    expect(high).to_contain_text("≥ ")
    assert float(high.inner_text()[2:]) < 650, "the dearest costs 650"


def test_a_question_lights_up(visit: Visit, mapped: Running):
    del mapped
    page = visit.open("/ui/market/map")
    drawn(page)
    page.get_by_label("Light up what you describe").fill("vintage comfortable seating")
    expect(page.locator(".side")).to_contain_text("Best matches, lit up: 50")
    expect(page.locator(".list .entry").first).to_contain_text("Retro velvet armchair")


def test_a_lasso_gives_a_list_and_a_file(visit: Visit, mapped: Running, tmp_path: Path):
    del mapped
    page = visit.open("/ui/market/map")
    drawn(page)
    page.get_by_role("button", name="Select with a lasso").click()
    box = page.locator(".stage").bounding_box()
    assert box
    corners = [(0.2, 0.2), (0.7, 0.2), (0.7, 0.8), (0.2, 0.8), (0.2, 0.21)]
    places = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in corners]
    page.mouse.move(*places[0])
    page.mouse.down()
    for place in places[1:]:
        page.mouse.move(*place, steps=6)
    page.mouse.up()
    expect(page.locator(".picked h2")).to_contain_text("selected")
    count = int(page.locator(".picked h2").inner_text().split()[0].replace(",", ""))
    assert 10 < count < 420
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Save as CSV").click()
    waiting.value.save_as(tmp_path / "a.csv")
    rows = (tmp_path / "a.csv").read_text().splitlines()
    assert count + 1 == len(rows) and rows[0] == "id,title,x,y"
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Save as a picture").click()
    waiting.value.save_as(tmp_path / "a.png")
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")


def test_only_what_is_selected_is_shown_and_searched(visit: Visit, mapped: Running):
    del mapped
    page = visit.open("/ui/market/map")
    drawn(page)
    page.locator(".legend button", has_text="furniture").first.click()
    chosen = int(page.locator(".picked h2").inner_text().split()[0])
    page.get_by_role("button", name="Show only these").click()
    expect(page.locator(".side")).to_contain_text(f"Shown: {chosen} items alone")
    page.get_by_label("Light up what you describe").fill("a guitar")
    expect(page.locator(".side")).to_contain_text(f"Best matches, lit up: {min(50, chosen)}")
    page.get_by_role("button", name="Show all again").click()
    page.get_by_label("Light up what you describe").fill("a guitar with strings")
    expect(page.locator(".side")).to_contain_text("Best matches, lit up: 50")
    expect(page.locator(".list .entry").first).to_contain_text("uitar")


def test_by_keyboard(visit: Visit, mapped: Running):
    del mapped
    page = visit.open("/ui/market/map")
    drawn(page)
    page.locator(".stage").focus()
    before = page.locator(".names span").first.bounding_box()
    page.keyboard.press("+")
    page.keyboard.press("ArrowLeft")
    page.wait_for_timeout(200)
    assert before != page.locator(".names span").first.bounding_box()
    page.keyboard.press("0")
    page.locator(".legend button").first.focus()
    page.keyboard.press("Enter")
    expect(page.locator(".picked h2")).to_contain_text("selected")


def test_on_a_phone(visiting: Any, mapped: Running):
    del mapped
    visit = visiting(viewport={"width": 390, "height": 844}, is_mobile=True, has_touch=True)
    page = visit.open("/ui/market/map")
    drawn(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


@pytest.fixture
def unmapped(tmp_path: Path) -> Iterator[Running]:
    chromium()
    folder = tmp_path / "few.cospace"
    with cs.open(folder, model="starter") as made:
        names = [
            f"{colour} {thing}"
            for colour in ("red", "old", "big")
            for thing in ("chair", "lamp", "spade", "guitar", "bicycle", "hat", "table", "drum")
        ]
        made.upsert([cs.Item(name, name, {"title": name}) for name in names])
    with serving(folder) as running:
        yield running


def test_the_map_is_made_from_the_page(visiting: Any, unmapped: Running):
    visit = visiting(unmapped)
    visit.fine = ["404"]
    page = visit.open("/ui/few/map")
    page.get_by_role("button", name="Make the map").click()
    page.wait_for_selector(".stage canvas", timeout=90_000)
    assert 24 == unmapped.get("/collections/few/map").json["points"]


def test_a_damaged_map_is_made_again_from_the_page(visiting: Any, tmp_path: Path):
    chromium()
    folder = tmp_path / "torn.cospace"
    with cs.open(folder, model="starter") as made:
        made.add(ids=[f"{n}" for n in range(12)], documents=[f"a chair {n}" for n in range(12)])
        made.make_map()
    (folder / "map.npz").write_bytes(b"no map")
    with serving(folder) as running:
        visit = visiting(running)
        visit.fine = ["500", "404"]
        page = visit.open("/ui/torn/map")
        page.get_by_role("button", name="Make the map").click()
        page.wait_for_selector(".stage canvas", timeout=90_000)
        visit.page.close()


def test_a_map_that_cannot_be_made_is_said(visiting: Any, tmp_path: Path):
    chromium()
    folder = tmp_path / "bare.cospace"
    with cs.open(folder, model="starter") as made:
        made.add(ids="a", documents="a chair")
        made.delete(["a"])
    with serving(folder) as running:
        visit = visiting(running)
        visit.fine = ["404"]
        page = visit.open("/ui/bare/map")
        page.get_by_role("button", name="Make the map").click()
        expect(page.get_by_role("alert")).to_contain_text("nothing to map", timeout=60_000)
        visit.page.close()
