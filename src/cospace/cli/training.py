"""What the commands of training share: figures as a table, and the options of a head."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from cospace.cli.parsing import Parser
from cospace.cli.table import Column, room, table

if TYPE_CHECKING:
    from cospace.measures import Interval
    from cospace.train.card import Figure

__all__ = ["figures", "head_options", "options_of"]

_OPTIONS = ("loss", "hidden", "epochs", "batch", "rate", "seed")


def head_options(one: Parser) -> None:
    """The options of a head that is trained on frozen features."""
    one.add_argument("--loss", choices=("softmax", "sigmoid"), help="CLIP's (default) or SigLIP's")
    one.add_argument("--hidden", type=int, metavar="N", help="width of a hidden layer; 0: linear")
    one.add_argument("--epochs", type=int, help="at most; it stops when held-out pairs say so")
    one.add_argument("--batch", type=int, help="pairs in a batch")
    one.add_argument("--rate", type=float, help="of learning; default: 0.001")
    one.add_argument("--seed", type=int, help="of all that is drawn; default: 0")


def options_of(args: argparse.Namespace) -> dict[str, Any]:
    """What was said of them; what was not is left to its defaults."""
    given = {name: getattr(args, name) for name in _OPTIONS}
    return {name: value for name, value in given.items() if value is not None}


def figures(given: Sequence[Figure]) -> list[str]:
    """A table of figures in points of 100: before, held out, trained on, mixed up, chance."""
    names = ("before", "held out", "95%", "trained on", "mixed up", "chance")
    columns = [Column("", most=40), *(Column(name, right=True, most=20) for name in names)]
    rows = [
        [
            one.name,
            "" if one.before is None else _points(one.before.value),
            _points(one.held.value),
            _range(one.held),
            *("" if value is None else _points(value) for value in (one.train, one.shuffled)),
            _points(one.chance),
        ]
        for one in given
    ]
    return table(columns, rows, room())


def _points(value: float) -> str:
    return f"{100 * value:.1f}"


def _range(one: Interval) -> str:
    return f"{_points(one.low)} to {_points(one.high)}"
