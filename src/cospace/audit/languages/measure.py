"""How well a model reads the texts of each language: by its tokens, and by what it finds again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cospace.encode import Encoder
from cospace.encode.base import uncached
from cospace.encode.model import Model
from cospace.encode.tokens import tokens
from cospace.encode.unknown import knows_parts, unknown_words
from cospace.encode.words import WordModel
from cospace.read.terms import chains, fold
from cospace.store.language import any_stop_words, stop_words
from cospace.store.tongue import language_of
from cospace.topk import cosines, top_k

__all__ = ["UNRECOGNISED", "OfLanguage", "foreign", "language_of", "measure_languages"]

SAMPLE = 100  # texts of a language
MOST = 20_000  # texts whose language is told, of more some that are drawn
_LONGEST = 2_000  # characters that are looked at
# Texts that are too short to tell their language, but most of whose words the model does not know.
UNRECOGNISED = "no recognised language"
_STRANGE = 0.5  # of a text's words; of English titles 9 in 100 have as many: names of makers
_FEWEST = 3  # words of such a text
_EQUAL = 1e-6  # of equal texts none is wrong


@dataclass(frozen=True, slots=True)
class OfLanguage:
    """What a model makes of the texts of one language.

    `numbers` are all its items, `broken` the share of letters in `looked` of them that reach the
    model as single characters, bytes or unknown tokens. `again` says, for each of them, whether
    the half of its words finds it first among all items.
    """

    language: str
    numbers: tuple[int, ...]
    looked: tuple[int, ...]
    broken: float
    pieces: float | None
    again: tuple[bool, ...]


def measure_languages(
    texts: Sequence[str | None],
    model: Encoder,
    rows: NDArray[np.int64],
    vectors: NDArray[np.float32] | None,
    *,
    seed: int = 0,
) -> list[OfLanguage]:
    """What the model makes of each language's texts, the commonest language first.

    `vectors` [m, dim] are the stored ones of the items `rows` [m]; each language's texts are
    asked for again by every other word of theirs, among all of these; with None they are not.
    Of more than 20,000 texts so many are drawn. Texts that are too short to tell their language,
    but of which the model does not know half the words, are `UNRECOGNISED`.

    >>> import cospace as cs
    >>> texts = ["An oak table and a chair for the kitchen", "Стул из дуба и стол без царапин"]
    >>> model = cs.load("starter")
    >>> stored = model.encode_document(texts).normalized
    >>> found = measure_languages(texts, model, np.arange(2), stored)
    >>> [(one.language, one.broken > 0.5) for one in found]
    [('english', False), ('russian', True)]
    """
    of: dict[str, list[int]] = {}
    random = np.random.default_rng(seed)
    held = [number for number, text in enumerate(texts) if text]
    if len(held) > MOST:
        held = np.sort(random.choice(held, MOST, replace=False)).tolist()
    for number in held:
        language = language_of(texts[number] or "")
        of.setdefault(language, []).append(number)
    if strange := _strange(model, texts, of.pop("", [])):
        of[UNRECOGNISED] = strange
    place = {number: at for at, number in enumerate(rows.tolist())}
    found = []
    for language, numbers in sorted(of.items(), key=lambda pair: -len(pair[1])):
        stored = [number for number in numbers if number in place]
        drawn = random.permutation(len(stored))[:SAMPLE]
        looked = [stored[at] for at in sorted(drawn.tolist())]
        some = [(texts[number] or "")[:_LONGEST] for number in looked]
        again: list[bool] = []
        if some and vectors is not None:
            halves = model.encode_query([_half(text) for text in some]).normalized
            best = top_k(cosines(halves, vectors), len(halves), len(vectors), 1).scores[:, 0]
            own = vectors[[place[number] for number in looked]]
            again = (np.einsum("nd,nd->n", halves, own) >= best - _EQUAL).tolist()
        broken = float(np.mean([_broken(model, text) for text in some])) if some else 0.0
        pieces = _in_pieces(model, some)
        found.append(
            OfLanguage(language, tuple(numbers), tuple(looked), broken, pieces, tuple(again))
        )
    return found


def _half(text: str) -> str:
    """Every other word; of a text without spaces every other pair of characters."""
    words = text.split()
    if len(words) >= 4:
        return " ".join(words[::2])
    return "".join(text[at : at + 2] for at in range(0, len(text), 4)).strip() or text


def _broken(model: Encoder, text: str) -> float:
    """The share of a text's letters that the model gets as single ones, bytes, or not at all."""
    bare = uncached(model)
    if not isinstance(bare, Model | WordModel):
        return 0.0
    letters = sum(c.isalpha() for c in text)
    if not letters:
        return 0.0
    broken = 0
    for token in tokens(model, text).tokens:
        piece = text[token.start : token.end]
        held = sum(c.isalpha() for c in piece)
        alone = held == 1 and _inside(text, token.start, token.end)
        if token.kind in ("unknown", "bytes", "n-grams") or alone:
            broken += held
    return broken / letters


def _in_pieces(model: Encoder, texts: Sequence[str]) -> float | None:
    """The share of words that are read as parts of others; None for a vocabulary of many languages.

    Such a vocabulary has few whole words of any language, and knows them by their parts.
    """
    if knows_parts(model):
        return None
    words = [word for text in texts for word in _words(text)]
    unknown = unknown_words(model, " ".join(dict.fromkeys(words)))
    if unknown is None or not words:
        return None
    return sum(word in unknown for word in words) / len(words)


def _strange(model: Encoder, texts: Sequence[str | None], numbers: list[int]) -> list[int]:
    """The texts of which the model reads half the words or more as parts of others."""
    words = {number: _words((texts[number] or "")[:_LONGEST]) for number in numbers}
    every = dict.fromkeys(word for some in words.values() for word in some)
    unknown = None if knows_parts(model) or not every else unknown_words(model, " ".join(every))
    return [
        number
        for number, some in words.items()
        if unknown and len(some) >= _FEWEST
        and sum(word in unknown for word in some) >= _STRANGE * len(some)
    ]  # fmt: skip


def foreign(text: str) -> bool:
    """Whether a text has a letter with a mark, or a word such as "mit", that English has not.

    >>> foreign("Bürostuhl schwarz"), foreign("Sofa mit Bettkasten"), foreign("Kestrano KX-4410C")
    (True, True, False)
    """
    marked = any(c.isalpha() and not c.isascii() for c in text)
    return marked or not (any_stop_words() - stop_words("english")).isdisjoint(_words(text))


def _words(text: str) -> list[str]:
    return [word for parts in chains(fold(text)) for word in parts if word.isalpha()]


def _inside(text: str, start: int, end: int) -> bool:
    """Whether letters stand beside a piece: it is a part of a word, and no word like "a"."""
    return (start > 0 and text[start - 1].isalpha()) or (end < len(text) and text[end].isalpha())
