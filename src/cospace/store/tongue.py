"""The language of one text, by its words or its script; `language` recognises that of many."""

from __future__ import annotations

import unicodedata

from cospace.store.language import clear_language

__all__ = ["language_of"]

_TELLING = 600  # characters that tell the language
_SCRIPTS = {
    "CYRILLIC": "a language in Cyrillic", "ARABIC": "a language in Arabic script", "GREEK": "Greek",
    "HEBREW": "Hebrew", "DEVANAGARI": "a language in Devanagari", "THAI": "Thai",
    "HANGUL": "Korean", "HIRAGANA": "Japanese", "KATAKANA": "Japanese", "CJK": "Chinese",
    "BENGALI": "Bengali", "TAMIL": "Tamil", "GEORGIAN": "Georgian", "ARMENIAN": "Armenian",
}  # fmt: skip


def language_of(text: str) -> str:
    """The language of one text, "english", or "a language in Cyrillic"; "" where it cannot be told.

    Latin script is told apart by stop words, other scripts by their letters.

    >>> language_of("Ein Sessel mit Kissen, und ein Tisch aus Eiche"), language_of("Lumo 3000")
    ('german', '')
    >>> language_of("Стул из дуба и стол без царапин")
    'russian'
    """
    text = text[:_TELLING]
    return clear_language(text) or _script(text) or ""


def _script(text: str) -> str | None:
    """The script of most letters, where it is not Latin."""
    found: dict[str, int] = {}
    for letter in text[:400]:
        if letter.isalpha():
            name = "LATIN" if letter.isascii() else unicodedata.name(letter, "").split(" ")[0]
            found[name] = found.get(name, 0) + 1
    if not found:
        return None
    return _SCRIPTS.get(max(found, key=lambda name: found[name]))
