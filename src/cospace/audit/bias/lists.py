"""The word lists of association tests: your own in a JSON file, and the ten of the WEAT."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from cospace.arguments import check_path
from cospace.errors import BadArgument, BadItem
from cospace.read.texts import check_text

__all__ = ["BUILT_IN", "BiasTest", "Members", "built_in", "read_lists"]

BUILT_IN = "weat"
_SIDES = ("x", "y", "a", "b")
_MOST = 8 << 20  # bytes of a file of lists


@dataclass(frozen=True, slots=True)
class Members:
    """One side of a test: `words`, or the items of a collection that pass the filter `where`.

    Of items their vectors of `kind` are taken: photos, unless "text" is asked for.
    """

    name: str
    words: tuple[str, ...] = ()
    where: Mapping[str, Any] | None = None
    kind: str = "image"


@dataclass(frozen=True, slots=True)
class BiasTest:
    """Are targets `x` nearer to attributes `a` than targets `y` are, and those nearer to `b`?

    `source` says where the lists come from, `published` what effect was published with them. A
    `control` is what all people associate, and harms nobody: a model that does not, knows little.
    """

    name: str
    x: Members
    y: Members
    a: Members
    b: Members
    source: str = ""
    published: float | None = None
    control: bool = False

    @property
    def sides(self) -> tuple[Members, Members, Members, Members]:
        """x, y, a, b."""
        return self.x, self.y, self.a, self.b

    @property
    def needs_items(self) -> bool:
        """Whether a side is made of a collection's items."""
        return any(side.where is not None for side in self.sides)


@cache
def built_in() -> tuple[BiasTest, ...]:
    """The ten tests of Caliskan, Bryson and Narayanan (Science 356, 2017), with their effects.

    >>> [one.name for one in built_in()][:2]
    ['WEAT 1: flowers and insects, pleasant or unpleasant', \
'WEAT 2: instruments and weapons, pleasant or unpleasant']
    """
    text = resources.files(__package__).joinpath("weat.json").read_text(encoding="utf-8")
    return _tests(json.loads(text), "weat.json")


def read_lists(path: str | os.PathLike[str]) -> tuple[BiasTest, ...]:
    """The tests of a JSON file, or the built-in ones for "weat".

    The file holds {"source": ..., "tests": [{"name": ..., "x": S, "y": S, "a": S, "b": S}]}, or a
    list of such tests, or one. S is a list of words; {"name": ..., "words": [...]}; or, for a
    collection's photos, {"name": ..., "where": FILTER}, with "kind": "text" for its texts.

    Raises `BadArgument` for a file that is not there or no such lists, naming the place in it.
    """
    if str(path) == BUILT_IN and not Path(path).exists():
        return built_in()
    file = check_path("path", path)
    try:
        if file.stat().st_size > _MOST:
            raise BadArgument(f"{path}: lists of words have at most {_MOST >> 20} MB")
        held = json.loads(file.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise BadArgument(
            f"{path}: {error.strerror}; --bias takes a JSON file of word lists, or {BUILT_IN!r}"
        ) from None
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise BadArgument(f"{path} is not JSON in UTF-8: {error}") from None
    return _tests(held, file.name)


def _tests(held: Any, file: str) -> tuple[BiasTest, ...]:
    source = ""
    if isinstance(held, dict) and "tests" in held:
        source, held = str(held.get("source", "")), held["tests"]
    if isinstance(held, dict):
        held = [held]
    if not isinstance(held, list) or not held:
        raise BadArgument(
            f'{file} holds no tests; write {{"tests": [{{"name": "...", "x": ["rose", ...],'
            ' "y": [...], "a": [...], "b": [...]}]}'
        )
    return tuple(_test(one, f"{file}: test {place}", source) for place, one in enumerate(held, 1))


def _test(held: Any, place: str, source: str) -> BiasTest:
    if not isinstance(held, dict) or any(side not in held for side in _SIDES):
        raise BadArgument(f"{place} needs the sides x and y (targets), a and b (attributes)")
    unknown = sorted(set(held) - {*_SIDES, "control", "key", "name", "published", "source"})
    if unknown:
        raise BadArgument(f"{place} has {unknown[0]!r}, which is no part of a test")
    x, y, a, b = (_members(held[side], f"{place}, {side}") for side in _SIDES)
    published = held.get("published")
    if published is not None and not isinstance(published, int | float):
        raise BadArgument(f"{place}: published is a number, not {published!r}")
    name = str(held.get("name") or f"{x.name} and {y.name}, {a.name} or {b.name}")
    if "key" in held:
        name = f"{held['key']}: {name}"
    shared = set(x.words) & set(y.words)
    if shared:
        raise BadArgument(f"{place}: {min(shared)!r} is in both x and y, so it tells nothing")
    told, control = str(held.get("source", source)), held.get("control") is True
    return BiasTest(name, x, y, a, b, told, published, control)


def _members(held: Any, place: str) -> Members:
    if isinstance(held, list):
        held = {"words": held}
    if not isinstance(held, dict):
        raise BadArgument(f"{place} is a list of words, or has words or where; not {held!r:.60}")
    name = held.get("name")
    words, where = held.get("words"), held.get("where")
    if (words is None) == (where is None):
        raise BadArgument(f'{place} has either "words" or "where"')
    if where is not None:
        if not isinstance(where, dict) or not where:
            raise BadArgument(f'{place}: where is a filter such as {{"category": "Shoes"}}')
        kind = str(held.get("kind", "image"))
        told = name or ", ".join(f"{key} {value}" for key, value in where.items())
        return Members(str(told), where=where, kind=kind)
    if not isinstance(words, list) or not words:
        raise BadArgument(f"{place}: words is a list of one word at least")
    for number, word in enumerate(words, 1):
        try:
            check_text(word, f"{place}, word {number}")
        except BadItem as error:
            raise BadArgument(str(error)) from None
    return Members(str(name or f"{words[0]}, ..."), tuple(dict.fromkeys(words)))
