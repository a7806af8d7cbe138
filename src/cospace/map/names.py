"""Names of clusters: the words that are frequent in one and rare in the others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from cospace.map.map import NONE
from cospace.read.terms import chains, fold, has_digit, pairs
from cospace.store.language import stem, stop_words

__all__ = ["named"]

_WORDS = 3  # of a name, at most
# A second or third word says nearly as much as the first.
_NEARLY = 0.6
_LEAST = 0.05  # the share of a cluster's items that hold a word of its name


def named(texts: Sequence[str], labels: NDArray[np.uint16], language: str) -> list[str]:
    """A name for each cluster, by number: 1 to 3 words of the texts of its items, all distinct.

    A word counts once an item. Its weight in a cluster is the share of the cluster's items that
    hold it, times log(1 + m / f): f is the sum of its shares in all clusters, m the mean of these
    sums' total over clusters (class-based tf-idf; Grootendorst, BERTopic, 2022). Words of one
    stem are one, written as most items write it; stop words and numbers are left out. A cluster
    without words is called after its number.

    >>> labels = np.array([0, 0, 1, 1], np.uint16)
    >>> named(["oak chair", "a chair", "red lamp", "lamps"], labels, "english")
    ['chair', 'lamp']
    """
    items = np.bincount(labels[labels != NONE])
    count = len(items)
    held: list[Counter[str]] = [Counter() for _ in range(count)]
    written: dict[str, Counter[str]] = {}
    known: dict[str, str] = {}
    for text, label in zip(texts, labels.tolist(), strict=True):
        if label != NONE:
            stems = _stems(text, language, known)
            held[label].update(list(stems))
            for one, word in stems.items():
                written.setdefault(one, Counter())[word] += 1
    shares = [{one: number / items[c] for one, number in held[c].items()} for c in range(count)]
    total: Counter[str] = Counter()
    for some in shares:
        total.update(some)
    mean = sum(total.values()) / max(count, 1)
    names: list[str] = []
    for c, some in enumerate(shares):
        weights = {
            one: share * float(np.log1p(mean / total[one]))
            for one, share in some.items()
            if share >= _LEAST and held[c][one] > 1
        }
        ranked = sorted(weights, key=lambda one: (-weights[one], one))
        names.append(_name(ranked, weights, written, set(names)) or _numbered(c, names))
    return names


def _stems(text: str, language: str, known: dict[str, str]) -> dict[str, str]:
    """The words of a text that can be in a name, by stem; `known` keeps the stems of words."""
    found: dict[str, str] = {}
    for word in chain.from_iterable(chains(text.lower())):
        for part in pairs(word):
            if part not in known:
                folded = fold(part)
                stops = stop_words(language) | stop_words("english")
                plain = len(folded) > 1 and folded not in stops and not has_digit(folded)
                known[part] = stem(folded, language) if plain else ""
            if known[part]:
                found.setdefault(known[part], part)
    return found


def _name(
    ranked: list[str], weights: dict[str, float], written: dict[str, Counter[str]], taken: set[str]
) -> str:
    """The first words that say nearly as much as the first; more where that name is taken."""
    best = [one for one in ranked[:_WORDS] if weights[one] >= _NEARLY * weights[ranked[0]]]
    words = [min(written[one], key=lambda w: (-written[one][w], w)) for one in ranked]
    for length in range(max(1, len(best)), _WORDS + 1):
        name = ", ".join(words[:length])
        if name and name not in taken:
            return name
    return ""


def _numbered(number: int, taken: Sequence[str]) -> str:
    name = f"group {number + 1}"
    while name in taken:
        name += "'"
    return name
