"""What a cluster is about: its own words, everyday concepts near it, typical items."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from cospace.errors import CospaceError
from cospace.map.map import NONE
from cospace.map.names import named
from cospace.store.language import recognised
from cospace.tasks.cluster.report import NOISE, Cluster
from cospace.tasks.concepts import concept_vectors
from cospace.tasks.material import Material

__all__ = ["described"]

_NEAR, _TYPICAL = 3, 3
_SAME = 1e-6  # cosines that differ by less are equal
_READ = 400  # characters of a text that its cluster is named by

Labels = NDArray[np.int64]


def described(
    material: Material, labels: Labels, silhouettes: NDArray[np.float64] | None
) -> tuple[list[Cluster], list[str]]:
    """The clusters, by number, and notes on what could not be said of them."""
    count = int(labels.max(initial=NOISE)) + 1
    if not count:
        return [], []
    near, notes = _concepts(material, labels, count)
    names = _names(material, labels, near)
    found = []
    for one in range(count):
        own = np.flatnonzero(labels == one)
        middle = material.rows[own].mean(0)
        best = own[np.argsort(-(material.rows[own] @ middle), kind="stable")][:_TYPICAL]
        value = None if silhouettes is None else float(silhouettes[own].mean())
        typical = tuple(material.ids[at] for at in best)
        found.append(Cluster(one, names[one], len(own), near[one], typical, value))
    return found, notes


def _names(material: Material, labels: Labels, near: Sequence[tuple[str, ...]]) -> list[str]:
    """Names of the items' words; where no item has any, of the nearest concepts."""
    texts = [text[:_READ] for text in material.texts]
    if any(texts):
        language = recognised([t for t in texts if t][:: max(1, len(texts) // 1_000)])
        numbers = np.where(labels == NOISE, NONE, labels).astype(np.uint16)
        return named(texts, numbers, language)
    names: list[str] = []
    for at, some in enumerate(near):
        name = ", ".join(some[:2]) or f"group {at + 1}"
        names.append(name if name not in names else f"{name} {at + 1}")
    return names


def _concepts(
    material: Material, labels: Labels, count: int
) -> tuple[list[tuple[str, ...]], list[str]]:
    """The concepts that each cluster is nearer to than items are on the whole.

    None of a cluster that is as near to all: that of equal items, or the only one.
    """
    try:
        words, concepts = concept_vectors(material.encoder())
    except CospaceError as error:
        return [()] * count, [f"no concepts are told: {error}"]
    total = np.zeros((count, len(concepts)))
    for rows in material.kinds.values():
        there = ~np.isnan(rows[:, 0])
        mean = rows[there].mean(0, dtype=np.float64)
        apart = np.zeros_like(total)
        for one in range(count):
            own = there & (labels == one)
            if own.any():
                apart[one] = (rows[own].mean(0, dtype=np.float64) - mean) @ concepts.T
        apart[np.ptp(apart, axis=1) < _SAME] = 0
        total += apart / max(float(apart.std()), 1e-9)
    order = np.argsort(-total, axis=1, kind="stable")[:, :_NEAR]
    some = np.ptp(total, axis=1) > 0
    return [
        tuple(words[at] for at in row) if told else ()
        for row, told in zip(order, some, strict=True)
    ], []
