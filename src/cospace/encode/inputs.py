"""What `encode_query` and `encode_document` were given: a list, its parts, what cannot be used."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from cospace.errors import BadArgument, BadItem
from cospace.item import Content, Part, Parts
from cospace.space import Space

__all__ = ["check_usable", "lacks", "left_out", "listed", "listing", "parts_of", "renamed", "shown"]


def listing(inputs: Sequence[Content]) -> Sequence[Content]:
    """`inputs`, when it is a list of inputs and not a single one. Raises `BadArgument`."""
    if isinstance(inputs, (str, Part, Parts)):
        kind = type(inputs).__name__
        raise BadArgument(f"expected a list of inputs, was given one {kind}: write [it] instead")
    if not isinstance(inputs, Sequence) or isinstance(inputs, bytes):
        many = isinstance(inputs, Iterable) and not isinstance(inputs, (bytes, Mapping))
        hint = "use list(...)" if many else "of str, Image, Part or Parts"
        raise BadArgument(f"expected a list of inputs, not {type(inputs).__name__}: {hint}")
    return inputs


def parts_of(content: Content, position: int) -> Parts:
    """The parts of the input at `position`. Raises `BadItem` that names the position."""
    try:
        parts = Parts.of(content)
    except BadItem as error:
        raise BadItem(f"input {position}", error.reason) from None
    if parts.composed:
        raise BadItem(
            f"input {position}",
            "like=, weights= and combiner= are of a search in a collection: give them to search",
        )
    if (photos := len(parts.images)) > 1:
        raise BadItem(
            f"input {position}",
            f"it has {photos} images, and one vector stands for one: give each as an input of its"
            " own. Only items of a collection have several",
        )
    return parts


def check_usable(parts: Parts, position: int, space: Space) -> None:
    """Raises `BadItem` when the space has a tower for none of the parts."""
    if not any(kind in space.kinds for kind in parts):
        what = f"is of kind {listed(tuple(parts))}" if parts else "has no parts"
        raise BadItem(f"input {position}", f"it {what}; {space.name} takes {listed(space.kinds)}")


def lacks(space: Space, kind: str) -> str:
    """Why a part of `kind` cannot be encoded.

    >>> lacks(Space.of("letters", 26), "audio")
    "letters takes text; it cannot encode 'audio' (docs/models.md: which models can)"
    """
    takes = f"{space.name} takes {listed(space.kinds)}"
    return f"{takes}; it cannot encode {kind!r} (docs/models.md: which models can)"


def left_out(positions: Mapping[str, Sequence[int]], total: int, space: Space) -> list[str]:
    """Lines of a report on the parts, by kind, that the space cannot encode."""
    return [
        f"{len(at)} of {total} inputs: the {kind} part was left out; {lacks(space, kind)}"
        for kind, at in positions.items()
    ]


def listed(kinds: Sequence[str]) -> str:
    """The kinds in words.

    >>> listed(["text", "image", "audio"])
    'text, image and audio'
    """
    return " and ".join(filter(None, (", ".join(kinds[:-1]), *kinds[-1:]))) or "nothing"


def shown(positions: Sequence[int]) -> str:
    """The first ten positions, for a line of a report.

    >>> shown([3, 5])
    'positions 3, 5 (from 0)'
    """
    first = ", ".join(map(str, positions[:10])) + (", ..." if len(positions) > 10 else "")
    return f"positions {first} (from 0)"


@contextmanager
def renamed(at: Sequence[int]) -> Iterator[None]:
    """A block in which an error that names a position of a part names that of the whole."""
    try:
        yield
    except BadItem as error:
        match = re.fullmatch(r"input (\d+)", error.name)
        if match is None or int(match[1]) >= len(at):
            raise
        # The type stays: an empty input is an EmptyItem.
        raise type(error)(f"input {at[int(match[1])]}", error.reason) from None
