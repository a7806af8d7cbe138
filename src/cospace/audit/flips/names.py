"""The names of a collection: of its column of brands, or the capitalised words of its texts."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence

from cospace.encode import Encoder
from cospace.encode.unknown import unknown_words
from cospace.read.terms import fold

__all__ = ["brand_column", "names_of_column", "names_of_texts"]

_BRANDS = frozenset({
    "brand", "brands", "brand_name", "marke", "hersteller", "manufacturer", "make",
    "vendor", "marque", "fabricant", "marca", "fabricante", "merk", "maker",
})  # fmt: skip
_NAME = re.compile(r"[^\W\d_]{4,20}")
_WORD = re.compile(r"[^\W\d_]+")
_MOST = 400


def brand_column(fields: Iterable[str]) -> str | None:
    """The first metadata field that is called as brands are, in six languages."""
    return next((one for one in fields if fold(one).replace(" ", "_") in _BRANDS), None)


def names_of_column(values: Iterable[object]) -> list[str]:
    """The one-word names of a column, the commonest first.

    >>> names_of_column(["Velmora", "Ostrava Glas", "Velmora", None])
    ['Velmora']
    """
    found = Counter(v for v in values if isinstance(v, str) and _WORD.fullmatch(v))
    return [name for name, _ in found.most_common(_MOST)]


def names_of_texts(texts: Sequence[str | None], model: Encoder) -> list[str]:
    """Words that are always capitalised, inside sentences too, and that the model has no piece for.

    A guess at brands, where no column holds them; not for German, which capitalises all nouns.
    """
    inside: Counter[str] = Counter()
    small: set[str] = set()
    for text in texts:
        if text is None:
            continue
        for word in _WORD.finditer(text):
            if word[0].islower():
                small.add(word[0])
            elif _NAME.fullmatch(word[0]) and word[0][1:].islower() and _within(text, word.start()):
                inside[word[0]] += 1
    held = [word for word, _ in inside.most_common(4 * _MOST) if word.lower() not in small]
    unknown = unknown_words(model, " ".join(held)) if held else None
    if unknown is not None:
        held = [word for word in held if fold(word) in unknown]
    return held[:_MOST]


def _within(text: str, at: int) -> bool:
    """Whether a place is not the beginning of a sentence."""
    before = text[:at].rstrip(" ")
    return bool(before) and before[-1] not in '.!?:;\n"'
