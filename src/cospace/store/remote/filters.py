"""Filters for engines: a tree in which only leaves are negated, and which may say less than asked.

Each engine tells its own form of a leaf, or None for one that it has no words for. What cannot be
said is left out, so that more may pass and never less: the rows that come back are matched again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

from cospace.read.dates import moment
from cospace.store.payload import DATES
from cospace.store.schema import Field, flatten
from cospace.store.where import All, Any_, Compare, Exists, In, Near, Node, Not

__all__ = ["Leaf", "Rendered", "leaf_slot", "rendered", "valued"]

Leaf: TypeAlias = Compare | Exists | In | Near


class Rendered(NamedTuple):
    """An engine's form of a filter: None where all rows pass, or, with `nothing`, none does.

    `exact` says that it means just what was asked; otherwise it may let more through.
    """

    form: Any
    exact: bool = True
    nothing: bool = False


def rendered(
    node: Node,
    leaf: Callable[[Leaf, bool], tuple[Any, bool] | None],
    every: Callable[[Sequence[Any]], Any],
    some: Callable[[Sequence[Any]], Any],
) -> Rendered:
    """The filter in an engine's form. `leaf(leaf, negated)` gives a leaf's and whether it is exact.

    A leaf that is not exact must let through all that was asked; None lets all through. `every`
    and `some` join two or more.

    >>> from cospace.store.schema import Field
    >>> price = Field("price", "number", "f0")
    >>> node = Not(All((Compare(price, "lt", 9), Exists(price))))
    >>> def leaf(one, negated):
    ...     return ("not " * negated + type(one).__name__, True)
    >>> rendered(node, leaf, " and ".join, " or ".join).form
    'not Compare or not Exists'
    """
    return _rendered(node, False, leaf, every, some)


def _rendered(node: Node, negated: bool, leaf: Any, every: Any, some: Any) -> Rendered:
    if isinstance(node, Not):
        return _rendered(node.part, not negated, leaf, every, some)
    if isinstance(node, All | Any_):
        parts = [_rendered(part, negated, leaf, every, some) for part in node.parts]
        return _every(parts, every) if isinstance(node, All) is not negated else _some(parts, some)
    if isinstance(node, In) and not node.values:
        return Rendered(None, nothing=not negated)
    said = leaf(node, negated)
    return Rendered(None, exact=False) if said is None else Rendered(*said)


def _every(parts: Sequence[Rendered], join: Any) -> Rendered:
    if any(part.nothing for part in parts):
        return Rendered(None, nothing=True)
    said = [part.form for part in parts if part.form is not None]
    exact = all(part.exact for part in parts)
    return Rendered(join(said) if len(said) > 1 else said[0] if said else None, exact)


def _some(parts: Sequence[Rendered], join: Any) -> Rendered:
    parts = [part for part in parts if not part.nothing]
    if not parts:
        return Rendered(None, nothing=True)
    exact = all(part.exact for part in parts)
    if any(part.form is None for part in parts):  # one of them lets all through
        return Rendered(None, exact or any(p.form is None and p.exact for p in parts))
    said = [part.form for part in parts]
    return Rendered(join(said) if len(said) > 1 else said[0], exact)


def leaf_slot(leaf: Leaf) -> str:
    """The slot of a point's values that a leaf is about; ranges over texts are about dates."""
    if isinstance(leaf, Compare) and leaf.field.type == "string":
        return leaf.field.slot + DATES
    return leaf.field.slot


def valued(metadata: Mapping[str, Any], schema: Mapping[str, Field]) -> dict[str, list[Any]]:
    """The values of a row by slot: each a list of numbers, texts, booleans or locations.

    Of a text that is a date its moment (int, microseconds since 1970) stands in the slot + DATES.
    """
    values: dict[str, list[Any]] = {}
    for name, value in flatten(metadata):
        field = schema.get(name)
        if field is None:
            continue
        held = list(value) if isinstance(value, list | tuple) else [value]
        if held:
            values[field.slot] = held
        if field.type == "string":
            moments = [at for one in held if (at := moment(one)) is not None]
            if moments:
                values[field.slot + DATES] = moments
    return values
