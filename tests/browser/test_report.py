"""The report of an audit, as a browser shows it: alone, on a phone, in the dark, on paper."""

from __future__ import annotations

from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, expect

import cospace as cs
from cospace.audit.audit import Audit
from cospace.audit.chart import Bar, Bars, histogram
from cospace.audit.finding import VERDICTS, Finding, Group
from cospace.audit.report import page

BAD = (
    "</title></style><script>document.title='hit'</script><img src=x onerror=document.title='hit'>"
)


@pytest.fixture(scope="module")
def file(market: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    charts = (
        Bars("Share", (Bar(BAD, 0.5, 0.3, 0.7, BAD),), percent=True, line=0.1),
        histogram("Scores", {"a": [0.1, 0.2, 0.9], "b": [0.3]}, line=0.5),
    )
    groups = (Group(("MK-1008", "MK-1009"), BAD), Group(("MK-1337",), BAD), Group((BAD,), BAD))
    findings = tuple(
        Finding(f"check {verdict}", verdict, BAD, severity=0.4, unit="share of items", p=0.01,
                groups=groups, mend=BAD, figures={BAD: 1.0}, charts=charts)
        for verdict in VERDICTS
    )  # fmt: skip
    made = tmp_path_factory.mktemp("report") / "report.html"
    with cs.open(market, read_only=True) as shop:
        made.write_text(page(Audit(BAD, 420, "", findings), shop.store))
    return made


@pytest.mark.parametrize(
    "seen",
    [
        {"viewport": {"width": 1280, "height": 900}},
        {"viewport": {"width": 360, "height": 740}, "is_mobile": True},
        {"viewport": {"width": 1280, "height": 900}, "color_scheme": "dark"},
    ],
    ids=["wide", "phone", "dark"],
)
def test_the_report_stands_alone(browser: Browser, file: Path, seen: dict) -> None:
    context = browser.new_context(**seen)
    window = context.new_page()
    told: list[str] = []
    window.on("console", lambda one: told.append(one.text))
    window.on("pageerror", lambda error: told.append(str(error)))
    window.on("request", lambda one: one.url.startswith(("file:", "data:")) or told.append(one.url))
    window.goto(file.as_uri())
    assert window.title().endswith(BAD)
    assert window.locator("img").count() > 0
    window.locator("details.finding").evaluate_all("all => all.forEach(one => one.open = true)")
    wide = window.evaluate("document.documentElement.scrollWidth")
    assert wide <= seen["viewport"]["width"], "nothing is wider than the window"
    broken = window.locator("img").evaluate_all(
        "all => all.filter(one => one.complete && !one.naturalWidth).length"
    )
    assert 0 == broken
    assert [] == [one["id"] for one in Axe().run(window).response["violations"]]
    assert [] == told
    context.close()


def test_a_click_in_the_summary_goes_to_the_finding(browser: Browser, file: Path) -> None:
    window = browser.new_page()
    window.goto(file.as_uri())
    window.locator(".list a", has_text="Check inconclusive").click()
    card = window.locator("details.finding", has_text="Check inconclusive")
    expect(card).to_be_in_viewport()
    card.locator("> summary").press("Enter")
    assert card.evaluate("one => one.open")
    window.close()
