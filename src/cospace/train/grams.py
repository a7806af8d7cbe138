"""Grams: for every word of a vocabulary, where the rows of its n-grams stand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Grams", "grams_of"]


@dataclass(frozen=True)
class Grams:
    """`places` int64 are rows of n-grams, word after word; word w's end before ends[w].

    `ids` int64 are the buckets that occur, in order: one row each. fastText keeps a row for
    every bucket, also for those that no word has, which then stay as they were drawn.
    """

    places: NDArray[np.int64]
    ends: NDArray[np.int64]
    ids: NDArray[np.int64]
    buckets: int
    least: int
    most: int


def grams_of(words: Sequence[str], least: int, most: int, buckets: int) -> Grams:
    """The n-grams of all words, of `least` to `most` characters, hashed into `buckets`."""
    from cospace.train.kernels.grams import gram_buckets

    marked = [f"<{word}>".encode() for word in words]
    ends = np.cumsum([len(word) for word in marked], dtype=np.int64)
    text = np.frombuffer(b"".join(marked), np.uint8)
    found = np.empty(len(text) * (most - least + 1), np.int64)
    stops = gram_buckets(text, ends, least, most, buckets, found)
    ids, places = np.unique(found[: stops[-1]], return_inverse=True)
    return Grams(places.astype(np.int64), stops, ids, buckets, least, most)
