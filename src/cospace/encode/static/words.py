"""Texts to token ids, quickly: each word is cut into pieces once, and then remembered."""

from __future__ import annotations

import json
import threading
from array import array
from collections.abc import Callable, Sequence
from itertools import chain, repeat
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Ids", "Words", "bare"]

# Words that are remembered; then all are forgotten. Longer ones are cut anew each time.
_MOST, _LONGEST = 300_000, 40


class Ids(NamedTuple):
    """The token ids of n texts, one after the other: text i has those from ends[i] to ends[i + 1].

    `flat` int64 [tokens], `ends` int64 [n + 1].
    """

    flat: NDArray[np.int64]
    ends: NDArray[np.int64]


class Words:
    """Cuts texts at white space, and words into the pieces of a tokenizer. Threads may share it.

    `pieces` gives the tokenizer's encoding of each word, without marks. A tokenizer that cuts at
    white space first, as BERT's does, gives the same for the whole text.
    """

    def __init__(self, pieces: Callable[[list[str]], list[Any]]) -> None:
        self._pieces = pieces
        self._lock = threading.Lock()
        self._forget()

    def ids(self, texts: Sequence[str]) -> Ids:
        """The token ids of texts; a text may have none."""
        split = [text.split() for text in texts]
        counts = np.fromiter(map(len, split), np.int64, len(split))
        with self._lock:  # from looking words up to knowing their pieces
            if len(self._known) > _MOST:
                self._forget()
            slots = self._slots(split, int(counts.sum()))
            starts, flat = np.array(self._starts), np.array(self._flat)
        lengths = np.diff(starts)[slots]
        ends = np.concatenate([[0], np.cumsum(lengths)])
        # The place of each token: where its word's pieces start, and how far into them it is.
        into = np.arange(ends[-1]) - np.repeat(ends[:-1], lengths)
        ids = flat[np.repeat(starts[slots], lengths) + into]
        return Ids(ids, ends[np.concatenate([[0], np.cumsum(counts)])])

    def _slots(self, split: list[list[str]], total: int) -> NDArray[np.int64]:
        """The number of each word."""
        words = chain.from_iterable(split)
        slots = np.fromiter(map(self._known.get, words, repeat(-1)), np.int64, total)
        missing = np.flatnonzero(slots < 0)
        if missing.size:
            flat = list(chain.from_iterable(split))
            unseen = list(dict.fromkeys(flat[i] for i in missing))
            new = dict(zip(unseen, self._cut(unseen), strict=True))
            slots[missing] = [new[flat[i]] for i in missing]
            self._known.update({w: slot for w, slot in new.items() if len(w) <= _LONGEST})
        return slots

    def _cut(self, words: list[str]) -> range:
        """The numbers of words that are cut now."""
        first = len(self._starts) - 1
        for one in self._pieces(words):
            for part in (one, *one.overflowing):  # of a word longer than the model reads
                self._flat.extend(part.ids)
            self._starts.append(len(self._flat))
        return range(first, len(self._starts) - 1)

    def _forget(self) -> None:
        self._known: dict[str, int] = {}
        self._starts, self._flat = array("q", [0]), array("q")


def bare(tokenizer: bytes) -> bytes:
    """The tokenizer.json without the marks that it puts around a text, its padding and its cut."""
    record = json.loads(tokenizer)
    record |= {"post_processor": None, "padding": None, "truncation": None}
    return json.dumps(record, ensure_ascii=False).encode()
