"""Corpus: the words of texts as integers, with how often each was seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["Corpus"]


@dataclass(frozen=True)
class Corpus:
    """A corpus that was read: `tokens` int32 [t] are places in `words`, and -1 ends a sentence.

    `words` are in order of falling `counts` (int64 [n]), and then of the alphabet. Words seen
    too rarely are not among them, and their tokens are left out; `notes` tell how many. `split`
    says how texts became words. A large corpus's `tokens` are a memory map.
    """

    words: Sequence[str]
    counts: NDArray[np.int64]
    tokens: NDArray[np.int32]
    split: str
    notes: tuple[str, ...] = ()
