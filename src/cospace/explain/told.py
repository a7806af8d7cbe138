"""Why an item stands where it does, in a sentence that needs no knowledge of search."""

from __future__ import annotations

from collections.abc import Sequence

from cospace.results import Why
from cospace.search.candidates import WORDS

__all__ = ["ordinal", "sentence"]

_FIRST = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth")
_BY = {"text": "by the meaning of its text", "image": "by its photo"}


def ordinal(rank: int) -> str:
    """ "third", "21st".

    >>> [ordinal(rank) for rank in (3, 10, 11, 21, 102)]
    ['third', '10th', '11th', '21st', '102nd']
    """
    if rank <= len(_FIRST):
        return _FIRST[rank - 1]
    tail = "th" if rank % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(rank % 10, "th")
    return f"{rank}{tail}"


def sentence(rank: int | None, whys: Sequence[Why], looked: int = 0) -> str:
    """Where an item stands among the answers, and what each list of the search says of it.

    `rank` is None where it is not among the first `looked`.

    >>> sentence(2, [Why("text", 3, 0.41, 1.2), Why("words", None, 0.0, -0.1)])
    'Second of all answers: third by the meaning of its text (0.41); not found by words.'
    """
    there = (
        f"{ordinal(rank).capitalize()} of all answers"
        if rank is not None
        else (f"Not among the first {looked} answers" if looked else "Not ranked")
    )
    said = [_of(one) for one in whys]
    counts = [one for one in whys if one.share > 0]
    if rank is not None and len(counts) > 1:
        best = max(counts, key=lambda one: one.share)
        part = best.share / sum(one.share for one in counts)
        by = _by(best.list)
        said.append(f"{part:.0%} of what speaks for it is {by}")
    return there + (f": {'; '.join(said)}." if said else ".")


def _by(name: str) -> str:
    return "by its words" if name == WORDS else _BY.get(name, f"by its {name}")


def _of(one: Why) -> str:
    if one.list == WORDS:
        if one.score <= 0:
            return "not found by words"
        if one.rank is None:
            return "it holds words of the question, as many others do"
        return f"{ordinal(one.rank)} by the words that it shares with the question"
    if one.rank is None:
        return f"not among the nearest {_by(one.list)} ({one.score:.2f})"
    return f"{ordinal(one.rank)} {_by(one.list)} ({one.score:.2f})"
