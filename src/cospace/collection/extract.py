"""Extract: an answer in the passages' own sentences, or that they do not hold one.

Whether they do is told by four figures, put together as docs/documents.md says: how near the best
passage and the best sentence lie to the question; how far the best passage stands out among the
next; and whether leaving out one word of the question brings it nearer to a passage, as it does
where the passages are of something else ("do you deliver to Japan?").
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cospace.collection.answer import Said
from cospace.collection.passages import Passage
from cospace.encode import Encoder
from cospace.read.sentences import sentences
from cospace.read.terms import chains, fold
from cospace.store.language import any_stop_words
from cospace.store.protocol import Nearest, Store
from cospace.store.where import Node

__all__ = ["Ranked", "confidence", "extracted", "ranked"]

# Fitted on half of the questions of bench/rag/, for the starter's cosines.
_GAP, _WITHOUT, _LEAST = 1.0, 3.0, 1.16
# The passages among which the best has to stand out; one that is not there lies this far.
_AMONG, _FAR = 20, 0.25
# Words of a question that are left out, one at a time.
_MOST_WORDS = 24
# The sentences that are looked at with their headings too.
_CLOSER = 32
# Sentences of an answer, and the part of the best one's score that the others have.
_SENTENCES, _PART = 3, 0.92

Vector = NDArray[np.float32]


class Ranked(NamedTuple):
    """The sentences of passages, the nearest to a question first: passage, sentence, score.

    `best` is the highest cosine of one, alone or under its headings.
    """

    found: list[tuple[Passage, str, float]]
    best: float


def ranked(question: Vector, passages: Sequence[Passage], model: Encoder) -> Ranked:
    """The sentences nearest to a question, by the mean of two cosines: alone, under headings."""
    pairs = [(one, one.text[a:b]) for one in passages for a, b in sentences(one.text)]
    if not pairs:
        return Ranked([], 0.0)
    alone = model.encode_document([text for _, text in pairs]).normalized @ question
    first = np.argsort(-alone, kind="stable")[:_CLOSER]
    near = [pairs[i] for i in first]
    below = [f"{one.heading}\n{text}" if one.heading else text for one, text in near]
    under = model.encode_document(below).normalized @ question
    both = (alone[first] + under) / 2
    order = np.argsort(-both, kind="stable")
    found = [(*near[i], float(both[i])) for i in order]
    return Ranked(found, float(max(alone.max(), under.max())))


def confidence(
    question: str, vector: Vector, best: float, store: Store, model: Encoder, where: Node | None
) -> float:
    """How sure it is that the collection answers; above 0 where it is taken to.

    `vector` is the question's, `best` the cosine of the nearest sentence.
    """
    space = store.space
    if space is None or "text" not in space.kinds:
        return -_LEAST
    shorter = _without_a_word(question)
    requests = [Nearest("text", vector, _AMONG, where)]
    if shorter:
        others = model.encode_query(shorter).normalized
        requests += [Nearest("text", row, 1, where) for row in others]
    nearest, *without = store.find(requests)
    if not nearest.scores:
        return -_LEAST
    top = nearest.scores[0]
    missing = [min(_FAR, nearest.scores[-1])] * (_AMONG - len(nearest.scores))
    gap = top - float(np.mean([*nearest.scores, *missing]))
    nearer = max((one.scores[0] - top for one in without if one.scores), default=0.0)
    return top + best + _GAP * gap - _WITHOUT * nearer - _LEAST


def _without_a_word(question: str) -> list[str]:
    """The question once without each of its words that says something."""
    words = question.split()
    stops = any_stop_words()
    told = [
        place
        for place, word in enumerate(words)
        if any(len(part) > 1 and part not in stops for one in chains(fold(word)) for part in one)
    ]
    if len(words) < 2:
        return []
    return [" ".join(words[:place] + words[place + 1 :]) for place in told[:_MOST_WORDS]]


def extracted(one: Ranked) -> tuple[Said, ...]:
    """The best sentence, and those that are nearly as near, each once, with their citations."""
    said: list[Said] = []
    for passage, text, score in one.found:
        if len(said) == _SENTENCES or score < _PART * one.found[0][2]:
            break
        if all(text != other.text for other in said):
            said.append(Said(" ".join(text.split()), (passage.number,)))
    return tuple(said)
