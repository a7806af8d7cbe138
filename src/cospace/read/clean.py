"""Clean: what stands in a cell, without the spaces round it, without HTML, or nothing at all."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Set
from typing import Any

from cospace.read.markup import has_markup, text_of

__all__ = ["clean", "is_missing"]

# How programs write an empty cell into a CSV.
_MISSING = frozenset({
    "nan", "NaN", "NAN", "NaT", "<NA>", "NULL", "null", "None", "\\N",
    # What a spreadsheet writes for a value that it could not find or compute, by its language.
    "#N/A", "#NV", "#N/D", "#N/B", "#REF!", "#BEZUG!", "#VALUE!", "#WERT!", "#VALEUR!", "#DIV/0!",
    "#NAME?", "#NOM?", "#NUM!", "#ZAHL!", "#NULL!", "#NOMBRE!",
})  # fmt: skip


def is_missing(value: Any, *, cells: bool) -> bool:
    """True for None, NaN and a blank text; in a CSV also for the words that stand for them.

    >>> is_missing(float("nan"), cells=False), is_missing("NaN", cells=True)
    (True, True)
    """
    if value is None or (isinstance(value, float) and value != value):  # noqa: PLR0124 - NaN
        return True
    if isinstance(value, str):
        return not value.strip() or (cells and value.strip() in _MISSING)
    return type(value).__name__ in ("NaTType", "NAType")


def clean(
    values: Mapping[str, Any],
    *,
    cells: bool,
    raw: Set[str],
    tell: Callable[[str, str], None] = lambda _kind, _note: None,
) -> dict[str, Any]:
    """A row without the cells that are missing, its texts stripped and free of HTML.

    Columns in `raw` keep their HTML: ids and paths may hold "&" and "<". `tell` is called with
    a kind of change and a line about it.

    >>> clean({"id": " A1 ", "text": "<p>Oak</p>", "size": None}, cells=False, raw={"id"})
    {'id': 'A1', 'text': 'Oak'}
    """
    kept: dict[str, Any] = {}
    for name, value in values.items():
        if is_missing(value, cells=cells):
            if isinstance(value, str) and value.strip():
                tell(f"missing {name}", f"column {name!r}: {value.strip()!r} is read as empty")
            continue
        if not isinstance(value, (str, list)):
            kept[name] = value
            continue
        texts = [
            _cleaned(name, one, raw, tell) if isinstance(one, str) else one
            for one in (value if isinstance(value, list) else [value])
        ]
        if isinstance(value, list):
            kept[name] = texts
        elif texts[0]:
            kept[name] = texts[0]
    return kept


def _cleaned(name: str, value: str, raw: Set[str], tell: Callable[[str, str], None]) -> str:
    text = value.strip()
    if text != value:
        tell("spaces", "spaces round cells are left out")
    if name not in raw and has_markup(text):
        tell(f"html {name}", f"column {name!r}: HTML is read as its text")
        text = text_of(text)
    return text
