"""Association tests on a model: of words, of words in sentences, and of a collection's photos."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cospace.audit.bias.association import LEAST, Association, associations, dealt
from cospace.audit.bias.lists import BiasTest, Members
from cospace.encode import Encoder
from cospace.encode.base import uncached
from cospace.encode.unknown import unknown_words
from cospace.encode.words import WordModel
from cospace.errors import BadArgument

__all__ = ["FORMS", "TEMPLATES", "Items", "Tested", "forms_of", "measure_bias"]

Floats = NDArray[np.float32]
# The vectors of the items of a side, float32 [n, dim]; of many, some that are drawn.
Items = Callable[[Members], Floats]

FORMS = ("words", "sentences", "items")
# Sentences that say hardly more than the word: May et al. (2019) have such ones. Ours are worded
# so that names, nouns and adjectives all fit.
TEMPLATES = (
    "The word is {}.",
    "Somebody wrote: {}.",
    "It says {} here.",
    "This text speaks of {}.",
)
_ATTRIBUTES = 2  # words of an attribute that are needed at least


@dataclass(frozen=True, slots=True)
class Tested:
    """What one test found in one `form`: "words", "sentences" or "items".

    `found` is None where too little is left to test; `why` says so. `lacking` are the words by
    side that the model does not know, left out; `in_pieces` those that it reads as parts of
    other words, kept. `sizes` is how many are left on each side. `ranked` are the targets by
    their association, from the nearest to A to the nearest to B.
    """

    test: BiasTest
    form: str
    found: Association | None
    sizes: tuple[int, int, int, int]
    lacking: dict[str, list[str]] = field(default_factory=dict)
    in_pieces: list[str] = field(default_factory=list)
    ranked: list[tuple[str, str, float]] = field(default_factory=list)
    why: str = ""

    def to_json(self) -> dict[str, Any]:
        """A record of plain types."""
        return {
            "test": self.test.name,
            "source": self.test.source,
            "form": self.form,
            "sides": {
                side: {"name": members.name, "left": size}
                for side, members, size in zip("xyab", self.test.sides, self.sizes, strict=True)
            },
            "published": self.test.published,
            "found": None if self.found is None else self.found.to_json(),
            "lacking": self.lacking,
            "in_pieces": self.in_pieces,
            "ranked": [[side, what, value] for side, what, value in self.ranked],
            "why": self.why,
        }


def forms_of(model: Encoder) -> tuple[str, ...]:
    """The forms that words are tested in: a word model has no sentences, only means of words."""
    return FORMS[:1] if isinstance(uncached(model), WordModel) else FORMS[:2]


def measure_bias(
    tests: Sequence[BiasTest],
    model: Encoder,
    *,
    items: Items | None = None,
    seed: int = 0,
) -> list[Tested]:
    """What each test finds in each form that it can be put in.

    A word is a unit, also in sentences: its associations in all of them are averaged, and all
    go to one side when the targets are dealt again. May et al. deal single sentences, which
    counts each word as often as there are sentences, and gives a p that is too small.

    Raises `BadArgument` for a model that reads no texts, and for a side of items without `items`.

    >>> import cospace as cs
    >>> from cospace.audit.bias import built_in
    >>> flowers = built_in()[0]
    >>> [(one.form, one.found.effect > 0.5) for one in measure_bias([flowers], cs.load("starter"))]
    [('words', True), ('sentences', True)]
    """
    kinds = model.space.kinds
    if "text" not in kinds:
        raise BadArgument(f"{model.space.name} reads no texts, so it cannot be asked about words")
    for test in tests:
        if test.needs_items and items is None:
            raise BadArgument(
                f"{test.name} is about items of a collection; name it: cospace audit FOLDER --bias"
            )
    texts = [word for test in tests for side in test.sides for word in side.words]
    words = _Words(model, texts)
    found: list[Tested] = []
    for test in tests:
        forms = ("items",) if test.needs_items else forms_of(model)
        found += [_tested(test, form, words, items, seed) for form in forms]
    return found


def _tested(test: BiasTest, form: str, words: _Words, items: Items | None, seed: int) -> Tested:
    lacking: dict[str, list[str]] = {}
    names: list[list[str]] = []
    rows: list[Floats] = []  # [templates, n, dim]
    for side, members in zip("xyab", test.sides, strict=True):
        if members.where is not None:
            assert items is not None
            array = items(members)
            names.append([f"{members.name} {n + 1}" for n in range(len(array))])
            rows.append(array[None])
            continue
        missing = [word for word in members.words if not words.knows(word)]
        if missing:
            lacking[side] = missing
        names.append([word for word in members.words if words.knows(word)])
        rows.append(words.rows(names[-1], form))
    sizes = tuple(map(len, names))
    assert len(sizes) == 4
    pieces = [word for side in test.sides for word in side.words if word in words.in_pieces]
    why = _too_few(test, sizes)
    if why:
        return Tested(test, form, None, sizes, lacking, pieces, [], why)
    x, y = (_mean(rows[side], rows[2], rows[3]) for side in (0, 1))
    both = [("x", *one) for one in zip(names[0], x.tolist(), strict=True)]
    both += [("y", *one) for one in zip(names[1], y.tolist(), strict=True)]
    ranked = sorted(both, key=lambda one: -one[2])
    return Tested(test, form, dealt(x, y, seed=seed), sizes, lacking, pieces, ranked)


def _mean(targets: Floats, a: Floats, b: Floats) -> NDArray[np.float64]:
    """The association of each target, averaged over its sentences: those of A and B are too."""
    dim = targets.shape[2]
    each = [associations(rows, a.reshape(-1, dim), b.reshape(-1, dim)) for rows in targets]
    mean: NDArray[np.float64] = np.mean(each, axis=0)
    return mean


def _too_few(test: BiasTest, sizes: tuple[int, ...]) -> str:
    least = (LEAST, LEAST, _ATTRIBUTES, _ATTRIBUTES)
    for members, size, need in zip(test.sides, sizes, least, strict=True):
        if size < need:
            return f"{members.name}: {size} left, and {need} are needed at least"
    return ""


class _Words:
    """The vectors of all words of all tests, encoded once."""

    def __init__(self, model: Encoder, words: Iterable[str]) -> None:
        self._model = model
        self._bare = uncached(model)
        self._words = list(dict.fromkeys(words))
        self._place: dict[str, int] = {}
        self._held: dict[str, Floats] = {}
        self.in_pieces: frozenset[str] = frozenset()
        if isinstance(self._bare, WordModel):
            known = {word: _vector(self._bare, word) for word in self._words}
            vectors = [vector for vector in known.values() if vector is not None]
            left = [word for word, vector in known.items() if vector is not None]
            self._held["words"] = np.array(vectors, np.float32).reshape(1, len(left), -1)
            self._place = {word: at for at, word in enumerate(left)}
        else:
            self._place = {word: at for at, word in enumerate(self._words)}
            self.in_pieces = frozenset(w for w in self._words if unknown_words(model, w))

    def knows(self, word: str) -> bool:
        return word in self._place

    def rows(self, words: Sequence[str], form: str) -> Floats:
        """Unit vectors [sentences, n, dim]; one "sentence" where the form is words."""
        at = [self._place[word] for word in words]
        return self._form(form)[:, at]

    def _form(self, form: str) -> Floats:
        if form not in ("words", "sentences"):
            form = "words"  # of items the other side may be words
        if form not in self._held:
            plain = ("{}",) if form == "words" else TEMPLATES
            texts = [one.format(word) for one in plain for word in self._words]
            rows = self._model.encode_document(texts).normalized
            self._held[form] = rows.reshape(len(plain), len(self._words), -1)
        return self._held[form]


def _vector(model: WordModel, word: str) -> Floats | None:
    """The unit vector of a word, or of a phrase of known words; None for one that it lacks."""
    if word in model:
        vector = model[word]
    elif any(read.known for read in model.read(word)):
        vector = model.encode_document([word]).array[0]
    else:
        return None
    length = float(np.linalg.norm(vector))
    unit: Floats | None = vector / np.float32(length) if length > 0 else None
    return unit
