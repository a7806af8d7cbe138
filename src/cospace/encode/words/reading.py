"""The words of a text, as a word model reads them, and how much each counts."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

from cospace.errors import BadArgument

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["SPLITS", "WEIGHTINGS", "split_words", "word_shares", "word_weights"]

_WORD = re.compile(r"\w+")

# "words": lower-cased runs of letters and digits. "cased": the same as they are written.
# "spaces": what stands between white space, unchanged, for text that was split before.
SPLITS = ("words", "cased", "spaces")
WEIGHTINGS = ("sif", "mean")

# The smoothing of Arora et al.; they find it good from 1e-4 to 1e-3.
_SMOOTH = 1e-3


def split_words(text: str, split: str) -> list[str]:
    """The words of `text`, by one of `SPLITS`.

    >>> split_words("A red armchair, like new!", "words")
    ['a', 'red', 'armchair', 'like', 'new']
    >>> split_words("A red armchair, like new!", "spaces")
    ['A', 'red', 'armchair,', 'like', 'new!']
    """
    if split == "spaces":
        return text.split()
    return _WORD.findall(text.lower() if split == "words" else text)


def word_weights(
    weighting: str, number: int, counts: NDArray[np.int64] | None
) -> NDArray[np.float32]:
    """How much each of `number` words counts in a text: float32 [number].

    "sif" is a / (a + p(w)), smooth inverse frequency: Arora et al., A Simple but Tough-to-Beat
    Baseline for Sentence Embeddings (2017), equation 3. Where counts are unknown, p(w) follows
    Zipf's law with Mandelbrot's shift from the word's rank. "mean" counts all alike.

    >>> word_weights("sif", 3, np.array([98, 1, 1])).round(4)
    array([0.001 , 0.0909, 0.0909], dtype=float32)
    """
    if weighting not in WEIGHTINGS:
        raise BadArgument(f"the weighting is one of {', '.join(WEIGHTINGS)}, not {weighting!r}")
    if weighting == "mean":
        return np.ones(number, np.float32)
    share = word_shares(number, counts)
    weights: NDArray[np.float32] = (_SMOOTH / (_SMOOTH + share)).astype(np.float32)
    return weights


def word_shares(number: int, counts: NDArray[np.int64] | None) -> NDArray[np.float64]:
    """How much of all running text each of `number` words is, the commonest first: [number].

    Where counts are unknown: Zipf's law with Mandelbrot's shift.
    """
    if counts is not None and counts.sum() > 0:
        known: NDArray[np.float64] = counts / counts.sum()
        return known
    share: NDArray[np.float64] = 1 / (np.arange(number) + 3.7)
    share /= share.sum()
    return share
