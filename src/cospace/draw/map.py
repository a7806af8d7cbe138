"""A map as a picture: points by colour, thick where many are, and the clusters' names."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cospace.draw.comparison import FORMATS, INK, SOFT, short
from cospace.errors import BadArgument
from cospace.files import write_bytes
from cospace.map.colours import MISSING, OTHER, Coloured
from cospace.map.map import NONE, Map
from cospace.need import need

__all__ = ["check_drawable", "draw_map"]

# Okabe and Ito's eight but black, and their like in other lightness: told apart by people with any
# common colour blindness as far as so many can be. Clusters take turns, and have their names.
_COLOURS = (
    "#0072B2", "#E69F00", "#009E73", "#D55E00", "#56B4E9", "#CC79A7", "#8C8400", "#4B4B8F",
    "#7A3E00", "#00575C",
)  # fmt: skip
_NOTHING = "#c9cbd1"  # of a point without a value, or in no cluster
_SIDE = 10.0  # inches of the longer side
_PAPER = "#fbfaf7"
# Of the ground below many points, from few to most; and the fewest that have any.
_SHADES = ("#f3f1ea", "#ebe8df", "#e2ded3", "#d8d3c5")
_SHADED = 30


def check_drawable(path: str | os.PathLike[str]) -> None:
    """Raises `BadArgument` for a file that is no picture, `MissingExtra` without matplotlib."""
    if Path(path).suffix.lower() not in FORMATS:
        raise BadArgument(f"{path}: a picture of a map ends in {', '.join(FORMATS)}")
    need("matplotlib.figure", extra="draw")


def draw_map(
    map: Map, path: str | os.PathLike[str], *, title: str, by: Coloured | None = None
) -> list[str]:
    """Writes the map to `path`, whole, as .png, .svg or .pdf; gives the names without a free place.

    Points are coloured by cluster, or by the field `by`, with a legend. Names of clusters stand
    in their middle, the largest first, where none lies on another.

    Raises `MissingExtra` without matplotlib, `BadArgument` for another suffix.
    """
    check_drawable(path)
    x0, y0, x1, y1 = map.bounds
    wide, high = max(x1 - x0, 0.1), max(y1 - y0, 0.1)
    scale = _SIDE / max(wide, high)
    figure = need("matplotlib.figure", extra="draw").Figure(
        figsize=(wide * scale + (2.2 if by else 0.6), max(high * scale, 3.2) + 1.2), dpi=144,
        layout="constrained", facecolor=_PAPER,
    )  # fmt: skip
    need("matplotlib.backends.backend_agg", extra="draw").FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    axes.set_facecolor(_PAPER)
    axes.set_aspect("equal")
    axes.axis("off")
    pad = 0.06 * max(wide, high)
    axes.set_xlim(x0 - pad, x0 + wide + pad)
    axes.set_ylim(y0 - pad, y0 + high + pad)
    _shade(axes, map)
    _points(axes, map, by)
    said = f"{short(title, 60)}: {len(map):,} items" + (f", by {by.name}" if by else "")
    axes.set_title(said, loc="left", fontsize=13, color=INK)
    figure.canvas.draw()
    left = _names(axes, map)
    held = io.BytesIO()
    figure.savefig(held, format=Path(path).suffix.lower()[1:], facecolor=_PAPER)
    write_bytes(Path(path), held.getvalue())
    return left


def _shade(axes: Any, map: Map) -> None:
    """Where points are dense, in steps of grey below them."""
    if len(map) < _SHADED:
        return
    (x0, x1), (y0, y1) = axes.get_xlim(), axes.get_ylim()
    cells = 160
    counts, across, along = np.histogram2d(
        map.xy[:, 0], map.xy[:, 1], bins=cells, range=((x0, x1), (y0, y1))
    )
    waves = np.exp(-2 * (np.pi * 2.5 * np.fft.fftfreq(cells)) ** 2)
    blurred = np.fft.ifft2(np.fft.fft2(counts) * waves[:, None] * waves[None]).real
    levels = [blurred.max() * share for share in (0.04, 0.1, 0.2, 0.4, 1.01)]
    middles = [(edges[1:] + edges[:-1]) / 2 for edges in (across, along)]
    axes.contourf(*middles, blurred.T, levels=levels, colors=_SHADES, zorder=0)


def _points(axes: Any, map: Map, by: Coloured | None) -> None:
    """The points, those without a colour below the others, small and pale where there are many."""
    n = max(len(map), 1)
    size = float(np.clip(30_000 / n, 1.2, 26))
    alpha = float(np.clip(60 / np.sqrt(n), 0.25, 0.85))
    order = np.random.default_rng(0).permutation(len(map))  # no colour lies on all others
    style = {"s": size, "alpha": alpha, "linewidths": 0, "rasterized": True}
    x, y = map.xy[order, 0], map.xy[order, 1]
    if by is not None and by.numbers is not None:
        numbers = by.numbers[order]
        there = ~np.isnan(numbers)
        axes.scatter(x[~there], y[~there], color=_NOTHING, **style)
        low, high = np.nanpercentile(numbers, [2, 98]) if there.any() else (0, 1)
        steps = need("matplotlib", extra="draw").colormaps["viridis"](np.linspace(0.88, 0, 256))
        scale = need("matplotlib.colors", extra="draw").ListedColormap(steps)  # without pale yellow
        shown = axes.scatter(
            x[there], y[there], c=numbers[there], cmap=scale, vmin=low, vmax=high, **style
        )
        bar = axes.figure.colorbar(shown, ax=axes, shrink=0.5, aspect=24, extend="both")
        bar.solids.set_alpha(1)
        bar.outline.set_visible(False)
        bar.ax.tick_params(colors=SOFT, labelsize=8)
        bar.set_label(by.name, color=SOFT)
        return
    codes = map.labels if by is None else by.codes
    assert codes is not None
    axes.scatter(x, y, c=_colours_of(codes[order], by), **style)
    if by is not None:
        _legend(axes, by, codes)


def _colours_of(codes: NDArray[Any], by: Coloured | None) -> NDArray[np.float64]:
    """The colour of each code, RGB [n, 3]."""
    of_hex = need("matplotlib.colors", extra="draw").to_rgb
    own = [of_hex(colour) for colour in _COLOURS]
    nothing = of_hex(_NOTHING)
    named = NONE if by is None else MISSING
    table = {named: nothing}
    for code in np.unique(codes).tolist():
        if code != named:
            beyond = by is not None and (code >= len(own) or by.values[code] == OTHER)
            table[code] = nothing if beyond else own[code % len(own)]
    return np.array([table[code] for code in codes.tolist()]).reshape(-1, 3)


def _legend(axes: Any, by: Coloured, codes: NDArray[Any]) -> None:
    """The values that have a colour, and how many points are of another or of none."""
    line = need("matplotlib.lines", extra="draw").Line2D
    marks = []
    first = [value for value in by.values[: len(_COLOURS)] if value != OTHER]
    for code, value in enumerate(first):
        label = f"{short(value, 28)} ({np.count_nonzero(codes == code):,})"
        marks.append((_COLOURS[code], label))
    rest = int(np.count_nonzero(codes >= len(first)))
    if rest:
        marks.append((_NOTHING, f"others, or none ({rest:,})"))
    handles = [line([], [], marker="o", linestyle="", color=c, markersize=6) for c, _ in marks]
    axes.legend(
        handles, [label for _, label in marks], loc="center left", bbox_to_anchor=(1.01, 0.5),
        frameon=False, fontsize=8.5, labelcolor=INK,
    )  # fmt: skip


def _names(axes: Any, map: Map) -> list[str]:
    """Writes the clusters' names, the largest first; gives those without a free place."""
    effects = need("matplotlib.patheffects", extra="draw")
    renderer = axes.figure.canvas.get_renderer()
    around = axes.get_window_extent(renderer)
    taken: list[Any] = []
    left = []
    for one in sorted(map.clusters, key=lambda c: -c.size):
        label = axes.text(
            one.x, one.y, short(one.name, 40), ha="center", va="center", fontsize=9, color=INK,
            weight="bold", path_effects=[effects.withStroke(linewidth=3, foreground=_PAPER)],
        )  # fmt: skip
        label.set_in_layout(False)
        height = label.get_window_extent(renderer).height
        for up in (0, 1.1, -1.1, 2.2, -2.2):
            label.set_position(_moved(axes, (one.x, one.y), up * height, around, label, renderer))
            box = label.get_window_extent(renderer)
            if not any(box.overlaps(other) for other in taken):
                taken.append(box)
                break
        else:
            label.remove()
            left.append(one.name)
    return left


def _moved(
    axes: Any, at: tuple[float, float], up: float, around: Any, label: Any, renderer: Any
) -> tuple[float, float]:
    """A place so many pixels above `at`, and so that the label is inside the axes."""
    label.set_position(at)
    box = label.get_window_extent(renderer)
    right = max(around.x0 - box.x0, 0) + min(around.x1 - box.x1, 0)
    x, y = axes.transData.transform(at)
    moved: tuple[float, float] = tuple(axes.transData.inverted().transform((x + right, y + up)))
    return moved
