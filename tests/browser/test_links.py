"""Links that somebody was sent: the search in them survives the way to the page."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import expect
from serving import Running, serving

import cospace as cs

from .conftest import chromium

TOKEN = "a-token-of-sixteen-letters"


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A server, with a token, of two collections."""
    chromium()
    places = [tmp_path_factory.mktemp("links") / f"{name}.cospace" for name in ("hats", "mugs")]
    for place in places:
        with cs.open(place, model="starter") as made:
            made.add(ids=["1", "2"], documents=["Red one", "Blue one"],
                     metadatas=[{"price": 5}, {"price": 9}])  # fmt: skip
    with serving(*places, variables={"COSPACE_SERVE_TOKEN": TOKEN}) as running:
        yield running


def test_a_search_survives_the_token_and_the_choice_of_a_collection(visiting: Any, two: Running):
    visit = visiting(two)
    visit.fine = ["401"]
    page = visit.open("/?q=blue+one&sort=-price")
    page.get_by_label("Token").fill(TOKEN)
    page.get_by_role("button", name="Enter").click()
    page.get_by_role("link", name="mugs").click()
    page.wait_for_selector(".card")
    expect(page.locator("#q")).to_have_value("blue one")
    expect(page.locator("#sort")).to_have_value("-price")


def test_what_a_search_is_like_is_not_counted(visiting: Any):
    visit = visiting()
    for sort in ("", "&sort=price"):
        page = visit.open(f"/ui/market/search?like=MK-1252{sort}")
        page.wait_for_selector(".card")
        expect(page.locator("#count")).to_contain_text("of 419 shown")
