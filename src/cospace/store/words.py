"""Texts to numbered terms, and queries to weights whose dot product with them is BM25.

BM25 as in Robertson and Zaragoza, The Probabilistic Relevance Framework (2009), equation 3.15,
with k1 = 1.2, b = 0.75, and each word of a query as often as it stands there. The mean length
of a document is a constant, so that an item's terms do not change with its neighbours; how many
rows hold a term is counted by `Counts`, never by an engine.
"""

from __future__ import annotations

import math
import re
import zlib
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import chain
from typing import Any, NamedTuple, Protocol

from cospace.read.terms import chains, fold, has_digit, pairs
from cospace.store.language import ENGLISH, any_stop_words, stem, stop_words

__all__ = ["FEW", "VERSION", "Asked", "Held", "asked", "content", "document", "joined"]

# Another way to make terms is another number: an index of the old ones is built anew.
VERSION = 3

_K1, _B, _MEAN_LENGTH = 1.2, 0.75, 60.0
_CODE_WEIGHT = 1.5
# A word that so many rows hold at most can be a name: what identifies an item.
FEW = 50
# Up to so many the name counts in full; with more, in inverse proportion.
_ALONE = 5
# Of how many words in a row a code may be made: "978 3 16 148410 0".
_MOST_PARTS = 6
# A shorter word of digits alone is a number.
_CODE_LENGTH = 4
# A word of letters and digits that is no code: 1st, 90s, 2x.
_COUNT = re.compile(r"\d+(?:st|nd|rd|th|s|x|er|e)$")
_MEASURE = re.compile(r"\d+(?:mm|cm|dm|m|km|in|inch|ft|g|kg|lb|oz|ml|cl|l|w|v|a|gb|tb|hz|khz)$")
# A metadata string of more words than these is a text, not a name.
_NAME_WORDS = 3
# Whole numbers from here on are codes: barcodes and article numbers, not prices or sizes.
_CODE = 10_000


def _number(term: str) -> int:
    return zlib.crc32(term.encode())


@lru_cache(10_000)  # of 6,460 passages as fast as with ten times as many
def _numbers(part: str, language: str) -> tuple[tuple[int, int], ...]:
    """The terms of a part of a text, each with the term that says: here it is a name."""
    stops = stop_words(language)
    stems = [stem(word, language) for word in pairs(part) if word not in stops]
    return tuple((_number(stem), _number("!" + stem)) for stem in stems)


def _joined(parts: Iterable[str]) -> int:
    """The term of a code, without its separators."""
    return _number("=" + "".join(parts))


# Capitals of Latin, Greek and Cyrillic letters, as far as one pattern can tell them.
_UPPER = "A-Z\u00c0-\u00de\u0386-\u03ab\u0400-\u042f"
# A word that begins with a capital, as names do, or any word of a metadata string of few words.
_CAPITAL = re.compile(rf"\b[{_UPPER}]\w*")


def document(
    id: str, text: str | None, metadata: Mapping[str, Any], language: str = ENGLISH
) -> dict[int, float]:
    """The terms of an item and their weights: of its id, its text, its strings and its codes.

    The weight of a word is the term-frequency part of BM25. Empty without a text. `language` is
    that of the collection, for all items alike.
    """
    if not text:
        return {}
    short, long = [id], [text]
    for value in joined(metadata.values()):
        (short if len(value.split()) <= _NAME_WORDS else long).append(value)
    names = {part for value in short for parts in chains(fold(value)) for part in parts}
    for value in long:
        names.update(fold(word) for word in _CAPITAL.findall(value))
    counts: Counter[int] = Counter()
    extra: dict[int, float] = {}
    for value in (*short, *long):
        found = chains(fold(value))
        for part in chain.from_iterable(found):
            for term, name in _numbers(part, language):
                counts[term] += 1
                if part in names:
                    extra[name] = 1.0
        extra.update(dict.fromkeys(_codes(found), _CODE_WEIGHT))
    length = _K1 * (1 - _B + _B * counts.total() / _MEAN_LENGTH)
    return {t: n * (_K1 + 1) / (n + length) for t, n in counts.items()} | extra


def _codes(found: Sequence[Sequence[str]]) -> Iterator[int]:
    """The terms of codes: KX-4410, and KX 4410, without what is between their parts."""
    before = ""
    for parts in found:
        if len(parts) > 1:
            yield _joined(parts)
        if before and before.isalpha() and has_digit(parts[0]):
            yield _joined((before, parts[0]))
        before = parts[-1]


def joined(values: Iterable[Any]) -> Iterable[str]:
    """The strings among metadata values, and the whole numbers that are codes; nested ones too."""
    for value in values:
        if isinstance(value, str):
            yield value
        elif isinstance(value, int | float) and not isinstance(value, bool):
            if math.isfinite(value) and value == int(value) and abs(value) >= _CODE:
                yield str(int(value))
        elif isinstance(value, Mapping):
            yield from joined(value.values())
        elif isinstance(value, list | tuple):
            yield from joined(value)


def content(text: str) -> list[str]:
    """The words of a query that ask for something, folded; a code in several parts is one."""
    found = chains(fold(text))
    words = [["".join(parts)] if has_digit("".join(parts)) else parts for parts in found]
    return [word for parts in words for word in parts if word not in any_stop_words()]


class Held(Protocol):
    """How many rows hold a term."""

    rows: int

    def of(self, term: int) -> int:
        """How many rows hold it."""
        ...


class Asked(NamedTuple):
    """A query as terms. `weights`: what to multiply a row's terms with, for BM25.

    `spread`: how many rows hold one of its words, were words independent. `names`: terms that
    identify a row, each with its part of what the query asks, 0 to 1.
    """

    weights: dict[int, float]
    spread: float
    names: dict[int, float]


def asked(
    text: str,
    held: Held,
    unknown: Collection[str] | None,
    language: str = ENGLISH,
    meant: str = "",
) -> Asked:
    """The terms of a query. `unknown` are folded words that the model does not know as words.

    Neighbouring parts that some row holds as one code are that code: "kx 1007b" is KX-1007B.
    A name is a code, or a word that is unknown to the model and stands in
    the row as a name does; few rows hold it. Words of `meant` count too, and are no names.
    """
    parts = [part for chain in chains(fold(text)) for part in chain]
    found: list[tuple[int, int, int]] = []  # term, how many rows hold it, the term as a name
    at = 0
    while at < len(parts):
        size, term = _code(parts, at, held)
        if size:
            measure = _MEASURE.match("".join(parts[at : at + size]))
            found.append((term, held.of(term), 0 if measure else term))
            at += size
            continue
        part = parts[at]
        new = unknown is not None and part in unknown and not has_digit(part)
        terms = _numbers(part, language)
        joined = _joined((part,))
        if new and held.of(joined) and not any(held.of(term) for term, _ in terms):
            terms = ((joined, joined),)  # MKII, where a row has MK-II
        code = _is_code(part)
        for term, as_name in terms:
            named = term if code else as_name if new else 0
            found.append((term, held.of(term), named))
        at += 1
    names = list(found)
    for part in chain.from_iterable(chains(fold(meant))):
        found += [(term, held.of(term), 0) for term, _ in _numbers(part, language)]
    times = Counter(term for term, _, _ in found)
    idf = {term: _idf(n, held.rows) for term, n, _ in found if n}
    weights = {term: idf[term] * times[term] for term in idf}
    none = math.prod(1 - n / held.rows for n in {term: n for term, n, _ in found if n}.values())
    return Asked(weights, held.rows * (1 - none), _names(names, idf))


def _is_code(part: str) -> bool:
    """Whether a word identifies something: it has digits, and is no number, measure or count."""
    if not has_digit(part) or _MEASURE.match(part) or _COUNT.match(part):
        return False
    return len(part) >= _CODE_LENGTH or not part.isdigit()


def _names(found: Iterable[tuple[int, int, int]], idf: Mapping[int, float]) -> dict[int, float]:
    """The names among the terms, each with its part of the query: of the squares of all IDFs."""
    part = {
        term: (idf[term] * (_CODE_WEIGHT if name == term else 1.0)) ** 2
        for term, n, name in found
        if n
    }
    total = sum(part.values())
    return {
        name: part[term] * min(1.0, _ALONE / n) / total
        for term, n, name in found
        if name and 0 < n <= FEW
    }


def _code(parts: list[str], at: int, held: Held) -> tuple[int, int]:
    """How many parts from `at` on are one code that a row holds, and its term; (0, 0) if none."""
    for size in range(min(_MOST_PARTS, len(parts) - at), 0, -1):
        some = parts[at : at + size]
        whole = "".join(some)
        if not has_digit(whole):
            continue
        for term in (_joined(some), *([_number(whole)] if size > 1 else [])):
            if held.of(term):
                return size, term
    return 0, 0


def _idf(n: int, rows: int) -> float:
    """The form that never goes below zero (Lucene's): ln(1 + (N - n + 0.5) / (n + 0.5))."""
    return math.log(1 + (rows - n + 0.5) / (n + 0.5))
