"""Charts as inline SVG that takes its width from the page; all words stand beside it, as HTML.

So they keep their size on a phone, and can be read aloud.
"""

from __future__ import annotations

import math
from html import escape

from cospace.audit.chart import Bar, Bars, Chart, Histogram

__all__ = ["drawn", "meter"]

_WIDE, _HIGH = 1000.0, 10.0  # of a bar's box; the page stretches it
_TALL = 100.0
_WHOLE = 15.0  # a scale that is longer has whole numbers
_FINE = 0.5  # a scale that ends below it has three places


def drawn(chart: Chart) -> str:
    """A chart as a `<figure>`.

    >>> from cospace.audit.chart import Bar, Bars
    >>> drawn(Bars("<b>", (Bar("a", 0.5),)))[:35]
    '<figure><figcaption>&lt;b&gt;</figc'
    """
    body = _bars(chart) if isinstance(chart, Bars) else _histogram(chart)
    return f"<figure><figcaption>{escape(chart.title)}</figcaption>{body}</figure>"


def meter(share: float) -> str:
    """A share of the whole as a bar."""
    return _track(Bar("", share), Bars("", (), 0.0, 1.0))


def _bars(chart: Bars) -> str:
    rows = [_row(bar, chart) for bar in chart.bars]
    if chart.line is not None:
        rows.append(f'<p class="soft">The mark is at {_number(chart.line, chart.percent)}.</p>')
    return "".join(rows)


def _row(bar: Bar, chart: Bars) -> str:
    said = f'<span class="said">{escape(bar.said)}</span>' if bar.said else ""
    value = _number(bar.value, chart.percent, fine=chart.most < _FINE)
    if bar.low is not None and bar.high is not None and math.isfinite(bar.low):
        low, high = _number(bar.low, chart.percent), _number(bar.high, chart.percent)
        value += f'<span class="said">{low} to {high}</span>'
    return (
        f'<div class="bar"><span><bdi>{escape(bar.name)}</bdi>{said}</span>'
        f'<span class="track">{_track(bar, chart)}</span><span class="number">{value}</span></div>'
    )


def _track(bar: Bar, chart: Bars) -> str:
    """The bar from 0, its range as a thin line, and the mark."""

    def place(value: float) -> float:
        held = min(max(value, chart.least), chart.most)
        return _WIDE * (held - chart.least) / (chart.most - chart.least)

    zero = place(0.0)
    value = bar.value if math.isfinite(bar.value) else 0.0
    start, end = sorted((zero, place(value)))
    parts = [
        _box("rail", 0, 2, _WIDE, 6),
        _box("fill second" if bar.second else "fill", start, 2, end - start, 6),
    ]
    if chart.least < 0:
        parts.append(_box("zero", zero - 0.8, 0, 1.6, _HIGH))
    if bar.low is not None and bar.high is not None and math.isfinite(bar.low + bar.high):
        low, high = place(bar.low), place(bar.high)
        parts.append(_box("range", low, 4.4, max(high - low, 1.5), 1.2))
    if chart.line is not None:
        parts.append(_box("mark", place(chart.line) - 1, 0, 2, _HIGH))
    return _svg(_WIDE, _HIGH, "".join(parts))


def _histogram(chart: Histogram) -> str:
    """Shares of each set between the edges, the first set before the others."""
    kinds = ["first", "other"] * len(chart.counts)
    shares = {
        name: [one / max(1, sum(counts)) for one in counts] for name, counts in chart.counts.items()
    }
    most = max((max(held, default=0.0) for held in shares.values()), default=0.0) or 1.0
    bins = max(1, len(chart.edges) - 1)
    wide = _WIDE / bins
    parts = []
    for at, held in enumerate(shares.values()):
        each = wide / max(1, len(shares))
        for n, share in enumerate(held):
            high = (_TALL - 6) * share / most
            if high:
                x = n * wide + at * each + 0.06 * wide
                parts.append(_box(kinds[at], x, _TALL - high, each - 0.08 * wide, high))
    low, high = chart.edges[0], chart.edges[-1]
    key = "".join(
        f"<span>{_svg(8, 8, _box(kind, 0, 0, 8, 8))}{escape(name)}</span>"
        for kind, name in zip(kinds, shares, strict=False)
    )
    if chart.line is not None:
        x = _WIDE * (chart.line - low) / (high - low)
        parts.append(_box("mark", x - 1, 0, 2, _TALL))
        key += f"<span>{_svg(8, 8, _box('mark', 3, 0, 2, 8))}{_number(chart.line)}</span>"
    places = 0 if high - low >= _WHOLE else 2
    ends = (low, (low + high) / 2, high)
    scale = "".join(f"<span>{one:,.{places}f}</span>" for one in ends)
    return (
        f'<div class="key">{key}</div>{_svg(_WIDE, _TALL, "".join(parts), "tall")}'
        f'<div class="scale">{scale}</div>'
    )


def _svg(wide: float, high: float, parts: str, kind: str = "") -> str:
    named = f' class="{kind}"' if kind else ""
    return (
        f'<svg{named} viewBox="0 0 {wide:g} {high:g}" preserveAspectRatio="none"'
        f' aria-hidden="true">{parts}</svg>'
    )


def _box(kind: str, x: float, y: float, wide: float, high: float) -> str:
    return (
        f'<rect class="{kind}" x="{x:.2f}" y="{y:.2f}" width="{max(wide, 0):.2f}"'
        f' height="{max(high, 0):.2f}"/>'
    )


def _number(value: float, percent: bool = False, *, fine: bool = False) -> str:
    if not math.isfinite(value):
        return "unknown"
    if percent:
        return f"{value:.0%}"
    if fine:
        return f"{value:.3f}"
    return f"{value:.2f}" if abs(value) < 100 else f"{value:,.0f}"
