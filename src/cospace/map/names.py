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
# How much there is of a thing says nothing of what it is.
_UNITS = frozenset({
    "mm", "cm", "dm", "km", "ml", "cl", "dl", "mg", "kg", "lb", "lbs", "oz", "ft", "inch", "inches",
    "kb", "mb", "gb", "tb", "mah", "wh", "kwh", "kw", "hz", "khz", "mhz", "ghz", "db", "dpi", "px",
})  # fmt: skip
_LEAST = 0.05  # the share of a cluster's items that hold a word of its name


def named(texts: Sequence[str], labels: NDArray[np.uint16], language: str) -> list[str]:
    """A name for each cluster, by number: 1 to 3 words of the texts of its items, all distinct.

    A word counts once an item. Its weight in a cluster is the share s of the cluster's items that
    hold it, times log(s / m), with m the mean of its shares in all clusters: a class-based tf-idf
    (as Grootendorst, BERTopic, 2022, has one) in which a word that all clusters hold weighs
    nothing. Words of one stem are one, written as most items write it; stop words, numbers
    and units (cm, kg) are left out. A cluster without words is called after its number.

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
    names: list[str] = []
    for c, some in enumerate(shares):
        weights = {
            one: share * float(np.log(share * count / total[one]) if count > 1 else 1)
            for one, share in some.items()
            if share >= _LEAST and held[c][one] > 1
        }
        ranked = sorted(weights, key=lambda one: (-weights[one], one))
        names.append(_name(ranked, weights, written, set(names)))
    return names


def _stems(text: str, language: str, known: dict[str, str]) -> dict[str, str]:
    """The words of a text that can be in a name, by stem; `known` keeps the stems of words."""
    found: dict[str, str] = {}
    for word in chain.from_iterable(chains(text.lower())):
        for part in pairs(word):
            if part not in known:
                folded = fold(part)
                stops = stop_words(language) | stop_words("english")
                plain = len(folded) > 1 and folded not in stops | _UNITS and not has_digit(folded)
                known[part] = stem(folded, language) if plain else ""
            if known[part]:
                found.setdefault(known[part], part)
    return found


def _name(
    ranked: list[str], weights: dict[str, float], written: dict[str, Counter[str]], taken: set[str]
) -> str:
    """The first words that say nearly as much as the first; more, or a number, if it is taken."""
    best = [one for one in ranked[:_WORDS] if weights[one] >= _NEARLY * weights[ranked[0]]]
    words = [min(written[one], key=lambda w: (-written[one][w], w)) for one in ranked[:_WORDS]]
    names = [", ".join(words[:length]) for length in range(max(1, len(best)), len(words) + 1)]
    free = [name for name in names if name not in taken]
    return free[0] if free else _numbered(names[0] if names else "group", taken)


def _numbered(name: str, taken: set[str]) -> str:
    """The name with the first number from 2 on, or from 1 for a name of nothing, that is free."""
    number = 1 if name == "group" else 2
    while f"{name} {number}" in taken:
        number += 1
    return f"{name} {number}"
