"""Which words a model cannot know as words: made-up names, article numbers, other languages."""

from __future__ import annotations

from typing import TypeGuard

from cospace.encode.base import uncached
from cospace.encode.model import Model
from cospace.encode.protocol import Encoder
from cospace.encode.words import WordModel
from cospace.read.terms import chains, fold, has_digit

__all__ = ["knows_parts", "unknown_words"]

# A vocabulary that is larger is of many languages, and has few long words of any.
_MANY = 100_000


def unknown_words(model: Encoder, text: str) -> frozenset[str] | None:
    """The words of `text`, folded, for which the model's vocabulary has no piece of their own.

    Such a word reaches the model as parts of other words, so its vector says little about it. A
    word model does not know what is not in its table. None where the vocabulary is elsewhere.

    >>> import cospace as cs
    >>> sorted(unknown_words(cs.load("starter"), "a velvet armchair by Velmora"))
    ['velmora']
    """
    model = uncached(model)
    words = sorted({part for parts in chains(fold(text)) for part in parts if not has_digit(part)})
    if isinstance(model, WordModel):
        return frozenset(word for word in words if not any(w.row >= 0 for w in model.read(word)))
    if not _reads_texts(model):
        return None
    counts = model.text_tower().pieces(words)
    return frozenset(word for word, n in zip(words, counts, strict=True) if n > 1)


def knows_parts(model: Encoder) -> bool:
    """Whether `model` knows ordinary words by their parts: its vocabulary is of many languages.

    Then a word in several pieces may be a name, but need not be one that the model cannot know.

    >>> import cospace as cs
    >>> knows_parts(cs.load("starter"))
    False
    """
    model = uncached(model)
    if isinstance(model, WordModel) or not _reads_texts(model):
        return False
    return int(model.text_tower().tokenizer.get_vocab_size()) > _MANY


def _reads_texts(model: Encoder) -> TypeGuard[Model]:
    """Whether its vocabulary is here."""
    return isinstance(model, Model) and "text" in model.space.kinds
