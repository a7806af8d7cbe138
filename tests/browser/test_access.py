"""axe-core finds no serious fault on any page, in light and in dark."""

from __future__ import annotations

from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe

PAGES = {
    "search": (".card", "?q=retro+velvet+armchair&near=48.2,13,400"),
    "map": (".stage canvas", ""),
    "compare": (".hit", "?q=a+comfortable+seat"),
    "status": ("dl", ""),
}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("view", PAGES)
def test_no_serious_fault(visiting: Any, mapped: Any, view: str, scheme: str):
    del mapped
    there, rest = PAGES[view]
    visit = visiting(color_scheme=scheme)
    page = visit.context.pages[0]
    page.context.set_extra_http_headers({})
    page = visit.open(f"/ui/market/{view}{rest}")
    page.wait_for_selector(there)
    page.wait_for_timeout(400)
    _look(page)
    if view == "search":
        page.get_by_role("button", name="Retro velvet armchair", exact=True).click()
        page.wait_for_selector("dialog[open]")
        _look(page)


def _look(page: Any) -> None:
    found = Axe().run(page)
    bad = [
        (one["id"], one["help"], [node["html"][:160] for node in one["nodes"][:4]])
        for one in found.response["violations"]
        if one["impact"] in ("serious", "critical")
    ]
    assert [] == bad
