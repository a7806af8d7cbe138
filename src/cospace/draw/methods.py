"""Ways to train word vectors as one plot: what they are worth on the left, cost on the right."""

from __future__ import annotations

import io
import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from cospace.arguments import check_path
from cospace.draw.comparison import COLOURS, FORMATS, INK, SOFT, quiet, short
from cospace.errors import BadArgument
from cospace.files import write_bytes
from cospace.need import need

__all__ = ["Method", "draw_methods"]


@dataclass(frozen=True, slots=True)
class Method:
    """One method: (value, low, high) by yardstick, in points of 100; seconds and megabytes."""

    name: str
    figures: dict[str, tuple[float, float, float]]
    seconds: float
    megabytes: float


def draw_methods(methods: Sequence[Method], path: str | os.PathLike[str], *, title: str) -> None:
    """Writes the plot of `methods` to `path`, whole, as .png, .svg or .pdf.

    Left: each method on each yardstick, with its 95% interval (left out without yardsticks).
    Right: the seconds and the memory that each training took; its labels name the colours.

    Raises `MissingExtra` without matplotlib, `BadArgument` for no methods or another suffix.
    """
    path = check_path("path", path)
    kind = path.suffix.lower()
    if kind not in FORMATS:
        raise BadArgument(f"{path}: a plot ends in {', '.join(FORMATS)}")
    if not methods:
        raise BadArgument("there is no method to draw")
    names = list(methods[0].figures)
    bars = 0.8 + 0.34 * len(methods)  # inches of an axes with a bar for each method
    height = max(0.7 + 2 * bars, 1.5 + 0.34 * len(names) * len(methods))
    figure = need("matplotlib.figure", extra="draw").Figure(
        figsize=(11 if names else 6, height), dpi=144, layout="constrained"
    )
    need("matplotlib.backends.backend_agg", extra="draw").FigureCanvasAgg(figure)
    figure.suptitle(short(title, 90), fontsize=13, color=INK, x=0.01, ha="left")
    grid = figure.add_gridspec(
        3, 2, width_ratios=(2.2, 1), height_ratios=(bars, bars, max(height - 2 * bars, 0.01))
    )
    column: Any = slice(None) if not names else 1
    if names:
        _draw_figures(figure.add_subplot(grid[:, 0]), methods, names)
    seconds, memory = (figure.add_subplot(grid[row, column]) for row in (0, 1))
    _draw_bars(seconds, methods, [one.seconds for one in methods], "seconds of training")
    _draw_bars(memory, methods, [one.megabytes for one in methods], "megabytes of memory")
    held = io.BytesIO()
    figure.savefig(held, format=kind[1:], facecolor="white")
    write_bytes(path, held.getvalue())


def _draw_figures(axes: Any, methods: Sequence[Method], names: Sequence[str]) -> None:
    step = 0.8 / len(methods)
    most = 0.0
    for m, method in enumerate(methods):
        for row, name in enumerate(names):
            value, low, high = method.figures[name]
            if value != value:  # noqa: PLR0124 - NaN: nothing could be asked
                continue
            at = row - 0.4 + (m + 0.5) * step
            most = max(most, high)
            axes.barh(at, value, step * 0.9, color=COLOURS[m % len(COLOURS)])
            axes.plot([low, high], [at, at], color=INK, linewidth=1)
            axes.annotate(
                f"{value:.1f}", (max(high, value), at), (5, 0), textcoords="offset points",
                va="center", fontsize=8.5, color=INK,
            )  # fmt: skip
    axes.set_yticks(range(len(names)), [short(name) for name in names], color=INK)
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.set_xlim(0, max(most * 1.14, 1))
    axes.set_xlabel("points of 100; lines: 95% interval", color=SOFT)
    quiet(axes, grid="x")


def _draw_bars(axes: Any, methods: Sequence[Method], values: Sequence[float], label: str) -> None:
    colours = [COLOURS[m % len(COLOURS)] for m in range(len(methods))]
    axes.barh(range(len(methods)), values, 0.6, color=colours)
    for row, value in enumerate(values):
        axes.annotate(
            f"{value:,.3g}" if value < 1000 else f"{value:,.0f}", (value, row), (5, 0),
            textcoords="offset points", va="center", fontsize=9, color=INK,
        )  # fmt: skip
    axes.set_yticks(range(len(methods)), [short(one.name) for one in methods], color=INK)
    axes.invert_yaxis()
    axes.set_xlim(0, max([*values, 1e-9]) * 1.3)
    axes.set_xlabel(label, color=SOFT)
    quiet(axes, grid="x")
