"""Pairs: two sentences a row, and how alike people found them. What `sts` is measured on."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cospace.arguments import check_path
from cospace.errors import BadArgument, BadItem, EmptyItem, NotFound
from cospace.limits import limit
from cospace.read import Failures
from cospace.read.lines import ANY_NEWLINE, Lines
from cospace.read.regular import bad_byte, listed, open_regular
from cospace.read.sources import find_source
from cospace.read.texts import check_text

__all__ = ["COLUMNS", "Pairs", "read_pairs", "score_of"]

COLUMNS = ("sentence1", "sentence2", "score")

# Where the STS Benchmark keeps them: genre, file, year, id, score, sentence, sentence, ...
_CELLS, _SCORE = 7, 4
_SUFFIXES = (".csv", ".tsv", ".txt")


@dataclass(slots=True)
class Pairs:
    """The pairs of a file in order, of sentences or words, and the rows that cannot be used."""

    name: str
    first: list[str] = field(default_factory=list)
    second: list[str] = field(default_factory=list)
    scores: list[float] = field(default_factory=list)
    failed: Failures = field(default_factory=Failures)

    def __len__(self) -> int:
        return len(self.scores)


def read_pairs(path: str | os.PathLike[str]) -> Pairs:
    """The pairs of a table with sentence1, sentence2 and score, or of an STS Benchmark file.

    The latter is tab separated, has no header and no quotes: genre, file, year, id, score,
    sentence, sentence; more cells are passed over. The former is any table that `cospace.read`
    takes. Scores may have any scale. A row that cannot be used is listed with its line.

    Raises `NotFound` for a missing file, `BadArgument` for a table without these columns, and
    `EmptyItem` when no row can be used.
    """
    file = check_path("path", path)
    if not file.is_file():
        raise NotFound(f"{file}: there is no such file")
    pairs = Pairs(file.name)
    rows = _benchmark_rows(file) if _is_benchmark(file) else _table_rows(file)
    for name, values in rows:
        try:
            if isinstance(values, str):
                raise BadItem(name, values)
            one, two, score = values
            texts, number = (check_text(one), check_text(two)), score_of(score)
        except BadItem as error:
            pairs.failed.add(name, error.reason)
            continue
        pairs.first.append(texts[0])
        pairs.second.append(texts[1])
        pairs.scores.append(number)
    if not pairs.scores:
        first = next(iter(pairs.failed), None)
        raise EmptyItem(pairs.name, f"no pair can be used ({first})" if first else "has no pairs")
    return pairs


def score_of(score: Any) -> float:
    """A score as a finite number. Raises `BadItem` for what is none."""
    try:
        number = float(score) if not isinstance(score, bool) else math.nan
    except (TypeError, ValueError):
        number = math.nan
    if not math.isfinite(number):
        raise BadItem("", f"the score is {str(score)[:40]!r}; expected a finite number")
    return number


def _is_benchmark(file: Path) -> bool:
    """True where the first line is a row of the STS Benchmark, and not a header."""
    if file.suffix.lower() not in _SUFFIXES:
        return False
    with open_regular(file, file.name) as stream:
        line = Lines(stream, limit("row_bytes"), ANY_NEWLINE).next()
    cells = (line.data or b"").split(b"\t") if line else []
    if len(cells) < _CELLS:
        return False
    try:
        float(cells[_SCORE])
    except ValueError:
        return False
    return True


def _benchmark_rows(file: Path) -> Iterator[tuple[str, tuple[Any, Any, Any] | str]]:
    with open_regular(file, file.name) as stream:
        lines = Lines(stream, limit("row_bytes"), ANY_NEWLINE)
        while (line := lines.next()) is not None:
            name = f"{file.name}:{line.number}"
            if line.data is None:
                yield name, f"the line has {line.size:,} bytes, which is too long"
                continue
            if not line.data.strip():
                continue
            try:
                cells = line.data.decode("utf-8").split("\t")
            except UnicodeDecodeError as error:
                yield name, bad_byte(line.data[error.start], line.offset + error.start)
                continue
            if len(cells) < _CELLS:
                yield name, f"has {len(cells)} cells; expected {_CELLS}, separated by tabs"
            else:
                yield name, (cells[_SCORE + 1], cells[_SCORE + 2], cells[_SCORE])


def _table_rows(file: Path) -> Iterator[tuple[str, tuple[Any, Any, Any] | str]]:
    source = find_source(file)
    missing = [name for name in COLUMNS if name not in source.sample.names]
    if missing:
        has = listed(source.sample.names, 12) or "no columns"
        raise BadArgument(
            f"{file.name}: there is no column {missing[0]!r}; it has {has}. Expected columns"
            f" {', '.join(COLUMNS)}, or the STS Benchmark's form: tab separated, the score in"
            " the fifth cell and the sentences after it"
        )
    source.choose(set(COLUMNS))
    for row in source.rows():
        if isinstance(row.values, str):
            yield row.name, row.values
        else:
            one, two, score = (row.values.get(name) for name in COLUMNS)
            yield row.name, (one, two, score)
