"""The buckets of the n-grams of many words at once, as fastText counts and hashes them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["gram_buckets"]

_START, _PRIME = np.uint32(2_166_136_261), np.uint32(16_777_619)


def gram_buckets(
    words: Sequence[bytes], least: int, most: int, buckets: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The buckets of all n-grams int64 [m], word after word, and how many each word has [n].

    The same as `bucket` over `ngrams` of cospace.encode.words, in arrays: FNV-1a of 32 bits over
    signed bytes, of `least` to `most` characters of "<word>". Words are bytes, since fastText cuts
    those that are not UTF-8 too.

    >>> gram_buckets([b"sofa", b"a"], 3, 3, 2_000_000)[1]
    array([4, 1])
    """
    data = np.frombuffer(b"".join(b"<%b>" % word for word in words), np.uint8)
    signed = data.view(np.int8).astype(np.uint32)
    sizes = np.array([len(word) + 2 for word in words], np.int64)
    ends = np.cumsum(sizes)
    begins = np.flatnonzero((data & 0xC0) != 0x80)  # where characters begin
    word_of = np.searchsorted(ends, begins, side="right")
    stops = ends[word_of]  # where the word of each character ends
    first = begins == stops - sizes[word_of]
    hashes = np.full(len(begins), _START)
    places = np.append(begins, len(data))
    alive = np.arange(len(begins))
    found, owners = [], []
    for length in range(1, most + 1):
        # Those for whom one more character is left: it ends where the next begins.
        alive = alive[alive + length < len(places)]
        alive = alive[places[alive + length] <= stops[alive]]
        _add_bytes(hashes, alive, signed, places[alive + length - 1], places[alive + length])
        if length < least:
            continue
        kept = alive
        if length == 1:  # a mark of an end alone is no n-gram
            kept = alive[~first[alive] & (places[alive + 1] < stops[alive])]
        found.append(hashes[kept].astype(np.int64) % buckets)
        owners.append(word_of[kept])
    if not found:
        return np.empty(0, np.int64), np.zeros(len(words), np.int64)
    owner = np.concatenate(owners)
    order = np.argsort(owner, kind="stable")
    return np.concatenate(found)[order], np.bincount(owner, minlength=len(words))


def _add_bytes(
    hashes: NDArray[np.uint32],
    which: NDArray[np.int64],
    signed: NDArray[np.uint32],
    start: NDArray[np.int64],
    end: NDArray[np.int64],
) -> None:
    """Takes the bytes from `start` to `end` into each of the hashes at `which`."""
    at = start.copy()
    while len(which):
        hashes[which] = (hashes[which] ^ signed[at]) * _PRIME
        at += 1
        more = at < end
        which, at, end = which[more], at[more], end[more]
