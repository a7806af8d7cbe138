"""Options of trainers: the names that there are, and numbers within their ranges."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields, replace
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, TypeVar

from cospace.arguments import check_count, check_number
from cospace.errors import BadArgument

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

    T = TypeVar("T", bound=DataclassInstance)

__all__ = ["check_names", "teller", "within"]


def check_names(options: Iterable[str], known: Iterable[str], own: Iterable[str] = ()) -> None:
    """Raises `BadArgument` for an option that is not known; `own` are a trainer's parameters."""
    there = sorted(known)
    unknown = sorted(set(options) - set(there))
    if unknown:
        near = get_close_matches(unknown[0], [*there, *own], 1, cutoff=0.5)
        hint = f"; did you mean {near[0]}?" if near else f": {', '.join(there)}"
        raise BadArgument(f"there is no option {unknown[0]!r}{hint}")


def teller(tell: object) -> Callable[[str], None]:
    """The function that lines are told to; one that does nothing for None. Raises `BadArgument`.

    >>> teller(None)("12 words read")
    """
    if tell is None:
        return lambda _line: None
    if not callable(tell):
        raise BadArgument(f"tell is a function that takes a line, such as print; not {tell!r:.60}")

    def told(line: str) -> None:
        tell(line)

    return told


def within(settings: T, ranges: Mapping[str, tuple[float, float]]) -> T:
    """The settings with numbers of Python from the least to the most of each.

    A number is whole where its default is. Raises `BadArgument`.
    """
    found: dict[str, Any] = {}
    for field in fields(settings):
        if field.name not in ranges:
            continue
        least, most = ranges[field.name]
        value = getattr(settings, field.name)
        if isinstance(field.default, int):
            found[field.name] = check_count(field.name, value, int(least), int(most))
        else:
            found[field.name] = check_number(field.name, value, least, most)
    return replace(settings, **found)
