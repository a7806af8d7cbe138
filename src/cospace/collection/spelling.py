"""Spelling: words of a question that nobody knows, as the collection writes them.

Only a word that no item holds, and that the model's vocabulary does not have, can be a typing
error. What has digits is a code, a size or a number, and what is all capitals a name.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from typing import NamedTuple

from cospace.collection.composed import Searched
from cospace.encode.unknown import unknown_words
from cospace.errors import CospaceError
from cospace.item import Content, Parts
from cospace.read.terms import fold, pairs
from cospace.results import DidYouMean
from cospace.search.candidates import WORDS
from cospace.store.columnar import Columnar, columnar
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
# Languages that write a compound as one word.
_JOINED = frozenset({"german", "dutch", "swedish", "danish", "norwegian", "finnish", "hungarian"})
# In doublings of how often a word stands there: what one more edit costs, and another first letter.
_EDIT, _FIRST = 8.0, 4.0


def spelling(collection: Searched, text: str) -> DidYouMean | None:
    """See `Collection.spelling`."""
    return respelt([text], collection).get(0)


def respelt(
    queries: Sequence[Content | Vectors] | Vectors,
    collection: Searched,
    by: str | Sequence[str] | None = None,
) -> dict[int, DidYouMean]:
    """Which of some queries, by place, were meant otherwise; only texts are looked at.

    All their words are asked for at once. `by` are the lists that will be asked: for words alone
    no model is loaded.
    """
    if isinstance(queries, Vectors):
        return {}
    store = columnar(collection.store)
    if store is None or collection.store.space is None:
        return {}
    texts: dict[int, tuple[str, list[tuple[int, int]]]] = {}
    for place, query in enumerate(queries):
        text = query.text if isinstance(query, Parts) else query
        if isinstance(text, str) and len(text) <= _LONGEST:
            text = unicodedata.normalize("NFC", text)
            spans = [span for span in _spans(text) if _may_be_wrong(text[slice(*span)])]
            if spans:
                texts[place] = (text, spans)
    words = {fold(text[a:b]) for text, spans in texts.values() for a, b in spans}
    strange = _strange(collection, sorted(words), by)
    if not strange:
        return {}
    mender = _Mender(collection, store)
    meant = {word: found for word in strange if (found := mender.meant(word))}
    made = {place: _mended(text, spans, meant) for place, (text, spans) in texts.items()}
    return {place: one for place, one in made.items() if one is not None}


class _Meant(NamedTuple):
    """What a word was probably meant to be, and whether that is sure enough to search for it."""

    word: str
    sure: bool


def _mended(
    text: str, spans: Sequence[tuple[int, int]], meant: Mapping[str, _Meant]
) -> DidYouMean | None:
    """The text with what is sure put in; where nothing is, what may be meant, not to be used."""
    found = [(span, one) for span in spans if (one := meant.get(fold(text[slice(*span)])))]
    used = any(one.sure for _, one in found)
    changed: list[tuple[str, str]] = []
    made, at = "", 0
    for (start, end), one in found:
        if one.sure == used:
            typed = text[start:end]
            better = one.word.capitalize() if typed[0].isupper() else one.word
            changed.append((typed, better))
            made, at = made + text[at:start] + better, end
    return DidYouMean(made + text[at:], tuple(changed), used) if changed else None


def _spans(text: str) -> list[tuple[int, int]]:
    """Where words of letters stand, in what has no digit in it."""
    found = []
    for chunk in _CHUNK.finditer(text):
        if not any(letter.isdigit() or letter in "@_\\" for letter in chunk[0]):
            base = chunk.start()
            found += [(base + m.start(), base + m.end()) for m in _WORD.finditer(chunk[0])]
    return found


def _may_be_wrong(word: str) -> bool:
    folded = fold(word)
    return (
        len(folded) >= _SHORTEST
        and not word.isupper()
        and pairs(folded) == [folded]
        and folded not in any_stop_words()
    )


def _strange(
    collection: Searched, words: Sequence[str], by: str | Sequence[str] | None
) -> list[str]:
    """Those of some folded words that the model does not have as words, and that no item holds."""
    unknown: Collection[str] | None = None
    if words and by not in (WORDS, [WORDS]):
        with suppress(CospaceError):  # no model is there: the search will say so if it needs one
            unknown = unknown_words(collection.asker, " ".join(words))
    asked = [word for word in words if unknown is None or word in unknown]
    found = collection.store.find([Lexical(word, 1) for word in asked]) if asked else []
    return [word for word, one in zip(asked, found, strict=True) if not one.keys]


class _Mender:
    """What words that nobody knows were meant to be.

    Where the model's vocabulary is of another language, its lacking a word says little: then a
    word has five letters or more, and one that begins otherwise is told, and not searched for.
    """

    def __init__(self, collection: Searched, store: Columnar) -> None:
        self._store = collection.store
        self._lexicon = store.lexicon()
        self._joins = store.language in _JOINED
        self._foreign = _is_foreign(collection, self._lexicon)

    def meant(self, word: str) -> _Meant | None:
        """The word of the collection that was probably meant; None where none is near enough."""
        halves = self._halves(word)
        if halves and self._joins:  # a compound of words that are there
            return None
        found = self._near(word)
        if found is None and halves:
            return _Meant(" ".join(halves), True)
        if found is None and self._joins:
            found = self._joined(word)
        return found

    def _near(self, word: str) -> _Meant | None:
        if len(word) < _SHORTEST + self._foreign:
            return None
        edits = 2 if len(word) >= _LONG + 2 * self._foreign else 1
        near = self._lexicon.near(word, edits)
        found = sorted(near, key=lambda one: (-_worth(word, one), one.folded))
        best = next((one for one in found[:_MOST] if self._is_there(one.folded)), None)
        if best is None:
            return None
        return _Meant(best.written, not self._foreign or best.folded[0] == word[0])

    def _is_there(self, word: str) -> bool:
        """Whether an item still holds a word: some may have gone since its words were counted."""
        if word in any_stop_words():  # the index has none of these
            return True
        return bool(self._store.find([Lexical(word, 1)])[0].keys)

    def _halves(self, word: str) -> tuple[str, str] | None:
        """The two words that it is put together of, where the collection has both."""
        for at in range(_SHORTEST, len(word) - _SHORTEST + 1):
            if self._lexicon.count(word[:at]) and self._lexicon.count(word[at:]):
                return word[:at], word[at:]
        return None

    def _joined(self, word: str) -> _Meant | None:
        """A compound, one half of which the collection has, and the other with an error."""
        for at in range(_SHORTEST, len(word) - _SHORTEST + 1):
            first, second = word[:at], word[at:]
            if self._lexicon.count(first) and (better := self._near(second)):
                return better._replace(word=first + better.word)
            if self._lexicon.count(second) and (better := self._near(first)):
                return better._replace(word=better.word + second)
        return None


def _worth(word: str, one: Near) -> float:
    far = _EDIT * one.edits + _FIRST * (one.folded[0] != word[0])
    return math.log2(1 + one.often) - far


def _is_foreign(collection: Searched, lexicon: Lexicon) -> bool:
    """Whether the model's vocabulary lacks half of the collection's commonest words, or is away."""
    common = [word for word in lexicon.commonest if fold(word) not in any_stop_words()]
    if not common:
        return False
    with suppress(CospaceError):
        unknown = unknown_words(collection.asker, " ".join(common))
        return unknown is None or len(unknown) > len(common) / 2
    return True


def completions(collection: Searched, text: str) -> list[str]:
    """See `Collection.complete`."""
    store = columnar(collection.store)
    typed = " ".join(unicodedata.normalize("NFC", text).lower().split())
    if store is None or collection.store.space is None or not typed:
        return []
    known = store.lexicon()
    ends = text[-1:].isspace()
    head, _, last = (typed, "", "") if ends else typed.rpartition(" ")
    found: dict[str, None] = {}
    whole = known.begun(fold(typed) + (" " if ends else ""))
    tail = known.begun(fold(last)) if head and last and not whole else []
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
