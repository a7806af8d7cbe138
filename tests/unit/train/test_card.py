"""The card says what a model learnt from, how good it is, and how far it overfits."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from cospace.draw.training import draw_training
from cospace.errors import BadArgument
from cospace.measures import Interval
from cospace.train.card import Card, Figure, Point, write_card

CARD = Card(
    title="photos of a market",
    how="A head was trained.",
    data_sha256="ab" * 32,
    counts={"pairs": 1_500, "held out": 300},
    settings={"seed": 0, "rate": 0.001},
    figures=[
        Figure(
            "R@10", Interval(0.6, 0.55, 0.65), 0.03, before=Interval(0.2, 0.17, 0.23),
            train=0.9, shuffled=0.04,
        ),
        Figure("R@1", Interval(0.1, 0.05, 0.15), 0.003),
    ],
    points=[Point(1, 3.0, 0.2), Point(2, 2.0, 0.6), Point(3, 1.0, 0.5)],
    notes=["2 photos could not be read"],
)  # fmt: skip


def test_every_figure_stands_in_the_card(tmp_path: Path) -> None:
    write_card(tmp_path, CARD)
    text = (tmp_path / "card.md").read_text()
    assert "| R@10 | 20.0 | 60.0 (55.0 to 65.0) | 90.0 | 30.0 | 4.0 | 3.0 |" in text
    assert "| R@1 |  | 10.0 (5.0 to 15.0) |  |  |  | 0.3 |" in text
    for line in ("- pairs: 1,500", f"- sha256 of the data: {'ab' * 32}", "seed 0, rate 0.001"):
        assert line in text
    assert text.endswith("- 2 photos could not be read\n")
    record = json.loads((tmp_path / "card.json").read_text())
    assert record["figures"][0]["gap"] == pytest.approx(0.3)
    assert record["figures"][1]["gap"] is None
    assert record["curve"][1] == {"epoch": 2, "loss": 2.0, "held": 0.6}
    assert (tmp_path / "curves.png").read_bytes().startswith(b"\x89PNG")


def test_a_card_without_matplotlib_has_no_picture(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    write_card(tmp_path, CARD)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["card.json", "card.md"]


def test_a_curve_without_points_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadArgument, match="no point"):
        draw_training([], [], tmp_path / "curve.png", title="nothing")
