"""What smaller vectors lose, measured: each form of the same vectors against exact search."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cospace.encode.quantized import Binary, Int8, nearest
from cospace.errors import BadArgument
from cospace.topk import Top
from cospace.vectors import Vectors

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cospace.space import Space

__all__ = ["Form", "dims_of", "measure"]


@dataclass(frozen=True, slots=True)
class Form:
    """One form of the vectors, and what is lost with it.

    `bytes` is what a search compares, a vector; `beside` what is kept on a disk to rescore
    with. `recall` is the mean share of the exact first `k` that are found, in [0, 1]. `error`
    is the mean absolute difference of the scores from the full cosines: of all pairs of a query
    and a row, or, where the candidates are rescored, of those that are given.
    `trained` is true for a smaller dimension that the model's record names.
    """

    name: str
    dim: int
    bytes: int
    beside: int
    recall: float
    error: float
    trained: bool = False


def dims_of(space: Space) -> tuple[list[int], bool]:
    """The smaller dims to try, largest first; and whether the model was trained for them.

    Those that every tower's record names, or else a half, a quarter and an eighth.

    >>> from cospace import Space
    >>> dims_of(Space.of("demo", 384))
    ([192, 96, 48], False)
    """
    named = [set(tower.preprocess.get("matryoshka") or ()) for tower in space.towers]
    shared = set.intersection(*named) if named else set()
    if any(dim < space.dim for dim in shared):
        return sorted((dim for dim in shared if dim < space.dim), reverse=True), True
    return [dim for dim in (space.dim // 2, space.dim // 4, space.dim // 8) if dim], False


def measure(documents: Vectors, queries: Vectors, *, k: int = 10) -> list[Form]:
    """What each form of `documents` loses when `queries` are asked, the full vectors first.

    The answers that count as right are those of exact search over the full float32 vectors. So
    this says what a form loses, and not how good the model is.

    Raises `BadArgument` when there are no documents or no queries, `SpaceMismatch`.

    >>> from cospace import Space
    >>> random = np.random.default_rng(0)
    >>> space = Space.of("demo", 64)
    >>> rows = Vectors(random.standard_normal((200, 64)), space)
    >>> full, *_, binary, rescored = measure(rows, rows[:20])
    >>> full.name, full.recall, binary.bytes, binary.recall < rescored.recall <= 1
    ('float32', 1.0, 8, True)
    """
    if not len(documents) or not len(queries):
        raise BadArgument("measuring a loss needs at least one document and one query")
    space = documents.space
    exact = nearest(documents, queries, k)
    cosines = queries.normalized @ documents.normalized.T
    dims, trained = dims_of(space)
    size = 4 * space.dim
    forms = [Form("float32", space.dim, size, 0, 1.0, 0.0)]
    for dim in dims:
        rows, asked = (_first(vectors, dim) for vectors in (documents, queries))
        found = nearest(rows, asked, k)
        error = _mean(asked.normalized @ rows.normalized.T - cosines)
        forms.append(Form("float32", dim, 4 * dim, 0, _recall(found, exact), error, trained))
    codes, bits = Int8.of(documents), Binary.of(documents)
    coded: list[tuple[str, int, Int8 | Binary]] = [
        ("int8", space.dim, codes),
        ("binary", -(-space.dim // 8), bits),
    ]
    for name, each, form in coded:
        error = _mean(form.scores(queries) - cosines)
        alone = form.nearest(queries, k)
        forms.append(Form(name, space.dim, each, 0, _recall(alone, exact), error))
        again = form.nearest(queries, k, full=documents)
        error = _mean(again.scores - np.take_along_axis(cosines, again.rows, axis=1))
        recall = _recall(again, exact)
        forms.append(Form(f"{name}, rescored", space.dim, each, size, recall, error))
    return forms


def _first(vectors: Vectors, dim: int) -> Vectors:
    return Vectors(vectors.array[:, :dim], vectors.space.truncated(dim))


def _recall(found: Top, exact: Top) -> float:
    """The mean share of the exact rows that were found."""
    pairs = zip(found.rows, exact.rows, strict=True)
    return float(np.mean([len(np.intersect1d(a, b)) / len(b) for a, b in pairs]))


def _mean(differences: NDArray[np.float32]) -> float:
    return float(np.abs(differences).mean(dtype=np.float64))
