"""Judged queries from a file: which items are how right for which question."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

from cospace.arguments import check_path
from cospace.errors import BadItem
from cospace.read import Failures
from cospace.read.sources import find_source

__all__ = ["Grades", "read_judgments"]

Grades: TypeAlias = dict[str, dict[str, float]]

_FORMS = (
    "expected the columns query, id and perhaps grade, or query (or text) and relevant, a dict of"
    " grades by id"
)


def read_judgments(file: str | os.PathLike[str], failed: Failures | None = None) -> Grades:
    """The grades by id, by query, of a table or of JSON Lines, in one of two forms.

    A judgment a row: `query`, `id`, and `grade` (1 without; 0 is wrong). Or a query a row: `query`
    or `text`, and `relevant`, a dict of grades by id, or a list of right ids. Rows that cannot be
    used are listed in `failed`.

    Raises `NotFound`, `BadArgument` for a file that is no table, and `BadItem` for one without
    these columns.
    """
    source = find_source(check_path("file", file))
    names = set(source.sample.names)
    failed = Failures() if failed is None else failed
    asked = "query" if "query" in names else "text"
    if not {asked, "relevant"} <= names and not {"query", "id"} <= names:
        there = ", ".join(source.sample.names[:20])
        raise BadItem(source.name, f"{_FORMS}; there are: {there}")
    whole = "relevant" in names
    found: Grades = {}
    for row in source.rows():
        try:
            if isinstance(row.values, str):
                raise BadItem(row.name, row.values)
            query = str(row.values.get(asked) or "").strip()
            if not query:
                raise BadItem(row.name, "has no query")
            known = found.setdefault(query, {})
            for id, grade in _relevant(row.values) if whole else [_judgment(row.values)]:
                if known.get(id, grade) != grade:
                    raise BadItem(
                        row.name, f"{id!r} was judged {known[id]:g} before for this query"
                    )
                known[id] = grade
        except BadItem as error:
            failed.add(row.name, error.reason)
    return {query: grades for query, grades in found.items() if grades}


def _judgment(values: Mapping[str, Any]) -> tuple[str, float]:
    id = str(values.get("id") or "").strip()
    if not id:
        raise BadItem("", "has no id")
    given = values.get("grade")
    return id, _grade(1 if given is None or given == "" else given)


def _relevant(values: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
    given = values.get("relevant")
    if isinstance(given, Mapping):
        yield from ((str(id), _grade(grade)) for id, grade in given.items())
    elif isinstance(given, list) and all(isinstance(id, str) for id in given):
        yield from ((id, 1.0) for id in given)
    else:
        raise BadItem("", f"relevant is {given!r:.60}; expected a dict of grades by id, or ids")


def _grade(given: Any) -> float:
    try:
        grade = float(given)
    except (TypeError, ValueError):
        grade = float("nan")
    if isinstance(given, bool) or not abs(grade) < 1e6:
        raise BadItem("", f"the grade is {str(given)[:40]!r}; expected a number")
    return grade
