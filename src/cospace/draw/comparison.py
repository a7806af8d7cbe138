"""The comparison of encoders as one plot: accuracy on the left, its price on the right."""

from __future__ import annotations

import io
import math
import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from cospace.arguments import check_path
from cospace.draw.labels import place_labels
from cospace.errors import BadArgument
from cospace.files import write_bytes
from cospace.need import need

__all__ = ["COLOURS", "FORMATS", "INK", "SOFT", "Point", "draw_comparison", "quiet", "short"]

FORMATS = (".png", ".svg", ".pdf")

# Okabe and Ito's colours, which people with any common colour blindness tell apart. Marks tell
# the models apart, too, so that a print in grey is enough.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00")
_MARKS = ("o", "s", "^", "D", "v", "P", "X")
INK, SOFT, _GRID = "#1d2129", "#6b7280", "#e4e2dc"
_AREA = (50, 900)  # square points: of a model of no size, and of the largest


@dataclass(frozen=True, slots=True)
class Point:
    """One model: (value, low, high) of each accuracy in [0, 1], and its cost; None if unknown."""

    name: str
    knn: tuple[float, float, float]
    probe: tuple[float, float, float]
    per_second: float
    megabytes: float | None = None


def draw_comparison(
    points: Sequence[Point], path: str | os.PathLike[str], *, title: str, chance: float, test: int
) -> None:
    """Writes the plot of `points` to `path`, whole, as .png, .svg or .pdf.

    Left: the accuracy of each model by linear probe and by k-NN with their 95% intervals, and
    chance as a dashed line. Right: the probe's accuracy against items per second; the area of a
    mark grows with the model's size on disk. `test` is how many items were held out.

    Raises `MissingExtra` without matplotlib, `BadArgument` for no points or another suffix.
    """
    path = check_path("path", path)
    kind = path.suffix.lower()
    if kind not in FORMATS:
        raise BadArgument(f"{path}: a plot ends in {', '.join(FORMATS)}")
    if not points:
        raise BadArgument("there is no model to draw")
    figure = need("matplotlib.figure", extra="draw").Figure(
        figsize=(11, 3.2 + 0.62 * len(points)), dpi=144, layout="constrained"
    )
    # Only this one can measure text; any format can be saved from it.
    need("matplotlib.backends.backend_agg", extra="draw").FigureCanvasAgg(figure)
    figure.get_layout_engine().set(wspace=0.06)
    left, right = figure.subplots(1, 2, width_ratios=(1.2, 1))
    figure.suptitle(short(title, 90), fontsize=13, color=INK, x=0.01, ha="left")
    _draw_accuracy(left, points, chance, test)
    spots = _draw_price(right, points)
    figure.draw_without_rendering()  # puts the axes in their places
    bars = [
        (x, 100 * p.probe[1], 100 * p.probe[2]) for (x, _, _), p in zip(spots, points, strict=True)
    ]
    place_labels(right, spots, [short(p.name, 24) for p in points], bars=bars, colour=INK)
    held = io.BytesIO()
    figure.savefig(held, format=kind[1:], facecolor="white")
    write_bytes(path, held.getvalue())


def _draw_accuracy(axes: Any, points: Sequence[Point], chance: float, test: int) -> None:
    for row, point in enumerate(points):
        colour, mark = _look(row)
        for shift, (value, low, high) in ((-0.16, point.probe), (0.16, point.knn)):
            at, reach = 100 * value, [[100 * (value - low)], [100 * (high - value)]]
            fill = colour if shift < 0 else "white"
            axes.errorbar(
                at, row + shift, xerr=reach, fmt=mark, color=colour, markerfacecolor=fill,
                markersize=8, capsize=3, linewidth=1.6,
            )  # fmt: skip
            axes.annotate(
                f"{at:.1f}", (100 * high, row + shift), (7, 0), textcoords="offset points",
                va="center", fontsize=9, color=INK,
            )  # fmt: skip
    least = 100 * min(chance, *(min(point.knn[1], point.probe[1]) for point in points))
    axes.axvline(100 * chance, color=SOFT, linestyle="--", linewidth=1.2)
    axes.set_xlim(max(0, least - 4), 108)
    axes.set_xticks([tick for tick in range(0, 101, 10) if tick >= least - 4])
    axes.set_ylim(len(points) - 0.45, -0.55)
    axes.set_yticks(range(len(points)), [short(point.name) for point in points], color=INK)
    axes.set_xlabel(f"accuracy on {test:,} held-out items, %; bars: 95% interval", color=SOFT)
    axes.set_title(
        f"filled: linear probe, open: k-NN, dashed: chance ({100 * chance:.1f})",
        fontsize=10, color=SOFT, loc="left",
    )  # fmt: skip
    quiet(axes, grid="x")


def _draw_price(axes: Any, points: Sequence[Point]) -> list[tuple[float, float, float]]:
    """Draws the marks; gives the (x, y, radius in points) of each."""
    rates = [max(point.per_second, 1e-3) for point in points]
    shown = [100 * point.probe[0] for point in points]
    low, high = (100 * pick(p.probe[i] for p in points) for i, pick in ((1, min), (2, max)))
    room = 0.1 * max(high - low, 4.0)
    axes.set_xscale("log")
    axes.set_xlim(min(rates) / 3, max(rates) * 4)
    axes.set_ylim(low - room, high + room)
    largest = max(point.megabytes or 0.0 for point in points) or 1.0
    spots = []
    for row, point in enumerate(points):
        colour, mark = _look(row)
        area = _AREA[0] + (_AREA[1] - _AREA[0]) * (point.megabytes or 0.0) / largest
        axes.scatter(
            rates[row], shown[row], s=area, marker=mark, color=colour, alpha=0.85,
            edgecolor="white", linewidth=1, zorder=3 - area / 1e4,
        )  # fmt: skip
        # Without its interval, a difference of nothing would look like one.
        ends = [100 * end for end in point.probe[1:]]
        axes.plot([rates[row]] * 2, ends, color=colour, linewidth=1.6, alpha=0.5, zorder=2)
        reach = 1 if mark == "o" else 1.35  # corners lie farther out than a circle's edge
        spots.append((rates[row], shown[row], reach * math.sqrt(area) / 2))
    axes.xaxis.set_major_locator(need("matplotlib.ticker", extra="draw").LogLocator(subs=(1, 2, 5)))
    axes.xaxis.set_minor_locator(need("matplotlib.ticker", extra="draw").NullLocator())
    axes.xaxis.set_major_formatter(lambda rate, _: f"{rate:,.10g}")
    axes.set_xlabel("items per second on this machine (log scale)", color=SOFT)
    axes.set_ylabel("accuracy of the linear probe, %", color=SOFT)
    known = [point.megabytes for point in points if point.megabytes is not None]
    sizes = "" if not known else f" ({min(known):,.4g} to {max(known):,.4g} MB)"
    if len(known) == 1:
        sizes = f" ({known[0]:,.4g} MB)"
    axes.set_title(f"larger mark: larger on disk{sizes}", fontsize=10, color=SOFT, loc="left")
    quiet(axes, grid="both")
    return spots


def _look(row: int) -> tuple[str, str]:
    """The colour and the mark of a model: 42 pairs before one is repeated."""
    return COLOURS[row % len(COLOURS)], _MARKS[row % len(_MARKS)]


def short(name: str, most: int = 28) -> str:
    """A name that fits, as matplotlib takes it."""
    # A dollar sign would begin a formula.
    return (name if len(name) <= most else f"{name[: most - 1]}…").replace("$", r"\$")


def quiet(axes: Any, *, grid: str) -> None:
    """Axes without a frame, with a pale grid along "x", "y" or "both"."""
    axes.grid(axis=grid, color=_GRID, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.tick_params(colors=SOFT, labelsize=9, length=0)
    axes.tick_params(axis="y", labelcolor=INK)
    for side in axes.spines.values():
        side.set_color(_GRID)
