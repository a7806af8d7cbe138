"""A vector in words: a sparse non-negative sum of the vectors of words and phrases.

Bhalla et al., Interpreting CLIP with Sparse Linear Concept Embeddings (SpLiCE, 2024). Pictures and
texts lie apart in a joint space, so each is taken less the mean of its kind, at length one again
(their section 4.1). The words are chosen by orthogonal matching pursuit with weights that are not
negative (Bruckstein et al., 2008): the word nearest to what is left, then all weights anew.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from cospace.arguments import check_count
from cospace.errors import BadArgument

__all__ = ["Concept", "Concepts", "concepts_of"]

_LEAST = 1e-4  # a word that brings less to the cosine ends the search
_STEPS = 200  # of a fit of the weights, which ends long before


class Concept(NamedTuple):
    """A word or phrase, and its weight in the sum."""

    word: str
    weight: float


@dataclass(frozen=True, slots=True)
class Concepts:
    """The words whose weighted sum comes nearest to a vector, the most first.

    `cosine` is that of their sum to the vector, both less the mean of their kind: 1 is a vector
    that the words say whole. `of` is how many words there were to choose from.
    """

    words: tuple[Concept, ...]
    cosine: float
    of: int

    def to_json(self) -> dict[str, Any]:
        """A record of plain types."""
        return {
            "concepts": [{"word": one.word, "weight": one.weight} for one in self.words],
            "cosine": self.cosine,
            "of": self.of,
        }


def concepts_of(
    vector: NDArray[np.float32],
    words: Sequence[str],
    rows: NDArray[np.float32],
    *,
    centres: tuple[NDArray[np.float32], NDArray[np.float32]] | None = None,
    terms: int = 8,
) -> Concepts:
    """At most `terms` of the `words` whose sum comes nearest to a unit vector, float32 [dim].

    `rows` are the words' unit vectors, float32 [n, dim]; `centres` the mean vectors of what the
    vector is, and of words. Raises `BadArgument` for fewer than two words, or terms below 1.

    >>> rows = np.eye(3, dtype=np.float32)
    >>> found = concepts_of(np.float32([0.8, 0.6, 0]), ["red", "sofa", "lamp"], rows)
    >>> [(one.word, round(one.weight, 2)) for one in found.words], round(found.cosine, 2)
    ([('red', 0.8), ('sofa', 0.6)], 1.0)
    """
    terms = check_count("terms", terms)
    if len(words) < 2 or len(words) != len(rows):
        raise BadArgument(
            f"a vocabulary is two words or more, each with a vector; there are {len(words)} and"
            f" {len(rows)}"
        )
    target = vector.astype(np.float64)
    base = rows.astype(np.float64)
    if centres is not None:
        target, base = target - centres[0], base - centres[1]
    target /= max(float(np.linalg.norm(target)), 1e-12)
    base = base / np.maximum(np.linalg.norm(base, axis=1, keepdims=True), 1e-12)
    chosen: list[int] = []
    weights = np.zeros(0)
    cosine = 0.0
    left = target
    for _ in range(min(terms, len(words))):
        near = base @ left
        near[chosen] = -np.inf
        best = int(near.argmax())
        if near[best] <= 0:
            break
        tried = [*chosen, best]
        fitted = _fit(base[tried], target)
        made = fitted @ base[tried]
        length = float(np.linalg.norm(made))
        kept = float(made @ target) / length if length > 0 else 0.0
        if kept < cosine + _LEAST:
            break
        chosen, weights, cosine, left = tried, fitted, kept, target - made
    order = [i for i in np.argsort(-weights, kind="stable").tolist() if weights[i] > 0]
    found = tuple(Concept(words[chosen[i]], float(weights[i])) for i in order)
    return Concepts(found, cosine, len(words))


def _fit(base: NDArray[np.float64], target: NDArray[np.float64]) -> NDArray[np.float64]:
    """The weights, none negative, of the rows whose sum is nearest to the target: least squares.

    Coordinate descent: each weight in turn is set to what is best for it, until none moves.
    """
    gram, wanted = base @ base.T, base @ target
    weights = np.zeros(len(base))
    for _ in range(_STEPS):
        before = weights.copy()
        for i in range(len(base)):
            rest = wanted[i] - gram[i] @ weights + gram[i, i] * weights[i]
            weights[i] = max(0.0, rest / gram[i, i])
        if float(np.abs(weights - before).max()) < 1e-9:
            break
    return weights
