"""Ratings: pairs of words, and how alike people found them."""

from __future__ import annotations

import csv
import math
import os
import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from cospace.arguments import check_path
from cospace.errors import BadArgument, EmptyItem
from cospace.evaluate.pairs import Pairs
from cospace.evaluate.words.lines import text_lines

__all__ = ["read_ratings"]

# What the columns are called in the published sets and in tables of one's own, letters alone.
_FIRST, _SECOND = ("word1", "first", "worda"), ("word2", "second", "wordb")
_SCORES = (
    "score", "similarity", "relatedness", "humanmean", "simlex999", "rating", "mean", "gold",
)  # fmt: skip
# MEN marks each word with what it is: sun-n (noun), go-v (verb), red-j (adjective).
_MARK = re.compile(r"(.+)-[nvj]")


class _Columns(NamedTuple):
    first: int
    second: int
    score: int


def read_ratings(path: str | os.PathLike[str]) -> Pairs:
    """The pairs of WordSim-353, SimLex-999, MEN, RW, or of a table of one's own.

    Cells are parted by tabs, else by commas, else by spaces. A first line without a score names
    the columns: word1, word2, and score (or similarity, rating, Human (mean), SimLex999); where
    there is none the first three cells are meant. Lines that begin with "#" are comments. The
    marks of MEN (sun-n, go-v, red-j) are taken off where every word has one. A line that cannot
    be used is listed in `failed` with its number.

    Raises `EmptyItem` where no line is a pair, and `BadArgument` for other columns.
    """
    path = check_path("path", path)
    found = Pairs(path.name)
    columns: _Columns | None = None
    for name, text, reason in text_lines(path):
        if reason:
            found.failed.add(name, reason)
            continue
        cells = _cells(text)
        if not any(cells) or text.startswith("#"):
            continue
        if columns is None:
            columns = _named(cells)
            if columns is not None:
                continue
            if _number(cells, 2) is None:
                raise BadArgument(_other(path.name, cells))
            columns = _Columns(0, 1, 2)
        _add(found, name, cells, columns)
    if not found.scores:
        first = next(iter(found.failed), None)
        raise EmptyItem(found.name, f"no line is a pair ({first})" if first else "is empty")
    marked = [_MARK.fullmatch(word) for word in (*found.first, *found.second)]
    words = [match[1] for match in marked if match]
    if len(words) == len(marked):
        found.first, found.second = words[: len(found)], words[len(found) :]
    return found


def _add(found: Pairs, name: str, cells: Sequence[str], columns: _Columns) -> None:
    score = _number(cells, columns.score)
    if len(cells) <= max(columns):
        found.failed.add(name, f"has {len(cells)} cells; expected {max(columns) + 1}")
    elif score is None:
        found.failed.add(name, f"the score is {cells[columns.score][:40]!r}; expected a number")
    elif not (cells[columns.first] and cells[columns.second]):
        found.failed.add(name, "one of the two words is empty")
    else:
        found.first.append(cells[columns.first])
        found.second.append(cells[columns.second])
        found.scores.append(score)


def _cells(text: str) -> list[str]:
    if "\t" in text:
        cells = text.split("\t")
    elif "," in text:
        try:
            cells = next(csv.reader([text]), [])
        except csv.Error:  # a NUL, or a cell beyond what csv takes
            cells = [text]
    else:
        cells = text.split()
    return [cell.strip() for cell in cells]


def _named(cells: Sequence[str]) -> _Columns | None:
    """The places of the columns in a header; None where a line is none."""
    names = [re.sub(r"[^a-z0-9]", "", cell.lower()) for cell in cells]
    found = list(_places(names))
    return _Columns(*found) if len(found) == 3 else None


def _places(names: Sequence[str]) -> Iterator[int]:
    for wanted in (_FIRST, _SECOND, _SCORES):
        place = next((names.index(name) for name in wanted if name in names), None)
        if place is not None:
            yield place


def _number(cells: Sequence[str], place: int) -> float | None:
    try:
        number = float(cells[place])
    except (IndexError, ValueError):
        return None
    return number if math.isfinite(number) else None


def _other(name: str, cells: Sequence[str]) -> str:
    return (
        f"{name}: begins with {', '.join(cells)[:80]!r}; expected analogies (a line ': section',"
        " then four words a line), or pairs with the columns word1, word2 and score"
    )
