"""What trainers of heads are given: vectors, arrays or pictures, and the options they share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import TYPE_CHECKING, Any, TypedDict

import numpy as np

from cospace.arguments import check_name, check_share
from cospace.errors import BadArgument
from cospace.progress import Watch
from cospace.space import Space
from cospace.train.ranges import check_names, teller, within
from cospace.vectors import Vectors

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["HeadOptions", "HeadSettings", "head_settings", "rows_of"]


class HeadOptions(TypedDict, total=False):
    """What every trainer of a head takes besides its own parameters.

    `epochs`: passes over the rows, at most (60). `held_out`: the share that it is measured on
    (0.2). `most`: rows that are used, drawn where there are more (20,000). `seed` (0). `name`: of
    its space. `progress`: True for a bar on stderr, or a function that is called with a
    `Progress`. `tell`: called with a line of what was left out.
    """

    epochs: int
    held_out: float
    most: int
    seed: int
    name: str
    progress: Watch
    tell: Callable[[str], object]


@dataclass(frozen=True, slots=True)
class HeadSettings:
    """All that a training depends on besides its rows."""

    epochs: int = 60
    held_out: float = 0.2
    most: int = 20_000
    seed: int = 0
    name: str = ""

    def to_json(self) -> dict[str, Any]:
        """A record."""
        return {name: value for name, value in asdict(self).items() if name != "name"}


_RANGES: Mapping[str, tuple[float, float]] = {
    "epochs": (1, 10_000), "most": (200, 10_000_000), "seed": (0, (1 << 63) - 1),
}  # fmt: skip


def head_settings(options: Mapping[str, Any]) -> HeadSettings:
    """The settings that options say. Raises `BadArgument` for an unknown name or a bad value.

    >>> head_settings({"epochs": 5}).epochs
    5
    """
    check_names(options, HeadOptions.__annotations__)
    teller(options.get("tell"))
    names = {field.name for field in fields(HeadSettings)}
    settings = HeadSettings(**{key: value for key, value in options.items() if key in names})
    settings = replace(settings, held_out=check_share("held_out", settings.held_out))
    check_name("name", settings.name)
    return within(settings, _RANGES)


def rows_of(given: Vectors | NDArray[Any], name: str = "") -> tuple[NDArray[np.float32], Space]:
    """The unit rows float32 [n, d] of vectors, floats [n, d] or pictures [n, h, w] or [n, h, w, c].

    With the space of the vectors; arrays have one that is known by `name` alone. Pixels of uint8
    become 0 to 1. Raises `BadVector` for NaN, Inf, a row of zeros, and arrays of another form.

    >>> rows_of(np.full((2, 2, 2), 255, np.uint8))[0].tolist()[0]
    [0.5, 0.5, 0.5, 0.5]
    """
    if isinstance(given, Vectors):
        return given.normalized, given.space
    array = np.asarray(given)
    if array.ndim in (3, 4):
        name = name or "x".join(map(str, ("pixels", *array.shape[1:])))
        if array.dtype == np.uint8:
            array = array.astype(np.float32) / 255
        array = array.reshape(len(array), -1)
    if array.ndim != 2:
        raise BadArgument(
            f"give Vectors, floats [n, dim], or pictures [n, height, width] or with channels; not"
            f" an array of shape {list(array.shape)}"
        )
    space = Space.of(name or "array", array.shape[1])
    return Vectors(array, space).normalized, space
