"""The words of a text, as a word model reads them, and how much each counts."""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from cospace.errors import BadArgument
from cospace.read.terms import marks

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = [
    "SPLITS",
    "WEIGHTINGS",
    "check_reading",
    "common_part",
    "split_words",
    "word_places",
    "word_shares",
    "word_weights",
]

_SPACED = re.compile(r"\S+")

# "words": lower-cased runs of letters and digits. "cased": the same as they are written.
# "spaces": what stands between white space, unchanged, for text that was split before.
SPLITS = ("words", "cased", "spaces")
WEIGHTINGS = ("sif", "mean")

# The smoothing of Arora et al., who find it good from 1e-4 to 1e-3. With glove.6B.50d, of 1e-2,
# 1e-3, 3e-4, 1e-4, 3e-5 this was the best on both parts of the STS Benchmark that were tried.
_SMOOTH = 1e-4

# Where a table has fewer words or numbers than these, what is common to its texts is not known
# well enough, or is too much of a vector, to be taken off.
_LEAST_WORDS, _LEAST_DIM = 1_000, 16


_ASCII_WORD = re.compile(r"\w+", re.ASCII)


@cache
def _any_word() -> re.Pattern[str]:
    """Letters and digits with the marks of their script: vowel signs, points, accents."""
    return re.compile(rf"[\w{marks()}]+")


def _word(text: str) -> re.Pattern[str]:
    return _ASCII_WORD if text.isascii() else _any_word()


def check_reading(split: object, weighting: object) -> None:
    """Raises `BadArgument` unless they are one of `SPLITS` and one of `WEIGHTINGS`."""
    if split not in SPLITS:
        raise BadArgument(f"texts are split by one of {', '.join(SPLITS)}, not {split!r}")
    if weighting not in WEIGHTINGS:
        raise BadArgument(f"the weighting is one of {', '.join(WEIGHTINGS)}, not {weighting!r}")


def split_words(text: str, split: str) -> list[str]:
    """The words of `text`, by one of `SPLITS`.

    >>> split_words("A red armchair, like new!", "words")
    ['a', 'red', 'armchair', 'like', 'new']
    >>> split_words("A red armchair, like new!", "spaces")
    ['A', 'red', 'armchair,', 'like', 'new!']
    """
    if split == "spaces":
        return text.split()
    found = _word(text).findall(text.lower() if split == "words" else text)
    return found if text.isascii() else [_composed(word) for word in found]


def _composed(word: str) -> str:
    """A letter and its accent as one character, as word-vector files have them."""
    return unicodedata.normalize("NFC", word)


def word_places(text: str, split: str) -> list[tuple[str, int, int]]:
    """The words of `split_words`, each with the characters of `text` where it begins and ends.

    >>> word_places("Red armchair!", "words")
    [('red', 0, 3), ('armchair', 4, 12)]
    """
    if split == "spaces":
        return [(found[0], *found.span()) for found in _SPACED.finditer(text)]
    if split == "cased":
        return [(_composed(found[0]), *found.span()) for found in _word(text).finditer(text)]
    # A letter may become two in lower case; so each has the place of the letter it came from.
    places = [place for place, letter in enumerate(text) for _ in letter.lower()]
    return [
        (_composed(found[0]), places[found.start()], places[found.end() - 1] + 1)
        for found in _word(text).finditer(text.lower())
    ]


def word_weights(
    weighting: str, number: int, counts: NDArray[np.int64] | None
) -> NDArray[np.float32]:
    """How much each of `number` words counts in a text: float32 [number].

    "sif" is a / (a + p(w)), smooth inverse frequency: Arora et al., A Simple but Tough-to-Beat
    Baseline for Sentence Embeddings (2017), equation 3. Where counts are unknown, p(w) follows
    Zipf's law with Mandelbrot's shift from the word's rank. "mean" counts all alike.

    >>> word_weights("sif", 3, np.array([98, 1, 1])).round(4)
    array([0.0001, 0.0099, 0.0099], dtype=float32)
    """
    check_reading("words", weighting)
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
    return share / float(share.sum())


def common_part(
    rows: NDArray[np.float32], weights: NDArray[np.float32], shares: NDArray[np.float64]
) -> NDArray[np.float64] | None:
    """What all texts have in common: float64 [dim] of length one, or None for a small table.

    The weighted mean of the words [n, dim], each by its share of running text: what a text that
    says nothing comes to. "sif" takes the projection on it off each text. Arora et al. (2017),
    algorithm 1, take the first principal direction of the texts at hand in its place, by which
    a text's vector would depend on the others.
    """
    if len(rows) < _LEAST_WORDS or rows.shape[1] < _LEAST_DIM:
        return None
    mean = np.zeros(rows.shape[1])
    step = 1 << 12  # in pieces: the table as float64 would be twice its size
    for start in range(0, len(rows), step):
        part = slice(start, start + step)
        mean += (weights[part] * shares[part]) @ rows[part].astype(np.float64)
    norm = float(np.linalg.norm(mean))
    return mean / norm if norm > 0 else None
