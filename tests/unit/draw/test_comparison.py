"""The plot is whole, its labels lie apart, and what cannot be drawn is refused."""

import sys
from pathlib import Path

import pytest

from cospace.draw import Point, draw_comparison
from cospace.draw.labels import place_labels
from cospace.errors import BadArgument, MissingExtra, StorageError

POINTS = [
    Point("starter", (0.83, 0.79, 0.87), (0.88, 0.84, 0.91), 60, 11.2),
    Point("vgg16", (0.80, 0.76, 0.84), (0.87, 0.83, 0.90), 4.2, 268.4),
    Point("a-model-with-a-very-long-name-of-its-own", (0.9, 0.9, 0.9), (1, 1, 1), 4.3, None),
    Point("costs $5 or $6", (0, 0, 0), (0, 0, 0), 0, 0),
    Point("same place", (0.80, 0.76, 0.84), (0.87, 0.83, 0.90), 4.2, 268.4),
]


def draw(points: list[Point], path: Path) -> None:
    draw_comparison(points, path, title="demo: 3 classes", chance=0.24, test=100)


@pytest.mark.parametrize("count", [1, 2, 5])
def test_any_number_of_models_can_be_drawn(tmp_path: Path, count: int) -> None:
    pytest.importorskip("matplotlib", reason="matplotlib is not installed")
    from PIL import Image

    draw(POINTS[:count], tmp_path / "c.png")
    with Image.open(tmp_path / "c.png") as plot:
        assert plot.width == 1584
        plot.load()
    assert ["c.png"] == [file.name for file in tmp_path.iterdir()]


@pytest.mark.parametrize(("suffix", "start"), [(".svg", b"<?xml"), (".pdf", b"%PDF")])
def test_every_format_begins_as_it_should(tmp_path: Path, suffix: str, start: bytes) -> None:
    pytest.importorskip("matplotlib", reason="matplotlib is not installed")
    draw(POINTS[:2], tmp_path / f"c{suffix}")
    assert (tmp_path / f"c{suffix}").read_bytes().startswith(start)


def test_labels_overlap_nothing() -> None:
    figures = pytest.importorskip("matplotlib.figure", reason="matplotlib is not installed")
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    figure = figures.Figure(figsize=(5, 4))
    canvas = FigureCanvasAgg(figure)
    axes = figure.subplots()
    axes.set_xlim(0, 10)
    axes.set_ylim(0, 10)
    spots = [(3 + 0.4 * (i % 3), 3 + 0.7 * (i // 3), 5.0) for i in range(9)]
    names = [f"model {i}" for i in range(9)]
    figure.draw_without_rendering()
    left_out = place_labels(axes, spots, names, bars=[(6.0, 0, 10)], colour="black")
    boxes = [text.get_window_extent(canvas.get_renderer()) for text in axes.texts]
    assert 9 == len(boxes) + len(left_out)
    assert boxes
    for i, one in enumerate(boxes):
        assert not any(one.overlaps(other) for other in boxes[:i])
        (bar, _) = axes.transData.transform((6.0, 5))
        assert not one.x0 < bar < one.x1


def test_what_cannot_be_drawn_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(BadArgument, match=r"ends in \.png"):
        draw(POINTS, tmp_path / "c.txt")
    with pytest.raises(BadArgument, match="no model"):
        draw([], tmp_path / "c.png")
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(MissingExtra, match=r"\.\[draw\]"):
        draw(POINTS, tmp_path / "c.png")


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="matplotlib is not installed")
    with pytest.raises(StorageError):
        draw(POINTS[:1], tmp_path / "absent" / "c.png")
