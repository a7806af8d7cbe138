"""A stored item, a text or a photo in words of the collection."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from cospace.collection.composed import Searched
from cospace.errors import BadArgument, BadItem
from cospace.explain import Concepts, concepts_of
from cospace.item import Content, Parts, kind_of
from cospace.read.terms import fold, has_digit
from cospace.store.columnar import columnar
from cospace.store.language import any_stop_words
from cospace.store.protocol import Row, Sampled

__all__ = ["concepts"]

_WORDS, _PHRASES = 1_500, 500  # of the collection's own, the commonest
_SHORTEST = 3
_SAMPLE = 256  # vectors of a kind, whose mean is its centre


def concepts(
    collection: Searched, content: Content, vocabulary: Sequence[str] | None, terms: int
) -> dict[str, Concepts]:
    """See `Collection.concepts`."""
    vectors = _vectors(collection, content)
    words = _own(collection) if vocabulary is None else _checked(vocabulary)
    known, rows = _encoded(collection, words)
    if len(known) < 2:
        raise BadArgument(
            f"{collection.name}: {len(known)} words can be encoded; concepts are chosen from two or"
            " more. Give vocabulary= with more"
        )
    centre = rows.mean(axis=0)
    found = {}
    for kind, vector in vectors.items():
        # Words and texts are one kind of thing; a picture lies apart, and so does its centre.
        middle = centre if kind == "text" else _centre(collection, kind)
        centres = None if middle is None else (middle, centre)
        found[kind] = concepts_of(vector, known, rows, centres=centres, terms=terms)
    return found


def _vectors(collection: Searched, content: Content) -> dict[str, NDArray[np.float32]]:
    """The vectors by kind: of a stored item, or of what is encoded now."""
    if isinstance(content, str):
        try:
            [row] = collection.store.get([content], vectors=True)
        except BadItem:  # what can be no id is a text
            row = None
        if row is not None:
            return _stored(collection, row)
    parts = Parts.of(content)
    if not parts:
        raise BadArgument("give an id, a text or an Image: there is nothing to be said in words")
    return {
        name: collection.model.encode_document([Parts(**{name: part})]).normalized[0]
        for name, part in parts.items()
    }


def _stored(collection: Searched, row: Row) -> dict[str, NDArray[np.float32]]:
    found = {name: vector for name, vector in row.vectors.items() if kind_of(name) == name}
    if not found:
        raise BadArgument(f"{collection.name}: {row.id!r} has no vectors, only words")
    return found


def _own(collection: Searched) -> list[str]:
    """The collection's commonest words, and pairs of them in titles; no stop words, no numbers."""
    store = columnar(collection.store)
    if store is None:
        raise BadArgument(f"{collection.name}: this store keeps no words; give vocabulary=")
    lexicon = store.lexicon()
    stops = any_stop_words()
    words = [
        word
        for word, _ in lexicon.counts.most_common()
        if len(word) >= _SHORTEST and not has_digit(word) and fold(word) not in stops
    ]
    phrases: Counter[str] = Counter()
    for title, often in lexicon.titles.items():
        for pair in pairwise(title.split(" ")):
            if not any(fold(word) in stops or has_digit(word) for word in pair):
                phrases[" ".join(pair)] += often
    usual = [phrase for phrase, often in phrases.most_common(_PHRASES) if often > 1]
    return list(dict.fromkeys([*words[:_WORDS], *usual]))


def _checked(vocabulary: Sequence[str]) -> list[str]:
    if isinstance(vocabulary, str) or not isinstance(vocabulary, Iterable):
        raise BadArgument(f"vocabulary is a list of words and phrases, not {vocabulary!r:.60}")
    vocabulary = list(vocabulary)
    if not all(isinstance(one, str) for one in vocabulary):
        raise BadArgument("vocabulary is a list of words and phrases")
    return list(dict.fromkeys(one.strip() for one in vocabulary if one.strip()))


def _encoded(collection: Searched, words: Sequence[str]) -> tuple[list[str], NDArray[np.float32]]:
    """The words that the model knows, and their unit vectors float32 [n, dim]."""
    try:
        return list(words), collection.model.encode_document(list(words)).normalized
    except BadItem:
        pass
    known, rows = [], []
    for word in words:
        try:
            rows.append(collection.model.encode_document([word]).normalized[0])
        except BadItem:  # a word model that does not have it
            continue
        known.append(word)
    return known, np.array(rows, np.float32)


def _centre(collection: Searched, kind: str) -> NDArray[np.float32] | None:
    """The mean vector of a kind; None where too few are stored to tell."""
    store = collection.store
    if not isinstance(store, Sampled):
        return None
    rows = store.sampled().get(kind)
    if rows is None or len(rows) < 2:
        return None
    mean: NDArray[np.float32] = rows[:_SAMPLE].mean(axis=0)
    return mean
