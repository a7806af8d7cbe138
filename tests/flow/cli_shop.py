"""The shop that the stories index, and what a command line that ran gives."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

SHOP = [
    ("A-1", "Red velvet armchair", 180, "Berlin", 52.52, 13.40, "red"),
    ("A-2", "Blue steel bicycle", 240, "Potsdam", 52.40, 13.06, "blue"),
    ("A-3", "Green garden chair", 25, "Munich", 48.14, 11.58, "green"),
    ("A-4", "Yellow table lamp", 30, "Munich", 48.13, 11.57, ""),
    ("A-5", "Red winter coat", 60, "Berlin", 52.53, 13.41, "red"),
]
COLUMNS = ["sku", "title", "price", "city", "lat", "lon", "photo"]


class Ran(NamedTuple):
    """What a command line gave: its exit code, and what it printed."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Cli = Callable[..., Ran]


def write_shop(path: Path, rows: list[tuple[Any, ...]]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        writer.writerows([*row[:-1], row[-1] and f"{row[-1]}.png"] for row in rows)
    return path
