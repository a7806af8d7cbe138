"""card.md, card.json and curves.png: what a trained model learnt from, and how good it is."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

from cospace.draw.training import draw_training
from cospace.files import write_bytes
from cospace.measures import Interval

__all__ = ["FILES", "Card", "Figure", "Point", "write_card"]

# What `write_card` writes; it is no part of the model, and its hash is not in space.json.
FILES = ("card.md", "card.json", "curves.png")


class Point(NamedTuple):
    """One look at a training: its loss of late, and a measure of held-out pairs, 0 to 1."""

    epoch: float
    loss: float
    held: float


@dataclass(frozen=True, slots=True)
class Figure:
    """One measure, 0 to 1: on held-out items, with its interval; what chance would give.

    `before` is that of the model it began with, `train` that on what it learnt from, and
    `shuffled` the same training on pairs that were mixed up, which must fall to chance.
    """

    name: str
    held: Interval
    chance: float
    before: Interval | None = None
    train: float | None = None
    shuffled: float | None = None

    @property
    def gap(self) -> float | None:
        """How much better it is on what it learnt from: overfitting, where it is large."""
        return None if self.train is None else self.train - self.held.value

    def to_json(self) -> dict[str, Any]:
        """The figure by its names; None for what was not measured."""
        return {
            "name": self.name,
            "held": self.held.to_json(),
            "before": None if self.before is None else self.before.to_json(),
            "train": self.train,
            "gap": self.gap,
            "shuffled": self.shuffled,
            "chance": self.chance,
        }


@dataclass(frozen=True, slots=True)
class Card:
    """What there is to say of one training.

    `how` says in a sentence what was done; `counts` how many items there were by what became of
    them; `settings` all that the training depends on besides its data, whose sha256 is
    `data_sha256`; `points` are its curve.
    """

    title: str
    how: str
    data_sha256: str
    counts: Mapping[str, int]
    settings: Mapping[str, Any]
    figures: Sequence[Figure]
    points: Sequence[Point] = ()
    notes: Sequence[str] = field(default_factory=tuple)

    def to_json(self) -> dict[str, Any]:
        """The record in `card.json`."""
        return {
            "title": self.title,
            "how": self.how,
            "data_sha256": self.data_sha256,
            "counts": dict(self.counts),
            "settings": dict(self.settings),
            "figures": [one.to_json() for one in self.figures],
            "curve": [point._asdict() for point in self.points],
            "notes": list(self.notes),
        }

    def to_markdown(self) -> str:
        """The text of `card.md`."""
        lines = [f"# {self.title}", "", self.how, ""]
        lines += [f"- {name}: {count:,}" for name, count in self.counts.items()]
        lines += [f"- sha256 of the data: {self.data_sha256}", ""]
        head = ("measure", "before", "held out (95%)", "trained on", "gap", "shuffled", "chance")
        lines += [_row(head), _row(["---"] * len(head))]
        lines += [_row(_cells(one)) for one in self.figures]
        lines += ["", "Settings: " + ", ".join(f"{k} {v}" for k, v in self.settings.items()), ""]
        lines += [f"- {note}" for note in self.notes]
        return "\n".join(lines).rstrip() + "\n"


def write_card(folder: Path, card: Card) -> None:
    """Writes `card.md` and `card.json`, and `curves.png` where matplotlib is installed."""
    write_bytes(folder / "card.md", card.to_markdown().encode())
    record = json.dumps(card.to_json(), indent=1, ensure_ascii=False)
    write_bytes(folder / "card.json", record.encode())
    if card.points and find_spec("matplotlib") is not None:
        loss = [(point.epoch, point.loss) for point in card.points]
        held = [(point.epoch, point.held) for point in card.points]
        draw_training(loss, held, folder / "curves.png", title=card.title)


def _cells(one: Figure) -> list[str]:
    rest = (one.train, one.gap, one.shuffled, one.chance)
    before = "" if one.before is None else _percent(one.before.value)
    held = f"{_percent(one.held.value)} ({_percent(one.held.low)} to {_percent(one.held.high)})"
    return [one.name, before, held, *("" if value is None else _percent(value) for value in rest)]


def _percent(value: float) -> str:
    return f"{100 * value:.1f}"


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
