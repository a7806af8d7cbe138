"""A map of questions: what one model makes of a question, to what another would make of it.

A linear map learnt by ridge regression from items that both models have encoded (Hoerl and
Kennard, Ridge regression, 1970): with centred X [n, a] and Y [n, b], W = (X'X + penalty I)^-1 X'Y.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from cospace.errors import BadArgument
from cospace.evaluate.encoding import encode_texts
from cospace.evaluate.migration.questions import sampled_questions
from cospace.evaluate.migration.rescoring import FIELD
from cospace.measures.bootstrap import check_seed
from cospace.space import Space
from cospace.vectors import Vectors

if TYPE_CHECKING:
    from cospace.collection import Collection

__all__ = ["LEAST_PAIRS", "QuestionMap", "learn_question_map", "ridge"]

LEAST_PAIRS = 50
_HELD_OUT = 0.2
_PENALTIES = tuple(10.0**power for power in range(-3, 4))

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class QuestionMap:
    """Vectors of the space `source` to vectors of the space `target`.

    `weights` is float32 [source dim, target dim]; `before` and `after` are the means of both
    sides. It was learnt from `pairs`, with the `penalty` that was best for a fifth of them, left
    out: `cosine` is their mean cosine to what the target's model makes of them.
    """

    source: Space
    target: Space
    weights: NDArray[np.float32]
    before: NDArray[np.float32]
    after: NDArray[np.float32]
    pairs: int
    penalty: float
    cosine: float

    def __call__(self, vectors: Vectors) -> Vectors:
        """The vectors in the target's space, to ask its collection: `old.search(map(vectors))`.

        Raises `SpaceMismatch` for vectors of another space than the source's.
        """
        self.source.check(vectors.space, what="the map of questions")
        rows = (vectors.normalized - self.before) @ self.weights + self.after
        return Vectors(rows, self.target)


def learn_question_map(
    source: Collection,
    target: Collection,
    *,
    pairs: int = 5_000,
    questions: int = 1_000,
    seed: int = 0,
) -> QuestionMap:
    """A map from the source's model to the target's, learnt from items that both hold.

    Of at most `pairs` items the stored text vectors of both are taken; and of at most `questions`
    items a title or first sentence, encoded by both as a question. Both are drawn with `seed`.

    Raises `BadArgument` for fewer than 50 items with a text vector in both.

    >>> import cospace as cs
    >>> from cospace.testing.tiny import tiny_model
    >>> old, new = (cs.open(":memory:", model=tiny_model(seed=n)) for n in (0, 1))
    >>> texts = [f"{a} {b}" for a in "red blue grey white oak steel old new".split()
    ...          for b in "chair lamp rug shelf box desk bike".split()]
    >>> for shop in (old, new):
    ...     _ = shop.add(ids=texts, documents=texts)
    >>> to_old = learn_question_map(new, old)
    >>> old.search(to_old(new.asker.encode_query(["grey desk"])), k=1).ids
    ['grey desk']
    """
    check_seed(seed)
    if pairs < LEAST_PAIRS or questions < 0:
        raise BadArgument(f"pairs is {LEAST_PAIRS} or more, questions 0 or more")
    x, y = _stored(source, target, pairs, seed)
    if questions:
        asked = sampled_questions(source, target, seed, questions).questions
        texts = [one.text for one in asked]
        both = [encode_texts(one.asker, texts, "query") for one in (source, target)]
        good = both[0].good & both[1].good
        x, y = np.vstack([x, both[0].rows[good]]), np.vstack([y, both[1].rows[good]])
    order = np.random.default_rng(seed).permutation(len(x))
    held, kept = np.split(order, [int(_HELD_OUT * len(x))])
    cosine, penalty = max((_held_out(x, y, kept, held, one), -one) for one in _PENALTIES)
    weights, before, after = ridge(x, y, -penalty)
    assert source.space is not None
    assert target.space is not None
    return QuestionMap(
        source.space,
        target.space,
        weights.astype(np.float32),
        before.astype(np.float32),
        after.astype(np.float32),
        len(x),
        -penalty,
        cosine,
    )


def ridge(x: Array, y: Array, penalty: float) -> tuple[Array, Array, Array]:
    """Weights [a, b] and the means [a] and [b], for x [n, a] and y [n, b].

    >>> x = np.random.default_rng(0).normal(size=(50, 3))
    >>> weights, before, after = ridge(x, 2 * x + 1, 1e-9)
    >>> bool(np.allclose(weights, 2 * np.eye(3)))
    True
    >>> bool(np.allclose((x - before) @ weights + after, 2 * x + 1))
    True
    """
    before, after = x.mean(axis=0), y.mean(axis=0)
    centred = x - before
    square = centred.T @ centred + penalty * np.eye(x.shape[1])
    weights: Array = np.linalg.solve(square, centred.T @ (y - after))
    return weights, before, after


def _held_out(
    x: Array, y: Array, kept: NDArray[np.intp], held: NDArray[np.intp], penalty: float
) -> float:
    """The mean cosine of the pairs held out, mapped without them, to what they should be."""
    weights, before, after = ridge(x[kept], y[kept], penalty)
    mapped = (x[held] - before) @ weights + after
    lengths = np.linalg.norm(mapped, axis=1) * np.linalg.norm(y[held], axis=1)
    return float(np.mean((mapped * y[held]).sum(axis=1) / np.maximum(lengths, 1e-12)))


def _stored(source: Collection, target: Collection, most: int, seed: int) -> tuple[Array, Array]:
    """The text vectors of items that both hold: float64 [n, a] and [n, b]."""
    random = np.random.default_rng(seed)
    ids: list[str] = []
    for seen, row in enumerate(source.store.scan(), 1):
        # Reservoir sampling (Vitter, 1985, algorithm R): each item is drawn alike.
        if len(ids) < most:
            ids.append(row.id)
        elif (at := int(random.integers(seen))) < most:
            ids[at] = row.id
    rows = zip(*(one.store.get(ids, vectors=True) for one in (source, target)), strict=True)
    both = [
        (a.vectors[FIELD], b.vectors[FIELD])
        for a, b in rows
        if a is not None and b is not None and FIELD in a.vectors and FIELD in b.vectors
    ]
    if len(both) < LEAST_PAIRS:
        raise BadArgument(
            f"a map is learnt from {LEAST_PAIRS} items or more with a text vector in both"
            f" {source.name} and {target.name}; of those drawn, {len(both)} are such"
        )
    return (
        np.stack([a for a, _ in both]).astype(np.float64),
        np.stack([b for _, b in both]).astype(np.float64),
    )
