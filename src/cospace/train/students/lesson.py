"""Lesson: the texts that a student learns from, with the teacher's vectors of them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cospace.errors import BadArgument
from cospace.progress import Watch, metered
from cospace.read.texts import check_text
from cospace.train.heldout import grouped, split_groups

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cospace.encode.model import Model

__all__ = ["Lesson", "lesson"]

# Fewer texts say nothing about texts that were not among them.
_LEAST = 50

# Held out: a tenth, and no more than are needed for a figure.
_SHARE, _MOST_HELD = 0.1, 1_000

# A held-out text whose vector is this close to that of a learnt one is nearly the same text.
_NEAR = 0.98

_WINDOW = 1_024


@dataclass(frozen=True, eq=False)
class Lesson:
    """`texts` [n], the teacher's unit `rows` float32 [n, dim], and who learns from which.

    `kept` are the positions to learn from, `choose` those that say when to stop, and `held` those
    that only measure. `equal` texts were given more than once; `near` ones were too like a learnt
    one to be held out.
    """

    texts: list[str]
    rows: NDArray[np.float32]
    kept: NDArray[np.intp]
    choose: NDArray[np.intp]
    held: NDArray[np.intp]
    equal: int
    near: int

    @property
    def sha256(self) -> str:
        """sha256, in hex, of the texts in order."""
        return hashlib.sha256("\n".join(self.texts).encode()).hexdigest()


def lesson(teacher: Model, texts: Iterable[str], *, seed: int, progress: Watch = None) -> Lesson:
    """The lesson of some texts, split by groups of texts that differ in capitals and spaces alone.

    Half of what is held out chooses, and half measures.

    Raises `BadItem` for what is no text, `BadArgument` for fewer than 50 different ones.
    """
    if isinstance(texts, str) or not isinstance(texts, Iterable):
        raise BadArgument(f"texts is a list of texts, not {texts!r:.60}")
    given = [check_text(text, f"text {i}") for i, text in enumerate(texts)]
    mine = list(dict.fromkeys(given))
    groups = grouped([" ".join(text.casefold().split()) for text in mine] or [""])
    if len(set(groups.tolist())) < _LEAST:
        raise BadArgument(
            f"a student learns from {_LEAST} different texts or more, better from 10,000; of"
            f" {len(given):,} given, {len(set(groups.tolist())) if mine else 0} are different"
        )
    rows = _taught(teacher, mine, progress)
    share = min(_SHARE, _MOST_HELD / len(mine))
    kept, held = split_groups(groups, share=max(share, 12 / len(mine)), seed=seed)
    close = _close(rows, kept, held)
    apart = held[~close]
    if len(np.unique(groups[apart])) < 6:
        raise BadArgument(
            f"nothing can be held out: the teacher's vectors of {int(close.sum())} of"
            f" {len(held)} texts are those of others (cosine {_NEAR} or more). Give texts that"
            " say different things"
        )
    measure, choose = (apart[part] for part in split_groups(groups[apart], share=0.5, seed=seed))
    return Lesson(mine, rows, kept, choose, measure, len(given) - len(mine), int(close.sum()))


def _close(
    rows: NDArray[np.float32], kept: NDArray[np.intp], held: NDArray[np.intp]
) -> NDArray[np.bool_]:
    """Which held-out rows are nearly a row that is learnt from."""
    nearest = np.full(len(held), -1, np.float32)
    for start in range(0, len(kept), _WINDOW):
        scores = rows[held] @ rows[kept[start : start + _WINDOW]].T
        np.maximum(nearest, scores.max(axis=1), out=nearest)
    return nearest >= _NEAR


def _taught(teacher: Model, texts: list[str], progress: Watch) -> NDArray[np.float32]:
    """The teacher's unit rows of texts: as questions, where it reads those in another way."""
    encode = teacher.encode_query if teacher.needs_role else teacher.encode_document
    rows = np.empty((len(texts), teacher.space.dim), np.float32)
    with metered(progress, len(texts), "texts") as meter:
        meter.stage = f"vectors of {teacher.space.name}"
        for start in range(0, len(texts), _WINDOW):
            window = texts[start : start + _WINDOW]
            rows[start : start + len(window)] = encode(window).normalized
            meter.add(len(window))
    return rows
