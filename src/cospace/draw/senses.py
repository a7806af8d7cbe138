"""The occurrences of a word as points, by sense; beside them the one point of a word vector."""

from __future__ import annotations

import io
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from cospace.arguments import check_path
from cospace.draw.comparison import COLOURS, FORMATS, INK, SOFT, quiet, short
from cospace.errors import BadArgument
from cospace.files import write_bytes
from cospace.need import need

__all__ = ["Group", "check_drawable", "draw_senses"]

_MARKS = ("o", "s", "^", "D")


class Group(NamedTuple):
    """One sense: the points of its occurrences, and the words that tell it."""

    points: Sequence[tuple[float, float]]
    words: Sequence[str]


def check_drawable(path: str | os.PathLike[str]) -> Path:
    """The path, when a picture can be drawn there. Raises `BadArgument`, `MissingExtra`."""
    found = check_path("path", path)
    if found.suffix.lower() not in FORMATS:
        raise BadArgument(f"{found}: a picture ends in {', '.join(FORMATS)}")
    if not found.parent.is_dir():
        raise BadArgument(f"there is no folder {found.parent} to write into")
    need("matplotlib", extra="draw")
    return found


def draw_senses(
    word: str,
    groups: Sequence[Group],
    path: str | os.PathLike[str],
    *,
    static: str = "",
    neighbours: Sequence[str] = (),
) -> None:
    """Writes the picture of a word's senses to `path`, whole, as .png, .svg or .pdf.

    Left: each occurrence by the vector of what is said around it, coloured and marked by sense.
    Right, with `static` (the name of a table of word vectors): the same occurrences by the one
    vector of the word, which is one point.

    Raises `MissingExtra` without matplotlib, `BadArgument` for no groups or another suffix.
    """
    path = check_drawable(path)
    if not groups:
        raise BadArgument(f"there is no sense of {word!r} to draw")
    figure = need("matplotlib.figure", extra="draw").Figure(
        figsize=(11 if static else 6.6, 4.8), dpi=144, layout="constrained"
    )
    need("matplotlib.backends.backend_agg", extra="draw").FigureCanvasAgg(figure)
    plots = figure.subplots(1, 2 if static else 1, squeeze=False)[0]
    count = sum(len(one.points) for one in groups)
    title = f"{short(word, 30)!r}: {count:,} occurrences"
    figure.suptitle(title, fontsize=13, color=INK, x=0.01, ha="left")
    _draw_groups(plots[0], groups)
    if static:
        _draw_static(plots[1], word, static, neighbours, groups)
    held = io.BytesIO()
    figure.savefig(held, format=path.suffix.lower()[1:], facecolor="white")
    write_bytes(path, held.getvalue())


def _draw_groups(axes: Any, groups: Sequence[Group]) -> None:
    size = 60 if sum(len(one.points) for one in groups) <= 100 else 14
    for at, one in enumerate(groups):
        xs, ys = zip(*one.points, strict=True)
        told = short(", ".join(one.words[:4]), 44) or "no telling words"
        axes.scatter(
            xs, ys, s=size, color=COLOURS[at % len(COLOURS)], marker=_MARKS[at % len(_MARKS)],
            alpha=0.75, linewidths=0, label=f"{len(one.points):,}: {told}",
        )  # fmt: skip
    axes.set_title("by what is said around it", fontsize=10, color=SOFT, loc="left")
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.02), frameon=False, fontsize=9)
    _bare(axes)


def _draw_static(
    axes: Any, word: str, static: str, neighbours: Sequence[str], groups: Sequence[Group]
) -> None:
    for at in range(len(groups)):
        axes.scatter(
            [0], [0], s=420 / (1 + 1.2 * at), color=COLOURS[at % len(COLOURS)],
            marker=_MARKS[at % len(_MARKS)], linewidths=0,
        )  # fmt: skip
    near = short(", ".join(neighbours[:6]), 60)
    axes.annotate(
        f"{short(word, 30)}\nthe same vector every time: cosine 1",
        (0, 0), (0, 26), textcoords="offset points", ha="center", fontsize=10, color=INK,
    )  # fmt: skip
    if near:
        axes.annotate(
            f"nearest words: {near}",
            (0, 0), (0, -36), textcoords="offset points", ha="center", fontsize=9, color=SOFT,
        )  # fmt: skip
    axes.set_title(f"by its vector in {short(static, 40)}", fontsize=10, color=SOFT, loc="left")
    axes.set_xlim(-1, 1)
    axes.set_ylim(-1, 1)
    _bare(axes)


def _bare(axes: Any) -> None:
    quiet(axes, grid="both")
    axes.grid(visible=False)
    axes.set_xticks([])
    axes.set_yticks([])
