"""A training as one plot: its loss, and what it is worth on held-out items."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

from cospace.draw.comparison import COLOURS, INK, quiet, short
from cospace.errors import BadArgument
from cospace.files import write_bytes
from cospace.need import need

__all__ = ["draw_training"]


def draw_training(
    loss: Sequence[tuple[float, float]],
    held: Sequence[tuple[float, float]],
    path: Path,
    *,
    title: str,
) -> None:
    """Writes a PNG to `path`: (epoch, loss) on the left, (epoch, held-out measure) on the right.

    The best epoch is marked: it is the one that was kept. Raises `MissingExtra` without
    matplotlib, `BadArgument` for no points.
    """
    if not loss or not held:
        raise BadArgument("there is no point to draw")
    figure = need("matplotlib.figure", extra="draw").Figure(
        figsize=(8, 3.2), dpi=144, layout="constrained"
    )
    need("matplotlib.backends.backend_agg", extra="draw").FigureCanvasAgg(figure)
    figure.suptitle(short(title, 80), fontsize=12, color=INK, x=0.01, ha="left")
    left, right = figure.subplots(1, 2)
    left.plot(*zip(*loss, strict=True), color=COLOURS[0], linewidth=1.6)
    left.set_title("loss on what it learns from", fontsize=9.5, color=INK, loc="left")
    right.plot(*zip(*held, strict=True), color=COLOURS[1 % len(COLOURS)], linewidth=1.6)
    right.set_title("measure on held-out items", fontsize=9.5, color=INK, loc="left")
    epoch, best = max(held, key=lambda point: point[1])
    right.plot([epoch], [best], "o", color=INK, markersize=5)
    right.annotate(
        f"kept: {best:.3f}", (epoch, best), (6, -12), textcoords="offset points", fontsize=9,
        color=INK,
    )  # fmt: skip
    for axes in (left, right):
        axes.set_xlabel("epoch", fontsize=9, color=INK)
        quiet(axes, grid="y")
    made = io.BytesIO()
    figure.savefig(made, format="png", facecolor="white")
    write_bytes(path, made.getvalue())
