"""Shares: what each word of a text counts in its likeness to something else."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

__all__ = ["Share", "Shares", "without", "word_spans"]

_WORD = re.compile(r"[^\W_]+(?:['\u2019-][^\W_]+)*")


class Share(NamedTuple):
    """What stands from `start` to `end` of a text, and what it counts, in units of the cosine.

    `share` is its part of the cosine where that can be split, else None; `loss` is what the cosine
    loses when it alone is left out, None where that was not tried. One of the two is there.
    `words` is how many words it is: more than one were left out together.
    """

    start: int
    end: int
    share: float | None = None
    loss: float | None = None
    words: int = 1

    @property
    def counts(self) -> float:
        """What each word of it counts: what leaving it out costs; its share where untried."""
        return (self.loss if self.loss is not None else (self.share or 0.0)) / self.words


@dataclass(frozen=True, slots=True)
class Shares:
    """What each word of a text counts in the `cosine` of its vector to another.

    Where `exact`, the shares of `words` and the `rest` (punctuation, the model's own tokens) add
    up to the cosine. `read` is how many characters the model reads; what comes later counts
    nothing. Words that were left out together are one `Share`.
    """

    cosine: float
    words: tuple[Share, ...]
    exact: bool = False
    rest: float = 0.0
    read: int = 0

    def top(self, k: int = 3) -> tuple[Share, ...]:
        """The `k` that count the most, the most first: those left out alone before the others."""
        ranked = sorted(self.words, key=lambda one: (one.loss is None, -one.counts, one.start))
        return tuple(one for one in ranked[:k] if one.counts > 0)

    def to_json(self) -> dict[str, Any]:
        """A record of plain types."""
        return {
            "cosine": self.cosine,
            "exact": self.exact,
            "rest": self.rest,
            "read": self.read,
            "words": [[one.start, one.end, one.share, one.loss] for one in self.words],
        }


def word_spans(text: str) -> list[tuple[int, int]]:
    """Where the words of a text stand: runs of letters and digits, with ' and - inside.

    >>> word_spans("it's a well-made chair")
    [(0, 4), (5, 6), (7, 16), (17, 22)]
    """
    return [found.span() for found in _WORD.finditer(text)]


def without(text: str, spans: Sequence[tuple[int, int]]) -> str:
    """The text without some stretches of it; "." where no letter is left.

    >>> without("a red chair", [(2, 5)])
    'a  chair'
    """
    left = text
    for start, end in sorted(spans, reverse=True):
        left = left[:start] + left[end:]
    return left if left.strip() else "."
