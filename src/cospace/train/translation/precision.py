"""How often the right translation is the first, or one of the first five, of held-out words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from cospace.encode.words.csls import best
from cospace.measures.bootstrap import Difference, Interval, mean_difference, mean_interval

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["HeldOut", "Precision", "hits", "precision"]

_NAN = float("nan")
_NONE = Interval(_NAN, _NAN, _NAN)
_DEEPEST = 5


@dataclass(frozen=True)
class Precision:
    """The share of words with a right translation first (`at_1`), or among five (`at_5`)."""

    at_1: Interval
    at_5: Interval

    def to_json(self) -> dict[str, Any]:
        """A record of the two."""
        return {"at_1": self.at_1.to_json(), "at_5": self.at_5.to_json()}


@dataclass(frozen=True)
class HeldOut:
    """What became of the held-out words: `asked` of `words` have a vector, and a translation has.

    `unknown_source` words have no vector in the source; of `unknown_target` words no translation
    has one in the target. Neither is in the figures. Any translation that the pairs give for a
    word is right. `csls` and `cosine` are two ways to choose; `difference` is that of `at_1`.
    """

    words: int
    asked: int
    unknown_source: int
    unknown_target: int
    csls: Precision
    cosine: Precision
    difference: Difference

    def to_json(self) -> dict[str, Any]:
        """A record of all of it; None for figures of no word."""
        counts = ("words", "asked", "unknown_source", "unknown_target")
        return {
            **{name: getattr(self, name) for name in counts},
            **{name: getattr(self, name).to_json() for name in ("csls", "cosine", "difference")},
        }


def precision(
    csls: NDArray[np.bool_],
    cosine: NDArray[np.bool_],
    unknown: Sequence[int],
    *,
    seed: int,
    groups: NDArray[np.intp] | None = None,
) -> HeldOut:
    """The figures of `hits` [asked, 5] of both ways; `unknown` are the words of either side.

    Words of one of `groups` [asked] share translations, and are drawn together for the ranges.
    """
    asked = len(csls)
    words = asked + sum(unknown)
    if not asked:
        empty, none = Precision(_NONE, _NONE), Difference(_NAN, _NAN, _NAN, _NAN)
        return HeldOut(words, 0, unknown[0], unknown[1], empty, empty, none)
    drawn = partial(mean_interval, seed=seed, groups=groups)
    both = [
        Precision(*(drawn(found[:, :k].any(axis=1)) for k in (1, _DEEPEST)))
        for found in (csls, cosine)
    ]
    apart = mean_difference(csls[:, 0], cosine[:, 0], seed=seed, groups=groups)
    return HeldOut(words, asked, unknown[0], unknown[1], both[0], both[1], apart)


def hits(
    rows: NDArray[np.float32],
    others: NDArray[np.float32],
    near: tuple[NDArray[np.float32], NDArray[np.float32]],
    right: Mapping[int, set[int]],
) -> NDArray[np.bool_]:
    """For each word of `right`, in order, whether its 1st, 2nd .. 5th translation is right.

    bool [words, 5]. `right` holds rows of `others` by row of `rows`; `near` as in `best`.
    """
    asked = np.array(sorted(right), np.intp)
    found = np.zeros((len(asked), _DEEPEST), bool)
    if len(asked):
        ids, _ = best(rows[asked], others, (near[0][asked], near[1]), k=_DEEPEST)
        for place, (word, answers) in enumerate(zip(asked.tolist(), ids.tolist(), strict=True)):
            found[place, : len(answers)] = [answer in right[word] for answer in answers]
    return found
