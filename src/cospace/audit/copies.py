"""Copies: pairs of items of which one is the other, or nearly; what duplicates and leaks share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cospace.audit.near import Pairs, near_pairs
from cospace.audit.threshold import Threshold, fitted, sources
from cospace.audit.view import Matrix, View
from cospace.audit.witness import Witness, folded_text
from cospace.topk import blocks

__all__ = ["Copies", "copies", "joined"]

Numbers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Copies:
    """Pairs (a, b) of numbers of items whose parts of one kind are copies, a < b.

    `same` are groups of items whose part is the very same; `a` and `b` hold one of each group
    only. `threshold` is None where there are too few items to fit one: then only what is the very
    same is told. `recall` and `dropped` are as those of `Pairs`.
    """

    kind: str
    a: Numbers
    b: Numbers
    cosines: NDArray[np.float64]
    same: list[list[int]]
    threshold: Threshold | None
    recall: float = 1.0
    dropped: bool = False
    witness: Witness | None = None

    def plausible(self, a: int, b: int) -> bool:
        """Whether two items' parts may be copies, where another part of theirs is one."""
        if self.threshold is None or self.threshold.plausible is None or self.witness is None:
            return False
        return self.witness.alike(a, b) >= self.threshold.plausible


def copies(view: View, kind: str, *, seed: int = 0) -> Copies:
    """The copies among the items' parts of a kind that the view has; looked for once a view."""
    key = ("copies", kind, seed)
    if key not in view.memo:
        view.memo[key] = _found(view, kind, seed)
    found: Copies = view.memo[key]
    return found


def _found(view: View, kind: str, seed: int) -> Copies:
    matrix = view.matrices[kind].first()
    witness = Witness(kind, sources(view, kind))
    same, alone = _same(view, kind, matrix)
    kept = Matrix(matrix.rows[alone], matrix.array[alone]) if same else matrix
    threshold = fitted(view, kind, witness, kept, seed=seed)
    if threshold is None:
        none = np.zeros(0, np.int64)
        return Copies(kind, none, none, np.zeros(0), same, None)
    near = near_pairs(kept.array, threshold.cosine, seed=seed, done=view.tick)
    a, b, cosines = _with_same_letters(view, kind, kept, near)
    if threshold.alike is not None:
        likeness = np.empty(len(a))
        for part in blocks(len(a), 1_000):
            pairs = zip(a[part].tolist(), b[part].tolist(), strict=True)
            likeness[part] = [witness.alike(x, y) for x, y in pairs]
            view.tick()
        # Where one of the two cannot be looked at, its vector must be nearer than chance brings.
        blind = np.isnan(likeness)
        sure = cosines >= max(threshold.cosine, threshold.chance)
        passed = np.where(blind, sure, likeness >= threshold.alike) if len(a) else blind
        a, b, cosines = a[passed], b[passed], cosines[passed]
        witness.forget()
    return Copies(kind, a, b, cosines, same, threshold, near.recall, near.dropped, witness)


_MOST = 300  # texts of the same letters that are each paired with all


def _with_same_letters(
    view: View, kind: str, matrix: Matrix, near: Pairs
) -> tuple[Numbers, Numbers, NDArray[np.float64]]:
    """The pairs that are near, and texts of the same letters, however far apart a model has them.

    Of more than 300 such texts each is paired with the first 300 alone.
    """
    known = set(zip(near.a.tolist(), near.b.tolist(), strict=True))
    alike: dict[str, list[int]] = {}
    if kind == "text":
        for place, number in enumerate(matrix.rows.tolist()):
            folded = folded_text(view.texts[number] or "")
            if folded:
                alike.setdefault(folded, []).append(place)
    more = [
        (x, y)
        for some in alike.values()
        for at, x in enumerate(some[:_MOST])
        for y in some[at + 1 :]
        if (x, y) not in known
    ]
    first = np.concatenate([near.a, np.array([x for x, _ in more], np.int64)])
    second = np.concatenate([near.b, np.array([y for _, y in more], np.int64)])
    own = [np.dot(*matrix.array[[x, y]].astype(np.float64)) for x, y in more]
    return matrix.rows[first], matrix.rows[second], np.concatenate([near.cosines, np.array(own)])


def _same(view: View, kind: str, matrix: Matrix) -> tuple[list[list[int]], Numbers]:
    """Groups of items with one vector, and one text; and the places of one of each group."""
    bytes_ = np.ascontiguousarray(matrix.array).view(np.dtype((np.void, matrix.array.itemsize)))
    rows = bytes_.reshape(len(matrix.array), -1)
    groups: dict[tuple[bytes, str], list[int]] = {}
    for place, number in enumerate(matrix.rows.tolist()):
        text = " ".join((view.texts[number] or "").split()) if kind == "text" else ""
        groups.setdefault((rows[place].tobytes(), text), []).append(place)
    if len(groups) == len(matrix.rows):
        return [], np.arange(len(matrix.rows))
    ordered = [
        sorted(some, key=lambda place: view.ids[matrix.rows[place]]) for some in groups.values()
    ]
    same = [[int(matrix.rows[place]) for place in some] for some in ordered if len(some) > 1]
    return same, np.sort(np.array([some[0] for some in ordered], np.int64))


def joined(first: View, second: View) -> View:
    """Both as one view, the items of the second after those of the first."""
    both = View(f"{first.name} and {second.name}", first.space, load=first.load, tick=first.tick)
    shift = len(first)
    for one in (first, second):
        both.ids += one.ids
        both.texts += one.texts
        both.metadata += one.metadata
        both.media += one.media
        both.reasons += one.reasons
    both.schema = {**second.schema, **first.schema}
    for kind in sorted({*first.matrices, *second.matrices}):
        parts: Sequence[Matrix] = [
            Matrix(view.matrices[kind].rows + by, view.matrices[kind].array)
            for view, by in ((first, 0), (second, shift))
            if kind in view.matrices
        ]
        rows = np.concatenate([part.rows for part in parts])
        both.matrices[kind] = Matrix(rows, np.concatenate([part.array for part in parts]))
    return both
