"""Templates: ``"{title}. {description}"`` makes one text of several columns.

Only ``{column}`` is understood (and ``{{`` for a brace): no attributes, no formats, no code.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from difflib import get_close_matches
from functools import lru_cache
from typing import Any

from cospace.errors import BadArgument, BadItem
from cospace.read.regular import listed

__all__ = ["Template", "check_column", "render"]

_TOKEN = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")
_SEPARATORS = r".,;:|/\-\u2013\u2014"  # the last two are dashes
_LAST = r"[\s,;:|/\-\u2013\u2014]"  # a full stop may end a text, nothing else may
_TIDY = (
    (re.compile(r"\(\s*\)|\[\s*\]|\"\s*\"|'\s*'"), ""),  # brackets around nothing
    (re.compile(rf"(?<=[{_SEPARATORS}])(?:\s*[{_SEPARATORS}])+"), ""),  # "a. . b"
    # A run is looked at from its first character only: from each, it would take the square of it.
    (re.compile(r"(?<!\s)\s++(?=[.,;:])"), ""),  # "a . b"
    (re.compile(rf"^[\s{_SEPARATORS}]+"), ""),
    (re.compile(rf"(?<!{_LAST}){_LAST}++$"), ""),
    (re.compile(r"[ \t]{2,}"), " "),
)
# Stands for a value while the words around it are tidied, so that no value is ever changed.
_SLOT = "\x00"


class Template:
    """The text of a row, from a template or the name of one column.

    A missing or empty value renders as "", and the punctuation that it leaves behind is tidied;
    values themselves are never changed.

    >>> template = Template("{title}. {description}", ["title", "description"])
    >>> template.render({"title": "Chair", "description": "Red."})
    'Chair. Red.'
    >>> template.render({"title": "", "description": "Red."})
    'Red.'

    Raises `BadArgument` for a column that is not among `columns`, with near matches.
    """

    def __init__(self, pattern: str, columns: list[str]) -> None:
        self.pattern = pattern
        # A column may have a brace in its name; then the name wins.
        if pattern in columns or not ("{" in pattern or "}" in pattern):
            words, names = ["", ""], [pattern]
        else:
            words, names = _split(pattern)
        known = frozenset(columns)
        for column in names:
            if column not in known:
                check_column(column, columns, "text")
        self.columns = names
        self._words = tuple(words)

    def render(self, row: Mapping[str, Any]) -> str:
        """The text of one row; "" when none of its columns holds anything.

        Raises `BadItem` for a value that has no text, such as bytes or an object.
        """
        values = [render(row.get(column), column) for column in self.columns]
        full = tuple(bool(value.strip()) for value in values)
        if len(values) == 1 and not any(self._words):
            return values[0]
        words = _tidied(self._words, full)
        if not words:
            return ""
        present = [value for value, there in zip(values, full, strict=True) if there]
        return words[0] + "".join(v + w for v, w in zip(present, words[1:], strict=True))


def render(value: Any, column: str) -> str:
    """A cell as text: numbers as they are written, a list joined by commas, None as ""."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (list, tuple)) and all(isinstance(v, (str, int, float)) for v in value):
        return ", ".join(render(v, column) for v in value)
    if isinstance(value, (int, float)) or hasattr(value, "isoformat"):
        return str(value)
    raise BadItem("", f"column {column!r} is used as text and holds {type(value).__name__}")


def check_column(column: str, columns: list[str], argument: str) -> str:
    """`column` itself, when it is among `columns`; else `BadArgument` with near matches."""
    if column in columns:
        return column
    near = get_close_matches(column, columns, n=3, cutoff=0.5)
    known = listed(columns, 20)
    hint = f"; did you mean {' or '.join(map(repr, near))}?" if near else ", which is not there."
    raise BadArgument(f"{argument}= names the column {column!r}{hint} The columns are: {known}")


def _split(pattern: str) -> tuple[list[str], list[str]]:
    """The words around the columns (one more than columns), and the columns."""
    words, names, at = [""], [], 0
    for token in _TOKEN.finditer(pattern):
        words[-1] += pattern[at : token.start()]
        at = token.end()
        if token[0] in ("{{", "}}"):
            words[-1] += token[0][0]
        elif token[1] is None:
            raise BadArgument(f"text={pattern!r} has a single {token[0]!r}; write {token[0] * 2}")
        else:
            names.append(token[1])
            words.append("")
    words[-1] += pattern[at:]
    if not names:
        raise BadArgument(f"text={pattern!r} names no column; write one as {{title}}")
    return words, names


@lru_cache(maxsize=256)
def _tidied(words: tuple[str, ...], full: tuple[bool, ...]) -> tuple[str, ...]:
    """The words that stand around the values which are there; () when none is.

    It depends only on which values are empty, so it is worked out once for each such pattern.
    """
    if all(full):
        return words
    if not any(full):
        return ()
    slots = [_SLOT if there else "" for there in full]
    text = words[0] + "".join(s + w for s, w in zip(slots, words[1:], strict=True))
    for pattern, replacement in _TIDY:
        text = pattern.sub(replacement, text)
    return tuple(text.split(_SLOT))
