"""Spelling: words of a question that nobody knows, as the collection writes them.

Only a word that no item holds, and that the model's vocabulary does not have, can be a typing
error. What has digits is a code, a size or a number, and what is all capitals a name.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Callable, Collection, Sequence

from cospace.collection.composed import Searched
from cospace.encode.unknown import unknown_words
from cospace.item import Content, Parts
from cospace.read.terms import fold, pairs
from cospace.results import DidYouMean
from cospace.store.language import any_stop_words
from cospace.store.lexicon import Lexicon, Near
from cospace.store.protocol import Lexical
from cospace.vectors import Vectors

__all__ = ["completions", "respelt", "spelling"]

_SHORTEST, _LONG = 4, 8
_CHUNK = re.compile(r"\S+")
_WORD = re.compile(r"[^\W\d_]+")
_MOST = 8  # completions
_LONGEST = 1_000  # characters of a question: what is longer was hardly typed
# In doublings of how often a word stands there: what one more edit costs, and another first letter.
_EDIT, _FIRST = 8.0, 4.0


def spelling(collection: Searched, text: str) -> DidYouMean | None:
    """See `Collection.spelling`."""
    lexicon: Callable[[], Lexicon] | None = getattr(collection.store, "lexicon", None)
    if lexicon is None or collection.store.space is None:
        return None
    text = unicodedata.normalize("NFC", text)
    spans = [span for span in _spans(text) if _may_be_wrong(text, *span)]
    strange = _strange(collection, list({fold(text[a:b]) for a, b in spans})) if spans else ()
    if not strange:
        return None
    known = lexicon()
    meant = {word: _meant(known, word, collection) for word in strange}
    changed: list[tuple[str, str]] = []
    made, at = "", 0
    for start, end in spans:
        typed = text[start:end]
        better = meant.get(fold(typed))
        if better is None:
            continue
        better = better.capitalize() if typed[0].isupper() else better
        changed.append((typed, better))
        made, at = made + text[at:start] + better, end
    return DidYouMean(made + text[at:], tuple(changed)) if changed else None


def respelt(
    queries: Sequence[Content | Vectors] | Vectors, collection: Searched
) -> dict[int, DidYouMean]:
    """Which of some queries, by place, were meant otherwise; only texts are looked at."""
    if isinstance(queries, Vectors):
        return {}
    found = {}
    for place, query in enumerate(queries):
        text = query.text if isinstance(query, Parts) else query
        if isinstance(text, str) and len(text) <= _LONGEST:
            meant = spelling(collection, text)
            if meant is not None:
                found[place] = meant
    return found


def _spans(text: str) -> list[tuple[int, int]]:
    """Where words of letters stand, in what has no digit in it."""
    found = []
    for chunk in _CHUNK.finditer(text):
        if not any(letter.isdigit() or letter in "@_\\" for letter in chunk[0]):
            base = chunk.start()
            found += [(base + m.start(), base + m.end()) for m in _WORD.finditer(chunk[0])]
    return found


def _may_be_wrong(text: str, start: int, end: int) -> bool:
    word = text[start:end]
    folded = fold(word)
    return (
        len(folded) >= _SHORTEST
        and not word.isupper()
        and pairs(folded) == [folded]
        and folded not in any_stop_words()
    )


def _strange(collection: Searched, words: Sequence[str]) -> Collection[str]:
    """Those of some folded words that the model does not have as words, and that no item holds."""
    unknown = unknown_words(collection.asker, " ".join(words))
    asked = [word for word in words if unknown is None or word in unknown]
    found = collection.store.find([Lexical(word, 1) for word in asked]) if asked else []
    return [word for word, one in zip(asked, found, strict=True) if not one.keys]


def _meant(lexicon: Lexicon, word: str, collection: Searched) -> str | None:
    """The word of the collection that was probably meant; None where none is near enough."""
    edits = 2 if len(word) >= _LONG else 1
    found = sorted(lexicon.near(word, edits), key=lambda one: _worth(word, one), reverse=True)
    for one in found[:_MOST]:
        # Items may have gone since its words were counted.
        if collection.store.find([Lexical(one.folded, 1)])[0].keys:
            return one.written
    return None


def _worth(word: str, one: Near) -> float:
    far = _EDIT * one.edits + _FIRST * (one.folded[0] != word[0])
    return math.log2(1 + one.often) - far


def completions(collection: Searched, text: str) -> list[str]:
    """See `Collection.complete`."""
    lexicon: Callable[[], Lexicon] | None = getattr(collection.store, "lexicon", None)
    typed = " ".join(unicodedata.normalize("NFC", text).lower().split())
    if lexicon is None or collection.store.space is None or not typed:
        return []
    known = lexicon()
    ends = text[-1:].isspace()
    head, _, last = (typed, "", "") if ends else typed.rpartition(" ")
    found: dict[str, None] = {}
    whole = known.begun(fold(typed) + (" " if ends else ""))
    tail = known.begun(fold(last)) if head and last else []
    for front, rows in (("", whole), (f"{head} ", tail)):
        for written, _ in sorted(rows, key=lambda row: (-row[1], len(row[0]), row[0])):
            if len(found) >= _MOST:
                break
            if front + written != typed and _is_there(collection, front + written):
                found[front + written] = None
    return list(found)


def _is_there(collection: Searched, text: str) -> bool:
    """Whether some item holds the last word: items may have gone since words were counted."""
    return bool(collection.store.find([Lexical(text.rsplit(maxsplit=1)[-1], 1)])[0].keys)
