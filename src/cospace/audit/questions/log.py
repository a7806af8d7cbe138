"""A log of questions: a .txt with one a line, a .csv or .tsv, or .jsonl."""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cospace.arguments import check_path
from cospace.errors import BadArgument, BadItem, NotFound
from cospace.limits import limit
from cospace.read.reading import Failures
from cospace.read.texts import check_text

__all__ = ["read_log"]

# The columns and fields that hold the question, the surest first.
_NAMES = ("question", "query", "q", "search", "search_term", "term", "text", "frage", "suche")
_ENDINGS = (".txt", ".csv", ".tsv", ".jsonl", ".ndjson")


def read_log(path: str | os.PathLike[str]) -> tuple[list[str], Failures]:
    """The questions of a file, each as often as it was asked, and the lines that hold none.

    Of a table the column is taken that is called question, query, q, search, text or so; a table
    of one column needs no header. Of JSON Lines the field of such a name, or a string.

    Raises `NotFound`, and `BadArgument` for another format or a file without questions.
    """
    file = check_path("path", path)
    if not file.is_file():
        raise NotFound(f"no such file: {path}")
    ending = file.suffix.lower()
    if ending not in _ENDINGS:
        raise BadArgument(f"a log of questions ends in {', '.join(_ENDINGS)}; not {file.name!r}")
    failed, found = Failures(), []
    for name, given in _given(file, ending, failed):
        if not isinstance(given, str):
            failed.add(name, f"it is no JSON with a field called {', '.join(_NAMES[:3])} or so")
            continue
        try:
            found.append(check_text(given.strip(), name))
        except BadItem as error:
            failed.add(name, error.reason)
    if not found:
        why = f"; the first: {next(iter(failed))}" if len(failed) else ""
        raise BadArgument(f"{path} holds no questions{why}")
    return found, failed


def _given(file: Path, ending: str, failed: Failures) -> Iterator[tuple[str, Any]]:
    """(place, what should be a question) of each line."""
    lines = _lines(file, failed)
    if ending in (".csv", ".tsv"):
        yield from _cells(file.name, [text for _, text in lines], ending)
        return
    for name, line in lines:
        if not line.strip():
            continue
        yield name, line if ending == ".txt" else _field(line)


def _lines(file: Path, failed: Failures) -> Iterator[tuple[str, str]]:
    most, number = limit("row_bytes"), 0
    with file.open("rb") as held:
        while line := held.readline(most + 1):
            number += 1
            name = f"{file.name}:{number}"
            if len(line) > most:
                failed.add(name, f"the line is longer than {most:,} bytes")
                while line and not line.endswith(b"\n"):
                    line = held.readline(most)
                continue
            try:
                yield name, line.decode("utf-8-sig" if number == 1 else "utf-8")
            except UnicodeDecodeError as error:
                failed.add(name, f"the line is not UTF-8 ({error.reason})")


def _field(line: str) -> Any:
    """The question of a line of JSON; None where it holds none."""
    try:
        held = json.loads(line)
    except (json.JSONDecodeError, RecursionError):
        return None
    if isinstance(held, str):
        return held
    if isinstance(held, dict):
        return next((held[name] for name in _NAMES if isinstance(held.get(name), str)), None)
    return None


def _cells(name: str, lines: list[str], ending: str) -> Iterator[tuple[str, str]]:
    """The cells of the column of questions."""
    text = "".join(lines)
    comma = "\t" if ending == ".tsv" else _comma(lines[0] if lines else "")
    try:
        rows = list(csv.reader(io.StringIO(text), delimiter=comma))
    except csv.Error as error:
        raise BadArgument(f"{name} is no table: {error}") from None
    if not rows:
        return
    header = [cell.strip().lower() for cell in rows[0]]
    column = next((header.index(one) for one in _NAMES if one in header), None)
    first = 1
    if column is None:
        if any(len(row) > 1 for row in rows):
            raise BadArgument(
                f"{name} has the columns {', '.join(header)}; none is called {', '.join(_NAMES)}"
            )
        column = first = 0
    for number, row in enumerate(rows[first:], first + 1):
        if len(row) > column and row[column].strip():
            yield f"{name}:{number}", row[column]


def _comma(header: str) -> str:
    return ";" if header.count(";") > header.count(",") else ","
