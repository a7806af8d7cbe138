"""Texts in which one word is turned into its contrary, and texts in which nothing of weight is."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from cospace.audit.flips.words import COLOURS, NEGATIONS, SIZES, UNITS
from cospace.read.terms import fold
from cospace.read.texts import is_blank

__all__ = ["HARMLESS", "KINDS", "Flip", "Flips", "harmless"]

KINDS = ("negation", "number", "size", "colour", "name")
_WORD = re.compile(r"[^\W\d_]+")
# A number of its own: no part of a code, a date, a decimal, a range or a price with cents.
_NUMBER = re.compile(r"(?<![\w.,:/+\-])\d{1,4}(?![\w/+\-]|[.,:]\d)")
_END = re.compile(r"[.!?](?=\s)|\n")
_UNITS_WITHIN = 2  # characters between a number and its unit
_YEARS = range(1900, 2100)


@dataclass(frozen=True, slots=True)
class Flip:
    """`text` is a text in which `old` stands no more, but `new`; `asked` its words about it.

    `asked` is the sentence, as it was, that held the word.
    """

    kind: str
    text: str
    old: str
    new: str
    asked: str


class Flips:
    """What can be flipped in the texts of one collection.

    `language` is that of its words. `colours` are replaced by others that its texts hold, and
    `names` (brands) by other names of it.
    """

    def __init__(self, language: str, texts: Iterable[str], names: Sequence[str] = ()) -> None:
        self._negations = NEGATIONS.get(language, {})
        self._sizes = SIZES.get(language, {})
        known = frozenset(COLOURS.get(language, ()))
        seen: Counter[str] = Counter()
        for text in texts:
            seen.update(word for word in map(str.lower, _WORD.findall(text)) if word in known)
        self._colours = [colour for colour, _ in seen.most_common()]
        self._names = list(dict.fromkeys(names))
        self._of_name = {name.lower(): name for name in self._names}

    def of(self, kind: str, text: str) -> Flip | None:
        """The text with the first word of this kind flipped; None where it holds none.

        >>> shop = Flips("english", ["a red chair", "a blue one"])
        >>> shop.of("colour", "Oak table. Four red chairs.").text
        'Oak table. Four blue chairs.'
        >>> shop.of("number", "Table with 4 chairs").text
        'Table with 6 chairs'
        >>> shop.of("negation", "Table with 4 chairs").text
        'Table without 4 chairs'
        >>> shop.of("size", "Desk, 80 cm wide").text, shop.of("number", "Desk, 80 cm wide")
        ('Desk, 120 cm wide', None)
        """
        way: Callable[[str], tuple[int, int, str] | None] = {
            "negation": lambda one: self._one_for_another(one, self._negations),
            "number": lambda one: _number(one, sized=False),
            "size": self._size,
            "colour": self._colour,
            "name": self._name,
        }[kind]
        found = way(text)
        if found is None:
            return None
        start, end, new = found
        old = text[start:end]
        flipped = text[:start] + new + text[end:]
        if not new:  # the word goes, with the space behind it
            flipped = text[:start] + text[end:].lstrip(" ")
        if is_blank(flipped):
            return None
        return Flip(kind, flipped, old, new, _sentence(text, start))

    def _one_for_another(self, text: str, pairs: dict[str, str]) -> tuple[int, int, str] | None:
        for word in _WORD.finditer(text):
            new = pairs.get(word[0].lower())
            if new is not None:
                return word.start(), word.end(), _cased(new, word[0])
        return None

    def _size(self, text: str) -> tuple[int, int, str] | None:
        return _number(text, sized=True) or self._one_for_another(text, self._sizes)

    def _colour(self, text: str) -> tuple[int, int, str] | None:
        held = set(map(str.lower, _WORD.findall(text)))
        for word in _WORD.finditer(text):
            if word[0].lower() in self._colours:
                other = next((one for one in self._colours if one not in held), None)
                if other is not None:
                    return word.start(), word.end(), _cased(other, word[0])
        return None

    def _name(self, text: str) -> tuple[int, int, str] | None:
        folded = fold(text)
        for word in _WORD.finditer(text):
            name = self._of_name.get(word[0].lower())
            if name is None or not word[0][0].isupper():
                continue
            # Another for each name, so that not all become the commonest.
            at = self._names.index(name)
            for step in range(1, len(self._names)):
                other = self._names[(at + step) % len(self._names)]
                if fold(other) not in folded:
                    return word.start(), word.end(), other
        return None


def _number(text: str, *, sized: bool) -> tuple[int, int, str] | None:
    """The first number that has a unit, or that has none and is no year; half as much again."""
    for found in _NUMBER.finditer(text):
        behind = _WORD.search(text, found.end(), found.end() + 10)
        unit = (
            behind is not None
            and behind.start() - found.end() <= _UNITS_WITHIN
            and behind[0].lower() in UNITS
        )
        value = int(found[0])
        if unit is not sized or value == 0 or (not sized and value in _YEARS):
            continue
        return found.start(), found.end(), str(value + max(1, round(value / 2)))
    return None


def _cased(new: str, old: str) -> str:
    return new[:1].upper() + new[1:] if old[:1].isupper() else new


def _sentence(text: str, at: int) -> str:
    """The sentence about a place: from the end of the one before to its own."""
    ends = [0, *(found.end() for found in _END.finditer(text)), len(text)]
    after = bisect_right(ends, at)
    return text[ends[after - 1] : ends[min(after, len(ends) - 1)]].strip()


# --- edits that change nothing of weight ---


def _end(text: str) -> str:
    stripped = text.rstrip()
    return stripped[:-1] if stripped.endswith((".", "!")) else stripped + "."


HARMLESS: dict[str, Callable[[str], str]] = {
    "the last stop": _end,
    "a comma less": lambda text: text.replace(", ", " ", 1),
    "a comma as a semicolon": lambda text: text.replace(", ", "; ", 1),
    "a stop as a semicolon": lambda text: text.replace(". ", "; ", 1),
}


def harmless(text: str) -> list[str]:
    """The text with its punctuation edited, which nobody calls a change of meaning; one edit each.

    >>> harmless("A chair, red. Old.")
    ['A chair, red. Old', 'A chair red. Old.', 'A chair; red. Old.', 'A chair, red; Old.']
    """
    return [edit(text) for edit in HARMLESS.values()]
