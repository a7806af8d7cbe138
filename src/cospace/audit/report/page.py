"""An audit as one file of HTML: it asks nobody for more, runs no script, and prints."""

from __future__ import annotations

import base64
import hashlib
import math
from collections import Counter
from functools import cache
from html import escape
from importlib import resources

from cospace.audit.audit import Audit
from cospace.audit.finding import VERDICTS, Finding
from cospace.audit.report.drawings import drawn, meter
from cospace.audit.report.items import Kept, Pictures, groups
from cospace.counted import counted

__all__ = ["page"]

_PICTURES = 400  # about 4 kB each
_ORDER = {"found": 0, "inconclusive": 1, "clean": 2, "skipped": 3}
_SHAPES = {
    "found": '<path d="M5 0 10 10H0z"/>',
    "inconclusive": '<path d="M5 0 10 5 5 10 0 5z"/>',
    "clean": '<circle cx="5" cy="5" r="5"/>',
    "skipped": '<path d="M0 4h10v2H0z"/>',
}
_HEADS = {
    "found": "What was found",
    "inconclusive": "What could not be told",
    "clean": "What is in order",
    "skipped": "What was not looked at",
}


def page(audit: Audit, store: Kept | None = None, *, made: str = "") -> str:
    """The file's text. `store` gives the items whose photos and titles are shown; `made` is a date.

    Of the first 400 items small photos are in it. The file may hold what is private.

    >>> from cospace.audit.audit import Audit
    >>> from cospace.audit.finding import Finding
    >>> text = page(Audit("<shop>", 3, "", (Finding("hubs", "clean", "none"),)))
    >>> "<script" in text, "<shop>" in text, "&lt;shop&gt;" in text
    (False, False, True)
    """
    sheet = _sheet()
    policy = f"default-src 'none'; style-src 'sha256-{_sha(sheet)}'; img-src data:"
    ids = [id for one in audit.findings for group in one.groups for id in group.ids]
    pictures = Pictures(store, ids, _PICTURES)
    title = f"Audit of {audit.collection}" if audit.collection else "Audit of a model"
    return "\n".join(
        [
            '<!doctype html><html lang="en"><head><meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{policy}">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            '<meta name="referrer" content="no-referrer">',
            f"<title>{escape(title)}</title><style>{sheet}</style></head><body><main>",
            f"<header><h1><bdi>{escape(title)}</bdi></h1>{_about(audit, made)}</header>",
            _summary(audit),
            *(_section(verdict, audit, pictures) for verdict in _ORDER),
            f"<footer>{_FOOT}</footer></main></body></html>\n",
        ]
    )


_FOOT = (
    '<p class="soft">p is how often chance alone would show as much: a small p is a sure finding,'
    " not a bad one. How bad it is stands beside it. Inconclusive is a verdict too: there is too"
    " little to tell, or the effect is large and may still be chance.</p>"
)


def _about(audit: Audit, made: str) -> str:
    facts = [counted(audit.items, "item") if audit.items else "", audit.space, made]
    told = " \u00b7 ".join(filter(None, facts))
    return f'<p class="soft about"><bdi>{escape(told)}</bdi></p>'


def _ordered(audit: Audit) -> list[tuple[int, Finding]]:
    numbered = list(enumerate(audit.findings))
    return sorted(numbered, key=lambda one: (_ORDER[one[1].verdict], one[0]))


def _summary(audit: Audit) -> str:
    counts: Counter[str] = Counter(one.verdict for one in audit.findings)
    tiles = "".join(
        f'<div class="tile"><b>{counts[verdict]}</b>{_chip(verdict)}</div>' for verdict in _ORDER
    )
    rows = "".join(
        f'<li><a href="#f{number}">{_chip(one.verdict)}<span class="name">{_name(one)}</span>'
        f'<span class="effect">{escape(_short(one))}</span></a></li>'
        for number, one in _ordered(audit)
    )
    return f'<div class="tiles">{tiles}</div><nav><ul class="list">{rows}</ul></nav>'


def _section(verdict: str, audit: Audit, pictures: Pictures) -> str:
    held = [(number, one) for number, one in _ordered(audit) if one.verdict == verdict]
    if not held:
        return ""
    cards = "".join(_card(number, one, pictures) for number, one in held)
    return f"<section><h2>{_HEADS[verdict]}</h2>{cards}</section>"


def _card(number: int, one: Finding, pictures: Pictures) -> str:
    shown = " open" if one.verdict == "found" else ""
    head = f'<div class="head"><span>{_chip(one.verdict)}<h3>{_name(one)}</h3></span></div>'
    charts = "".join(map(drawn, one.charts))
    body = [
        _facts(one),
        f'<div class="charts">{charts}</div>' if charts else "",
        groups(one.groups, pictures),
        f'<div><p class="label">What mends it</p><pre>{escape(one.mend)}</pre></div>'
        if one.mend
        else "",
        _figures(one),
    ]
    return (
        f'<details class="finding" id="f{number}"{shown}><summary>{head}'
        f"<p><bdi>{escape(_sentence(one.said))}</bdi></p></summary>"
        f'<div class="body">{"".join(body)}</div></details>'
    )


def _facts(one: Finding) -> str:
    """How bad, and how sure."""
    bad = "not measured"
    if one.severity is not None and math.isfinite(one.severity):
        bad = f"<b>{escape(_amount(one))}</b> {escape(one.unit.removeprefix('share '))}"
        if one.unit.startswith("share"):
            bad += meter(one.severity)
    sure = escape(one.why_no_p) or "no test applies"
    if one.p is not None:
        sure = f"<b>p {_p(one.p)}</b>, {_chance(one.p)}"
    return (
        f'<dl class="facts"><div><dt>How bad</dt><dd>{bad}</dd></div>'
        f"<div><dt>How sure</dt><dd>{sure}</dd></div></dl>"
    )


def _figures(one: Finding) -> str:
    if not one.figures:
        return ""
    rows = "".join(
        f"<tr><td><bdi>{escape(name)}</bdi></td><td>{escape(_figure(value))}</td></tr>"
        for name, value in one.figures.items()
    )
    return f'<details class="more"><summary>All figures</summary><table>{rows}</table></details>'


def _chip(verdict: str) -> str:
    assert verdict in VERDICTS
    shape = f'<svg viewBox="0 0 10 10" aria-hidden="true">{_SHAPES[verdict]}</svg>'
    return f'<span class="verdict {verdict}">{shape}{verdict}</span>'


def _name(one: Finding) -> str:
    return f"<bdi>{escape(one.check[:1].upper() + one.check[1:])}</bdi>"


def _sentence(said: str) -> str:
    """With a capital at its beginning and a full stop at its end."""
    text = said.strip()
    return f"{text[:1].upper()}{text[1:]}" + ("" if text.endswith((".", "?", "!")) else ".")


def _short(one: Finding) -> str:
    if one.severity is None or not math.isfinite(one.severity) or one.verdict == "skipped":
        return ""
    told = _amount(one)
    return told if one.p is None else f"{told} \u00b7 p {_p(one.p)}"


def _amount(one: Finding) -> str:
    assert one.severity is not None
    if not one.unit.startswith("share"):
        return f"{one.severity:.2f}"
    return f"{one.severity:.1%}" if 0 < one.severity < 0.1 else f"{one.severity:.0%}"


def _p(p: float) -> str:
    return f"{p:.2g}" if p >= 1e-4 else "below 0.0001"


def _chance(p: float) -> str:
    if p >= 0.2:
        return "chance alone often shows as much"
    often = "less than once in 10,000" if p < 1e-4 else f"once in {max(2, round(1 / p)):,}"
    return f"chance alone shows as much {often} times"


def _figure(value: float) -> str:
    if not math.isfinite(value):
        return "unknown"
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:.4g}"


@cache
def _sheet() -> str:
    return resources.files(__package__).joinpath("report.css").read_text(encoding="utf-8")


def _sha(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
