"""Labels beside marks, placed so that none lies on another, on a mark, or outside the axes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

__all__ = ["place_labels"]

# Where a label may stand about its mark, best first: (x, y) in its direction, and alignment.
_SIDES = (
    (1, 0, "left", "center"),
    (-1, 0, "right", "center"),
    (0.7, 0.7, "left", "bottom"),
    (0.7, -0.7, "left", "top"),
    (-0.7, 0.7, "right", "bottom"),
    (-0.7, -0.7, "right", "top"),
    (0, 1, "center", "bottom"),
    (0, -1, "center", "top"),
)
_GAP = 4  # points between a mark and its label


def place_labels(
    axes: Any,
    spots: Sequence[tuple[float, float, float]],
    names: Sequence[str],
    *,
    bars: Sequence[tuple[float, float, float]] = (),
    colour: str,
    size: float = 9,
) -> list[str]:
    """Writes `names` beside `spots`, (x, y, radius in points); gives those without a free place.

    `bars` are upright lines, (x, from, to), that no label may cross either. The axes must have
    their final place and scale, since labels are measured where they stand.
    """
    figure = axes.get_figure()
    renderer = figure.canvas.get_renderer()
    per_point = figure.dpi / 72
    around = axes.get_window_extent(renderer)
    taken = [_around(axes, spot, per_point) for spot in spots]
    lines = [axes.transData.transform([(x, low), (x, high)]).ravel() for x, low, high in bars]
    left_out = []
    for own, ((x, y, radius), name) in enumerate(zip(spots, names, strict=True)):
        others = [*taken[:own], *taken[own + 1 :], *map(tuple, lines)]
        for right, up, across, along in _SIDES:
            far = radius + _GAP
            label = axes.annotate(
                name, (x, y), (right * far, up * far), textcoords="offset points",
                ha=across, va=along, fontsize=size, color=colour,
            )  # fmt: skip
            label.set_in_layout(False)
            x0, y0, x1, y1 = label.get_window_extent(renderer).extents
            inside = around.x0 <= x0 and x1 <= around.x1 and around.y0 <= y0 and y1 <= around.y1
            if inside and not any(_meet((x0, y0, x1, y1), other) for other in others):
                taken.append((x0, y0, x1, y1))
                break
            label.remove()
        else:
            left_out.append(name)
    return left_out


def _around(
    axes: Any, spot: tuple[float, float, float], per_point: float
) -> tuple[float, float, float, float]:
    """The square about a mark, in pixels."""
    x, y = axes.transData.transform(spot[:2])
    radius = spot[2] * per_point
    return x - radius, y - radius, x + radius, y + radius


def _meet(a: tuple[float, float, float, float], b: tuple[float, float, float, float]) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]
