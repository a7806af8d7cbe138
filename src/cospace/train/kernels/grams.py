"""N-grams in bulk: their buckets for a whole vocabulary, and the hidden rows that they make."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from cospace.train.kernels.compiled import EDITION, compiled
from cospace.train.kernels.lanes import add_row, add_rows_apart, copy_row, prefetch_row, scale_row

__all__ = ["gram_buckets", "hidden_rows"]

_OFFSET = np.uint32(2_166_136_261)
_PRIME = np.uint32(16_777_619)


@compiled
def gram_buckets(text: Any, ends: Any, least: Any, most: Any, buckets: Any, found: Any) -> Any:
    """Writes the buckets of each word's n-grams into `found`; gives where each word's end.

    `text` uint8 holds the words as "<word>", one after another, in UTF-8; word w ends before
    ends[w]. The same as `encode.words.ngrams`, which says what is counted.
    """
    stops = np.zeros(len(ends), np.int64)
    count = 0
    begin = 0
    for w in range(len(ends)):
        end = ends[w]
        for start in range(begin, end):
            if (text[start] & 0xC0) == 0x80:  # inside a character
                continue
            mixed = _OFFSET
            at = start
            for length in range(1, most + 1):
                if at >= end:
                    break
                while True:  # one character
                    byte = np.uint32(text[at])
                    if byte > 127:  # fastText's bytes are signed
                        byte = byte | np.uint32(0xFFFFFF00)
                    mixed = np.uint32((mixed ^ byte) * _PRIME)
                    at += 1
                    if at >= end or (text[at] & 0xC0) != 0x80:
                        break
                if length >= least and not (length == 1 and (start == begin or at == end)):
                    found[count] = np.int64(mixed) % buckets
                    count += 1
        stops[w] = count
        begin = end
    return stops


@cache
def hidden_rows(dim: int) -> tuple[Any, Any]:
    """(gather, scatter) for rows of `dim` numbers.

    `gather` gives each word of a stretch of the buffer a row in `local`: the mean of its own row
    and of those of its n-grams. `scatter` adds what training changed to all of them.
    """

    edition = EDITION

    def gather(
        buffer: Any, start: Any, stop: Any, slots: Any, seen: Any, listed: Any, words: Any,
        grams: Any, places: Any, ends: Any, local: Any, old: Any,
    ) -> Any:  # fmt: skip
        """The number of local rows; slots[i] becomes token i's, listed[r] the word of row r."""
        assert edition >= 0
        count = 0
        for i in range(start, stop):
            word = buffer[i]
            if word < 0:
                slots[i] = -1
                continue
            if seen[word] < 0:
                seen[word] = count
                listed[count] = word
                count += 1
            slots[i] = seen[word]
        for r in range(count):
            word = listed[r]
            begin = ends[word - 1] if word > 0 else 0
            if r + 1 < count:
                ahead = listed[r + 1]
                for p in range(ends[ahead - 1] if ahead > 0 else 0, ends[ahead]):
                    prefetch_row(grams, places[p], dim)
            copy_row(local, r, words, word, dim)
            for p in range(begin, ends[word]):
                add_row(local, r, grams, places[p], dim)
            scale_row(local, r, np.float32(1.0) / np.float32(ends[word] - begin + 1), dim)
            copy_row(old, r, local, r, dim)
            seen[word] = -1
        return count

    def scatter(
        count: Any, listed: Any, words: Any, grams: Any, places: Any, ends: Any, local: Any,
        old: Any,
    ) -> None:  # fmt: skip
        """words[w] and grams[p] += local - old, for every word of the stretch."""
        assert edition >= 0
        for r in range(count):
            word = listed[r]
            add_rows_apart(words, word, local, old, r, dim)
            for p in range(ends[word - 1] if word > 0 else 0, ends[word]):
                add_rows_apart(grams, places[p], local, old, r, dim)

    return compiled(gather), compiled(scatter)
