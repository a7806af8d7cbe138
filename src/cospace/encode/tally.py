"""The tokens that text towers read, noted while they encode: to count them costs a tokenising more.

>>> import cospace as cs
>>> model = cs.load("starter")
>>> with tokens_read() as read:
...     vectors = model.encode_document(["a chair", "a retro velvet armchair"])
>>> read
[4, 6]
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

__all__ = ["note", "tokens_read"]

_read: ContextVar[list[int] | None] = ContextVar("cospace_tokens_read", default=None)


@contextmanager
def tokens_read() -> Iterator[list[int]]:
    """A block in which the tokens of each text are noted, in the order in which texts are read.

    What a cache knows, a service counts or a word model looks up is not read here, and not noted.
    """
    found: list[int] = []
    token = _read.set(found)
    try:
        yield found
    finally:
        _read.reset(token)


def note(lengths: Iterable[int]) -> None:
    """Told by a text tower: the tokens of each text that it reads, prompt and special ones too."""
    found = _read.get()
    if found is not None:
        found.extend(lengths)
