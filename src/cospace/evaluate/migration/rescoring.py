"""Rescoring: the old index finds candidates, and the new model says which come first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from cospace.errors import BadArgument
from cospace.evaluate.encoding import encode_texts
from cospace.limits import limit
from cospace.results import Results
from cospace.topk import blocks

if TYPE_CHECKING:
    from cospace.collection import Collection

__all__ = ["FIELD", "Rescored", "rescored"]

FIELD = "text"
_AT_ONCE = 64  # questions
Row = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Rescored:
    """The ids of the best k items of each question; how many items were encoded for it.

    `failed` items could not be encoded by the new model: they stand last, in their old order.
    """

    ids: list[list[str]]
    encoded: int
    failed: int


def rescored(
    old: Collection,
    new: Collection,
    questions: Sequence[str],
    *,
    k: int = 10,
    depth: int = 100,
) -> Rescored:
    """The `depth` nearest texts of the old index, in the order of the new model's cosines.

    `new` may hold any part of the items: the vectors that it has are read, and the texts of the
    others are encoded with its model, each once.

    Raises `BadArgument` for a k above the depth, and for a collection without text vectors.

    >>> import cospace as cs
    >>> from cospace.testing.tiny import tiny_model
    >>> old, new = (cs.open(":memory:", model=tiny_model(seed=n)) for n in (0, 1))
    >>> _ = old.add(ids=["1", "2"], documents=["a red chair", "a blue lamp"])
    >>> rescored(old, new, ["red chair"], k=1)
    Rescored(ids=[['1']], encoded=2, failed=0)
    """
    if not 1 <= k <= depth <= limit("max_k"):
        raise BadArgument(f"k is 1 to {depth} and depth at most {limit('max_k'):,}, not {k}")
    if not old.store.info().holders.get(FIELD):
        raise BadArgument(f"{old.name} holds no text vectors to find candidates by")
    made: dict[str, Row | None] = {}
    ids: list[list[str]] = []
    for part in blocks(len(questions), _AT_ONCE):
        texts = list(questions[part])
        found = old.search_many(texts, depth, by=FIELD, spelling=False)
        vectors = _vectors(new, found, made)
        rows = new.asker.encode_query(texts).normalized
        ids += [_ordered(one.ids, row, vectors)[:k] for one, row in zip(found, rows, strict=True)]
    failed = sum(row is None for row in made.values())
    return Rescored(ids, len(made) - failed, failed)


def _vectors(
    new: Collection, found: Sequence[Results], made: dict[str, Row | None]
) -> Mapping[str, Row | None]:
    """The new model's unit vector of each item that was found; those that it lacks are `made`."""
    texts = {hit.id: hit.text or "" for one in found for hit in one}
    stored = new.store.get([id for id in texts if id not in made], vectors=True)
    known = {row.id: row.vectors[FIELD] for row in stored if row and FIELD in row.vectors}
    lacking = [id for id in texts if id not in known and id not in made]
    if lacking:
        done = encode_texts(new.model, [texts[id] for id in lacking], "document")
        for id, row, good in zip(lacking, done.rows, done.good, strict=True):
            made[id] = row if good else None
    return {**made, **known}


def _ordered(ids: Sequence[str], question: Row, vectors: Mapping[str, Row | None]) -> list[str]:
    there = [(id, row) for id in ids if (row := vectors[id]) is not None]
    if not there:
        return list(ids)
    scores = np.stack([row for _, row in there]) @ question
    order = np.argsort(-scores, kind="stable")
    return [*(there[at][0] for at in order), *(id for id in ids if vectors[id] is None)]
