"""Held: whether the passages that a written answer cites hold what it says.

A sentence is held when it cites a passage that exists, every number in it stands in the passages
that it cites, and these have at least 0.6 of its words that say something; or 0.3 of them, where
its cosine to one of their sentences is 0.6 or more. This finds what was made up; it does not
find that a "not" was left out.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from cospace.collection.answer import Said
from cospace.collection.passages import Passage
from cospace.encode import Encoder
from cospace.read.sentences import sentences
from cospace.read.terms import chains, fold, has_digit
from cospace.store.language import stem, stop_words

__all__ = ["held", "said"]

_WORDS, _FEW, _COSINE = 0.6, 0.3, 0.6
_CITED = re.compile(r"\[(\d{1,4}(?:, ?\d{1,4})*)\]")


def said(text: str) -> list[Said]:
    """The sentences of a written answer, and the numbers that each cites.

    Citations after a full stop are of the sentence before it.

    >>> [(one.text, one.citations) for one in said("It is free [1]. Oil it. [2] [3]")]
    [('It is free.', (1,)), ('Oil it.', (2, 3))]
    """
    found: list[Said] = []
    for start, end in sentences(text):
        one = text[start:end]
        place = 0
        while mark := _CITED.match(one, place):
            place = mark.end()
            place += len(one[place:]) - len(one[place:].lstrip())
        before, rest = (one[:place], one[place:]) if found else ("", one)
        if before:
            last = found[-1]
            found[-1] = Said(last.text, _once((*last.citations, *_numbers(before))))
        bare = _bare(rest)
        if bare.strip(".,;:!?-*"):
            found.append(Said(bare, _once(_numbers(rest))))
        elif found and rest.strip():
            found[-1] = Said(found[-1].text, _once((*found[-1].citations, *_numbers(rest))))
    return found


def _bare(text: str) -> str:
    """The sentence without its citations, nor the space that they leave before a full stop."""
    bare = " ".join(_CITED.sub(" ", text).split())
    return bare[:-2] + bare[-1] if bare[-2:-1] == " " and bare[-1] in ".,;:!?" else bare


def _numbers(text: str) -> list[int]:
    return [int(number) for mark in _CITED.finditer(text) for number in mark[1].split(",")]


def _once(numbers: Sequence[int]) -> tuple[int, ...]:
    return tuple(dict.fromkeys(numbers))


def held(
    answer: Sequence[Said], passages: Sequence[Passage], model: Encoder, language: str = "english"
) -> tuple[Said, ...]:
    """The sentences again, with whether the passages that they cite hold them."""
    known = {one.number: one for one in passages}
    checked = []
    for one in answer:
        there = [known[number] for number in one.citations if number in known]
        gone = [number for number in one.citations if number not in known]
        why = ""
        if not one.citations:
            why = "it cites nothing"
        elif gone:
            why = f"there is no passage {gone[0]}"
        else:
            why = _lacks(one.text, there, model, language)
        checked.append(Said(one.text, one.citations, not why, why))
    return tuple(checked)


def _lacks(text: str, passages: Sequence[Passage], model: Encoder, language: str) -> str:
    """What the passages lack of a sentence; "" where they hold it."""
    mine, numbers = _terms(text, language)
    theirs: set[str] = set()
    for one in passages:
        words, digits = _terms(f"{one.source}\n{one.text}", language)
        theirs |= words | digits
    missing = sorted(numbers - theirs)
    if missing:
        return f"its passages do not say {missing[0]}"
    share = len(mine & theirs) / len(mine) if mine else 1.0
    if share >= _WORDS:
        return ""
    if share >= _FEW and _cosine(text, passages, model) >= _COSINE:
        return ""
    return f"its passages have {share:.0%} of its words"


def _cosine(text: str, passages: Sequence[Passage], model: Encoder) -> float:
    """The cosine of a sentence to the nearest sentence of passages."""
    theirs = [one.text[a:b] for one in passages for a, b in sentences(one.text)]
    if not theirs:
        return 0.0
    rows = model.encode_document([text, *theirs]).normalized
    return float((rows[1:] @ rows[0]).max())


def _terms(text: str, language: str) -> tuple[set[str], set[str]]:
    """The stems of the words that say something, and the numbers."""
    stops = stop_words(language)
    parts = [part for chain in chains(fold(text)) for part in chain if part not in stops]
    numbers = {part for part in parts if has_digit(part)}
    return {stem(part, language) for part in parts if part not in numbers}, numbers
