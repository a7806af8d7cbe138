"""The status of a collection, and a bulk write seen while it runs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import expect
from serving import Running, serving

import cospace as cs

from .conftest import chromium


@pytest.fixture(scope="module")
def partly(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A server of a collection in which one photo cannot be read."""
    chromium()
    place = tmp_path_factory.mktemp("partly")
    (place / "broken.jpg").write_bytes(b"\xff\xd8\xff no picture")
    rows = "id,title,photo\nwhole,A chair,\nhalf,A lamp,broken.jpg\n"
    (place / "rows.csv").write_text(rows)
    with cs.open(place / "partly.cospace", model="starter") as made:
        report = made.upsert(cs.read(place / "rows.csv"))
        assert 2 == report.added
    with serving(place / "partly.cospace") as running:
        yield running


def test_what_is_there_and_what_failed(visiting: Any, partly: Running):
    visit = visiting(partly)
    page = visit.open("/ui/partly/status")
    expect(page.locator("[aria-labelledby=indexed]").first).to_contain_text("2 items")
    failed = page.locator("section[aria-labelledby=failed]")
    expect(page.locator("[aria-labelledby=indexed]").first).to_contain_text("searched, exactly")
    expect(failed).to_contain_text("1 item stored without a part")
    expect(failed).not_to_contain_text("could not be stored")
    expect(failed).to_contain_text("half")
    expect(failed).to_contain_text("stored without this part")
    failed.get_by_role("button", name="Try the missing parts again").click()
    expect(page.locator("#said")).to_contain_text("still fail")
    space = page.locator("section[aria-labelledby=space]")
    expect(space).to_contain_text("starter")
    expect(space).to_contain_text("384")
    page.locator("summary").click()
    expect(page.locator("section[aria-labelledby=limits]")).to_contain_text("image bytes")


# The words of cells that stand on more than one line.
NARROW = """(cells) => cells.flatMap((cell) => {
  const text = cell.firstChild;
  return [...text.data.matchAll(/[\\p{L}\\d.,]+/gu)].filter((word) => {
    const range = document.createRange();
    range.setStart(text, word.index);
    range.setEnd(text, word.index + word[0].length);
    return range.getClientRects().length > 1;
  }).map((word) => word[0]);
})"""
FAILING = ("broken.jpg", "empty.jpg", "text.jpg", "tiny.png")


@pytest.fixture(scope="module")
def failing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A server of a collection most of whose rows failed, each for another reason."""
    chromium()
    place = tmp_path_factory.mktemp("failing")
    (place / "broken.jpg").write_bytes(b"\xff\xd8\xff no picture")
    (place / "empty.jpg").write_bytes(b"")
    (place / "text.jpg").write_text("no picture at all")
    Image.new("RGB", (1, 1)).save(place / "tiny.png")
    rows = [f"{name} {title},{title},{name}" for name in FAILING for title in ("lamp", "")]
    (place / "rows.csv").write_text("\n".join(["id,title,photo", *rows]))
    with cs.open(place / "failing.cospace", model="starter") as made:
        assert len(FAILING) == made.upsert(cs.read(place / "rows.csv", image="photo")).added
    with serving(place / "failing.cospace") as running:
        yield running


def test_reasons_and_limits_are_german_on_the_german_page(visiting: Any, failing: Running):
    page = visiting(failing, locale="de-DE").open("/ui/failing/status")
    failed = page.locator("section[aria-labelledby=failed]")
    expect(failed).to_contain_text("Ohne Bild gespeichert: Die Datei ist leer.")
    found = failed.locator("tbody tr").all_inner_texts()
    assert 2 * len(FAILING) == len(found)
    english = failed.locator("[lang=en]").all_inner_texts()
    assert [] == english, found
    limits = page.locator("section[aria-labelledby=limits]")
    limits.locator("summary").click()
    expect(limits).to_contain_text("längere Texte werden abgelehnt")
    assert [] == limits.locator("[lang=en]").all_inner_texts()
    for width in (1280, 390):
        page.set_viewport_size({"width": width, "height": 850})
        narrow = page.locator(".panel td:not(.id), .panel tbody th").evaluate_all(NARROW)
        assert [] == narrow, "words and numbers are whole"
    expect(page.locator("section[aria-labelledby=fields]")).to_contain_text("Text")


def test_a_write_is_seen_while_it_runs(visiting: Any, partly: Running):
    visit = visiting(partly)
    page = visit.open("/ui/partly/status")
    expect(page.locator("section[aria-labelledby=live]")).to_contain_text(
        "Nothing is being written"
    )
    rows = [{"id": f"row {n}", "text": f"a chair of colour {n}"} for n in range(200)]
    assert 200 == partly.ask("PUT", "/collections/partly/items", {"items": rows}).status
    expect(page.locator("section[aria-labelledby=live]")).to_contain_text(
        "200 rows", timeout=15_000
    )
    expect(page.locator("section[aria-labelledby=indexed]")).to_contain_text("202 items")
