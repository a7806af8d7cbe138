"""Zero-shot: the class whose name lies nearest, or none of these."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from cospace.errors import BadArgument
from cospace.evaluate.crossmodal.naming import name_vectors
from cospace.tasks.concepts import concept_vectors
from cospace.tasks.material import Floats, Material

__all__ = ["Names", "background_threshold", "fitted_threshold", "name_scores", "said", "without"]

# Classes, or what each is called: one text or several.
Names: TypeAlias = "Sequence[str] | Mapping[str, str | Sequence[str]]"

_UNRELATED = 0.9  # the share of concepts that are furthest from the names
_CHANCE = 0.05  # how often an unrelated item may seem to be one of the names
_SAMPLE = 5_000  # items that the threshold is fitted on

Numbers = NDArray[np.float64]


def said(names: Names) -> dict[str, list[str]]:
    """What each class is called. Raises `BadArgument` for no names, empty ones, and repeats.

    >>> said(["chair", "lamp"])
    {'chair': ['chair'], 'lamp': ['lamp']}
    """
    if isinstance(names, str) or not isinstance(names, Iterable):
        raise BadArgument(f"names= takes a list, not {names!r}")
    given: dict[str, Sequence[str]] = {}
    if isinstance(names, Mapping):
        given = {name: [x] if isinstance(x, str) else x for name, x in names.items()}
    else:
        for one in map(_text, names):
            if one in given:
                raise BadArgument(f"names= has {one!r} twice")
            given[one] = [one]
    found: dict[str, list[str]] = {}
    for name, texts in given.items():
        if _text(name) in found:
            raise BadArgument(f"names= has {_text(name)!r} twice")
        found[_text(name)] = [*map(_text, texts)]
    if not found:
        raise BadArgument("names= is empty; give the name of at least one class")
    for name, texts in found.items():
        if not texts:
            raise BadArgument(f"the class {name!r} is called nothing; give a text")
    return found


def _text(given: object) -> str:
    if not isinstance(given, str) or not given.strip():
        raise BadArgument(f"a name is a text that is not empty, not {given!r}")
    return given.strip()


def name_scores(material: Material, names: Mapping[str, Sequence[str]]) -> tuple[Numbers, Numbers]:
    """How near each item is to each name [n, classes], and to unrelated concepts [m, concepts].

    A cosine to a name says little by itself: in a joint space those of photos are small, and some
    items are near to everything. So each is told in standard deviations from the mean of the
    item's cosines to everyday concepts; an item of several kinds has the mean of theirs. The
    second array has a sample of the items, and the concepts that are furthest from all names.
    """
    encoder = material.encoder()
    concepts = concept_vectors(encoder).rows
    named = np.concatenate(
        [name_vectors(encoder, [[text] for text in texts]) for texts in names.values()]
    )
    near = (concepts @ named.T).max(axis=1)
    unrelated = np.argsort(near, kind="stable")[: max(1, int(_UNRELATED * len(concepts)))]
    total = np.zeros((len(material), len(named)))
    sample = np.linspace(0, len(material) - 1, min(_SAMPLE, len(material))).astype(np.intp)
    apart = np.zeros((len(sample), len(unrelated)))
    count = np.zeros(len(material))
    for items in material.kinds.values():
        there = ~np.isnan(items[:, 0])
        centre, spread = _background(items[there], concepts)
        total[there] += (items[there] @ named.T - centre[:, None]) / spread
        count += there
        own = there[sample]
        middle = centre[np.cumsum(there)[sample[own]] - 1]
        apart[own] += (items[sample[own]] @ concepts[unrelated].T - middle[:, None]) / spread
    return total / count[:, None], apart / count[sample, None]


def _background(items: Floats, concepts: Floats) -> tuple[Numbers, float]:
    """The mean cosine of each item to the concepts, and how far cosines stray from it."""
    cosines = items @ concepts.T
    centre = cosines.mean(axis=1, dtype=np.float64)
    spread = float(np.sqrt(np.mean((cosines - centre[:, None].astype(np.float32)) ** 2)))
    return centre, max(spread, 1e-6)


def background_threshold(apart: Numbers, names: int) -> float:
    """The score that the best of so many unrelated names would reach for 1 item in 20."""
    return float(np.quantile(apart, (1 - _CHANCE) ** (1 / names)))


def without(scores: Numbers, classes: NDArray[np.intp]) -> Numbers:
    """The best score [n] of each item when its own class is not among the names."""
    others = scores.copy()
    others[np.arange(len(classes)), classes] = -np.inf
    found: Numbers = others.max(axis=1)
    return found


def fitted_threshold(known: Numbers, unknown: Numbers) -> float:
    """The score from which on items are taken for one of the names.

    `known` [n] are the best scores of items whose class is among the names, `unknown` [m] of items
    whose class is not; the threshold makes the two kinds of error, as shares, smallest in sum.

    >>> fitted_threshold(np.array([2.0, 3.0, 4.0]), np.array([0.0, 1.0]))
    1.5
    """
    every = np.sort(np.concatenate([known, unknown]))
    cuts = np.concatenate([[every[0] - 1], (every[1:] + every[:-1]) / 2])
    refused = np.searchsorted(np.sort(known), cuts) / len(known)
    taken = 1 - np.searchsorted(np.sort(unknown), cuts) / len(unknown)
    return float(cuts[np.argmin(refused + taken)])
