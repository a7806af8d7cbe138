"""What was given for a parameter, as it is used from there on; `BadArgument` for what it is not."""

from __future__ import annotations

import math
import os
from collections.abc import Container, Iterable, Mapping
from numbers import Integral, Real
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from cospace.errors import BadArgument

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = [
    "check_count",
    "check_flag",
    "check_instance",
    "check_name",
    "check_number",
    "check_numbers",
    "check_path",
    "check_share",
    "check_texts",
    "is_one_of",
]

T = TypeVar("T")


def check_count(name: str, value: object, least: int = 1, most: int | None = None) -> int:
    """A whole number of Python or numpy from `least` to `most`. Raises `BadArgument`.

    >>> check_count("k", 10)
    10
    >>> check_count("k", "10", most=1_000)
    Traceback (most recent call last):
    cospace.errors.BadArgument: k is a whole number from 1 to 1,000, not '10'
    """
    whole = int(value) if isinstance(value, Integral) and not isinstance(value, bool) else None
    if whole is None or whole < least or (most is not None and whole > most):
        said = f", {least:,} or more" if most is None else f" from {least:,} to {most:,}"
        raise BadArgument(f"{name} is a whole number{said}, not {value!r:.60}")
    return whole


def check_number(
    name: str, value: object, least: float = -math.inf, most: float = math.inf
) -> float:
    """A number of Python or numpy from `least` to `most`. Raises `BadArgument`.

    >>> check_number("diversity", 1, 0, 1)
    1.0
    """
    real = _real(value)
    if not least <= real <= most:
        said = "" if math.isinf(most) else f" from {least:g} to {most:g}"
        raise BadArgument(f"{name} is a number{said}, not {value!r:.60}")
    return real


def check_numbers(name: str, value: object) -> NDArray[np.float64]:
    """Numbers in a list or an array, float64. Raises `BadArgument`.

    >>> check_numbers("old", [1, 0.5]).tolist()
    [1.0, 0.5]
    """
    import numpy as np

    try:
        found = np.asarray(value, np.float64)
    except (TypeError, ValueError):  # texts; lists of several lengths
        found = np.zeros(())
    if not found.ndim:
        raise BadArgument(f"{name} is a list of numbers, not {value!r:.60}")
    return found


def check_share(name: str, value: object) -> float:
    """A share that is neither nothing nor all. Raises `BadArgument`."""
    real = _real(value)
    if not 0 < real < 1:
        raise BadArgument(f"{name} is a share between 0 and 1, not {value!r:.60}")
    return real


def _real(value: object) -> float:
    """The number, or NaN, which lies in no range."""
    return float(value) if isinstance(value, Real) and not isinstance(value, bool) else math.nan


def check_path(name: str, value: object) -> Path:
    """The path of a file or a folder. Raises `BadArgument` for what is neither text nor `Path`.

    No system has a file whose name has a character NUL.
    """
    text = os.fspath(value) if isinstance(value, (str, os.PathLike)) else None
    if not isinstance(text, str) or "\0" in text:
        raise BadArgument(f"{name} is a path, a text or a Path, not {value!r:.60}")
    return Path(text)


def check_texts(name: str, value: object) -> list[str]:
    """One text or several, in a list. Raises `BadArgument`.

    >>> check_texts("fields", "colour"), check_texts("fields", ("colour", "size"))
    (['colour'], ['colour', 'size'])
    """
    several = [value] if isinstance(value, str) else value
    if isinstance(several, (bytes, Mapping)) or not isinstance(several, Iterable):
        raise BadArgument(f"{name} is a text or a list of texts, not {value!r:.60}")
    found = list(several)
    for one in found:
        if not isinstance(one, str):
            raise BadArgument(f"{name} is a text or a list of texts, and {one!r:.60} is no text")
    return found


def check_flag(name: str, value: object) -> bool:
    """True or False, of Python or numpy. Raises `BadArgument` for all else, such as an array.

    >>> check_flag("create", True)
    True
    """
    import numpy as np

    if not isinstance(value, (bool, np.bool_)):
        raise BadArgument(f"{name} is True or False, not {value!r:.60}")
    return bool(value)


def check_name(name: str, value: object) -> str:
    """A text. Raises `BadArgument` for what is none.

    >>> check_name("name", "small")
    'small'
    """
    if not isinstance(value, str):
        raise BadArgument(f"{name} is a text, not {value!r:.60}")
    return value


def is_one_of(value: object, names: Container[str]) -> bool:
    """Whether it is a text and among the names; a list or an array never is.

    >>> is_one_of("cls", ("mean", "cls")), is_one_of(["cls"], ("mean", "cls"))
    (True, False)
    """
    return isinstance(value, str) and value in names


def check_instance(name: str, value: object, kind: type[T], given: str) -> T:
    """An object of a class of ours; `given` says what gives one. Raises `BadArgument`.

    >>> check_instance("source", 5, Path, "as Path('.')")
    Traceback (most recent call last):
    cospace.errors.BadArgument: source is a Path, as Path('.'), not 5
    """
    if not isinstance(value, kind):
        raise BadArgument(f"{name} is a {kind.__name__}, {given}, not {value!r:.60}")
    return value
