"""Questions that nothing can answer: words at random, and words of many questions mixed."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from cospace.encode import Encoder
from cospace.encode.base import uncached
from cospace.encode.model import Model
from cospace.encode.words import WordModel
from cospace.errors import CospaceError

__all__ = ["mixed", "random_words", "vocabulary"]

_WHOLE = re.compile(r"[^\W\d_]{4,14}")
_MOST = 30_000


def vocabulary(model: Encoder) -> list[str]:
    """Whole words that the model knows, some tens of thousands; [] where they are elsewhere.

    >>> import cospace as cs
    >>> "harvest" in vocabulary(cs.load("starter"))
    True
    """
    bare = uncached(model)
    if isinstance(bare, WordModel):
        return [word for word in bare.words[:_MOST] if _WHOLE.fullmatch(word)]
    if not isinstance(bare, Model):
        return []
    try:
        held = bare.text_tower().tokenizer.get_vocab()
    except CospaceError:
        return []
    # Vocabularies mark either what begins a word or what goes on with one.
    begins = [word[1:] for word in held if word[:1] in "\u2581\u0120"]
    words = begins if len(begins) > len(held) // 10 else list(held)
    return sorted(word for word in words if _WHOLE.fullmatch(word) and word.islower())[:_MOST]


def random_words(words: Sequence[str], like: Sequence[str], count: int, seed: int) -> list[str]:
    """`count` questions of words drawn at random, as long as those they are to be like.

    >>> random_words(["chair", "lamp"], ["a red one"], 1, seed=0)
    ['lamp lamp lamp']
    """
    random = np.random.default_rng(seed)
    lengths = [max(1, len(text.split())) for text in like]
    drawn = (random.integers(len(words), size=n) for n in random.choice(lengths, count).tolist())
    return [" ".join(words[at] for at in one) for one in drawn]


def mixed(questions: Sequence[str], count: int, seed: int) -> list[str]:
    """`count` questions each of whose words is of another question: the words fit, the sense not.

    >>> mixed(["red chair", "blue lamp"], 2, seed=1)
    ['red blue', 'red blue']
    """
    random = np.random.default_rng(seed)
    words = [text.split() or [text] for text in questions]
    found = []
    for at in random.integers(len(words), size=count).tolist():
        others = random.choice(len(words), len(words[at]), replace=len(words) < len(words[at]))
        found.append(" ".join(words[one][int(random.integers(len(words[one])))] for one in others))
    return found
