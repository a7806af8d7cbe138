"""An earlier check, read back: what a search found then, question by question."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from cospace.errors import BadItem, NotFound

__all__ = ["Baseline", "Earlier"]

_MOST = 200_000_000  # bytes


class Earlier(NamedTuple):
    """The figures of a question by name, and the ids of its first hits."""

    figures: Mapping[str, float]
    first: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Baseline:
    """The questions of an earlier check; all of them have the figures `names`.

    `search` is how it was searched.
    """

    names: tuple[str, ...]
    questions: Mapping[str, Earlier]
    search: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def read(cls, file: str | os.PathLike[str]) -> Baseline:
        """The check that `cospace check --save FILE` wrote. Raises `NotFound`, `BadItem`."""
        path = Path(file)
        if not path.is_file():
            raise NotFound(f"no such file: {path}; make it with: cospace check ... --save {path}")
        try:
            if path.stat().st_size > _MOST:
                raise ValueError(f"more than {_MOST:,} bytes")
            record = json.loads(path.read_bytes())
            return cls.of(record)
        except (ValueError, RecursionError, OSError) as error:
            raise BadItem(
                str(path), f"is no baseline ({error}); make one with: cospace check ... --save"
            ) from None

    @classmethod
    def of(cls, record: Any) -> Baseline:
        """The baseline of what `Checked.to_json` gave. Raises `ValueError` for anything else."""
        if not isinstance(record, dict) or not isinstance(record.get("questions"), list):
            raise ValueError("it has no list of questions")
        names: tuple[str, ...] = tuple(_of(record, "figures", dict))
        if not names or not record["questions"]:
            raise ValueError("it holds no figures")
        questions = {}
        for one in record["questions"]:
            figures = _of(one, "figures", dict)
            first = _of(one, "first", list)
            numbers = {name: _number(figures.get(name)) for name in names}
            questions[str(_of(one, "query", str))] = Earlier(numbers, tuple(map(str, first)))
        search = record.get("search", {})
        return cls(names, questions, search if isinstance(search, dict) else {})


def _of(record: Any, name: str, kind: type) -> Any:
    value = record.get(name) if isinstance(record, dict) else None
    if not isinstance(value, kind):
        raise ValueError(f"{name} is missing, or not as a check writes it")
    return value


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError(f"a figure is {value!r:.40}")
    return float(value)
