"""Refinement: a rotation learnt again from the pairs that it finds itself.

Words that are each other's nearest by CSLS, among the commonest of both languages, are most often
right. They join the pairs that were given, and the rotation is computed again; and so on. How
many rounds are worth it is measured on a tenth of the given words, which no round learns from.

Source: Conneau et al., Word Translation Without Parallel Data (2018), sections 2.2 and 2.3, who
stop by an unsupervised criterion; Artetxe, Labaka and Agirre (2017) for mutual neighbours.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cospace.encode.words.csls import CROWD, mutual, neighbourhoods
from cospace.train.translation.procrustes import rotation

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Refined", "refined"]

# The commonest words of each language among which mutual neighbours are sought.
_AMONG = 5_000
_ASIDE = 10  # one word in so many says which round is best
_LEAST_ASIDE = 10  # fewer tell nothing: then what was given is all that is learnt from


@dataclass(frozen=True)
class Refined:
    """A rotation [dim, dim], and how it came about.

    `scores` are the mean reciprocal ranks of the words put aside, after 0, 1, 2 .. rounds; the
    rotation is that of `rounds` rounds, where it was highest, over all the given pairs. `added`
    is how many mutual neighbours joined in the last of them.
    """

    rotation: NDArray[np.float32]
    rounds: int
    added: int
    scores: tuple[float, ...]


def refined(
    source: NDArray[np.float32],
    target: NDArray[np.float32],
    pairs: NDArray[np.intp],
    *,
    most: int,
    seed: int,
) -> Refined:
    """The rotation of `source` rows onto `target` rows, refined by at most `most` rounds.

    `pairs` [n, 2] are rows of words that translate each other.
    """
    words = np.unique(pairs[:, 0])
    drawn = np.random.default_rng(seed).permutation(words)[: len(words) // _ASIDE]
    aside = np.isin(pairs[:, 0], drawn)
    scores: list[float] = []
    rounds = 0
    left = len(words) - len(drawn)
    if most and len(drawn) >= _LEAST_ASIDE and left >= 1.5 * source.shape[1]:
        turn = _learn(source, target, pairs[~aside])
        scores.append(_reciprocal_rank(source @ turn, target, pairs[aside]))
        for number in range(1, most + 1):
            turn, _ = _again(source, target, pairs[~aside], turn)
            scores.append(_reciprocal_rank(source @ turn, target, pairs[aside]))
            if scores[-1] <= scores[rounds]:
                break  # it has stopped rising
            rounds = number
    turn, added = _learn(source, target, pairs), 0
    for _ in range(rounds):
        turn, added = _again(source, target, pairs, turn)
    return Refined(turn, rounds, added, tuple(scores))


def _learn(
    source: NDArray[np.float32], target: NDArray[np.float32], pairs: NDArray[np.intp]
) -> NDArray[np.float32]:
    return rotation(source[pairs[:, 0]], target[pairs[:, 1]])


def _again(
    source: NDArray[np.float32],
    target: NDArray[np.float32],
    pairs: NDArray[np.intp],
    turn: NDArray[np.float32],
) -> tuple[NDArray[np.float32], int]:
    """The rotation of the pairs and of the mutual neighbours under `turn`, and their number."""
    found = np.stack(mutual(source[:_AMONG] @ turn, target[:_AMONG]), axis=1)
    return _learn(source, target, np.concatenate([pairs, found])), len(found)


def _reciprocal_rank(
    mapped: NDArray[np.float32], target: NDArray[np.float32], pairs: NDArray[np.intp]
) -> float:
    """The mean of 1 / the rank of each word's best right translation, by CSLS."""
    near = neighbourhoods(target, mapped[:CROWD])
    total, words = 0.0, np.unique(pairs[:, 0])
    for word in words:
        right = pairs[pairs[:, 0] == word, 1]
        scores = 2 * (target @ mapped[word]) - near
        total += 1 / (1 + int((scores > scores[right].max()).sum()))
    return total / len(words)
