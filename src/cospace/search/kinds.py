"""Items of different kinds on one scale: what an item lacks must not decide where it stands.

In a joint space texts lie near texts and images near images, so cosines of one kind mean something
else than those of another. What a cosine is worth is told by the query's cosines to items of that
kind that were picked blindly: their mean and their deviation.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cospace.search.fuse import main_of
from cospace.store.protocol import Found, Nearest, Sampled, Store

__all__ = ["Ground", "grounds", "orphans"]

_FEW = 8  # vectors: with fewer, their deviation is taken to be that of all kinds


class Ground(NamedTuple):
    """The mean and the deviation of a query's cosines to blindly picked items of one kind."""

    mean: float
    deviation: float


Vectors = Mapping[str, NDArray[np.float32]]


def orphans(
    store: Store,
    asked: Sequence[tuple[Vectors, Mapping[str, Found]]],
) -> list[dict[str, Found]]:
    """For each query and list, those of its rows that have a vector in none of the query's fields.

    `asked` holds each query's vectors by field, and what the lists of other fields brought.
    """
    requests: list[Nearest] = []
    places: list[int] = []
    for place, (vectors, others) in enumerate(asked):
        keys = sorted({key for found in others.values() for key in found.keys})
        if keys:
            requests += [Nearest(n, row, len(keys), among=keys) for n, row in vectors.items()]
            places += [place] * len(vectors)
    has: list[set[int]] = [set() for _ in asked]
    if requests:
        for place, found in zip(places, store.find(requests), strict=True):
            has[place].update(found.keys)
    left = [
        {name: _without(found, mine) for name, found in others.items()}
        for (_, others), mine in zip(asked, has, strict=True)
    ]
    return [{name: found for name, found in one.items() if found.keys} for one in left]


def grounds(
    store: Store, vectors: Vectors, weights: Mapping[str, float], has: Mapping[str, Collection[int]]
) -> dict[str, Ground]:
    """What a query's cosines to each kind are worth; {} where every candidate has the main kind.

    `has` are the candidates that have a vector in each field.
    """
    main = main_of({name: weights.get(name, 1.0) for name in has})
    if main is None or not isinstance(store, Sampled):
        return {}
    held = set(has[main])
    if all(held.issuperset(keys) for keys in has.values()):
        return {}
    picked = store.sampled()
    cosines = {name: picked[name] @ vectors[name] for name in has if name in picked}
    whole = sum(len(some) for some in cosines.values())
    spread = sum(float(some.var()) * len(some) for some in cosines.values()) / max(whole, 1)
    return {
        name: Ground(float(some.mean()), _deviation(some, spread)) for name, some in cosines.items()
    }


def _deviation(cosines: NDArray[np.float32], spread: float) -> float:
    """The deviation of some cosines; of few, drawn to that of all kinds."""
    some = len(cosines)
    variance = (float(cosines.var()) * some + spread * _FEW) / (some + _FEW)
    return float(np.sqrt(max(variance, 1e-12)))


def _without(found: Found, gone: Collection[int]) -> Found:
    pairs = [pair for pair in zip(found.keys, found.scores, strict=True) if pair[0] not in gone]
    return found._replace(keys=[key for key, _ in pairs], scores=[score for _, score in pairs])
