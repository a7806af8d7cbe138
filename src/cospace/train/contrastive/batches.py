"""Batches: examples of like length together, in an order that is drawn."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cospace.train.contrastive.examples import Examples

__all__ = ["Batch", "batches", "positives_of_labels"]

_POOL = 20  # batches that are sorted by length together


@dataclass(frozen=True, slots=True)
class Batch:
    """Positions of texts: anchors [n], documents [m], of which document i < n is anchor i's own.

    `same` bool [n, m] says which documents are no negatives of an anchor. `scores` [n] are those
    of people.
    """

    anchors: NDArray[np.intp]
    documents: NDArray[np.intp]
    same: NDArray[np.bool_]
    scores: NDArray[np.float64]


def batches(
    examples: Examples,
    lengths: NDArray[np.intp],
    negatives: NDArray[np.intp],
    *,
    size: int,
    random: np.random.Generator,
) -> Iterator[Batch]:
    """All examples once, `size` at a time. `lengths` [texts] are their tokens.

    `negatives` [n, count] are texts beside the examples' own, -1 where there is none. Examples of
    one group, or label, are never one another's negatives.
    """
    second = examples.second
    if examples.form == "labels":
        second = positives_of_labels(examples, random)
    kept = np.flatnonzero(second >= 0)
    families = examples.families
    family = np.full(len(lengths), -1, np.intp)  # of each text
    for side in (examples.first, examples.second):
        if len(side):
            family[side] = families
    longest = np.maximum(lengths[examples.first], lengths[second])
    order = random.permutation(kept)
    parts = []
    for start in range(0, len(order), _POOL * size):
        pool = order[start : start + _POOL * size]
        pool = pool[np.argsort(longest[pool], kind="stable")]
        parts += [pool[i : i + size] for i in range(0, len(pool), size)]
    for number in random.permutation(len(parts)):
        rows = parts[number]
        hard = negatives[rows].reshape(-1)
        documents = np.concatenate([second[rows], hard[hard >= 0]])
        mine = families[rows][:, None]
        same = mine == family[documents][None, :]
        values = examples.values[rows] if examples.form == "scored" else np.zeros(len(rows))
        yield Batch(examples.first[rows], documents, same, values)


def positives_of_labels(examples: Examples, random: np.random.Generator) -> NDArray[np.intp]:
    """For each text another one of its label, drawn; -1 where it has none."""
    found = np.full(len(examples), -1, np.intp)
    for label in np.unique(examples.values):
        members = random.permutation(np.flatnonzero(examples.values == label))
        if len(members) > 1:  # around a circle: nobody meets itself
            found[members] = examples.first[np.roll(members, 1)]
    return found
